"""Measure how the beat of a performer is followed, causally, aubio beside it.

    python benchmarks/following.py [FOLDER…] [--kinds "step up" rests] [--seed 41] [--json FILE]

Without a folder, performances are made (`following_material.py`): one player or a band, steady,
drifting, with steps, ramps, rests and wrong notes. A folder holds .wav, .beats (second, place in
the bar) and perhaps .json with `tempo`, `pulse` and `changes`, the second of a step.

Each clip is heard by the analysis SynthDef in a server without a card, faster than real time, and
its frames and onsets are given to the tracker one by one, as live. A beat counts as announced at
the moment at which the tracker, knowing nothing later, passes it. Trackers: `scband` knows
nothing; `chart` knows the tempo that is written, `count-in` also where the first beats fall.

F: mir_eval at 70 ms, first 5 s left out. mean, sd: ms between the tracker's beat and the truth at
each true beat, where within 70 ms. lock: beats until 3 beats in a row are within 70 ms. adapt:
beats after a step until 3 in a row are within 30 ms (`-`: never within 16). over: how far the
tempo overshoots the new one, in %. octave: clips at a wrong multiple of the tempo. bars: clips
after which the count of beats is right (count-in only). cpu: % of one core, all listening to
beats together, in Python.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import mir_eval
import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray
from offline_listening import SAMPLE_RATE, Heard, listen

from scband.analysis.follow import BeatTracker
from scband.analysis.frames import Frame, Onset, decode_frame, decode_onset
from scband.supercollider.synthdefs import compiled_synthdefs

SKIPPED = 5.0
NEAR, CLOSE = 0.07, 0.03
IN_A_ROW = 3
COUNTED = 4
Times = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Clip:
    """A recording, what is true of it, and what the server heard."""

    path: Path
    beats: Times
    facts: dict[str, Any]
    heard: Heard

    @property
    def pulse(self) -> float:
        """The felt beat in quarter notes."""
        return float(self.facts.get("pulse", 1.0))

    @property
    def tempo(self) -> float:
        """The tempo that is written, in quarter notes a minute."""
        beats = 60 / float(np.median(np.diff(self.beats)))
        return float(self.facts.get("tempo", self.facts.get("bpm0", beats * self.pulse)))

    @property
    def changes(self) -> float | None:
        """The second of a sudden change of tempo, if there is one."""
        step = self.facts.get("step") or {}
        found = self.facts.get("changes", step.get("time"))
        return None if found is None or "ramp" in self.facts.get("kind", "") else float(found)


@dataclass(frozen=True, slots=True)
class Score:
    """What a tracker reached on a clip; NaN where there is nothing to say."""

    clip: str
    f: float
    mean: float
    sd: float
    lock: float
    adapt: float
    over: float
    octave: bool
    kept: float
    cpu: float


@dataclass(frozen=True, slots=True)
class Followed:
    """Announced beats, and at each moment (second, beat, tempo) where the tracker saw the beat."""

    beats: Times
    course: Times
    seconds: float


def replay(tracker: BeatTracker, clip: Clip, counted: int = 0) -> Followed:
    """Give a clip to a tracker as live, telling it where the first `counted` beats fall."""
    told = list(enumerate(clip.beats[:counted]))
    tempo = 60 * clip.pulse / (clip.beats[1] - clip.beats[0])
    beats: list[float] = []
    course: list[tuple[float, float, float]] = []
    spent, last = 0.0, None
    for time_, item in _events(clip.heard):
        while told and told[0][1] <= time_:
            number, moment = told.pop(0)
            tracker.place(float(moment), number * clip.pulse, float(tempo))
        began = time.process_time()
        if isinstance(item, Onset):
            tracker.hear_onset(item, time_)
        else:
            tracker.hear_frame(item, time_)
        pulse = tracker.pulse(time_)
        spent += time.process_time() - began
        if pulse is None or isinstance(item, Onset):
            continue
        course.append((time_, pulse.beat / clip.pulse, pulse.tempo / clip.pulse))
        number = int(np.floor(course[-1][1]))
        if last is not None and number > last:
            beats.append(pulse.time_of(number * clip.pulse))
        last = number if last is None else max(last, number)
    return Followed(np.array(beats), np.array(course).reshape(-1, 3), spent)


def _events(heard: Heard) -> Iterator[tuple[float, Frame | Onset]]:
    """Go through frames and onsets in the order in which a live server sends them."""
    onsets = [decode_onset(row) for row in heard.onsets]
    for row in heard.frames:
        frame = decode_frame(row)
        while onsets and onsets[0].samples <= frame.samples:
            onset = onsets.pop(0)
            yield onset.samples / SAMPLE_RATE, onset
        yield frame.samples / SAMPLE_RATE, frame


def score(clip: Clip, found: Followed, counted: bool) -> Score:
    """Compare what a tracker found with the truth."""
    trim = mir_eval.beat.trim_beats
    true, heard = trim(clip.beats, SKIPPED), trim(np.sort(found.beats), SKIPPED)
    f = mir_eval.beat.f_measure(true, heard) if len(heard) else 0.0
    length = float(np.median(np.diff(clip.beats)))
    late, numbers, tempos = _at_beats(clip.beats, found)
    near = late[np.abs(late) < NEAR] * 1000
    octave = len(heard) < 2 or not 0.75 < float(np.median(np.diff(heard))) / length < 1.33
    adapt, over = _adaptation(clip, late, tempos)
    kept = float(round(numbers[-1]) == len(clip.beats) - 1) if counted else np.nan
    return Score(
        clip.path.stem,
        f,
        float(np.mean(near)) if len(near) else np.nan,
        float(np.std(near)) if len(near) else np.nan,
        _first_run(np.abs(late) < NEAR, len(late)),
        adapt,
        over,
        octave,
        kept,
        100 * found.seconds / (len(clip.heard.frames) / 100),
    )


def _at_beats(beats: Times, found: Followed) -> tuple[Times, Times, Times]:
    """Return seconds late, count and tempo of the tracker's beat at each true beat."""
    if len(found.course) < 2:
        return np.full(len(beats), np.inf), np.zeros(len(beats)), np.zeros(len(beats))
    moments, counts, tempos = found.course.T
    count = np.interp(beats, moments, counts, left=np.nan)
    tempo = np.interp(beats, moments, tempos, left=np.nan)
    late = (np.round(count) - count) * 60 / tempo
    return np.where(np.isnan(late), np.inf, late), count, tempo


def _first_run(good: NDArray[np.bool_], longest: int) -> float:
    """Return the first index from which so many in a row are good; NaN if none."""
    for start in range(min(longest, len(good) - IN_A_ROW + 1)):
        if good[start : start + IN_A_ROW].all():
            return float(start)
    return np.nan


def _adaptation(clip: Clip, late: Times, tempos: Times) -> tuple[float, float]:
    """Return beats from a step until the tracker is close again, and its overshoot in %."""
    if clip.changes is None:
        return np.nan, np.nan
    first = int(np.argmin(np.abs(clip.beats - clip.changes)))
    run = _first_run(np.abs(late[first + 1 :]) < CLOSE, 16)
    before, after = (60 / float(np.median(np.diff(part))) for part in _halves(clip.beats, first))
    heard = tempos[first + 1 :]
    beyond = np.max(heard) / after - 1 if after > before else 1 - np.min(heard) / after
    return (np.inf if np.isnan(run) else run + 1), 100 * max(float(beyond), 0.0)


def _halves(beats: Times, first: int) -> tuple[Times, Times]:
    return beats[: first + 1], beats[first:]


def aubio_beats(clip: Clip) -> Followed:
    """Let aubio's tempo (Brossier 2006), causal too, hear a clip."""
    import aubio

    sound, rate = soundfile.read(clip.path, always_2d=True, dtype="float32")
    samples, hop = np.ascontiguousarray(sound.mean(1)), 512
    began = time.process_time()
    tracker, found = aubio.tempo("default", 1024, hop, rate), []
    for start in range(0, len(samples) - hop, hop):
        if tracker(samples[start : start + hop])[0]:
            found.append(tracker.get_last_s())
    beats = np.array(found)
    course = np.column_stack([beats, np.arange(len(beats)), 60 / np.gradient(beats)])
    return Followed(beats, course, time.process_time() - began)


def trackers() -> dict[str, Callable[[Clip], Followed]]:
    """Name what is measured."""
    found: dict[str, Callable[[Clip], Followed]] = {
        "scband": lambda clip: replay(BeatTracker(pulse=clip.pulse), clip),
        "chart": lambda clip: replay(BeatTracker(tempo=clip.tempo, pulse=clip.pulse), clip),
        "count-in": lambda clip: replay(
            BeatTracker(tempo=clip.tempo, pulse=clip.pulse), clip, COUNTED
        ),
    }
    try:
        __import__("aubio")
    except ImportError:
        print("aubio is not installed (pip install aubio-ledfx)")
    else:
        found["aubio"] = aubio_beats
    return found


def read_clip(path: Path, definitions: Path) -> Clip:
    """Read a clip's truth and let the server hear it."""
    about = path.with_suffix(".json")
    facts = json.loads(about.read_text()) if about.exists() else {}
    sound, rate = soundfile.read(path.with_suffix(".wav"), always_2d=True, dtype="float32")
    with TemporaryDirectory(prefix="scband-following-") as name:
        heard_file = Path(name, "heard.wav")
        mono = soxr.resample(sound.mean(1), rate, SAMPLE_RATE)
        soundfile.write(heard_file, mono, SAMPLE_RATE, subtype="FLOAT")
        heard = listen(heard_file, definitions, server="scsynth")
    return Clip(path.with_suffix(".wav"), np.loadtxt(path, ndmin=2)[:, 0], facts, heard)


def report(name: str, scores: list[Score], worst: int) -> None:
    """Print the means of a tracker, and its worst clips."""
    columns = {
        key: np.array([getattr(s, key) for s in scores], float)
        for key in ("f", "mean", "sd", "lock", "adapt", "over", "octave", "kept", "cpu")
    }
    stepped = columns["adapt"][~np.isnan(columns["adapt"])]
    steps = (
        f"adapt {np.median(stepped):.0f} ({np.mean(stepped <= 3):.0%} in 3, "
        f"{np.sum(np.isinf(stepped))} never)  over {np.nanmedian(columns['over']):.1f} % "
        f"(worst {np.nanmax(columns['over']):.0f})  "
        if len(stepped)
        else ""
    )
    kept = columns["kept"][~np.isnan(columns["kept"])]
    bars = f"bars {int(kept.sum())}/{len(kept)}  " if len(kept) else ""
    print(
        f"  {name:9} n {len(scores):3}  F {columns['f'].mean():.3f}  "
        f"mean {np.nanmean(columns['mean']):+.1f}  sd {np.nanmean(columns['sd']):.1f} ms  "
        f"lock {np.nanmedian(columns['lock']):.0f}  {steps}{bars}"
        f"octave {int(columns['octave'].sum())}  cpu {columns['cpu'].mean():.2f} %",
        flush=True,
    )
    for one in sorted(scores, key=lambda s: s.f)[:worst]:
        print(f"      {one.clip:32} F {one.f:.2f}  adapt {one.adapt:.0f}  octave {one.octave}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", type=Path, nargs="*")
    parser.add_argument("--kinds", nargs="*")
    parser.add_argument("--seed", type=int, default=41)
    parser.add_argument("--worst", type=int, default=4)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    definitions = compiled_synthdefs()
    results: dict[str, list[dict[str, Any]]] = {}
    with TemporaryDirectory(prefix="scband-following-") as name:
        for folder in options.folders or [_made(Path(name, "made"), options.kinds, options.seed)]:
            clips = [read_clip(p, definitions) for p in sorted(folder.glob("*.beats"))]
            print(folder.name)
            for kind, tracker in trackers().items():
                scores = [score(clip, tracker(clip), kind == "count-in") for clip in clips]
                report(kind, scores, options.worst if kind != "aubio" else 0)
                results[f"{folder.name} {kind}"] = [asdict(one) for one in scores]
    if options.json:
        options.json.write_text(json.dumps(results, indent=1))


def _made(folder: Path, kinds: list[str] | None, seed: int) -> Path:
    from following_material import INPUTS, KINDS, write

    write(folder, kinds or KINDS, INPUTS, seed)
    return folder


if __name__ == "__main__":
    main()
