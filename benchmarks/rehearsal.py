"""How together the band and a performer are: rehearsals with recordings whose beats are known.

    python benchmarks rehearsal                       # performances made here, some minutes
    python benchmarks/rehearsal.py TAKES --parts comp,drums --follow adaptive
    python benchmarks/rehearsal.py TAKES --simulate   # no sound, seconds a take

TAKES is a folder of NAME.wav (and NAME.PART.wav), NAME.beats (time, beat in the bar) and NAME.lab
(timed chords, the chart). Without one, plucked performances are made here: steady, drifting, a
step up and one down, and three minutes with breaks. Every row names xruns and load: each xrun is
a step in time that no performer has made.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from statistics import median

import numpy as np
import soundfile

from scband.chart import read
from scband.errors import SuperColliderError
from scband.live.rehearsal import Rehearsed, rehearse
from scband.live.togetherness import Together
from scband.settings import Settings

RATE = 48_000
ROW = "{:<28} {:>7} {:>6} {:>6}  {:>5} {:>5} {:>9}  {}"
CHORDS = ("C", "Am", "F", "G")


@dataclass(frozen=True)
class Job:
    """One rehearsal: a chart, a recording and its beats."""

    name: str
    chart: Path
    take: Path
    beats: Path


def jobs(folder: Path, parts: list[str]) -> Iterator[Job]:
    """Give the takes of a folder, a job for each of the parts that are there."""
    for beats in sorted(folder.glob("*.beats")):
        for part in parts:
            take = beats.with_suffix(f".{part}.wav" if part != "mix" else ".wav")
            if take.exists():
                yield Job(f"{beats.stem} {part}", beats.with_suffix(".lab"), take, beats)


# --- performances made here ---------------------------------------------------------------------


def pluck(pitch: int, level: float) -> np.ndarray:
    """Make a note of a plucked string by Karplus and Strong's loop of noise."""
    hertz = 440 * 2 ** ((pitch - 69) / 12)
    period = round(RATE / hertz)
    dice = np.random.default_rng(pitch)
    ring = dice.uniform(-1, 1, period)
    turns = []
    for _ in range(int(0.5 * hertz)):
        turns.append(ring)
        ring = 0.498 * (ring + np.roll(ring, 1))
    note = np.concatenate(turns)
    return level * note * np.linspace(1, 0, note.size)


def performance(tempos: np.ndarray, silent: set[int], dice: np.random.Generator) -> np.ndarray:
    """Strum chords on the beats and arpeggios between, with a player's small errors."""
    times = 0.5 + np.concatenate([[0.0], np.cumsum(60 / tempos)])
    samples = np.zeros(round((times[-1] + 2) * RATE))
    shapes = ((48, 52, 55), (45, 52, 57), (41, 48, 57), (43, 50, 59))
    for beat, (time, after) in enumerate(pairwise(times)):
        if beat in silent:
            continue
        shape = shapes[beat // 4 % 4]
        notes = [(time + 0.006 * n, pitch, 0.16) for n, pitch in enumerate(shape)]
        if dice.random() < 0.7:
            notes.append(((time + after) / 2, shape[int(dice.integers(3))] + 12, 0.1))
        for at, pitch, level in notes:
            begin = round((at + dice.normal(0, 0.006)) * RATE)
            note = pluck(pitch, level * float(dice.uniform(0.8, 1.2)))
            samples[begin : begin + note.size] += note[: samples.size - begin]
    return samples


def drift(count: int, tempo: float, share: float) -> np.ndarray:
    return tempo * (1 + share * np.sin(np.arange(count) / 14))


def made(folder: Path) -> list[Job]:
    """Write the performances that need nothing but this file."""
    dice = np.random.default_rng(11)
    song = np.concatenate([np.full(32, 116.0), np.full(32, 116.0)])
    shapes = {
        "steady": (np.full(64, 112.0), set()),
        "drifting": (drift(72, 104.0, 0.05), set()),
        "step-up": (np.concatenate([song[:32], 1.2 * song[32:]]), set()),
        "step-down": (np.concatenate([song[:32], 0.8 * song[32:]]), set()),
        "three-minutes": (
            drift(352, 120.0, 0.03),
            {*range(64, 80), *range(150, 158), *range(240, 264), *range(300, 304)},
        ),
    }
    found = []
    for name, (tempos, silent) in shapes.items():
        take = folder / f"{name}.wav"
        soundfile.write(take, performance(tempos, silent, dice), RATE)
        times = 0.5 + np.concatenate([[0.0], np.cumsum(60 / tempos)])[:-1]
        beats, chart = folder / f"{name}.beats", folder / f"{name}.txt"
        beats.write_text("".join(f"{t:.6f}\t{n % 4 + 1}\n" for n, t in enumerate(times)))
        bars = " | ".join(CHORDS)
        chart.write_text(f"tempo: {tempos[0]:g}\nstyle: pop\nmeter: 4/4\n[A]\n| {bars} |\n")
        found.append(Job(name, chart, take, beats))
    return found


# --- rows ---------------------------------------------------------------------------------------


def row(name: str, together: Together, conditions: str) -> None:
    """Print one rehearsal."""
    steps = [f"{a.beats}" if a.beats is not None else "never" for a in together.adaptations]
    print(
        ROW.format(
            name,
            f"{together.steady_mean_ms:+.0f}",
            f"{together.steady_sd_ms:.0f}",
            f"{together.steady_worst_ms:.0f}",
            "never" if together.lock_beats is None else together.lock_beats,
            ",".join(steps) or "-",
            f"{together.bars_out}/{together.bars}",
            conditions,
        ),
        flush=True,
    )


def _rehearsed(job: Job, options: argparse.Namespace) -> Rehearsed:
    return rehearse(
        read(job.chart),
        job.take,
        job.beats,
        follow=options.follow,
        strength=options.strength,
        count_in=options.count_in,
        settings=Settings.load(audio="dummy", players="drums,bass", period=options.period),
    )


def real(job: Job, options: argparse.Namespace) -> Together:
    done: Rehearsed | None = None
    for left in reversed(range(options.tries)):  # until no drop-out has moved the performer
        try:
            done = _rehearsed(job, options)
        except SuperColliderError as error:  # a machine too busy to boot in time
            print(f"{job.name}: {str(error).splitlines()[0]}", flush=True)
            if not left:
                raise
            continue
        if not done.xruns:
            break
    assert done is not None
    row(
        job.name,
        done.together,
        f"xruns {done.xruns}, late {done.late}, load {done.load:.1f}, "
        f"Python {100 * done.listening:.0f} %",
    )
    if options.json:
        with options.json.open("a") as file:
            file.write(json.dumps({"take": job.name, **done.as_dict()}) + "\n")
    return done.together


def simulated(job: Job, options: argparse.Namespace) -> Together:
    from simulated_rehearsal import simulate_take

    together = simulate_take(
        job.take, job.beats, job.chart, follow=options.follow, strength=options.strength or 0.7
    )
    row(job.name, together, "simulated")
    return together


def summary(found: list[Together]) -> None:
    beats = [t for t in found if t.beats]
    steps = [a for t in found for a in t.adaptations]
    print(
        f"\n{len(found)} takes: steady mean {median(t.steady_mean_ms for t in beats):+.1f} ms, "
        f"sd {median(t.steady_sd_ms for t in beats):.1f} (medians); worst take mean "
        f"{max(beats, key=lambda t: abs(t.steady_mean_ms)).steady_mean_ms:+.0f}, sd "
        f"{max(t.steady_sd_ms for t in beats):.0f}; bars out "
        f"{sum(t.bars_out for t in found)} of {sum(t.bars for t in found)}"
    )
    if steps:
        within = sum(a.beats is not None and a.beats <= 3 for a in steps)
        most = max((a.tempo_overshoot for a in steps), default=0.0)
        print(f"{within} of {len(steps)} steps taken within 3 beats; tempo overshoot {most:.1f} %")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("takes", nargs="?", type=Path)
    parser.add_argument("--parts", default="comp,drums,bass")
    parser.add_argument("--follow", default="adaptive")
    parser.add_argument("--strength", type=float)
    parser.add_argument("--count-in", default="player")
    parser.add_argument("--period", type=int)
    parser.add_argument("--tries", type=int, default=3)
    parser.add_argument("--simulate", action="store_true")
    parser.add_argument("--json", type=Path, help="append each rehearsal to this file")
    options = parser.parse_args()
    columns = ("take", "mean ms", "sd", "worst", "lock", "steps", "bars out", "conditions")
    print(ROW.format(*columns))
    with tempfile.TemporaryDirectory(prefix="scband-takes-") as folder:
        chosen = (
            list(jobs(options.takes, options.parts.split(",")))
            if options.takes
            else made(Path(folder))
        )
        if not chosen:
            sys.exit(f"no takes in {options.takes}")
        run = simulated if options.simulate else real
        summary([run(job, options) for job in chosen])


if __name__ == "__main__":
    main()
