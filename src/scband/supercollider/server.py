"""supernova, booted through supriya, with its printed complaints turned into events."""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import supriya
from supriya.contexts.realtime import BaseServer
from supriya.enums import BootStatus
from supriya.exceptions import ServerOffline
from supriya.osc import OscProtocolOffline
from supriya.scsynth import Options, ThreadedProcessProtocol

from scband.errors import ServerBootError, SuperColliderError, SynthDefError
from scband.supercollider import programs
from scband.supercollider.ports import LOOPBACK, free_port
from scband.supercollider.processes import REAPER, ChildProcess

BLOCK = 64
"""Samples in one of supernova's control blocks."""

_BOOT_SECONDS = 8.0
_BUSY = 3.0  # times as long on a machine that is overloaded


class Complaint(StrEnum):
    """What supernova prints instead of answering."""

    MISSING_UGEN = "missing_ugen"
    UNKNOWN_SYNTHDEF = "unknown_synthdef"
    NODE_NOT_FOUND = "node_not_found"
    LATE = "late"
    BUFFER = "buffer"
    OTHER = "other"


_COMPLAINTS = (
    (Complaint.MISSING_UGEN, re.compile(r"Unit generator \w+ not installed", re.I)),
    (Complaint.UNKNOWN_SYNTHDEF, re.compile(r"Cannot create synth|SynthDef .*not found", re.I)),
    (Complaint.NODE_NOT_FOUND, re.compile(r"node not found|node \d+ not found", re.I)),
    (Complaint.LATE, re.compile(r"^late:?\s*([\d.]+)", re.I)),
    (Complaint.BUFFER, re.compile(r"buffer.*(?:fail|error|not|too)|Buffer UGen", re.I)),
    (Complaint.OTHER, re.compile(r"error|exception|fail|not found|invalid|cannot", re.I)),
)


@dataclass(frozen=True, slots=True)
class ServerComplaint:
    """One complaint of supernova: its kind and the line as printed; `late_seconds` for LATE."""

    kind: Complaint
    line: str
    late_seconds: float = 0.0


def read_complaint(line: str) -> ServerComplaint | None:
    """Return what `line` complains of, or None for a line that is no complaint."""
    for kind, pattern in _COMPLAINTS:
        if match := pattern.search(line):
            late = float(match.group(1)) if kind is Complaint.LATE else 0.0
            return ServerComplaint(kind, line, late)
    return None


@dataclass(frozen=True, slots=True)
class ServerOptions:
    """How supernova is started.

    `port` 0 takes a free one; `sample_clock` times by samples; `plugins` names the folder of UGen
    plugins in place of the usual ones.
    """

    port: int = 0
    threads: int = 0
    period: int = 128
    sample_clock: bool = True
    memory_kib: int = 131072
    max_nodes: int = 4096
    audio_buses: int = 1024
    max_logins: int = 8
    inputs: int = 2
    outputs: int = 2
    plugins: str = ""


@dataclass(frozen=True)
class _Options(Options):
    """supriya's options with the one flag that it has no field for."""

    sample_clock: bool = True

    def serialize(self) -> list[str]:
        # `-C 0` makes scheduled bundles exact to the sample
        return [*super().serialize(), *(["-C", "0"] if self.sample_clock else [])]


class _GuardedProcess(ThreadedProcessProtocol):
    """supriya's process, run as a ChildProcess: own environment, bounded end, dies with Python."""

    def __init__(
        self,
        env: dict[str, str],
        on_line: Callable[[str], None],
        on_panic_callback: Callable[[], None] | None,
    ) -> None:
        super().__init__(name="supernova", on_panic_callback=on_panic_callback)
        self._env = env
        self._line = on_line

    def _run_process_thread(self, options: Options) -> None:
        self.child = ChildProcess(
            "supernova", list(options), env=self._env, on_line=self._read_line
        )
        self.child.start()
        self.child.exited.wait()
        was_quitting = self.status == BootStatus.QUITTING
        self.status = BootStatus.OFFLINE
        self.exit_future.set_result(self.child.returncode or 0)
        if not self.boot_future.done():
            self.error_text = self.error_text or self.child.last_words()
            self.boot_future.set_result(False)
        elif not was_quitting and self.on_panic_callback:
            self.on_panic_callback()

    def _read_line(self, line: str) -> None:
        if not self.boot_future.done():
            self._handle_data_received(boot_future=self.boot_future, text=line + "\n")
        self._line(line)

    def _shutdown(self) -> None:
        self.child.stop()
        self.thread.join(timeout=4)
        self.status = BootStatus.OFFLINE


class _Server(supriya.Server):
    """A supriya server around a guarded process."""

    def __init__(self, env: dict[str, str], on_line: Callable[[str], None]) -> None:
        super().__init__(name="scband")
        self.failure: Exception | None = None
        panic = self._process_protocol.on_panic_callback
        self._process_protocol = _GuardedProcess(env, on_line, panic)

    def _lifecycle(self, owned: bool = True) -> None:
        """Keep what went wrong for the caller, who waits elsewhere, off the terminal."""
        try:
            super()._lifecycle(owned)
        except Exception as error:  # handed to the caller, whatever it is
            self.failure = error

    def _free_id(self, *args: object, **kwargs: object) -> None:
        """Leave ids alone that another client chose (sclang's notes have the server's own)."""
        if args[0] is supriya.Node and int(args[1]) < 0:  # type: ignore[call-overload]
            return
        BaseServer._free_id(self, *args, **kwargs)  # type: ignore[arg-type]


class SoundServer:
    """The running supernova.

    `on_complaint(ServerComplaint)` is called, in a reading thread, for each complaint that
    supernova prints; `on_exit()` when it ends without having been asked to. `late` counts the
    bundles that came too late to sound in time.
    """

    def __init__(
        self,
        options: ServerOptions,
        environment: dict[str, str],
        *,
        on_complaint: Callable[[ServerComplaint], None] | None = None,
        on_exit: Callable[[], None] | None = None,
    ) -> None:
        self.options = options
        self.late = 0
        self.complaints: list[ServerComplaint] = []
        self._environment = environment
        self._on_complaint = on_complaint
        self._on_exit = on_exit
        self._server: _Server | None = None
        self._port = 0

    @property
    def server(self) -> supriya.Server:
        """supriya's server object; raises ServerBootError before `boot`."""
        if self._server is None:
            raise ServerBootError("supernova has not been booted")
        return self._server

    @property
    def port(self) -> int:
        """The UDP port on which supernova listens."""
        return self._port

    @property
    def pid(self) -> int:
        """supernova's process id."""
        protocol = self.server.process_protocol
        assert isinstance(protocol, _GuardedProcess)
        return protocol.child.pid

    @property
    def address(self) -> tuple[str, int]:
        """Host and port."""
        return LOOPBACK, self._port

    @property
    def segment(self) -> Path:
        """The file of the shared-memory segment that holds supernova's control buses."""
        return Path(f"/dev/shm/SuperColliderServer_{self._port}")

    def supriya_options(self) -> _Options:
        """Return the options as supriya takes them."""
        o = self.options
        return _Options(
            executable=str(programs.find("supernova")),
            port=self._port,
            block_size=BLOCK,
            hardware_buffer_size=o.period,
            threads=o.threads or os.cpu_count() or 2,
            maximum_logins=o.max_logins,
            memory_size=o.memory_kib,
            maximum_node_count=o.max_nodes,
            audio_bus_channel_count=o.audio_buses,
            input_bus_channel_count=o.inputs,
            output_bus_channel_count=o.outputs,
            load_synthdefs=False,
            ugen_plugins_path=o.plugins or None,
            sample_clock=o.sample_clock,
        )

    def command(self) -> str:
        """Return the command line that starts the same server by hand, environment first."""
        names = [f"{k}={v}" for k, v in sorted(self._environment.items())]
        return shlex.join(names) + " " + shlex.join(self.supriya_options().serialize())

    def boot(self) -> supriya.Server:
        """Boot supernova; raises NotInstalledError, PortBusyError or ServerBootError."""
        programs.find("supernova")
        self._port = free_port(self.options.port)
        self._server = _Server(self._environment, self._read_line)
        REAPER.guard_files(str(self.segment))
        booted: Future[None] = Future()
        threading.Thread(
            target=self._boot_into, args=(self._server, booted), name="scband-boot", daemon=True
        ).start()
        try:
            self._await(booted, self._server)
        except ServerBootError:
            self._end_process()
            raise
        self._server.register_lifecycle_callback("PROCESS_PANICKED", self._panicked)
        return self._server

    def _boot_into(self, server: _Server, booted: Future[None]) -> None:
        try:
            server.boot(options=self.supriya_options())
        except Exception as error:  # handed to the caller, whatever it is
            booted.set_exception(ServerBootError(f"supernova could not start: {error!r}"))
        else:
            booted.set_result(None)

    def _await(self, booted: Future[None], server: _Server) -> None:
        """Wait for the boot; supriya itself waits for ever where supernova ends at once."""
        patience = _patience()
        deadline = time.monotonic() + patience
        what = f"did not answer within {patience:.0f} s"
        while time.monotonic() < deadline:
            with contextlib.suppress(TimeoutError):
                booted.result(timeout=0.05)
                return
            child = getattr(server.process_protocol, "child", None)
            if isinstance(child, ChildProcess) and child.exited.is_set():
                what = f"ended at once (status {child.returncode})"
                break
            if server.failure is not None:
                what = f"started but did not answer ({type(server.failure).__name__})"
                break
        raise ServerBootError(
            f"supernova {what}:\n{self._words()}\n"
            "  look whether JACK runs and its rate and period fit (`scband doctor`)"
        )

    def _words(self) -> str:
        protocol = self.server.process_protocol
        process = getattr(protocol, "child", None)
        return process.last_words() if isinstance(process, ChildProcess) else "  (it said nothing)"

    def _read_line(self, line: str) -> None:
        complaint = read_complaint(line)
        if complaint is None:
            return
        if complaint.kind is Complaint.LATE:
            self.late += 1
        self.complaints.append(complaint)
        del self.complaints[:-200]
        if self._on_complaint is not None:
            self._on_complaint(complaint)

    def _panicked(self, event: object) -> None:
        if self._on_exit is not None:
            self._on_exit()

    def load_synthdefs(self, folder: Path, timeout: float = 5.0) -> tuple[str, ...]:
        """Load every compiled SynthDef in `folder` (emits `/d_loadDir`) and wait until it is done.

        Returns what supernova said of UGens that it does not have; the SynthDefs made of them are
        not loaded. Raises SynthDefError where the folder holds none, ServerBootError where
        supernova does not answer in time.
        """
        self.complaints.clear()
        if not any(folder.glob("*.scsyndef")):
            raise SynthDefError(f"{folder} holds no compiled SynthDefs")
        with self.server.at():
            self.server.load_synthdefs_directory(folder)
        self.sync(timeout)
        self.sync(timeout)  # its printed lines come by another way: give them one more round
        return tuple(c.line for c in self.complaints if c.kind is Complaint.MISSING_UGEN)

    def sync(self, timeout: float = 2.0) -> None:
        """Wait until supernova has done all that was sent (emits `/sync`)."""
        try:
            self.server.sync(timeout=timeout)
        except TimeoutError as error:
            raise ServerBootError(f"supernova did not answer /sync within {timeout} s") from error
        except (ServerOffline, OscProtocolOffline, OSError) as error:
            raise SuperColliderError("supernova is not running any more") from error

    @property
    def online(self) -> bool:
        """Whether supernova runs and answers."""
        return self._server is not None and self._server.boot_status == BootStatus.ONLINE

    def _out(self, content: list[str | float | bytes] | supriya.OscBundle) -> None:
        try:
            self.server.send(content)
        except (ServerOffline, OscProtocolOffline, OSError) as error:
            raise SuperColliderError("supernova is not running any more") from error

    def send(self, *message: str | float | bytes) -> None:
        """Send one OSC message to supernova now; raises SuperColliderError where it is gone."""
        self._out(list(message))

    def send_together(self, *messages: Sequence[str | float]) -> None:
        """Send messages in one bundle: supernova does them in the same control block."""
        contents = [supriya.OscMessage(*map(_argument, message)) for message in messages]
        self._out(supriya.OscBundle(contents=contents))

    def send_at(self, unix_seconds: float, *messages: Sequence[str | float]) -> None:
        """Send messages in one bundle that is due at a Unix time."""
        contents = [supriya.OscMessage(*map(_argument, message)) for message in messages]
        self._out(supriya.OscBundle(contents=contents, timestamp=unix_seconds))

    def _end_process(self) -> None:
        process = getattr(self.server.process_protocol, "child", None)
        if isinstance(process, ChildProcess):
            process.stop()
        self.segment.unlink(missing_ok=True)
        REAPER.release_files(str(self.segment))

    def quit(self) -> None:
        """End supernova and remove its shared-memory segment. Safe to call twice."""
        if self._server is None:
            return
        if self.online:
            done: Future[None] = Future()
            threading.Thread(target=self._quit_into, args=(done,), daemon=True).start()
            with contextlib.suppress(TimeoutError):  # it hangs: the process is ended below
                done.result(timeout=3)
        self._end_process()
        self._server = None

    def _quit_into(self, done: Future[None]) -> None:
        self.server.quit()
        done.set_result(None)


def _argument(value: str | float) -> Any:
    """Pass a value on as it is; supriya's own annotation leaves floats out."""
    return value


def _patience() -> float:
    """Return how long supernova may take to answer: longer where others use the processor."""
    crowd = os.getloadavg()[0] / (os.cpu_count() or 1) if hasattr(os, "getloadavg") else 1.0
    return _BOOT_SECONDS * min(max(crowd, 1.0), _BUSY)
