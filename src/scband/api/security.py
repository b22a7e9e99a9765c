"""What every request and every WebSocket passes first: doors, headers, an id, and a last net."""

from __future__ import annotations

import logging
import secrets

from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocket

from scband.api.doors import Doors
from scband.api.limits import OPEN_PATHS, Limiter
from scband.api.problems import answer_error, unexpected
from scband.errors import ForbiddenError, ScbandError, UnknownHostError

_LOG = logging.getLogger("scband.api")

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS: dict[str, str] = {
    "content-security-policy": _POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
_ENCODED = [(name.encode(), value.encode()) for name, value in HEADERS.items()]
_PREFLIGHT = {
    "access-control-allow-methods": "GET, POST, DELETE",
    "access-control-allow-headers": "authorization, content-type",
    "access-control-max-age": "600",
}


class Security:
    """ASGI middleware: only known hosts and origins, the same headers on every answer.

    Also counts registrations by address, and lets nothing that went wrong out but a problem.
    """

    def __init__(self, app: ASGIApp, doors: Doors, limiter: Limiter) -> None:
        self._app = app
        self._doors = doors
        self._limiter = limiter

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request in, or refuse it before anything else sees it."""
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        scope.setdefault("state", {})["request_id"] = request_id = secrets.token_hex(8)
        answer = _Answer(send, request_id)
        connection: HTTPConnection = HTTPConnection(scope, receive)
        if scope["type"] == "websocket":
            connection = WebSocket(scope, receive, answer.send)
        try:
            origin = self._admit(connection)
        except ScbandError as error:
            await _refuse(connection, receive, answer, answer_error(connection, error))
            return
        answer.origin = origin
        if origin and scope["type"] == "http" and scope["method"] == "OPTIONS":
            await PlainTextResponse("", 204, _PREFLIGHT)(scope, receive, answer.send)
            return
        await self._pass_on(connection, receive, answer)

    def _admit(self, connection: HTTPConnection) -> str:
        """Return the foreign origin that is allowed in, or none; raises for the others."""
        hosts = connection.headers.getlist("host")
        local = (connection.scope.get("server") or ("",))[0]
        if len(hosts) != 1 or not self._doors.admits_host(hosts[0], local):
            raise UnknownHostError(
                "the Host header names another service; add the name to the setting allowed_hosts"
            )
        origin = connection.headers.get("origin")
        scheme = {"ws": "http", "wss": "https"}.get(connection.url.scheme, connection.url.scheme)
        if origin is not None and not self._doors.admits_origin(origin, hosts[0], scheme):
            raise ForbiddenError(
                "pages of this origin may not call; add it to the setting allowed_origins"
            )
        if origin is None and _foreign_fetch(connection):
            raise ForbiddenError("a page of another site may not call")
        if connection.scope["path"] in OPEN_PATHS and connection.scope.get("method") == "POST":
            address = connection.client.host if connection.client else ""
            self._limiter.take("register", address)
        return origin if origin is not None and origin.lower() in self._doors.origins else ""

    async def _pass_on(self, connection: HTTPConnection, receive: Receive, answer: _Answer) -> None:
        try:
            await self._app(connection.scope, receive, answer.send)
        except Exception as error:
            if answer.begun and connection.scope["type"] == "http":
                raise  # half an answer is out: the server closes the connection
            await _refuse(connection, receive, answer, unexpected(connection, error))


def _foreign_fetch(connection: HTTPConnection) -> bool:
    """Say whether another site's page fetches this (an image, a script), not a person a link."""
    site = connection.headers.get("sec-fetch-site", "none")
    mode = connection.headers.get("sec-fetch-mode", "navigate")
    return site not in {"none", "same-origin"} and mode != "navigate"


async def _refuse(
    connection: HTTPConnection, receive: Receive, answer: _Answer, response: Response
) -> None:
    if not isinstance(connection, WebSocket):
        response.headers["connection"] = "close"
        await response(connection.scope, receive, answer.send)
    elif answer.begun:
        await answer.send({"type": "websocket.close", "code": 1011})
    elif "websocket.http.response" in connection.scope.get("extensions", {}):
        await connection.send_denial_response(response)
    else:
        await answer.send({"type": "websocket.close", "code": 1008})


class _Answer:
    """Puts the headers on an answer, and knows whether it has begun."""

    def __init__(self, send: Send, request_id: str) -> None:
        self._send = send
        self._request_id = request_id
        self.origin = ""
        self.begun = False

    async def send(self, message: Message) -> None:
        if message["type"] in {"http.response.start", "websocket.http.response.start"}:
            message = {**message, "headers": [*message.get("headers", []), *self._headers()]}
        self.begun = True
        await self._send(message)

    def _headers(self) -> list[tuple[bytes, bytes]]:
        headers = [*_ENCODED, (b"x-request-id", self._request_id.encode())]
        if self.origin:
            headers.append((b"access-control-allow-origin", self.origin.encode("latin-1")))
        return [*headers, (b"vary", b"Origin")]
