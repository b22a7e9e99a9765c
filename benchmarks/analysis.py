"""Beats, chords, key and tuning heard in recordings with known truth, beside librosa and aubio.

`python benchmarks/analysis.py [FOLDER …] [--n 6] [--seed 5]`: each folder holds clips as .wav with
.lab (Harte), .key and .beats beside them, as `benchmarks/arranger.py` writes them. Without folders
`--n` clips each are made first by this library's band and, where it is installed, by MMA
(`analysis_clips.py`; needs FluidSynth and a sound font). Scores are mir_eval's: chords weighted by
duration, beats after 5 s, the offset of beats the median in ms (+ is late). The loss by detuning
is that of majmin when clips are played 30 cents higher and lower. librosa's answers are the
textbook's: chroma_cqt of the harmonic part, 24 templates, Viterbi; Krumhansl's key profiles; its
own beat tracker. Time is the wall's for a minute of sound, on all cores.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import resource
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import mir_eval
import numpy as np
import soundfile
import soxr

from scband.analysis.analyze import analyze
from scband.analysis.result import Analysis

NAMES = ("C", "Db", "D", "Eb", "E", "F", "Gb", "G", "Ab", "A", "Bb", "B")
CHORD_SCORES = ("root", "majmin", "sevenths", "majmin_inv")
COLUMNS = ("beats", "downbeats", "offset", *CHORD_SCORES, "key", "detuned", "s/min")
CENTS = 30.0
KRUMHANSL = {
    "major": (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88),
    "minor": (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17),
}
WORST = 6


@dataclass(frozen=True)
class Answer:
    """What a listener said of a clip, in mir_eval's terms."""

    seconds: float
    beats: np.ndarray
    downbeats: np.ndarray | None = None
    intervals: np.ndarray | None = None
    labels: tuple[str, ...] = ()
    key: str = ""


def ours(path: Path) -> Answer:
    begun = time.perf_counter()
    heard: Analysis = analyze(path, cache=False)
    took = time.perf_counter() - begun
    key = "C major"
    if heard.key:
        key = f"{NAMES[heard.key.tonic]} {'minor' if heard.key.minor else 'major'}"
    return Answer(
        took,
        np.array(heard.beats),
        np.array(heard.downbeats),
        np.array([[c.start, c.end] for c in heard.chords]).reshape(-1, 2),
        tuple(c.label for c in heard.chords),
        key,
    )


def by_librosa(path: Path) -> Answer:
    import librosa

    begun = time.perf_counter()
    sound, rate = librosa.load(path, sr=22_050)
    chroma = librosa.feature.chroma_cqt(y=librosa.effects.harmonic(sound), sr=rate, hop_length=2048)
    labels = [f"{name}:{kind}" for kind in ("maj", "min") for name in NAMES] + ["N"]
    templates = np.zeros((25, 12))
    for root in range(12):
        templates[root, [root, (root + 4) % 12, (root + 7) % 12]] = 1
        templates[12 + root, [root, (root + 3) % 12, (root + 7) % 12]] = 1
    templates[:24] /= np.sqrt(3)
    likeness = templates @ (chroma / (np.linalg.norm(chroma, axis=0) + 1e-9))
    likeness[24] = 0.35
    likeness = np.exp(8 * likeness)
    path_of = librosa.sequence.viterbi_discriminative(
        likeness / likeness.sum(axis=0), librosa.sequence.transition_loop(25, 0.92)
    )
    edges = np.append(np.arange(len(path_of)) * 2048 / rate, len(sound) / rate)
    changes = [0, *(np.flatnonzero(np.diff(path_of)) + 1).tolist(), len(path_of)]
    intervals = np.array([[edges[a], edges[b]] for a, b in pairwise(changes)])
    beats = librosa.beat.beat_track(y=sound, sr=rate, units="time", trim=False)[1]
    mean = chroma.mean(axis=1)
    key = max(
        (float(np.corrcoef(mean, np.roll(profile, tonic))[0, 1]), f"{NAMES[tonic]} {mode}")
        for mode, profile in KRUMHANSL.items()
        for tonic in range(12)
    )[1]
    found = tuple(labels[path_of[a]] for a in changes[:-1])
    return Answer(time.perf_counter() - begun, beats, None, intervals, found, key)


def by_aubio(path: Path) -> Answer:
    import aubio

    sound, rate = soundfile.read(path, always_2d=True, dtype="float32")
    samples, hop = np.ascontiguousarray(sound.mean(axis=1)), 512
    begun, found = time.perf_counter(), []
    tracker = aubio.tempo("default", 1024, hop, rate)
    for start in range(0, len(samples) - hop, hop):
        if tracker(samples[start : start + hop])[0]:
            found.append(tracker.get_last_s())
    return Answer(time.perf_counter() - begun, np.array(found))


def chord_scores(truth: Path, answer: Answer, stretch: float = 1.0) -> dict[str, float]:
    """Compare chords; the recording lasts `stretch` times as long as the truth says."""
    wanted, labels = mir_eval.io.load_labeled_intervals(str(truth))
    wanted = wanted * stretch
    intervals, heard = answer.intervals, list(answer.labels)
    if intervals is None or not len(intervals):
        intervals, heard = np.array([[0.0, wanted.max()]]), ["N"]
    intervals, heard = mir_eval.util.adjust_intervals(
        intervals, heard, wanted.min(), wanted.max(), "N", "N"
    )
    merged, one, other = mir_eval.util.merge_labeled_intervals(wanted, labels, intervals, heard)
    lengths = mir_eval.util.intervals_to_durations(merged)
    return {
        name: float(
            mir_eval.chord.weighted_accuracy(getattr(mir_eval.chord, name)(one, other), lengths)
        )
        for name in CHORD_SCORES
    }


def plain_key(text: str) -> str | None:
    """Name a key as mir_eval does; None for none."""
    from scband.theory import Key

    if text == "none":
        return None
    key = Key(text)
    return f"{NAMES[key.tonic]} {'minor' if key.minor else 'major'}"


def beat_scores(truth: np.ndarray, answer: Answer) -> dict[str, float]:
    """Compare beats (n, 2: second, place in the bar from 1), the first 5 s left out."""
    trim = mir_eval.beat.trim_beats
    wanted, heard = trim(truth[:, 0]), trim(answer.beats)
    row = {"beats": float(mir_eval.beat.f_measure(wanted, heard))}
    pairs = mir_eval.util.match_events(wanted, heard, 0.07)
    if pairs:
        row["offset"] = 1000 * float(np.median([heard[b] - wanted[a] for a, b in pairs]))
    if answer.downbeats is not None:
        ones = trim(truth[truth[:, 1] == 1, 0])
        row["downbeats"] = float(mir_eval.beat.f_measure(ones, trim(answer.downbeats)))
    return row


@dataclass(frozen=True)
class Row:
    """A clip's scores and its length in seconds, which the means of chords are weighted by."""

    scores: dict[str, float]
    length: float


def score(clip: Path, answer: Answer) -> Row:
    length = soundfile.info(clip).duration
    scores = {"s/min": 60 * answer.seconds / length}
    if answer.intervals is not None:
        scores |= chord_scores(clip.with_suffix(".lab"), answer)
    if answer.key and clip.with_suffix(".key").exists():
        wanted = plain_key(clip.with_suffix(".key").read_text().strip())
        if wanted:
            scores["key"] = float(mir_eval.key.weighted_score(wanted, answer.key))
    if clip.with_suffix(".beats").exists():
        scores |= beat_scores(np.loadtxt(clip.with_suffix(".beats"), ndmin=2), answer)
    return Row(scores, length)


def detuning_loss(clip: Path, plain: float) -> float:
    """Play a clip 30 cents above and below A = 440, and say how much of `plain` (majmin) it costs.

    What the clip is off already is told by the .json beside it: together it must stay under half a
    semitone, beyond which nobody knows the way back.
    """
    sound, rate = soundfile.read(clip, always_2d=True, dtype="float32")
    about = clip.with_suffix(".json")
    facts = json.loads(about.read_text()) if about.exists() else {}
    own = float(facts.get("cents", facts.get("detune_cents", 0.0)))
    heard = []
    with tempfile.TemporaryDirectory() as name:
        for cents in (-CENTS, CENTS):
            stretch = 2 ** ((own - cents) / 1200)
            path = Path(name) / "detuned.wav"
            soundfile.write(path, soxr.resample(sound, rate, rate * stretch), rate)
            found = chord_scores(clip.with_suffix(".lab"), ours(path), stretch)
            heard.append(found["majmin"])
    return plain - sum(heard) / len(heard)


def table(name: str, rows: dict[str, Row]) -> None:
    cells = []
    for column in COLUMNS:
        held = [(row.scores[column], row.length) for row in rows.values() if column in row.scores]
        if not held:
            cells.append(f"{'-':>14}")
            continue
        values, lengths = zip(*held, strict=True)
        if column == "offset":
            mean = f"{np.median(values):+.0f} ms"
        else:
            weights = lengths if column in CHORD_SCORES else None
            mean = f"{np.average(values, weights=weights):.3f}"
        cells.append(f"{mean + f' ({len(held)})':>14}")
    print(f"  {name:<8}" + "".join(cells), flush=True)


ASKED = """
import sys
import scband
try:
    scband.analyze(sys.argv[1], cache=False)
except scband.errors.AudioFileError:
    pass
"""


def cold_starts(clip: Path) -> None:
    """Print what a new process takes for a damaged file, a second and a whole clip."""
    with tempfile.TemporaryDirectory() as folder:
        second, damaged = Path(folder) / "second.wav", Path(folder) / "damaged.wav"
        soundfile.write(second, 0.2 * np.sin(np.arange(44_100) / 20), 44_100)
        damaged.write_bytes(second.read_bytes()[:40] + b"\xff" * 20)
        print("\ncold start, a new process          wall s   processor s (best of 3)")
        for name, path in (("damaged file", damaged), ("1 s", second), (clip.name, clip)):
            walls, works = zip(*(_cold(path) for _ in range(3)), strict=True)
            print(f"{name:32}{min(walls):8.2f}{min(works):12.2f}", flush=True)


def _cold(path: Path) -> tuple[float, float]:
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run([sys.executable, "-c", ASKED, str(path)], timeout=600, check=True)
    wall, after = time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def worst(rows: dict[str, Row], count: int) -> None:
    def poor(clip: str) -> float:
        scores = rows[clip].scores
        return scores["majmin"] + scores["sevenths"] + scores.get("beats", 0.0)

    for clip in sorted(rows, key=poor)[:count]:
        told = (f"{k} {v:.2f}" for k, v in rows[clip].scores.items() if k not in ("s/min", "root"))
        print(f"    worst {clip}: {'  '.join(told)}")


def measure(folder: Path, listeners: dict[str, Callable[[Path], Answer]], detuned: int) -> None:
    clips = [clip for clip in sorted(folder.glob("*.wav")) if clip.with_suffix(".lab").exists()]
    print(f"{folder.name}: {len(clips)} clips (n of each figure in brackets)")
    print(f"  {'':<8}" + "".join(f"{column:>14}" for column in COLUMNS), flush=True)
    for name, listen in listeners.items():
        rows = {clip.stem: score(clip, listen(clip)) for clip in clips}
        if name == "scband":
            for clip in clips[:detuned]:
                scores = rows[clip.stem].scores
                scores["detuned"] = detuning_loss(clip, scores["majmin"])
        table(name, rows)
        if name == "scband":
            worst(rows, WORST)


def main() -> None:
    warnings.filterwarnings("ignore")
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folders", type=Path, nargs="*")
    parser.add_argument("--n", type=int, default=6, help="clips of each kind that are made")
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument("--detuned", type=int, default=3, help="clips that are also detuned")
    parser.add_argument("--no-peers", action="store_true")
    options = parser.parse_args()
    listeners: dict[str, Callable[[Path], Answer]] = {"scband": ours}
    for name, listen in (("librosa", by_librosa), ("aubio", by_aubio)):
        if options.no_peers:
            continue
        if importlib.util.find_spec(name):
            listeners[name] = listen
        else:
            print(f"{name} is not installed")
    for folder in options.folders:
        measure(folder, listeners, options.detuned)
    if options.folders:
        cold_starts(min(options.folders[0].glob("*.wav")))
        return
    import analysis_clips

    if lack := analysis_clips.missing():
        print(f"  making clips needs {lack}; or name folders of clips")
        return
    with tempfile.TemporaryDirectory() as scratch:
        made = analysis_clips.make(Path(scratch), options.n, options.seed)
        for folder in made:
            measure(folder, listeners, options.detuned)
        cold_starts(min(made[0].glob("*.wav")))


if __name__ == "__main__":
    main()
