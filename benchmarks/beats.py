"""Measure beats, downbeats and tempo of recordings, librosa and aubio beside them.

    python benchmarks/beats.py FOLDER… [--worst 8] [--json FILE]
    python benchmarks/beats.py --own FOLDER --charts BILLBOARD [--n 20] [--seed 900]

A folder holds clips as .wav with .beats beside them (second, place in the bar from 1) and perhaps
.json with facts (style, meter, tempo). `benchmarks/arranger.py` writes such folders by an
independent arranger, `--own` by this library's band and inventions. Figures are mir_eval's: F at
70 ms, the first 5 s left out; CMLt and AMLt (continuity, with and without the octave); F of the
downbeats; the median offset in ms (+ is late); seconds of one core for a minute of sound. librosa
and aubio (`pip install aubio-ledfx`) are measured where they are installed.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from random import Random

import mir_eval
import numpy as np
import soundfile

from scband.analysis.beat import track_beats

SKIPPED = 5.0
Times = np.ndarray
Tracker = Callable[[np.ndarray, int], tuple[Times, Times | None, str]]


@dataclass(frozen=True)
class Clip:
    """A recording and what is true of it."""

    path: Path
    beats: Times
    downs: Times
    facts: str


@dataclass(frozen=True)
class Score:
    """What a tracker reached on a clip."""

    clip: str
    facts: str
    f: float
    cml: float
    aml: float
    down: float
    offset: float
    meter: str
    seconds: float
    length: float


def own(samples: np.ndarray, rate: int) -> tuple[Times, Times | None, str]:
    track = track_beats(samples, rate)
    meter = f"{track.tempo:.0f} in {track.meter}"
    return np.array(track.beat_times), np.array(track.downbeat_times), meter


def librosa_beats(samples: np.ndarray, rate: int) -> tuple[Times, Times | None, str]:
    import librosa

    low = librosa.resample(samples, orig_sr=rate, target_sr=22_050)
    tempo, beats = librosa.beat.beat_track(y=low, sr=22_050, units="time")
    return np.asarray(beats), None, f"{float(np.ravel(tempo)[0]):.0f}"


def aubio_beats(samples: np.ndarray, rate: int) -> tuple[Times, Times | None, str]:
    import aubio

    hop = 512
    tracker, found = aubio.tempo("default", 1024, hop, rate), []
    for start in range(0, len(samples) - hop, hop):
        if tracker(samples[start : start + hop])[0]:
            found.append(tracker.get_last_s())
    return np.array(found), None, f"{tracker.get_bpm():.0f}"


def trackers() -> dict[str, Tracker]:
    """Name every tracker that is installed, our own first."""
    found: dict[str, Tracker] = {"scband": own}
    for name, tracker in (("librosa", librosa_beats), ("aubio", aubio_beats)):
        try:
            __import__(name)
        except ImportError:
            print(f"{name} is not installed")
        else:
            found[name] = tracker
    return found


def clips(folder: Path) -> list[Clip]:
    """Read the clips of a folder."""
    found = []
    for path in sorted(folder.glob("*.beats")):
        rows = np.loadtxt(path, ndmin=2)
        about = path.with_suffix(".json")
        facts = json.loads(about.read_text()) if about.exists() else {}
        said = [str(facts[k]) for k in ("style", "groove", "name") if k in facts][:1]
        bpm = 60 / np.median(np.diff(rows[:, 0]))
        said.append(f"{bpm:.0f} in {int(rows[:, 1].max())}")
        found.append(
            Clip(path.with_suffix(".wav"), rows[:, 0], rows[rows[:, 1] == 1, 0], " ".join(said))
        )
    return found


def measure(tracker: Tracker, clip: Clip) -> Score:
    """Let a tracker hear a clip and compare what it finds with the truth."""
    sound, rate = soundfile.read(clip.path, always_2d=True, dtype="float32")
    samples = np.ascontiguousarray(sound.mean(1))
    began = time.process_time()
    beats, downs, meter = tracker(samples, rate)
    spent = time.process_time() - began
    trim = partial(mir_eval.beat.trim_beats, min_beat_time=SKIPPED)
    true, heard = trim(clip.beats), trim(beats)
    continuity = mir_eval.beat.continuity(true, heard) if len(heard) > 1 else (0.0,) * 4
    pairs = mir_eval.util.match_events(true, heard, 0.07)
    late = [heard[found] - true[wanted] for wanted, found in pairs]
    return Score(
        clip.path.stem,
        clip.facts,
        mir_eval.beat.f_measure(true, heard),
        continuity[1],
        continuity[3],
        np.nan if downs is None else mir_eval.beat.f_measure(trim(clip.downs), trim(downs)),
        1000 * float(np.median(late)) if late else np.nan,
        meter,
        spent,
        len(samples) / rate,
    )


def report(name: str, scores: Sequence[Score], worst: int) -> None:
    """Print the means of a tracker and its worst clips."""
    f, cml, aml, down = (
        np.mean([getattr(s, key) for s in scores]) for key in ("f", "cml", "aml", "down")
    )
    offsets = [s.offset for s in scores if np.isfinite(s.offset)]
    speed = 60 * sum(s.seconds for s in scores) / sum(s.length for s in scores)
    late = np.median(offsets) if offsets else np.nan
    print(
        f"  {name:8} n {len(scores):3}  F {f:.3f}  CMLt {cml:.3f}  AMLt {aml:.3f}  "
        f"downbeats {down:.3f}  offset {late:+.1f} ms  {speed:.2f} s/min"
    )
    for score in sorted(scores, key=lambda s: s.f + np.nan_to_num(s.down))[:worst]:
        if score.f + np.nan_to_num(score.down, nan=1.0) < 1.9:
            print(
                f"      {score.clip:14} F {score.f:.2f} AMLt {score.aml:.2f} down {score.down:.2f}"
                f"  is {score.facts}, heard {score.meter}"
            )


def make_own(folder: Path, charts: Path, groove: Path | None, count: int, seed: int) -> None:
    """Write clips of this library's band and inventions with their beats."""
    from beat_material import RATE, in_time, produced, progressions, rendered
    from beat_takes import piece

    folder.mkdir(parents=True, exist_ok=True)
    chords = progressions(charts)
    grooves = sorted(groove.rglob("*_beat_*.mid")) if groove else []
    for number in range(count):
        dice = Random(seed * 1_000_003 + number)
        timed = in_time(piece(chords, grooves, dice), dice)
        samples = produced(rendered([timed], dice)[0], dice)
        path = folder / f"own{seed}-{number:03d}.wav"
        soundfile.write(path, samples[: int((timed.beats[-1] + 0.3) * RATE)], RATE)
        rows = np.stack([timed.beats, timed.places + 1], 1)
        np.savetxt(path.with_suffix(".beats"), rows, ["%.6f", "%d"], "\t")
        path.with_suffix(".json").write_text(json.dumps({"name": timed.name}))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", type=Path, nargs="*")
    parser.add_argument("--own", type=Path)
    parser.add_argument("--charts", type=Path)
    parser.add_argument("--groove", type=Path)
    parser.add_argument("--n", type=int, default=20)
    parser.add_argument("--seed", type=int, default=900)
    parser.add_argument("--worst", type=int, default=8)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    folders = list(options.folders)
    if options.own:
        if options.charts is None:
            parser.error("--own needs --charts, a folder of the Billboard corpus")
        make_own(options.own, options.charts, options.groove, options.n, options.seed)
        folders.append(options.own)
    results = {}
    for folder in folders:
        print(folder.name, flush=True)
        for name, tracker in trackers().items():
            scores = [measure(tracker, clip) for clip in clips(folder)]
            report(name, scores, options.worst if name == "scband" else 0)
            results[f"{folder.name} {name}"] = [asdict(score) for score in scores]
    if options.json:
        options.json.write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
