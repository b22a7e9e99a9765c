"""The status file while the service runs: written at start and stop, and every few minutes."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool

from scband.api.engine_work import workstation
from scband.api.services import Services
from scband.errors import ScbandError
from scband.studio.jobs import Job, JobPool, JobState
from scband.studio.status_file import Status, write_status

_LOG = logging.getLogger("scband.api")
_MOST_TASKS = 50
_INSTANCE = "scband"

_models: WeakKeyDictionary[JobPool, tuple[str, ...]] = WeakKeyDictionary()


def seen_models(given: Services, names: Iterable[str]) -> None:
    """Note which models a worker had loaded when it was heard of last."""
    _models[given.orchestrator.jobs] = tuple(sorted(names))


@asynccontextmanager
async def reporting(app: FastAPI) -> AsyncIterator[None]:
    """Keep the status file while an application runs: its lifespan."""
    services: Services = app.state.services
    settings = services.settings
    if not settings.status_file:
        yield
        return
    path = Path(settings.status_file).expanduser()
    await _report(path, app, services, "running")
    clock = asyncio.create_task(_every(settings.status_interval_seconds, path, app, services))
    try:
        yield
    finally:
        clock.cancel()
        with suppress(asyncio.CancelledError):
            await clock
        await _report(path, app, services, "stopped")


async def _every(seconds: float, path: Path, app: FastAPI, services: Services) -> None:
    while True:
        await asyncio.sleep(seconds)
        await _report(path, app, services, "running")


async def _report(path: Path, app: FastAPI, services: Services, phase: str) -> None:
    """Write the file; where that fails the service runs on, and the log says why."""
    try:
        status = await run_in_threadpool(status_of, app, services, phase)
        await run_in_threadpool(write_status, path, status)
    except ScbandError as error:
        _LOG.warning("%s", error)


def status_of(app: FastAPI, services: Services, phase: str) -> Status:
    """Gather what the status file says, from what is so now."""
    running = phase == "running"
    jobs = services.orchestrator.jobs.jobs()
    at_work = [_task(job) for job in jobs if job.state is JobState.RUNNING]
    done = [_task(job) for job in jobs if job.state is JobState.DONE]
    connected = workstation(services.settings.core_url).connected()
    return Status(
        instance=_INSTANCE,
        phase=phase,
        current_task=", ".join(at_work) or ("waiting for requests" if running else "none"),
        completed_tasks=done[-_MOST_TASKS:],
        api_endpoints_ready=endpoints(app.openapi()) if running else [],
        ai_models=_models.get(services.orchestrator.jobs, ()) if running else (),
        dawg_core_connected=connected,
        next_steps=_next_steps(services, jobs, connected=connected) if running else [],
    )


def endpoints(document: dict[str, Any]) -> list[str]:
    """List the routes of an OpenAPI document, as in `POST /api/v1/analyze/audio`."""
    return sorted(
        f"{method.upper()} {path}" for path, methods in document["paths"].items()
        for method in methods
    )  # fmt: skip


def _task(job: Job) -> str:
    stage = f" ({job.stage})" if job.stage and not job.over else ""
    return f"{job.name}{stage}"


def _next_steps(services: Services, jobs: Iterable[Job], *, connected: bool) -> list[str]:
    """Say what waits, and what is missing."""
    waiting = sum(job.state is JobState.QUEUED for job in jobs)
    found = [f"do {waiting} waiting jobs"] if waiting else []
    found += list(services.engine_state().missing)
    if not connected:
        found.append(f"start the workstation's core at {services.settings.core_url}")
    return found
