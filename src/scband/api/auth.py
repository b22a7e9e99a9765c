"""Who calls: a bearer token on every request and every WebSocket, checked before it is taken."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request, WebSocket
from starlette.requests import HTTPConnection

from scband.api.keyring import Role
from scband.api.limits import family_of
from scband.api.services import Services, services
from scband.errors import ForbiddenError, UnauthorizedError

SUBPROTOCOL = "scband"
_CARRIER = "bearer."


@dataclass(frozen=True, slots=True)
class Caller:
    """Who a token was made for."""

    plugin_id: str
    role: Role = Role.PLUGIN

    @property
    def operator(self) -> bool:
        """Whether the caller may see and steer every plugin."""
        return self.role is Role.OPERATOR

    @property
    def page(self) -> bool:
        """Whether the caller is the live page, which looks at everything and changes nothing."""
        return self.role is Role.PAGE

    @property
    def sees_all(self) -> bool:
        """Whether the caller may look at every plugin."""
        return self.role is not Role.PLUGIN


def _bearer(header: str) -> str:
    scheme, _, token = header.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


_ENGINE = "/api/v1/"
_UNNAMED = "a-workstation"


def _read(connection: HTTPConnection, token: str, given: Services, family: str) -> Caller:
    if not token and not given.settings.engine_token and connection.url.path.startswith(_ENGINE):
        given.limiter.take(family, _UNNAMED)
        return Caller(_UNNAMED)
    try:
        if not token:
            raise UnauthorizedError(
                "a bearer token is needed: register at POST /api/plugin/register, "
                "or make one with `scband token PLUGIN_ID`"
            )
        who = Caller(*given.keyring.read(token))
    except UnauthorizedError:
        given.limiter.take("other", connection.client.host if connection.client else "")
        raise
    given.limiter.take(family, who.plugin_id)
    return who


def caller(request: Request, given: Annotated[Services, Depends(services)]) -> Caller:
    """Return who sends a request: `Depends(caller)`. Raises UnauthorizedError."""
    kind = request.headers.get("content-type", "")
    family = family_of(request.method, request.url.path, kind)
    who = _read(request, _bearer(request.headers.get("authorization", "")), given, family)
    if who.page and request.method not in {"GET", "HEAD"}:
        raise ForbiddenError("the page's token may only look; use a plugin's or an operator's")
    return who


def socket_caller(websocket: WebSocket, given: Annotated[Services, Depends(services)]) -> Caller:
    """Return who opens a WebSocket, before it is accepted: `Depends(socket_caller)`.

    The token comes in the `Authorization` header, as `?token=`, or, as browsers can, as the
    subprotocol `bearer.TOKEN` beside `scband` (accept with `subprotocol=chosen(websocket)`).
    """
    token = _bearer(websocket.headers.get("authorization", ""))
    token = token or websocket.query_params.get("token", "")
    for name in websocket.scope.get("subprotocols", []):
        if not token and name.startswith(_CARRIER):
            token = name.removeprefix(_CARRIER)
    return _read(websocket, token, given, "other")


def chosen(websocket: WebSocket) -> str | None:
    """Return the subprotocol to accept a WebSocket with, where the client names ours."""
    return SUBPROTOCOL if SUBPROTOCOL in websocket.scope.get("subprotocols", []) else None


def issue_token(given: Services, plugin_id: str, role: Role = Role.PLUGIN) -> str:
    """Return a token for a plugin that has shown its secret."""
    return given.keyring.issue(plugin_id, role)


CallerOf = Annotated[Caller, Depends(caller)]
SocketCallerOf = Annotated[Caller, Depends(socket_caller)]
ServicesOf = Annotated[Services, Depends(services)]
