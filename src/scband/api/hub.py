"""Everybody on /ws/sync: the transport many times a second, notices at once, nobody waits.

No client is waited for. The transport is a state, so a client that does not take it in gets the
latest one when it does; notices queue up to a limit of bytes; who takes nothing in for long, or
cannot take all notices, is closed.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from scband.api.limits import Bucket
from scband.api.messages import (
    encode,
    error_fields,
    file_fields,
    job_fields,
    plugin_fields,
    transport_fields,
    transport_message,
)
from scband.api.sockets import DirectSocket, text_frame
from scband.errors import ConnectionTimeoutError, ScbandError, TransportSyncLostError
from scband.studio.events import (
    Event,
    JobChanged,
    MidiReady,
    MidiRefused,
    MidiRemoved,
    PluginChanged,
    TransportChanged,
)
from scband.studio.orchestrator import Orchestrator
from scband.studio.plugins import PluginState
from scband.studio.transport import TransportState

_LOG = logging.getLogger("scband.api")
LATEST_BYTES = 4 * 1024
"""A client with more than this unsent gets no further transport state until it has taken it."""
NOTICE_BYTES = 64 * 1024
"""A client with more than this unsent when a notice comes is closed: it would lose it."""
STALL_SECONDS = 10.0
"""A client that takes nothing in for so long is closed."""
SYNC_LOST_SECONDS = 3.0
"""Who reported a running transport and then says nothing for so long has lost it."""
_GROUP = 32  # clients that get the transport in one go; groups take turns, so nobody waits long
_BUDGET = 30e-6  # seconds between broadcasts for each client: a quarter of a core at most
_SNAPSHOT_FILES = 100
_MESSAGES = (400.0, 800.0)  # a client's messages a second, and at once
_TRY_AGAIN, _POLICY = 1013, 1008  # RFC 6455 close codes


class Client:
    """A WebSocket on the hub: who it is for, and what it may see."""

    __slots__ = ("behind_since", "bucket", "folder", "plugin_id", "sees_all", "sequence", "socket")

    def __init__(
        self, socket: DirectSocket, plugin_id: str, folder: Path | None, *, sees_all: bool
    ) -> None:
        self.socket, self.plugin_id, self.folder = socket, plugin_id, folder
        self.sees_all = sees_all
        self.sequence = 0
        self.behind_since = 0.0
        self.bucket = Bucket(*_MESSAGES, time.monotonic())

    def offer(self, frame: bytes, now: float) -> None:
        """Send a state, unless an older one has not been taken in yet."""
        socket = self.socket
        if socket.transport.is_closing():
            return
        if socket.unsent < LATEST_BYTES:
            self.behind_since = 0.0
            socket.write(frame)
        elif not self.behind_since:
            self.behind_since = now
        elif now - self.behind_since > STALL_SECONDS:
            _LOG.info("a client of %s takes nothing in: closed", self.plugin_id)
            socket.drop()

    def notify(self, message: dict[str, Any]) -> None:
        """Send a notice with the next sequence number."""
        self.sequence += 1
        self.send(encode({**message, "seq": self.sequence}))

    def send(self, text: bytes) -> None:
        """Send a text that must not be lost; who cannot take it in is closed."""
        socket = self.socket
        if socket.unsent > NOTICE_BYTES:
            _LOG.info("a client of %s is too slow for its notices: closed", self.plugin_id)
            socket.drop()
        elif socket.open:
            socket.write(text_frame(text))

    def fail(self, error: ScbandError, **about: Any) -> None:
        """Send an error."""
        self.notify({"type": "error", **error_fields(error), **about})

    def admits(self) -> bool:
        """Count a message in; a client that sends far too many is closed."""
        if not self.bucket.take(time.monotonic()):
            return True
        self.socket.end(_POLICY, f"more than {_MESSAGES[0]:g} messages a second")
        return False


class Hub:
    """Sends what happens in an orchestrator to the clients; lives in one event loop."""

    def __init__(self, orchestrator: Orchestrator, interval: float) -> None:
        self._orchestrator, self._interval = orchestrator, interval
        self._clients: dict[Client, None] = {}
        self._groups: list[list[Client]] = []
        self._sequence = 0
        self._turn = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = 0
        self._timer: asyncio.TimerHandle | None = None
        self._relay: asyncio.TimerHandle | None = None
        self._relayed = 0.0
        self._source: Client | None = None
        self._reporter: Client | None = None
        self._reported = 0.0
        self._leave: Callable[[], None] = lambda: None

    def __len__(self) -> int:
        return len(self._clients)

    def start(self) -> None:
        """Begin to send, from the event loop that runs."""
        self._loop = asyncio.get_running_loop()
        self._thread = threading.get_ident()
        self._leave = self._orchestrator.subscribe(self._heard)
        self._timer = self._loop.call_later(self._interval, self._tick, self._loop.time())

    def stop(self) -> None:
        """Send nothing more."""
        self._leave()
        for timer in (self._timer, self._relay):
            if timer is not None:
                timer.cancel()
        self._timer = self._relay = self._loop = None

    def join(self, client: Client) -> None:
        """Take a client in; it gets the transport and a snapshot of everything at once."""
        self._clients[client] = None
        if not self._groups or len(self._groups[-1]) >= _GROUP:
            self._groups.append([])
        self._groups[-1].append(client)
        client.offer(self._frame(), time.monotonic())
        client.notify(self._snapshot(client))

    def part(self, client: Client) -> None:
        """Let a client go; the last one of all takes its place in the groups."""
        if client not in self._clients:
            return
        del self._clients[client]
        group = next(group for group in self._groups if client in group)
        last = self._groups[-1].pop()
        if last is not client:
            group[group.index(client)] = last
        if not self._groups[-1]:
            self._groups.pop()

    # the transport

    def _frame(self) -> bytes:
        self._sequence += 1
        return text_frame(transport_message(self._orchestrator.transport.state(), self._sequence))

    def _tick(self, due: float) -> None:
        """Send the transport to the next group; every group has its turn once an interval."""
        assert self._loop is not None
        if self._groups:
            self._turn = (self._turn + 1) % len(self._groups)
            self._offer(self._groups[self._turn])
            self._check_reporter()
        # a little early on average, so that lateness of the loop never makes it less than promised
        after = due + 0.98 * self._interval / max(1, len(self._groups))
        if after < self._loop.time() - self._interval:
            after = self._loop.time()  # too late to make up for: what was missed is past
        self._timer = self._loop.call_at(after, self._tick, after)

    def _offer(self, clients: Sequence[Client], without: Client | None = None) -> None:
        frame = self._frame()
        now = time.monotonic()
        for client in clients:
            if client is not without:
                client.offer(frame, now)

    def _check_reporter(self) -> None:
        """Tell everybody when nobody knows any more where the host's transport is."""
        reporter = self._reporter
        if reporter is None or time.monotonic() - self._reported < SYNC_LOST_SECONDS:
            return
        self._reporter = None
        if self._orchestrator.transport.state().is_playing:
            error = TransportSyncLostError(
                f"{reporter.plugin_id} reported a running transport and is silent for "
                f"{SYNC_LOST_SECONDS:g} s now; the transport runs on by itself"
            )
            for client in tuple(self._clients):
                client.fail(error)

    def _moved(self, source: Client | None, state: TransportState) -> None:
        """Send a changed transport on: at once, unless that was just done; then as one."""
        assert self._loop is not None
        self._reporter = source if state.is_playing else None
        self._reported = time.monotonic()
        if self._relay is not None:
            self._source = None  # several have moved it: all need to know
            return
        wait = self._relayed + _BUDGET * len(self._clients) - time.monotonic()
        self._source = source
        if wait > 0:
            self._relay = self._loop.call_later(wait, self._send_on)
        else:
            self._send_on()

    def _send_on(self) -> None:
        self._relay = None
        self._relayed = time.monotonic()
        for group in tuple(self._groups):
            self._offer(group, without=self._source)

    # notices

    def _heard(self, event: Event) -> None:
        """Take an event in from any thread."""
        loop = self._loop
        if loop is None or loop.is_closed():
            return
        if isinstance(event, TransportChanged):
            source = event.source if isinstance(event.source, Client) else None
            call: Callable[[], None] = partial(self._moved, source, event.state)
        else:
            call = partial(self._notify, *_notice(event, self._orchestrator.plugins.timeout))
        if threading.get_ident() == self._thread:
            call()
        else:
            loop.call_soon_threadsafe(call)

    def _notify(self, sight: Callable[[Client], bool], message: dict[str, Any]) -> None:
        for client in tuple(self._clients):
            if client.sees_all or sight(client):
                client.notify(message)

    def _snapshot(self, client: Client) -> dict[str, Any]:
        orchestrator = self._orchestrator
        entries = orchestrator.library.entries(None if client.sees_all else client.folder)
        jobs = [
            job
            for job in orchestrator.jobs.jobs()
            if job.name == "generate" and not job.over
            if client.sees_all or job.owner == client.plugin_id
        ]
        plugins = [
            plugin
            for plugin in orchestrator.plugins.plugins()
            if client.sees_all or plugin.plugin_id == client.plugin_id
        ]
        return {
            "type": "snapshot",
            "transport": transport_fields(orchestrator.transport.state()),
            "transport_seq": self._sequence,
            "plugins": [plugin_fields(plugin) for plugin in plugins[-_SNAPSHOT_FILES:]],
            "files": [file_fields(entry) for entry in entries[-_SNAPSHOT_FILES:]],
            "file_count": len(entries),
            "jobs": [job_fields(job) for job in jobs],
        }


def _notice(event: Event, timeout: float) -> tuple[Callable[[Client], bool], dict[str, Any]]:
    """Return who sees an event (beside those who see all), and the message that tells it."""
    match event:
        case MidiReady(entry):
            return _of_folder(entry.folder), {"type": "midi_ready", **file_fields(entry)}
        case MidiRemoved(entry):
            told = {"type": "midi_removed", "file_id": entry.file_id, "filename": entry.filename}
            return _of_folder(entry.folder), told
        case MidiRefused(folder, filename, reason):
            told = {"type": "midi_refused", "filename": filename, "detail": reason}
            return _of_folder(folder), {**told, "code": "invalid_midi_file"}
        case JobChanged(job):
            return _of_plugin(job.owner), {"type": "job_progress", **job_fields(job)}
        case PluginChanged(plugin, was):
            told = {"type": "plugin_state", **plugin_fields(plugin), "was": was.value}
            gone = plugin.state is PluginState.DISCONNECTED
            if gone and time.monotonic() - plugin.seen > timeout:
                silent = f"nothing was heard for {timeout:g} s; send heartbeats"
                told |= error_fields(ConnectionTimeoutError(silent))
            return _of_plugin(plugin.plugin_id), told
    raise TypeError(f"{type(event).__name__} is told otherwise")


def _of_folder(folder: Path) -> Callable[[Client], bool]:
    return lambda client: client.folder == folder


def _of_plugin(plugin_id: str) -> Callable[[Client], bool]:
    return lambda client: client.plugin_id == plugin_id
