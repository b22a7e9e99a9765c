"""A WebSocket with a way past ASGI, for those that get many small messages.

A handshake goes through the application like any other, with all of its checks. A route that has
accepted the WebSocket may then take it over: incoming text comes by a call instead of a queue and
a task, and a frame that was encoded once is written to every client's transport as it is. What
that gains over ASGI alone: `benchmarks/server.py broadcasts echoes compared`.
"""

from __future__ import annotations

import socket as sockets
import struct
from collections.abc import Callable
from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request

EXTENSION = "scband.socket"
_SEND_BUFFER = 32 * 1024  # bytes in the kernel: what a client did not take in is soon old


def text_frame(payload: bytes) -> bytes:
    """Frame a text as a server sends it: whole and unmasked (RFC 6455, 5.2)."""
    size = len(payload)
    if size < 126:
        return struct.pack("!BB", 0x81, size) + payload
    if size < 65536:
        return struct.pack("!BBH", 0x81, 126, size) + payload
    return struct.pack("!BBQ", 0x81, 127, size) + payload


class DirectSocket(WebSocketsSansIOProtocol):
    """uvicorn's WebSocket, which a route may take over; it is its scope's extension."""

    _on_text: Callable[[bytes], None] | None = None

    def handle_connect(self, event: Request) -> None:
        """Begin the handshake, and offer this socket to the route."""
        super().handle_connect(event)
        if self.response.status_code == 101:
            extensions: dict[str, Any] = self.scope["extensions"]
            extensions[EXTENSION] = {"socket": self}

    def take(self, on_text: Callable[[bytes], None]) -> None:
        """Have every text from now on passed to `on_text`; the route waits for the disconnect."""
        self._on_text = on_text
        raw = self.transport.get_extra_info("socket")
        if raw is not None:
            raw.setsockopt(sockets.SOL_SOCKET, sockets.SO_SNDBUF, _SEND_BUFFER)

    def send_receive_event_to_app(self) -> None:
        """Pass a whole message on: past ASGI where the socket is taken over."""
        if self._on_text is None:
            super().send_receive_event_to_app()
            return
        data = bytes(self.frames[0]) if len(self.frames) == 1 else b"".join(self.frames)
        self.frames = []
        if not self.close_sent:
            self._on_text(data)

    @property
    def unsent(self) -> int:
        """Bytes that wait in this process because the client does not take them."""
        return self.transport.get_write_buffer_size()

    @property
    def open(self) -> bool:
        """Whether anything can still be sent."""
        return not (self.close_sent or self.transport.is_closing())

    def write(self, frame: bytes) -> None:
        """Write a whole frame; the caller looks at `unsent` and `open` first."""
        self.transport.write(frame)

    def end(self, code: int, reason: str) -> None:
        """Close politely; a client that does not answer is dropped after a while."""
        if not self.open:
            return
        self.queue.put_nowait({"type": "websocket.disconnect", "code": code, "reason": reason})
        self.conn.send_close(code, reason)
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        self.close_timer = self.loop.call_later(self.close_timeout, self.transport.close)

    def drop(self) -> None:
        """End at once, whatever waits to be sent."""
        self.transport.abort()
