"""What is installed, what is missing, and how each figure looks on this machine."""

from __future__ import annotations

import os
import platform
import re
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from scband.errors import ScbandError
from scband.live.midi.ports import Door
from scband.live.midi.survey import look as midi_ports
from scband.live.options import engine_options
from scband.settings import Settings, config_file
from scband.supercollider import jack, programs
from scband.supercollider.engine import Engine
from scband.supercollider.sources import sources_folder

_SIGNS = {"ok": "✓", "warning": "!", "missing": "✗"}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: `state` is ok, warning or missing; `figure` is what was measured."""

    name: str
    state: str
    text: str
    figure: float | None = None
    unit: str = ""

    def line(self) -> str:
        """Return the finding as one line for a terminal."""
        return f"{_SIGNS[self.state]} {self.name:<22} {self.text}"

    def as_dict(self) -> dict[str, Any]:
        """Return the finding for JSON."""
        return asdict(self)


def examine(*, measure: bool = True, settings: Settings | None = None) -> list[Finding]:
    """Look at everything; with `measure` boot the engine for some seconds and time it."""
    settings = settings or Settings.load()
    findings = [*_system(), *_programs(), *_audio(), *_midi(), *_files()]
    if measure and not any(f.state == "missing" for f in findings):
        findings += _measured(settings)
    return findings


def _system() -> Iterator[Finding]:
    yield Finding("python", "ok", f"{platform.python_version()} on {platform.platform()}")
    cores = os.cpu_count() or 1
    state = "ok" if cores >= 2 else "warning"
    yield Finding("cores", state, f"{cores}", cores)
    limit = _rtprio_limit()
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    if root or limit > 0:
        yield Finding("real-time priority", "ok", "as root" if root else f"up to {limit}")
    else:
        yield Finding(
            "real-time priority",
            "warning",
            "not allowed: join the group `audio` (`sudo usermod -aG audio $USER`), log in again",
        )


def _rtprio_limit() -> int:
    if sys.platform != "linux":
        return 0
    import resource  # noqa: PLC0415  # not on every system

    return resource.getrlimit(resource.RLIMIT_RTPRIO)[0]


def _version(program: Path, name: str) -> str:
    flag = "--version" if name.startswith("jack") else "-v"
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    try:
        done = subprocess.run(
            [str(program), flag],
            capture_output=True,
            text=True,
            timeout=8,
            check=False,
            env=environment,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"does not answer ({error})"
    found = re.search(r"\d+\.\d+[.\d]*", done.stdout + done.stderr)
    return found.group(0) if found else "of unknown version"


def _programs() -> Iterator[Finding]:
    for name in ("supernova", "sclang", "scsynth"):
        path = programs.look_for(name)
        if path is None:
            yield Finding(name, "missing", programs.install_hint(name))
        else:
            yield Finding(name, "ok", f"{_version(path, name)} ({path})")
    plugins = programs.plugin_folder()
    yield (
        Finding("sc3-plugins", "ok", str(plugins))
        if plugins
        else Finding("sc3-plugins", "warning", "missing: plain sounds and a plain pitch tracker")
    )


def _audio() -> Iterator[Finding]:
    running = jack.look_for_server()
    program = programs.look_for("jackd")
    if running:
        yield Finding(
            "JACK", "ok", f"runs at {running.sample_rate} Hz, {running.period} samples a period"
        )
    elif program:
        yield Finding("JACK", "ok", f"{_version(program, 'jackd')} ({program})")
    else:
        yield Finding("JACK", "missing", programs.install_hint("jackd"))
    cards = jack.sound_cards()
    yield (
        Finding("sound card", "ok", ", ".join(cards))
        if cards
        else Finding("sound card", "warning", "none: playing on the dummy device, to a file")
    )


def _midi() -> Iterator[Finding]:
    found = midi_ports(Door.SYSTEM)
    state = "warning" if found.shut else "ok"
    yield Finding("MIDI", state, "; ".join(found.lines()), len(found.inputs + found.outputs))


def _files() -> Iterator[Finding]:
    yield Finding("sc sources", "ok", str(sources_folder()))
    file = config_file()
    yield Finding("settings file", "ok", str(file) if file.exists() else f"none ({file})")


def _import_seconds() -> float:
    code = "import time; t = time.perf_counter(); import scband; print(time.perf_counter() - t)"
    runs = [
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        for _ in range(3)
    ]
    return min(float(run.stdout) for run in runs)


def _measured(settings: Settings) -> Iterator[Finding]:
    from scband.supercollider import measure  # noqa: PLC0415  # numpy and the engine

    seconds = _import_seconds()
    yield _figure("import scband", seconds, "s", lambda v: v < 0.2, "under 0.2 s")
    try:
        with Engine(engine_options(settings)) as engine:
            yield _figure(
                "boot", engine.boot_seconds, "s", lambda v: v < 4, "under 4 s with SynthDefs cached"
            )
            ping = statistics.median(measure.ping_ms(engine))
            yield _figure("sclang answers in", ping, "ms", lambda v: v < 5, "median, under 5 ms")
            begun = _cpu(engine)
            grid = measure.grid_error(engine, players=4, bars=2)
            yield _figure(
                "notes off the grid",
                grid.worst,
                "samples",
                lambda v: v == 0 or engine.jack.xruns > 0,
                f"worst of {grid.clicks}; 0 with the sample clock and no xruns",
            )
            yield _figure(
                "processor", _cpu(engine) - begun, "s", lambda v: True, "used in those 4 seconds"
            )
            late = float(engine.server.late + engine.late_bars)
            yield _figure("late", late, "bundles", lambda v: v == 0, "0")
            yield _figure("xruns", float(engine.jack.xruns), "", lambda v: v == 0, "0")
    except ScbandError as error:
        yield Finding("boot", "missing", str(error))


def _cpu(engine: Engine) -> float:
    import psutil  # noqa: PLC0415

    used = 0.0
    for pid in (*engine.processes().values(), os.getpid()):
        times = psutil.Process(pid).cpu_times()
        used += times.user + times.system
    return used


def _figure(
    name: str, value: float, unit: str, good: Callable[[float], bool], wanted: str
) -> Finding:
    state = "ok" if good(value) else "warning"
    return Finding(name, state, f"{value:.3g} {unit} ({wanted})", round(value, 4), unit)
