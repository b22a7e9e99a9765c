"""What the engine API's routes share: worker processes, parameters, and projects."""

from __future__ import annotations

import asyncio
import json
from functools import lru_cache
from typing import Any, TypeVar

from fastapi import Request
from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool

from scband.api.auth import Caller
from scband.api.engine_models import Asked
from scband.api.services import Services
from scband.api.workstation import Patience, Workstation
from scband.errors import (
    ConnectionTimeoutError,
    InvalidRequestError,
    NotConnectedError,
    ProjectNotFoundError,
    WorkstationError,
)
from scband.studio.projects import Project, ProjectsFolder, is_of

A = TypeVar("A", bound=Asked)

_PATIENCE = Patience(seconds=1.0, tries=2)
_LOOK_SECONDS = 0.5  # how often a caller is looked after


async def in_worker(
    request: Request, given: Services, who: Caller, function: str, *args: Any, heavy: bool = True
) -> Any:
    """Run a function of `studio` in a worker process and wait for it.

    Raises what it raises, JobTimeoutError and JobQueueFullError. The job ends with whoever waits:
    a caller who hangs up frees the worker.
    """
    jobs = given.orchestrator.jobs
    job = jobs.submit(
        function, *args, name=function.rpartition(":")[2], owner=who.plugin_id, heavy=heavy,
        timeout=given.settings.job_seconds,
    )  # fmt: skip
    waiting = asyncio.wrap_future(job.future)
    waiting.add_done_callback(lambda done: done.cancelled() or done.exception())  # it is seen
    try:
        while not waiting.done():
            await asyncio.wait({waiting}, timeout=_LOOK_SECONDS)
            if not waiting.done() and await request.is_disconnected():
                raise ConnectionTimeoutError("the caller hung up before the answer was ready")
        return waiting.result()
    finally:
        if not job.over:
            jobs.cancel(job.id)


def together(query: A, body: A | None) -> A:
    """Join parameters from a query and a JSON body; the query's own win."""
    if body is None:
        return query
    values = body.model_dump(exclude_unset=True) | query.model_dump(exclude_unset=True)
    return type(query).model_validate(values)


async def json_body(request: Request, model: type[A], query: A) -> A:
    """Read parameters from a request that may have a JSON body; raises InvalidRequestError."""
    raw = await request.body()
    if not raw.strip():
        return query
    try:
        return together(query, model.model_validate(json.loads(raw)))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "the body"
        raise InvalidRequestError(f"{place}: {first['msg']}") from None
    except (ValueError, RecursionError):
        raise InvalidRequestError(
            "the body is neither JSON nor a form with stems; see the API's documentation"
        ) from None


@lru_cache(maxsize=8)
def workstation(url: str) -> Workstation:
    """Return the client of the workstation's core."""
    return Workstation(url, _PATIENCE)


async def project_of(given: Services, project_id: str) -> Project:
    """Find a project: in the core where that answers and has it, else in the shared folder.

    Raises ProjectNotFoundError, ProjectError, and NotConnectedError where the open project is
    wanted and nobody can say which one that is.
    """
    return await run_in_threadpool(_project, given, project_id)


def _project(given: Services, project_id: str) -> Project:
    folder = ProjectsFolder(given.settings.projects_folder)
    absent: NotConnectedError | WorkstationError | None = None
    try:
        facts = workstation(given.settings.core_url).project_status()
    except (NotConnectedError, WorkstationError) as error:
        absent = error
    else:
        if is_of(facts, project_id):
            return _whole(folder, folder.told(facts, project_id))
    if not project_id:
        raise absent or NotConnectedError("the core has no project open; name a project_id")
    try:
        return folder.read(project_id)
    except ProjectNotFoundError as error:
        raise ProjectNotFoundError(f"{error}; {absent}" if absent else str(error)) from None


def _whole(folder: ProjectsFolder, told: Project) -> Project:
    """Take tracks that the core counts, but does not describe, from the project's folder."""
    if told.tracks or told.project_id not in folder.names():
        return told
    lying = folder.read(told.project_id)
    return Project(
        told.project_id, "core", told.num_tracks, lying.tracks, told.tempo or lying.tempo,
        told.playing,
    )  # fmt: skip
