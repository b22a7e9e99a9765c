"""The workstation's core, as a client: project, transport and MIDI over its REST API.

Python's own `http.client` is enough for a few JSON calls on the loopback and follows neither
redirects nor proxies. Every call ends by a deadline, whatever the core does: a timer shuts the
socket of one that drips, hangs or never stops talking.
"""

from __future__ import annotations

import base64
import http.client
import json
import socket
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from scband.errors import NotConnectedError, WorkstationError

_LARGEST_ANSWER = 4 << 20
_PIECE = 1 << 16
_AGAIN = (500, 502, 503, 504)


@dataclass(frozen=True, slots=True)
class Patience:
    """How long the core is waited for: `seconds` a try, so many tries, pauses that double."""

    seconds: float = 2.0
    tries: int = 3
    pause: float = 0.1


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    body: bytes


class _Deadline:
    """Shuts a connection's socket when its time is over."""

    def __init__(self, connection: http.client.HTTPConnection, seconds: float) -> None:
        self._connection = connection
        self.over = False
        self._timer = threading.Timer(seconds, self._shut)
        self._timer.daemon = True
        self._timer.start()

    def _shut(self) -> None:
        self.over = True
        with suppress(OSError, AttributeError):  # it is closed, or was never opened
            self._connection.sock.shutdown(socket.SHUT_RDWR)

    def cancel(self) -> None:
        """Let the connection live."""
        self._timer.cancel()


class Workstation:
    """A client of the core at `url`; safe to use from any thread, keeps no connection open.

    Every method raises NotConnectedError where the core does not answer in time, after a few
    tries, and WorkstationError where it refuses or answers nonsense.
    """

    def __init__(self, url: str, patience: Patience = Patience()) -> None:  # frozen
        self.url = url.rstrip("/")
        self.patience = patience
        parts = urlsplit(self.url)
        self._host, self._port = parts.hostname or "localhost", parts.port
        self._secure, self._path = parts.scheme == "https", parts.path.rstrip("/")

    def health(self) -> Mapping[str, Any]:
        """Ask how the core is."""
        return self._ask("GET", "/api/v1/health")

    def connected(self) -> bool:
        """Tell whether the core answers now, in one try."""
        once = Workstation(self.url, Patience(min(self.patience.seconds, 1.0), 1))
        try:
            once.health()
        except (NotConnectedError, WorkstationError):
            return False
        return True

    def project_status(self) -> Mapping[str, Any]:
        """Ask for the project that is open: at least `numTracks` and `isPlaying`."""
        facts = self._ask("GET", "/api/v1/project/status")
        tracks = facts.get("numTracks")
        if isinstance(tracks, bool) or not isinstance(tracks, int) or not 0 <= tracks < 100_000:
            raise WorkstationError(f"the core at {self.url} does not say how many tracks there are")
        return facts

    def play(self) -> Mapping[str, Any]:
        """Start the workstation's transport."""
        return self._ask("POST", "/api/v1/transport/play", {})

    def stop(self) -> Mapping[str, Any]:
        """Stop the workstation's transport."""
        return self._ask("POST", "/api/v1/transport/stop", {})

    def import_midi(self, midi: bytes) -> Mapping[str, Any]:
        """Hand a MIDI file over; it is sent again only if it cannot have arrived."""
        body = {"midi_data": base64.b64encode(midi).decode("ascii")}
        return self._ask("POST", "/api/v1/midi/import", body, twice=False)

    def _ask(
        self, method: str, path: str, body: Mapping[str, Any] | None = None, *, twice: bool = True
    ) -> Mapping[str, Any]:
        answer = self._patiently(method, path, body, twice=twice)
        if not 200 <= answer.status < 300:
            raise WorkstationError(
                f"the core at {self.url} answers {method} {path} with status {answer.status}"
            )
        if not answer.body.strip():
            return {}
        try:
            facts = json.loads(answer.body)
        except (ValueError, RecursionError):
            facts = None
        if not isinstance(facts, dict):
            raise WorkstationError(
                f"the core at {self.url} answers {method} {path} with something that is no "
                "JSON object"
            )
        return facts

    def _patiently(
        self, method: str, path: str, body: Mapping[str, Any] | None, *, twice: bool
    ) -> _Answer:
        pause = self.patience.pause
        for left in range(self.patience.tries - 1, -1, -1):
            try:
                answer = self._once(method, path, body)
            except _Failure as failure:
                if not left or (failure.sent and not twice):
                    raise NotConnectedError(
                        f"the workstation's core at {self.url} is not connected: {failure}; "
                        "start it, or set core_url"
                    ) from None
            else:
                if answer.status not in _AGAIN or not left or not twice:
                    return answer
            time.sleep(pause)  # a core that starts up needs a moment
            pause *= 2
        raise AssertionError("a try returns or raises")

    def _once(self, method: str, path: str, body: Mapping[str, Any] | None) -> _Answer:
        kind = http.client.HTTPSConnection if self._secure else http.client.HTTPConnection
        connection = kind(self._host, self._port, timeout=self.patience.seconds)
        data = None if body is None else json.dumps(body).encode()
        headers = {"Accept": "application/json", "Connection": "close"}
        if data is not None:
            headers["Content-Type"] = "application/json"
        sent = False
        deadline = _Deadline(connection, self.patience.seconds)
        try:
            connection.connect()
            sent = True
            connection.request(method, self._path + path, data, headers)
            response = connection.getresponse()
            answer = _Answer(response.status, self._read(response))
            if deadline.over:  # a socket that is shut looks like the end of the answer
                raise TimeoutError
            return answer
        except (OSError, http.client.HTTPException, ValueError) as error:
            late = deadline.over or isinstance(error, TimeoutError)
            reason = f"no answer within {self.patience.seconds:g} s" if late else _reason(error)
            raise _Failure(reason, sent=sent) from None
        finally:
            deadline.cancel()
            connection.close()

    def _read(self, response: http.client.HTTPResponse) -> bytes:
        pieces, size = [], 0
        while piece := response.read1(_PIECE):
            size += len(piece)
            if size > _LARGEST_ANSWER:
                raise WorkstationError(
                    f"the core at {self.url} answers with more than {_LARGEST_ANSWER >> 20} MiB"
                )
            pieces.append(piece)
        if response.length:
            raise http.client.IncompleteRead(b"".join(pieces), response.length)
        return b"".join(pieces)


class _Failure(Exception):  # noqa: N818  # never leaves this module
    """One try that failed; `sent` says whether the core may have got the request."""

    def __init__(self, reason: str, *, sent: bool) -> None:
        super().__init__(reason)
        self.sent = sent


def _reason(error: Exception) -> str:
    if isinstance(error, ConnectionRefusedError):
        return "nobody listens there"
    return getattr(error, "strerror", None) or type(error).__name__
