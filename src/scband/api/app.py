"""The one application behind all ports."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version

from anyio import to_thread
from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.types import Scope

from scband.api import engine, page, plugin, problems, sync
from scband.api.bodies import BodyLimit
from scband.api.document import describe
from scband.api.doors import doors_of
from scband.api.security import Security
from scband.api.services import Services
from scband.settings import Settings

_ROUTERS = (page.router, plugin.router, sync.router, engine.router)


def create_app(services: Services) -> FastAPI:
    """Return the ASGI application that serves plugins, workstations and the page."""
    settings = services.settings
    app = FastAPI(
        title="scband",
        version=version("scband"),
        docs_url=None,
        redoc_url=None,
        generate_unique_id_function=_operation_id,
        lifespan=_lifespan,
        telemetry={
            "tracing": False,
            "metrics": False,
            "logs": False,
            "operation_spans": False,
            "auto_configure": False,
        },
    )
    app.state.services = services
    problems.install(app)
    for router in _ROUTERS:
        app.include_router(router)
    describe(app)
    app.add_middleware(BodyLimit, most=_Most(app, settings), pause_seconds=settings.body_seconds)
    app.add_middleware(Security, doors=doors_of(settings), limiter=services.limiter)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    services: Services = app.state.services
    await to_thread.run_sync(services.orchestrator.start)
    try:
        yield
    finally:
        await to_thread.run_sync(services.close)


def _operation_id(route: APIRoute) -> str:
    return route.name


class _Most:
    """How many bytes a request may send: files only where the OpenAPI document takes files."""

    def __init__(self, app: FastAPI, settings: Settings) -> None:
        self._app = app
        self._file = round(settings.max_upload_mb * 2**20)
        self._other = round(settings.max_body_kb * 2**10)
        self._uploads: frozenset[str] | None = None

    def __call__(self, scope: Scope) -> int:
        if self._uploads is None:
            self._uploads = _upload_paths(self._app)
        return self._file if scope["path"] in self._uploads else self._other


def _upload_paths(app: FastAPI) -> frozenset[str]:
    files = ("multipart/form-data", "application/octet-stream", "audio/")
    return frozenset(
        path
        for path, methods in app.openapi()["paths"].items()
        for kind in methods.get("post", {}).get("requestBody", {}).get("content", {})
        if kind.startswith(files)
    )
