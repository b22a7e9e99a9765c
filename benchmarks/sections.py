"""Sections of whole songs: where they begin, and which of them are the same music.

`python benchmarks/sections.py --charts FOLDER_OF_BILLBOARD [--n 12] [--seed 1] [--keep FOLDER]`
plays whole songs of the McGill Billboard corpus (CC0; Burgoyne, Wild and Fujinaga, ISMIR 2011),
whose texts name their sections, once by scband's own band and once by MMA, whose groove changes
with the kind of section; FluidSynth renders both. Scores are mir_eval's: hit rate of boundaries
within 0.5 s and 3 s (first and last left out), and the pairwise F of labels. For comparison: one
section every eight bars, all of one label and each of its own.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import tempfile
from pathlib import Path

import arranger
import mir_eval
import numpy as np
import soundfile

from scband.analysis.analyze import analyze
from scband.chart import PlayedBar, SongMap, read
from scband.errors import ScbandError
from scband.song import Song

STYLES = ("pop", "rock", "folk", "soul", "country", "disco", "pop_ballad", "funk")
GROOVES = (
    ("8Beat", "8Beat1", "8BeatSus"), ("PopBallad", "PopBallad1", "PopBalladSus"),
    ("BasicRock", "BasicRock1", "BasicRockSus"), ("SoftRock", "SoftRock1", "SoftRockSus"),
    ("FolkRock", "FolkRock1", "FolkRockSus"), ("Country1", "Country1Sus", "Country2"),
)  # fmt: skip
RATE = 44_100


def songs(folder: Path) -> list[tuple[SongMap, tuple[PlayedBar, ...]]]:
    """Find songs of 40 to 140 bars in one meter of four with five sections or more."""
    found = []
    for path in sorted(folder.glob("*.txt")):
        try:
            song = read(path)
            bars = song.expand()
        except ScbandError:
            continue
        even = all(bar.meter == song.meter for bar in bars) and song.meter.beats == 4
        if even and 40 <= len(bars) <= 140 and len(song.sections) >= 5:
            found.append((song, tuple(bars)))
    return found


def truth(bars: tuple[PlayedBar, ...], bar_seconds: float) -> tuple[np.ndarray, list[str]]:
    starts = [n for n, bar in enumerate(bars) if n == 0 or bar.section_bar == 0]
    edges = np.array([*starts, len(bars)]) * bar_seconds
    return np.stack([edges[:-1], edges[1:]], axis=1), [bars[n].section for n in starts]


def by_the_band(song: SongMap, rng: random.Random, path: Path) -> float:
    """Render by scband's own players; return the seconds of a bar."""
    tempo = float(rng.randint(84, 140))
    played = Song(song).with_(style=rng.choice(STYLES), tempo=tempo, seed=rng.randrange(1 << 30))
    midi = path.with_suffix(".mid")
    played.to_midi(midi)
    _sound(midi, rng.choice(arranger.FONTS), path)
    return 240.0 / tempo


def by_mma(bars: tuple[PlayedBar, ...], rng: random.Random, path: Path) -> float:
    """Render by MMA, a groove for each kind of section; return the seconds of a bar."""
    tempo, family = rng.randint(90, 136), rng.choice(GROOVES)
    grooves: dict[str, str] = {}
    text = [f"Tempo {tempo}", "Time 4"]
    for number, bar in enumerate(bars):
        if number == 0 or bar.section_bar == 0:
            groove = grooves.setdefault(bar.section, family[len(grooves) % len(family)])
            text.append(f"Groove {groove}")
        line = arranger._line(bar, 4)
        if line is None:
            raise ScbandError(f"MMA cannot play bar {number + 1}")
        text.append(f"{number + 1} {line}")
    source, midi = path.with_suffix(".mma"), path.with_suffix(".mid")
    source.write_text("\n".join(text) + "\n")
    made = subprocess.run(
        ["mma", str(source), "-f", str(midi)],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    if made.returncode or not midi.exists():
        raise ScbandError(f"mma: {made.stdout.strip()[-200:]}")
    _sound(midi, rng.choice(arranger.FONTS), path)
    return 240.0 / tempo


def _sound(midi: Path, font: Path, path: Path) -> None:
    subprocess.run(
        ["fluidsynth", "-ni", "-q", "-F", str(path), "-r", str(RATE), "-g", "0.4", str(font), str(midi)],  # noqa: E501
        check=True, capture_output=True, timeout=300,
    )  # fmt: skip


def make(charts: Path, folder: Path, count: int, seed: int) -> None:
    """Write `count` songs as .wav with .sections (start, end, label) beside them."""
    rng, found, made = random.Random(seed), songs(charts), 0
    while made < count:
        song, bars = rng.choice(found)
        path = folder / f"s{seed}_{made:02d}_{'band' if made % 2 == 0 else 'mma'}.wav"
        try:
            length = by_mma(bars, rng, path) if made % 2 else by_the_band(song, rng, path)
        except ScbandError:
            continue
        sound, rate = soundfile.read(path, dtype="float32")
        soundfile.write(path, sound[: int((len(bars) * length + 1) * rate)], rate)
        intervals, labels = truth(bars, length)
        rows = zip(intervals.tolist(), labels, strict=True)
        text = "".join(f"{start:.6f}\t{end:.6f}\t{label}\n" for (start, end), label in rows)
        path.with_suffix(".sections").write_text(text)
        made += 1


def score(path: Path, intervals: np.ndarray, labels: list[str]) -> dict[str, float]:
    wanted, names = mir_eval.io.load_labeled_intervals(str(path))
    found, heard = mir_eval.util.adjust_intervals(intervals, labels, 0.0, wanted.max(), "-", "-")
    detect = mir_eval.segment.detection
    return {
        "F 0.5 s": detect(wanted, found, window=0.5, trim=True)[2],
        "F 3 s": detect(wanted, found, window=3.0, trim=True)[2],
        "pairwise F": mir_eval.segment.pairwise(wanted, names, found, heard)[2],
        "sections": len(found) / len(wanted),
    }


def blind(path: Path, labels: bool) -> dict[str, float]:
    """Score a cut every eight bars; labels are all the same or all different."""
    wanted, _ = mir_eval.io.load_labeled_intervals(str(path))
    edges = np.append(np.arange(0, wanted.max(), 16.0), wanted.max())
    names = [f"{n * labels}" for n in range(len(edges) - 1)]
    return score(path, np.stack([edges[:-1], edges[1:]], axis=1), names)


def measure(folder: Path) -> None:
    rows: dict[str, list[dict[str, float]]] = {}
    for truth_path in sorted(folder.glob("*.sections")):
        heard = analyze(truth_path.with_suffix(".wav"), cache=False).sections
        spans = np.array([[s.start, s.end] for s in heard])
        row = score(truth_path, spans, [s.label for s in heard])
        print(f"    {truth_path.stem}: " + "  ".join(f"{k} {v:.2f}" for k, v in row.items()))
        maker = truth_path.stem.rpartition("_")[2]
        rows.setdefault(f"scband, {maker}", []).append(row)
        rows.setdefault("every 16 s, one label", []).append(blind(truth_path, False))
        rows.setdefault("every 16 s, all labels", []).append(blind(truth_path, True))
    for name, found in rows.items():
        told = "  ".join(f"{k} {np.mean([row[k] for row in found]):.3f}" for k in found[0])
        print(f"  {name:<24} {told}  (n={len(found)})")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--charts", type=Path, required=True)
    parser.add_argument("--n", type=int, default=12)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="a folder for the songs, used again if it exists")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.keep or Path(scratch)
        if not folder.exists() or not any(folder.glob("*.sections")):
            folder.mkdir(parents=True, exist_ok=True)
            make(options.charts, folder, options.n, options.seed)
        measure(folder)


if __name__ == "__main__":
    main()
