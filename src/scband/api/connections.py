"""uvicorn's protocols with what they lack: a deadline for headers, and a limit of connections.

A client has `header_seconds` for a request's headers from its first byte (from the connection for
the first request), however it drips them: uvicorn alone would keep a half-sent header for ever.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from scband.api.sockets import DirectSocket
from scband.settings import Settings

_MOST_HEADER_BYTES = 32 * 1024
_LAST_SECONDS = 5.0  # for the last bytes to a client that reads slowly


class Gate:
    """Counts connections, in all and by address, from accept to close."""

    def __init__(self, most: int, most_per_address: int) -> None:
        self.most = most
        self.most_per_address = most_per_address
        self._inside: dict[int, str] = {}
        self._by_address: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._inside)

    def enter(self, transport: asyncio.BaseTransport) -> bool:
        """Let a connection in; says whether there is room."""
        peer = transport.get_extra_info("peername")
        address = str(peer[0]) if peer else ""
        full = len(self._inside) >= self.most
        if full or self._by_address[address] >= self.most_per_address:
            return False
        self._inside[id(transport)] = address
        self._by_address[address] += 1
        return True

    def leave(self, transport: asyncio.BaseTransport) -> None:
        """Count a connection out; once or more often."""
        address = self._inside.pop(id(transport), None)
        if address is not None:
            self._by_address[address] -= 1
            if not self._by_address[address]:
                del self._by_address[address]


class _Http(HttpToolsProtocol):
    """HTTP/1.1 with a deadline for headers."""

    gate: Gate
    header_seconds: float
    body_seconds: float

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._deadline: asyncio.TimerHandle | None = None
        self._unread: asyncio.TimerHandle | None = None
        self._header_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take a connection, or turn it away where there are too many."""
        super().connection_made(transport)
        if self.gate.enter(transport):
            self._begin_headers()
        else:
            self._end(503, "unavailable", "too many connections; close some and try again")

    def connection_lost(self, exc: Exception | None) -> None:
        """Count the connection out."""
        self._headers_are_here()
        self._is_read()
        self.gate.leave(self.transport)
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """Note that the client does not read its answer: it has `body_seconds` to go on."""
        super().pause_writing()
        self._unread = self.loop.call_later(self.body_seconds, self.transport.abort)

    def resume_writing(self) -> None:
        """Note that the client reads on."""
        self._is_read()
        super().resume_writing()

    def timeout_keep_alive_handler(self) -> None:
        """End an idle connection, also where the last answer was not read."""
        super().timeout_keep_alive_handler()
        self._abort_later()

    def data_received(self, data: bytes) -> None:
        """Parse what came; headers without end are refused."""
        if self.transport.is_closing():
            return
        if self._deadline is not None:
            self._header_bytes += len(data)
        super().data_received(data)
        if self._deadline is not None and self._header_bytes > _MOST_HEADER_BYTES:
            self._end(431, "headers_too_large", "the request's headers are too large")

    def handle_websocket_upgrade(self) -> None:
        """Hand the connection on; the gate counts it until the WebSocket is closed."""
        self._headers_are_here()
        super().handle_websocket_upgrade()

    def on_message_begin(self) -> None:
        """Begin a request: its headers have a deadline."""
        super().on_message_begin()
        self._begin_headers()

    def on_headers_complete(self) -> None:
        """Begin to work on a request."""
        self._headers_are_here()
        super().on_headers_complete()

    def _begin_headers(self) -> None:
        if self._deadline is None:
            self._header_bytes = 0
            self._deadline = self.loop.call_later(self.header_seconds, self._too_late)

    def _headers_are_here(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _is_read(self) -> None:
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None

    def _abort_later(self) -> None:
        """End a connection that is being closed, though the client does not take its last bytes."""
        self._is_read()
        self._unread = self.loop.call_later(_LAST_SECONDS, self.transport.abort)

    def _too_late(self) -> None:
        self._end(
            408,
            "request_timeout",
            f"the headers took more than {self.header_seconds:g} s (setting header_seconds)",
        )

    def _end(self, status: int, code: str, detail: str) -> None:
        self._headers_are_here()
        if self.transport.is_closing():
            return
        if self.cycle is None or self.cycle.response_complete:
            self.transport.write(_last_words(status, code, detail))
        self.transport.close()
        self._abort_later()


class _WebSocket(DirectSocket):
    """A WebSocket that the gate counts."""

    gate: Gate

    def connection_lost(self, exc: Exception | None) -> None:
        """Count the connection out."""
        self.gate.leave(self.transport)
        super().connection_lost(exc)


def _last_words(status: int, code: str, detail: str) -> bytes:
    problem = {
        "type": f"urn:scband:problem:{code}",
        "title": detail.partition(";")[0],
        "status": status,
        "code": code,
        "detail": detail,
        "instance": "",
        "request_id": "",
    }
    body = json.dumps(problem).encode()
    head = (
        f"HTTP/1.1 {status} {code}\r\ncontent-type: application/problem+json\r\n"
        f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
    )
    return head.encode() + body


def protocols_of(
    settings: Settings,
) -> tuple[type[HttpToolsProtocol], type[DirectSocket], Gate]:
    """Return the HTTP and WebSocket protocols of one service, and the gate that both share."""
    gate = Gate(settings.max_connections, settings.max_connections_per_address)
    limits = {"header_seconds": settings.header_seconds, "body_seconds": settings.body_seconds}
    http = type("Http", (_Http,), {"gate": gate, **limits})
    websocket = type("WebSocket", (_WebSocket,), {"gate": gate})
    return http, websocket, gate
