"""A real HTTP server that plays the workstation's core, well or badly."""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Behave = Callable[["Request"], None]


class Request(BaseHTTPRequestHandler):
    """One request to the core."""

    protocol_version = "HTTP/1.1"
    server: CoreServer

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def log_message(self, *said: Any) -> None:
        """Keep quiet."""

    def _answer(self) -> None:
        length = int(self.headers.get("content-length", 0))
        body = self.rfile.read(length)
        core = self.server.core
        core.asked.append((self.command, self.path, json.loads(body) if body else None))
        behave = core.behaviours.pop(0) if core.behaviours else core.usual
        behave(self)

    def say(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


@dataclass
class Core:
    """The state of the workstation, and how it misbehaves: `behaviours` one a request."""

    project: dict[str, Any] = field(default_factory=lambda: {"numTracks": 0, "isPlaying": False})
    behaviours: list[Behave] = field(default_factory=list)
    asked: list[tuple[str, str, Any]] = field(default_factory=list)
    imported: list[bytes] = field(default_factory=list)
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    def usual(self, request: Request) -> None:
        """Answer as a core should."""
        verb = request.path.removeprefix("/api/v1/")
        if verb == "health":
            request.say(200, b'{"status": "ok"}')
        elif verb == "project/status":
            request.say(200, json.dumps(self.project).encode())
        elif verb in ("transport/play", "transport/stop"):
            self.project["isPlaying"] = verb.endswith("play")
            request.say(200, b'{"status": "ok"}')
        elif verb == "midi/import":
            self.imported.append(base64.b64decode(self.asked[-1][2]["midi_data"], validate=True))
            request.say(200, b"")
        else:
            request.say(404, b"{}")


class CoreServer(ThreadingHTTPServer):
    """The core's server; its threads end with it."""

    daemon_threads = True

    def __init__(self, core: Core) -> None:
        super().__init__(("127.0.0.1", 0), Request)
        self.core = core

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is what some tests are about."""


@contextmanager
def running_core(**project: Any) -> Iterator[Core]:
    """Run a core on a free port."""
    core = Core()
    core.project.update(project)
    with CoreServer(core) as server:
        core.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield core
        finally:
            server.shutdown()
            thread.join(5)


def status(code: int) -> Behave:
    return lambda request: request.say(code, b'{"error": "no"}')


def garbage(body: bytes) -> Behave:
    return lambda request: request.say(200, body)


def hangs(seconds: float) -> Behave:
    return lambda request: time.sleep(seconds)


def hangs_up(request: Request) -> None:
    request.close_connection = True
    request.connection.close()


def drips(request: Request) -> None:
    """Send a byte now and then: each wait is short, the whole endless."""
    request.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    for _ in range(200):
        request.wfile.write(b"x")
        time.sleep(0.02)


def drips_headers(request: Request) -> None:
    request.wfile.write(b"HTTP/1.1 200 OK\r\nX: ")
    for _ in range(200):
        request.wfile.write(b"x")
        time.sleep(0.02)


def floods(request: Request) -> None:
    """Send without end and without saying how much."""
    request.wfile.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
    for _ in range(400):
        request.wfile.write(b"[" * (1 << 20))


def breaks_off(request: Request) -> None:
    request.wfile.write(b'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"numTracks": 3')
    request.close_connection = True


def redirects(request: Request) -> None:
    request.say(302, b"{}", Location="http://localhost:1/elsewhere")
