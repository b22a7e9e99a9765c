"""Chords, keys, beats and tuning heard in recordings with known truth, against librosa.

`python benchmarks/analysis.py FOLDER …`: each folder holds clips as `benchmarks/arranger.py` makes
them: .wav with .lab (Harte), .key and .beats beside it. Without folders, twelve clips of the given
Billboard charts are arranged by MMA first (`--charts FOLDER`). Scores are mir_eval's, chords
weighted by duration; beats after 5 s. librosa's answers are the textbook's: chroma_cqt of the
harmonic part, 24 templates, Viterbi; Krumhansl's key profiles; its own beat tracker
(`--no-librosa` leaves it out).
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import mir_eval
import numpy as np

from scband.analysis.analyze import analyze
from scband.analysis.result import Analysis

NAMES = ("C", "Db", "D", "Eb", "E", "F", "Gb", "G", "Ab", "A", "Bb", "B")
CHORD_SCORES = ("root", "majmin", "sevenths", "majmin_inv", "mirex")
KRUMHANSL = {
    "major": (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88),
    "minor": (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17),
}
WORST = 6


@dataclass(frozen=True)
class Answer:
    """What a listener said of a clip, in mir_eval's terms."""

    intervals: np.ndarray
    labels: list[str]
    key: str
    beats: np.ndarray
    downbeats: np.ndarray
    seconds: float


def ours(path: Path) -> Answer:
    begun = time.perf_counter()
    heard: Analysis = analyze(path, cache=False)
    took = time.perf_counter() - begun
    key = "C major"
    if heard.key:
        key = f"{NAMES[heard.key.tonic]} {'minor' if heard.key.minor else 'major'}"
    return Answer(
        np.array([[c.start, c.end] for c in heard.chords]).reshape(-1, 2),
        [c.label for c in heard.chords],
        key,
        np.array(heard.beats),
        np.array(heard.downbeats),
        took,
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
    found = [labels[path_of[a]] for a in changes[:-1]]
    return Answer(intervals, found, key, beats, np.zeros(0), time.perf_counter() - begun)


def chord_scores(truth: Path, answer: Answer) -> tuple[dict[str, float], float]:
    wanted, labels = mir_eval.io.load_labeled_intervals(str(truth))
    intervals, heard = answer.intervals, answer.labels
    if not len(intervals):
        intervals, heard = np.array([[0.0, wanted.max()]]), ["N"]
    intervals, heard = mir_eval.util.adjust_intervals(
        intervals, heard, wanted.min(), wanted.max(), "N", "N"
    )
    merged, one, other = mir_eval.util.merge_labeled_intervals(wanted, labels, intervals, heard)
    lengths = mir_eval.util.intervals_to_durations(merged)
    scores = {
        name: float(
            mir_eval.chord.weighted_accuracy(getattr(mir_eval.chord, name)(one, other), lengths)
        )
        for name in CHORD_SCORES
    }
    return scores, float(wanted.max() - wanted.min())


def plain_key(text: str) -> str | None:
    """Name a key as mir_eval does; None for none."""
    from scband.theory import Key

    if text == "none":
        return None
    key = Key(text)
    return f"{NAMES[key.tonic]} {'minor' if key.minor else 'major'}"


def score(clip: Path, answer: Answer) -> tuple[dict[str, float], float]:
    row, length = chord_scores(clip.with_suffix(".lab"), answer)
    row["s/min"] = 60 * answer.seconds / length
    if clip.with_suffix(".key").exists():
        wanted = plain_key(clip.with_suffix(".key").read_text().strip())
        if wanted:
            row["key"] = float(mir_eval.key.weighted_score(wanted, answer.key))
    if clip.with_suffix(".beats").exists():
        truth = np.loadtxt(clip.with_suffix(".beats"), ndmin=2)
        trim = mir_eval.beat.trim_beats
        row["beat F"] = mir_eval.beat.f_measure(trim(truth[:, 0]), trim(answer.beats))
        ones = truth[truth[:, 1] == 1, 0]
        if len(answer.downbeats):
            row["down F"] = mir_eval.beat.f_measure(trim(ones), trim(answer.downbeats))
    return row, length


def table(name: str, rows: dict[str, tuple[dict[str, float], float]]) -> None:
    line = []
    for column in (*CHORD_SCORES, "key", "beat F", "down F", "s/min"):
        held = [(row[column], length) for row, length in rows.values() if column in row]
        if held:
            values, lengths = zip(*held, strict=True)
            weights = lengths if column in CHORD_SCORES else None
            line.append(f"{column} {np.average(values, weights=weights):.3f} (n={len(held)})")
    print(f"  {name:<8}", "  ".join(line))


def measure(folder: Path, listeners: dict[str, Callable[[Path], Answer]]) -> None:
    clips = [clip for clip in sorted(folder.glob("*.wav")) if clip.with_suffix(".lab").exists()]
    print(f"{folder.name}: {len(clips)} clips")
    for name, listen in listeners.items():
        rows = {clip.stem: score(clip, listen(clip)) for clip in clips}
        table(name, rows)
        if name == "scband":
            poor = sorted(rows, key=lambda clip: rows[clip][0]["majmin"])[:WORST]
            for clip in poor:
                told = "  ".join(f"{k} {v:.2f}" for k, v in rows[clip][0].items() if k != "s/min")
                print(f"    worst {clip}: {told}")


def main() -> None:
    warnings.filterwarnings("ignore")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", type=Path, nargs="*")
    parser.add_argument("--charts", type=Path, help="Billboard charts, to arrange clips by MMA")
    parser.add_argument("--no-librosa", action="store_true")
    options = parser.parse_args()
    listeners: dict[str, Callable[[Path], Answer]] = {"scband": ours}
    if not options.no_librosa:
        listeners["librosa"] = by_librosa
    for folder in options.folders:
        measure(folder, listeners)
    if not options.folders:
        if options.charts is None:
            parser.error("name folders of clips, or --charts to make some")
        import arranger

        songs, rng = arranger.excerpts(options.charts), random.Random(5)
        with tempfile.TemporaryDirectory() as name:
            for number in range(12):
                arranger.render(rng.choice(songs), rng, Path(name) / f"clip{number:02d}")
            measure(Path(name), listeners)


if __name__ == "__main__":
    main()
