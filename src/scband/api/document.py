"""The OpenAPI document: who needs a token, how errors look, and examples."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI

from scband.api.messages import INCOMING, OUTGOING
from scband.api.problems import KINDS, MEDIA_TYPE, Problem

_OPEN = {"/", "/health", "/api/plugin/register", "/api/page/session"}
_REF = {"$ref": "#/components/schemas/Problem"}
_TAGS = [
    {"name": "service", "description": "Who answers here, and how it is."},
    {"name": "plugin", "description": "For DAW plugins: registration, generation, files."},
    {"name": "transport", "description": "The transport that all plugins share."},
    {"name": "engine", "description": "For workstations: analysis, MIDI, mixing advice."},
]
_DESCRIPTION = """A band in SuperCollider: it takes a chord progression or a recording, plays to it,
and writes MIDI files where a plugin looks for them.

**Begin** with `POST /api/plugin/register`; its token goes into `Authorization: Bearer …` of every
other request, or comes from `scband token PLUGIN_ID`.

**The WebSocket** `/ws/sync` takes the same token (as a header, as `?token=…`, or from a browser as
the subprotocols `scband, bearer.…`). Messages are JSON with a `type`. You send:

IN

You get, besides a `transport_sync` every `sync_interval_ms`, each with a `seq` without gaps:

OUT

A message without a type that begins with `{"t":` comes back as it is, to measure the way.

**Errors** are `application/problem+json` with a stable `code`: CODES.
"""


def describe(app: FastAPI) -> None:
    """Let an application's OpenAPI document tell the whole contract."""
    codes = sorted({kind.code for kind in KINDS.values()})
    taken = [f"- `{name}`: {sense}, `{text}`" for name, (sense, text) in INCOMING.items()]
    sent = [f"- `{name}`: {sense}" for name, sense in OUTGOING.items()]
    app.description = (
        _DESCRIPTION.replace("CODES", ", ".join(f"`{code}`" for code in codes))
        .replace("IN\n", "\n".join(taken) + "\n")
        .replace("OUT\n", "\n".join(sent) + "\n")
    )
    app.openapi_tags = _TAGS
    plain = app.openapi

    def openapi() -> dict[str, Any]:
        return _completed(plain())

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's way of extending it


def _completed(document: dict[str, Any]) -> dict[str, Any]:
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    if "Problem" in schemas:
        return document  # FastAPI keeps the one that it made
    schemas["Problem"] = Problem.model_json_schema()
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    components["securitySchemes"] = {
        "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
    }
    for path, methods in document["paths"].items():
        for operation in methods.values():
            _complete(operation, is_open=path in _OPEN)
    return document


def _complete(operation: dict[str, Any], *, is_open: bool) -> None:
    responses = operation["responses"]
    responses.pop("422", None)  # FastAPI's own form of it, which never leaves here
    responses["default"] = {
        "description": "A problem",
        "content": {MEDIA_TYPE: {"schema": _REF}},
    }
    if not is_open:
        operation["security"] = [{"bearer": []}]
