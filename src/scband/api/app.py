"""The one application behind all ports."""

from __future__ import annotations

from importlib.metadata import version

from fastapi import FastAPI
from fastapi.routing import APIRoute

from scband.api import engine, plugin, problems, sync
from scband.api.services import Services

_ROUTERS = (plugin.router, sync.router, engine.router)


def create_app(services: Services) -> FastAPI:
    """Return the ASGI application that serves plugins, workstations and the page."""
    app = FastAPI(
        title="scband",
        version=version("scband"),
        docs_url=None,
        redoc_url=None,
        generate_unique_id_function=_operation_id,
    )
    app.state.services = services
    problems.install(app)
    for router in _ROUTERS:
        app.include_router(router)
    return app


def _operation_id(route: APIRoute) -> str:
    return route.name
