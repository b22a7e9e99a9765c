"""Time, measured inside the server in samples: grid, swaps, answers, decisions, processor.

    python benchmarks timing

Every row names its conditions and the xruns that JACK reported while it was measured: each xrun is
a step in time. Peers' figures for the same grid (scband's notes of other systems): sclang alone 0,
FoxDot 299, isobar 512 samples at worst.
"""

from __future__ import annotations

import multiprocessing
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import psutil
import soundfile

from scband.analysis.frames import Onset
from scband.live.session import Session
from scband.score import Note
from scband.settings import Settings
from scband.supercollider import measure
from scband.supercollider.engine import Engine, EngineOptions
from scband.supercollider.jack import AudioDriver, JackOptions
from scband.supercollider.measure import onsets
from scband.supercollider.mixer import Group
from scband.supercollider.patterns import Harmony
from scband.supercollider.server import BLOCK

ROW = "{:<52} {:>26} {:>14}  {}"
CHART = Path(__file__).parents[1] / "examples" / "charts" / "autumn_walk.txt"


def engine(period: int) -> Engine:
    return Engine(EngineOptions(jack=JackOptions(driver=AudioDriver.DUMMY, period=period)))


def row(what: str, figure: str, target: str, conditions: str) -> None:
    print(ROW.format(what, figure, target, conditions), flush=True)


def _spin() -> None:
    while True:
        pass


@contextmanager
def hogs(count: int) -> Iterator[None]:
    children = [multiprocessing.Process(target=_spin, daemon=True) for _ in range(count)]
    for child in children:
        child.start()
    try:
        yield
    finally:
        for child in children:
            child.kill()
            child.join()


def grid() -> None:
    for busy, period in ((0, 1024), (2, 1024), (0, 128)):
        with engine(period) as band, hogs(busy):
            for tempo in (120.0, 140.0):
                figure = measure.grid_error(band, players=6, tempo=tempo, bars=8)
                row(
                    f"grid, 6 players, {tempo:g} bpm" + (", two processor hogs" if busy else ""),
                    f"worst {figure.worst:.2f} sd {figure.spread:.2f}",
                    "0 samples" if tempo == 120 else "< 1 sample",
                    f"n {figure.clicks}, period {period}, xruns {figure.xruns}, late {figure.late}",
                )


def swap(count: int = 12) -> None:
    """Swap a player's Pdef in mid-bar; its first note is due on the bar line, to the sample."""
    with engine(1024) as band, tempfile.TemporaryDirectory() as folder:
        band.add_player("swapped", "click")
        band.add_player("reference", "click")
        for bar in range(count + 4):
            once = [Note(0.0, 0.05, 69, 1.0)]
            band.patterns.send_bar("reference", bar, 4.0 * bar, 4.0, once).result(2)
        band.patterns.set_harmonic_progression([Harmony(0, 0, 0, frozenset({0, 4, 7}))])
        paths = band.recorder.start(Path(folder) / "swap.wav", stems=True)
        band.patterns.start(240, 0.3)
        taken = []
        time.sleep(0.6)
        for turn in range(count):
            begun = time.perf_counter()
            band.patterns.set_pattern("swapped", "sent" if turn % 2 else "octaves")
            taken.append((time.perf_counter() - begun) * 1000)
            time.sleep(1.0)  # a bar
        band.patterns.stop()
        band.recorder.stop()
        heard = {p.name.split(".")[1]: soundfile.read(p, always_2d=True) for p in paths[1:]}
        rate = heard["swapped"][1]
        bars = onsets(heard["reference"][0][:, 0], rate)
        clicks = onsets(heard["swapped"][0][:, 0], rate)
        starts = clicks[np.concatenate(([True], np.diff(clicks) > rate * 0.5))]
        off = [float(np.abs(bars - start).min()) for start in starts]
        row(
            "swap of a pattern: first note off the bar line",
            f"worst {max(off):.0f} samples",
            "0 samples",
            f"n {len(off)}, xruns {band.jack.xruns}, late {band.server.late}",
        )
        row(
            "swap acknowledged",
            f"{statistics.median(taken):.2f} worst {max(taken):.2f} ms",
            "< 5 ms",
            f"n {len(taken)}",
        )


def _clicks_file(path: Path, count: int, rate: int = 48000) -> None:
    generator = np.random.default_rng(1)
    samples = np.zeros(int((count + 8) * 0.25 * rate))
    for n in range(count):
        at = int((1.0 + 0.25 * n + generator.uniform(0, 0.05)) * rate)
        samples[at : at + 96] = 0.7 * np.exp(-np.arange(96) / 24) * np.cos(np.arange(96) * 0.6)
    soundfile.write(path, samples, rate)


def _between(heard: np.ndarray, answered: np.ndarray, rate: int) -> list[float]:
    """Milliseconds from each stimulus to the first answer after it, within 50 ms."""
    found = []
    for start in heard:
        later = answered[answered >= start]
        if later.size and later[0] - start < 0.05 * rate:
            found.append((later[0] - start) / rate * 1000)
    return found


def answers(count: int = 160, *, players: str) -> None:
    """An input click, heard on the server, told to Python, answered by an agent's note."""
    with tempfile.TemporaryDirectory() as folder:
        take = Path(folder) / "clicks.wav"
        heard_path, answer_path = Path(folder) / "heard.wav", Path(folder) / "answer.wav"
        _clicks_file(take, count)
        settings = Settings.load(audio="dummy", period=64, players=players)
        with Session(CHART, input=take, settings=settings) as session:
            band = session.engine
            band.mixer.add_player("answer")
            strip = band.mixer.strip("answer")

            def decide(onset: Onset) -> list[Note]:
                return [Note(0.0, 0.02, 69, 1.0)]

            session.answer_in(strip, "click", decide)
            band.recorder.record({heard_path: band.mixer.input_bus, answer_path: strip.bus})
            band.jack.mark_started()
            time.sleep(0.25 * count + 2)
            band.recorder.stop()
            xruns, late = band.jack.xruns, session.late
        heard, rate = soundfile.read(heard_path, always_2d=True)
        answered, _ = soundfile.read(answer_path, always_2d=True)
        taken = _between(onsets(heard[:, 0], rate), onsets(answered[:, 0], rate), rate)
        row(
            f"input click to answer sounding, {len(players.split(','))} players",
            f"{statistics.median(taken):.2f} worst {max(taken):.2f} ms",
            "<= 3, worst <= 8 ms",
            f"n {len(taken)} of {count}, period 64, xruns {xruns}, late {late}, "
            f"p99 {np.quantile(taken, 0.99):.2f}",
        )


def decisions(count: int = 200) -> None:
    """A decision in Python to its sound: a control bus written in shared memory marks when."""
    from supriya import synthdef
    from supriya.ugens import DC, K2A, In, Out

    @synthdef()
    def mark(source=0, out=0):  # type: ignore[no-untyped-def]
        signal = K2A.ar(source=In.kr(bus=source, channel_count=1))
        Out.ar(bus=out, source=[signal, DC.ar(source=0)])

    with engine(64) as band, tempfile.TemporaryDirectory() as folder:
        band.add_player("answer", "click")
        strip = band.mixer.strip("answer")
        server = band.server.server
        control = int(server.add_bus("control").id_)
        both = int(server.add_bus_group("audio", 2).id_)
        with server.at():
            server.add_synthdefs(mark)
        band.server.sync()
        band.server.send("/s_new", "mark", -1, 0, int(Group.INPUT), "source", control, "out", both)
        band.server.sync()
        memory = server.shared_memory
        assert memory is not None
        when, answer = Path(folder) / "when.wav", Path(folder) / "answer.wav"
        band.recorder.record({when: both, answer: strip.bus})
        play = ("/s_new", "click", -1, 0, strip.group, "out", strip.bus, "velocity", 1.0)
        generator = np.random.default_rng(2)
        for _ in range(count):
            memory[control] = 0.5
            band.server.send(*play)
            time.sleep(0.005)
            memory[control] = 0.0
            time.sleep(0.05 + generator.uniform(0, 0.01))
        band.recorder.stop()
        xruns = band.jack.xruns
        marks, rate = soundfile.read(when, always_2d=True)
        sounds, _ = soundfile.read(answer, always_2d=True)
        begun = np.flatnonzero(np.diff((marks[:, 0] > 0.01).astype(int)) == 1)
        begun = begun // BLOCK * BLOCK  # the block in which the server saw the decision
        waited = 1000 * 64 / rate  # at most: a decision just after a period began
        taken = [t + waited for t in _between(begun, onsets(sounds[:, 0], rate), rate)]
        row(
            "decision in Python to sound",
            f"{statistics.median(taken):.2f} worst {max(taken):.2f} ms",
            "<= 2 ms",
            f"n {len(taken)} of {count}, period 64, xruns {xruns}; the whole period in which it "
            "may wait to be seen counted in",
        )


def processor(seconds: float = 30.0) -> None:
    """Everything at once: six players, the analysis on a real recording, recording to files."""
    take = Path("/usr/share/sonic-pi/samples/guit_em9.flac")
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings.load(audio="dummy", players="drums,bass,keys,guitar,lead,pad")
        with Session(
            CHART, input=take, settings=settings, record=Path(folder) / "all.wav", stems=True
        ) as session:
            time.sleep(3)
            pids = [*session.engine.processes().values(), os.getpid()]
            names = [*session.engine.processes(), "python"]
            before = [sum(psutil.Process(pid).cpu_times()[:2]) for pid in pids]
            begun = time.monotonic()
            time.sleep(seconds)
            span = time.monotonic() - begun
            used = [
                sum(psutil.Process(pid).cpu_times()[:2]) - was
                for pid, was in zip(pids, before, strict=True)
            ]
            cores = os.cpu_count() or 1
            each = ", ".join(
                f"{n} {100 * u / span / cores:.1f}" for n, u in zip(names, used, strict=True)
            )
            row(
                "processor, 6 players, analysis, 7 files recorded",
                f"{100 * sum(used) / span / cores:.1f} % of {cores} cores",
                "< 40 %, late 0",
                f"{span:.0f} s, xruns {session.engine.jack.xruns}, late {session.late}; % {each}",
            )


def import_time(runs: int = 7) -> None:
    code = "import time; t = time.perf_counter(); import scband; print(time.perf_counter() - t)"
    taken = [
        float(subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout)
        for _ in range(runs)
    ]
    row("import scband", f"median {statistics.median(taken):.3f} s", "< 0.2 s", f"n {runs}")


def boot(runs: int = 5) -> None:
    taken = []
    for _ in range(runs):
        with engine(1024) as band:
            taken.append(band.boot_seconds)
    row(
        "boot: JACK, supernova, sclang, SynthDefs cached",
        f"{statistics.median(taken):.2f} worst {max(taken):.2f} s",
        "< 4 s",
        f"n {runs}",
    )


def main() -> None:
    load = os.getloadavg()[0]
    print(f"{os.cpu_count()} cores, load {load:.1f} at the start, JACK's dummy device, 48 kHz")
    print(ROW.format("what", "figure", "to reach", "conditions"))
    import_time()
    boot()
    grid()
    swap()
    answers(players="drums,bass,keys,guitar")
    answers(players="drums,bass,keys,guitar,lead,pad")
    decisions()
    processor()


if __name__ == "__main__":
    main()
