"""Many WebSocket clients in one process: raw sockets, one poll, so that they cost little.

Times are CLOCK_MONOTONIC on both sides of one machine. `floor` says how late this machine's own
timers are: a latency counts only where that is far below it.
"""

from __future__ import annotations

import os
import re
import select
import socket
import struct
import time
from dataclasses import dataclass, field

STAMP = re.compile(rb'"(?:t|serverTime)":([0-9.]+)')
KEY = "c29tZSByYW5kb20ga2V5IQ=="


@dataclass
class Figures:
    """What a run measured; latencies in milliseconds."""

    latencies: list[float] = field(default_factory=list)
    expected: int = 0
    received: int = 0
    lost: int = 0

    @property
    def delivery(self) -> float:
        return self.received / self.expected if self.expected else 0.0

    def quantile(self, share: float) -> float:
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 1e9


def masked(payload: bytes) -> bytes:
    """Frame a text as a client does, under a mask of zeros (RFC 6455)."""
    if len(payload) < 126:
        return struct.pack("!BB", 0x81, 0x80 | len(payload)) + bytes(4) + payload
    return struct.pack("!BBH", 0x81, 0x80 | 126, len(payload)) + bytes(4) + payload


def open_socket(port: int, token: str, *, buffer: int = 0) -> socket.socket:
    """Open a WebSocket on /ws/sync; `buffer` makes the receiving one so small."""
    made = socket.socket()
    if buffer:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
    made.settimeout(10)
    made.connect(("127.0.0.1", port))
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    made.sendall(
        f"GET /ws/sync HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\n"
        f"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {KEY}\r\n"
        f"Authorization: Bearer {token}\r\n\r\n".encode()
    )
    head = b""
    while b"\r\n\r\n" not in head:  # what follows the head is left for whoever reads frames
        head = made.recv(8192, socket.MSG_PEEK)
        if not head:
            raise ConnectionError("closed during the handshake")
    head = made.recv(head.index(b"\r\n\r\n") + 4)
    if not head.startswith(b"HTTP/1.1 101"):
        raise ConnectionError(head)
    made.setblocking(False)
    return made


class Frames:
    """Cuts what a server sends into its texts."""

    def __init__(self) -> None:
        self.rest = b""

    def feed(self, data: bytes) -> list[bytes]:
        buffer, at, texts = self.rest + data, 0, []
        while len(buffer) - at >= 2:
            size, head = buffer[at + 1] & 0x7F, 2
            if size == 126:
                head = 4
                size = int.from_bytes(buffer[at + 2 : at + 4], "big")
            elif size == 127:
                head = 10
                size = int.from_bytes(buffer[at + 2 : at + 10], "big")
            if len(buffer) - at < head + size:
                break
            if buffer[at] & 0x0F == 1:
                texts.append(buffer[at + head : at + head + size])
            at += head + size
        self.rest = buffer[at:]
        return texts


class Load:
    """Clients that listen, or probe at `rate` Hz with their phases spread, for some seconds."""

    def __init__(self, port: int, token: str, clients: int, *, echo: bool, rate: float) -> None:
        self.echo, self.rate = echo, rate
        self.sockets = [open_socket(port, token) for _ in range(clients)]
        self.frames = {each.fileno(): (each, Frames()) for each in self.sockets}
        self.poll = select.epoll()
        for number in self.frames:
            self.poll.register(number, select.EPOLLIN)
        self.figures = Figures()
        self.begin = time.monotonic() + 1.0  # what comes before is warming up
        self.due = [self.begin - 0.9 + n / rate / clients for n in range(clients)]
        self.following = 0
        self.padding = b"x" * 160

    def run(self, seconds: float) -> Figures:
        end = self.begin + seconds
        while (now := time.monotonic()) < end + (0.3 if self.echo else 0.0):
            pause = 0.05
            if self.echo:
                self.send(end)
                pause = max(0.0, min(pause, self.due[self.following] - now))
            for number, _ in self.poll.poll(pause):
                self.receive(number)
        if not self.echo:
            self.figures.expected = round(len(self.sockets) * self.rate * seconds)
        self.poll.close()
        for each in self.sockets:
            each.close()
        return self.figures

    def send(self, end: float) -> None:
        """Send every probe that is due."""
        while self.due[self.following] <= (now := time.monotonic()) < end:
            try:
                probe = b'{"t":%.6f,"p":"%s"}' % (time.monotonic(), self.padding)
                self.sockets[self.following].send(masked(probe))
            except OSError:
                self.figures.lost += 1
            self.figures.expected += now >= self.begin
            self.due[self.following] += 1 / self.rate
            self.following = (self.following + 1) % len(self.sockets)

    def receive(self, number: int) -> None:
        each, cutter = self.frames[number]
        try:
            data = each.recv(65536)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        at = time.monotonic()
        if not data:
            self.figures.lost += 1
            self.poll.unregister(number)
        for text in cutter.feed(data):
            probe = text.startswith(b'{"t":')
            found = STAMP.search(text) if probe == self.echo else None
            if found and float(found[1]) >= self.begin:
                self.figures.received += 1
                self.figures.latencies.append((at - float(found[1])) * 1000)


def run(
    port: int, token: str, clients: int, *, echo: bool, seconds: float = 6.0, rate: float = 10.0
) -> Figures:
    """Let clients listen, or probe, and measure what comes."""
    return Load(port, token, clients, echo=echo, rate=rate).run(seconds)


def floor(core: int, seconds: float = 1.0) -> float:
    """Return how late this machine's timers are on a core: the 99th percentile in ms."""
    kept = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        late = []
        end = time.monotonic() + seconds
        while (now := time.monotonic()) < end:
            time.sleep(0.002)
            late.append((time.monotonic() - now - 0.002) * 1000)
        return sorted(late)[int(0.99 * len(late))]
    finally:
        os.sched_setaffinity(0, kept)
