"""Limits on what a request may send: counted while it streams, never after.

A body over the limit is refused as soon as that is known, by its `Content-Length` or by the bytes
so far. The answer then goes out while the rest is thrown away for a moment, since a connection
closed upon unread bytes loses the answer too (RFC 9112, 9.6).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from scband.api.problems import answer_error
from scband.errors import PayloadTooLargeError, RequestTimeoutError

_LINGER_SECONDS = 2.0


class BodyLimit:
    """ASGI middleware that holds every HTTP body to a size and to a pace.

    `most` returns the limit in bytes for a request. A pause longer than `pause_seconds` ends it.
    """

    def __init__(self, app: ASGIApp, most: Callable[[Scope], int], pause_seconds: float) -> None:
        self._app = app
        self._most = most
        self._pause_seconds = pause_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, its body counted."""
        if scope["type"] != "http" or not _has_body(scope):
            await self._app(scope, receive, send)
            return
        most = self._most(scope)
        body = _Body(receive, send, most, self._pause_seconds)
        if _declared(scope) > most:
            refusal = answer_error(HTTPConnection(scope), _too_large(most))
            await refusal(scope, receive, body.send)
        else:
            await self._app(scope, body.receive, body.send)


def _header(scope: Scope, name: bytes) -> bytes:
    return next((value for key, value in scope["headers"] if key == name), b"")


def _has_body(scope: Scope) -> bool:
    return bool(_header(scope, b"transfer-encoding")) or _declared(scope) > 0


def _declared(scope: Scope) -> int:
    length = _header(scope, b"content-length")
    return int(length) if length.isdigit() else 0


def _too_large(most: int) -> PayloadTooLargeError:
    return PayloadTooLargeError(
        f"the body is larger than {most / 2**20:g} MiB "
        "(settings max_upload_mb for files, max_body_kb for the rest)"
    )


class _Body:
    """One request's body, on its way from the socket to the application."""

    def __init__(self, receive: Receive, send: Send, most: int, pause_seconds: float) -> None:
        self._receive = receive
        self._send = send
        self._most = most
        self._pause_seconds = pause_seconds
        self._bytes = 0
        self._whole = False

    async def receive(self) -> Message:
        """Return the next piece; raises PayloadTooLargeError and RequestTimeoutError."""
        if self._whole:
            return await self._receive()
        try:
            message = await asyncio.wait_for(self._receive(), self._pause_seconds)
        except TimeoutError as error:
            raise RequestTimeoutError(
                f"the body paused for more than {self._pause_seconds:g} s (setting body_seconds)"
            ) from error
        self._note(message)
        if self._bytes > self._most:
            raise _too_large(self._most)
        return message

    def _note(self, message: Message) -> None:
        self._bytes += len(message.get("body", b""))
        self._whole = message["type"] == "http.disconnect" or not message.get("more_body", False)

    async def send(self, message: Message) -> None:
        """Send an answer; where the body is not whole yet, the connection ends after it."""
        if self._whole:
            await self._send(message)
        elif message["type"] == "http.response.start":
            headers = [*message.get("headers", []), (b"connection", b"close")]
            await self._send({**message, "headers": headers})
        elif message.get("more_body", False):
            await self._send(message)
        else:
            await self._send({**message, "more_body": True})
            await self._throw_away()
            await self._send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _throw_away(self) -> None:
        loop = asyncio.get_running_loop()
        until = loop.time() + _LINGER_SECONDS
        while not self._whole and (left := until - loop.time()) > 0:
            try:
                self._note(await asyncio.wait_for(self._receive(), left))
            except TimeoutError:
                return
