"""JACK: a server that already runs, the sound card, or the dummy device."""

from __future__ import annotations

import itertools
import os
import platform
import re
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from scband.errors import JackError
from scband.supercollider import programs, reaper
from scband.supercollider.processes import REAPER, ChildProcess

_XRUN = re.compile(r"xrun", re.IGNORECASE)
_START_SECONDS = 6.0
_NUMBERS = itertools.count(1)  # two sessions in one Python have a server each


class AudioDriver(StrEnum):
    """Where sound comes from and goes to."""

    AUTO = "auto"
    RUNNING = "running"
    CARD = "card"
    DUMMY = "dummy"


@dataclass(frozen=True, slots=True)
class JackOptions:
    """How to get a JACK server. `sample_rate` 0 takes what there is, or 48000 for a new one."""

    driver: AudioDriver = AudioDriver.AUTO
    name: str = ""
    device: str = ""
    sample_rate: int = 0
    period: int = 0
    realtime: bool = True


@dataclass(frozen=True, slots=True)
class JackState:
    """The JACK server in use: its name, driver, rate in hertz and period in samples."""

    name: str
    driver: AudioDriver
    sample_rate: int
    period: int
    owned: bool


def jack_environment(name: str) -> dict[str, str]:
    """Return the environment in which a program uses the JACK server `name` and starts no other."""
    return {
        "JACK_DEFAULT_SERVER": name,
        "JACK_NO_AUDIO_RESERVATION": "1",
        "JACK_NO_START_SERVER": "1",
        # supernova reads these to join its ports to the card's
        "SC_JACK_DEFAULT_INPUTS": "system",
        "SC_JACK_DEFAULT_OUTPUTS": "system",
    }


def _left_behind(name: str) -> list[str]:
    return [f"/dev/shm/jack_{name}_*", f"/dev/shm/jack_sem.*_{name}_*"]


def sound_cards() -> tuple[str, ...]:
    """Return the names of the sound cards that JACK could open (`hw:NAME`), best first."""
    if platform.system() != "Linux":
        return ("default",)
    try:
        text = Path("/proc/asound/cards").read_text(encoding="utf-8")
    except OSError:
        return ()
    names = re.findall(r"^\s*\d+\s+\[(\S+)\s*\]:\s*(.*)$", text, re.MULTILINE)
    ranked = sorted(names, key=lambda n: ("Loopback" in n[1] or "HDMI" in n[1], "USB" not in n[1]))
    return tuple(f"hw:{name}" for name, _ in ranked)


def _ask(program: str, name: str, *arguments: str) -> str | None:
    """Return what a JACK tool prints, or None where the server does not answer."""
    path = programs.look_for(program)
    if path is None:
        return None
    try:
        done = subprocess.run(
            [str(path), *arguments],
            env={**os.environ, **jack_environment(name)},
            capture_output=True,
            text=True,
            timeout=3,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return None
    return done.stdout if done.returncode == 0 else None


def running_server(name: str) -> JackState | None:
    """Return the JACK server `name` where one runs already (PipeWire's too), else None."""
    rate, period = _ask("jack_samplerate", name), _ask("jack_bufsize", name)
    if rate is None or period is None:
        return None
    rates, periods = re.findall(r"\d+", rate), re.findall(r"\d+", period)
    if not rates or not periods:
        return None
    return JackState(name, AudioDriver.RUNNING, int(rates[0]), int(periods[0]), owned=False)


def look_for_server(name: str = "default") -> JackState | None:
    """Return a running server as `running_server` does, and leave nothing behind by asking.

    JACK's tools leave an empty folder in shared memory where no server answers.
    """
    state = running_server(name)
    if state is None:
        reaper.sweep_jack()
    return state


class Jack:
    """A JACK server to play through; one that it started itself, it also ends.

    `on_line` gets every line that jackd prints, `on_exit` is called when it ends unasked; `xruns`
    counts the drop-outs that it reported since `mark_started` (a client that joins causes one).
    """

    def __init__(
        self,
        options: JackOptions,
        on_line: Callable[[str], None] | None = None,
        on_exit: Callable[[], None] | None = None,
    ) -> None:
        self.options = options
        self.state: JackState | None = None
        self.xruns = 0
        self.notes: list[str] = []
        self._on_line = on_line
        self._on_exit = on_exit
        self._process: ChildProcess | None = None
        self._name = ""
        self._stopping = False

    @property
    def environment(self) -> dict[str, str]:
        """The environment for a client of this server."""
        return jack_environment(self._state().name)

    def _state(self) -> JackState:
        if self.state is None:
            raise JackError("JACK has not been started")
        return self.state

    def start(self) -> JackState:
        """Find or start the server; raises NotInstalledError or JackError with jackd's own line."""
        driver = self.options.driver
        if driver in (AudioDriver.AUTO, AudioDriver.RUNNING):
            name = self.options.name or os.environ.get("JACK_DEFAULT_SERVER", "default")
            if state := running_server(name):
                return self._adopt(state)
            if driver is AudioDriver.RUNNING:
                raise JackError(
                    f"no JACK server named {name!r} runs: start one, "
                    "or choose audio = auto, card or dummy"
                )
        programs.find("jackd")
        cards = (self.options.device,) if self.options.device else sound_cards()
        if driver is AudioDriver.CARD and not cards:
            raise JackError(
                "no sound card was found: connect one, or choose audio = dummy to play without"
            )
        if driver in (AudioDriver.AUTO, AudioDriver.CARD) and cards:
            try:
                return self._spawn(AudioDriver.CARD, cards[0])
            except JackError as error:
                if driver is AudioDriver.CARD:
                    raise
                self.notes.append(f"the sound card {cards[0]} could not be opened ({error})")
        return self._spawn(AudioDriver.DUMMY, "")

    def _adopt(self, state: JackState) -> JackState:
        asked = self.options.sample_rate
        if asked and asked != state.sample_rate:
            raise JackError(
                f"the running JACK server {state.name!r} is at {state.sample_rate} Hz, "
                f"but sample_rate asks for {asked}: restart JACK at {asked}, or leave sample_rate "
                "at 0 to take its rate"
            )
        self.state = state
        return state

    def _arguments(self, driver: AudioDriver, device: str, rate: int, period: int) -> list[str]:
        if driver is AudioDriver.DUMMY:
            # synchronous mode with a long wait gave no xruns on a loaded machine
            return ["-S", "-d", "dummy", "-r", str(rate), "-p", str(period)]
        backend = "coreaudio" if platform.system() == "Darwin" else "alsa"
        chosen = [] if device == "default" else ["-d", device]
        periods = ["-n", "3"] if backend == "alsa" else []
        return ["-d", backend, *chosen, "-r", str(rate), "-p", str(period), *periods]

    def _spawn(self, driver: AudioDriver, device: str) -> JackState:
        name = self.options.name or f"scband-{os.getpid()}-{next(_NUMBERS)}"
        rate = self.options.sample_rate or 48000
        period = self.options.period or (1024 if driver is AudioDriver.DUMMY else 128)
        realtime = ["-R", "-P", "70"] if self.options.realtime else ["-r"]
        argv = [str(programs.find("jackd")), "-n", name, *realtime]
        argv += self._arguments(driver, device, rate, period)
        process = ChildProcess(
            "jackd",
            argv,
            env=jack_environment(name),
            on_line=self._read_line,
            on_exit=self._exited,
        )
        self._name = name
        for pattern in _left_behind(name):
            REAPER.guard_files(pattern)
        with reaper.jack_lock():
            process.start()
            self._process = process
            try:
                self._await(process, name)
            except BaseException:
                process.stop()
                raise
        self.state = JackState(name, driver, rate, period, owned=True)
        return self.state

    def _await(self, process: ChildProcess, name: str) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline:
            if not process.running:
                break
            if running_server(name):
                return
            process.exited.wait(0.03)
        what = "ended at once" if not process.running else f"did not answer in {_START_SECONDS} s"
        raise JackError(
            f"jackd {what} ({' '.join(process.argv)}):\n{process.last_words()}\n"
            "  try audio = dummy, another device, or another sample rate"
        )

    def _read_line(self, line: str) -> None:
        if _XRUN.search(line):
            self.xruns += 1
        if self._on_line is not None:
            self._on_line(line)

    def _exited(self, status: int) -> None:
        # not when it failed to start or was stopped: both of those are told otherwise
        if self.state is not None and not self._stopping and self._on_exit is not None:
            self._on_exit()

    def mark_started(self) -> None:
        """Count xruns from now on."""
        self.xruns = 0

    @property
    def process(self) -> ChildProcess | None:
        """The jackd that this object started, or None."""
        return self._process

    def stop(self) -> None:
        """End the server where it is ours, and remove what JACK leaves in shared memory."""
        self._stopping = True
        if self._process is not None:
            self._process.stop()
            reaper.remove(_left_behind(self._name))
            for pattern in _left_behind(self._name):
                REAPER.release_files(pattern)
            reaper.sweep_jack()
        self._process = None
        self.state = None
