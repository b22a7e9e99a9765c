"""Clips by an independent arranger: Billboard progressions played by MMA, rendered by FluidSynth.

`python benchmarks/arranger.py FOLDER --charts FOLDER_OF_BILLBOARD [--n 32] [--seed 1]` writes for
each clip .wav, .beats, .lab, .key and .json. Needs Debian's `mma`, `fluidsynth` and a General MIDI
sound font. Charts: the McGill Billboard corpus (CC0; Burgoyne, Wild and Fujinaga, ISMIR 2011).
"""

from __future__ import annotations

import argparse
import json
import random
import re
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from scband.chart import PlayedBar, SongMap, read
from scband.errors import ScbandError

RATE = 44_100
FONTS = tuple(
    path
    for path in (
        Path("/usr/share/sounds/sf2/FluidR3_GM.sf2"),
        Path("/usr/share/sounds/sf3/MuseScore_General.sf3"),
        Path("/usr/share/sounds/sf2/TimGM6mb.sf2"),
    )
    if path.exists()
)
GROOVES = {
    4: (
        "Swing 132 220", "JazzCombo 120 200", "BossaNova 110 150", "PopBallad 66 90",
        "8Beat 90 140", "BasicRock 100 150", "SoftRock 90 130", "FolkRock 96 140",
        "Country1 100 160", "CountrySwing 110 170", "RB 84 120", "Samba 90 120",
        "JazzGuitar 110 180", "Rhumba 100 130", "BigBand1 130 190", "Ballad 64 88",
        "50sRock 120 160", "EasySwing 110 150", "SlowJazz 66 96", "Ska 120 150",
        "Trance 118 138", "LFusion 100 130", "GuitarBallad 66 90", "Twist 130 165",
    ),
    3: ("JazzWaltz 110 180", "Waltz 96 150", "CountryWaltz 96 140", "RockWaltz 100 150"),
}  # fmt: skip
QUALITIES = {
    "": "", "m": "m", "7": "7", "m7": "m7", "maj7": "M7", "6": "6", "m6": "m6", "sus4": "sus4",
    "7sus4": "7sus4", "sus2": "sus2", "dim": "dim", "dim7": "dim7", "m7b5": "m7b5", "aug": "aug",
    "9": "9", "m9": "m9", "maj9": "M9", "add9": "add9", "13": "13", "m(maj7)": "mM7", "5": "5",
    "mMaj7": "mM7", "11": "11", "m11": "m11",
}  # fmt: skip


@dataclass(frozen=True)
class Excerpt:
    """Bars of a song that MMA can play."""

    song: SongMap
    bars: tuple[PlayedBar, ...]
    beats: int


def _symbol(bar: PlayedBar, at: int) -> str | None:
    chord = bar.chords[at].chord
    if chord.root is None or chord.quality not in QUALITIES:
        return None
    bass = f"/{chord.bass_name}" if chord.bass_name != chord.root_name else ""
    return f"{chord.root_name}{QUALITIES[chord.quality]}{bass}"


def _line(bar: PlayedBar, beats: int) -> str | None:
    """Write a bar as MMA reads it, a word a beat."""
    words = ["/"] * beats
    for at, item in enumerate(bar.chords):
        symbol = _symbol(bar, at)
        if symbol is None or item.beat != round(item.beat) or item.beat >= beats:
            return None
        words[int(item.beat)] = symbol
    return " ".join(words)


def excerpts(folder: Path) -> list[Excerpt]:
    """Find the songs of the corpus with a run of at least 12 bars for MMA."""
    found = []
    for path in sorted(folder.glob("*.txt")):
        try:
            song = read(path)
            played = song.expand()
        except ScbandError:
            continue
        run: list[PlayedBar] = []
        best: list[PlayedBar] = []
        beats = int(song.meter.beats)
        for bar in played:
            plain = beats in GROOVES and bar.meter == song.meter and _line(bar, beats)
            run = [*run, bar] if plain else []
            best = max(best, run, key=len)
        if len(best) >= 12 and len({c.chord for bar in best for c in bar.chords}) >= 3:
            found.append(Excerpt(song, tuple(best), beats))
    return found


def render(excerpt: Excerpt, rng: random.Random, target: Path, seconds: float = 45.0) -> dict:
    """Arrange and render one excerpt and write its truth beside it."""
    name, low, high = rng.choice(GROOVES[excerpt.beats]).split()
    tempo = rng.randint(int(low), int(high))  # MMA cuts off fractions
    count = max(8, int(seconds / (excerpt.beats * 60 / tempo)))
    start = rng.randrange(max(1, len(excerpt.bars) - count + 1))
    bars = excerpt.bars[start : start + count]
    text = [f"Tempo {tempo}", f"Time {excerpt.beats}", f"Groove {name}"]
    text += [f"{n + 1} {_line(bar, excerpt.beats)}" for n, bar in enumerate(bars)]
    font = rng.choice(FONTS)
    with tempfile.TemporaryDirectory() as scratch:
        source, midi, wave = (Path(scratch) / f"a.{kind}" for kind in ("mma", "mid", "wav"))
        source.write_text("\n".join(text) + "\n")
        made = subprocess.run(
            ["mma", str(source), "-f", str(midi)],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        if made.returncode or not midi.exists():
            raise ScbandError(f"mma: {made.stdout.strip()[-200:]}")
        subprocess.run(
            ["fluidsynth", "-ni", "-q", "-F", str(wave), "-r", str(RATE), "-g", "0.4", str(font), str(midi)],  # noqa: E501
            check=True, capture_output=True, timeout=120,
        )  # fmt: skip
        sound, _ = soundfile.read(wave, always_2d=True)
    beat = 60 / tempo
    sound = sound[: int((len(bars) * excerpt.beats * beat + 0.7) * RATE)]
    cents = rng.uniform(-30, 30)
    sound, stretch = _detuned(sound, cents)
    beat *= stretch
    sound = np.tanh(1.5 * sound / (np.abs(sound).max() + 1e-9))
    soundfile.write(target.with_suffix(".wav"), 0.8 * sound, RATE, subtype="PCM_16")
    _truth(target, excerpt, bars, beat)
    tonality = excerpt.song.key
    facts = {
        "groove": name, "tempo": tempo / stretch, "cents": cents, "title": excerpt.song.title,
        "font": font.stem, "style": name, "meter": excerpt.beats,
    }  # fmt: skip
    target.with_suffix(".json").write_text(json.dumps(facts))
    mode = _mode(excerpt, bars)
    key = f"{tonality.tonic_name} {mode}" if tonality and mode else "none"
    target.with_suffix(".key").write_text(key + "\n")
    return facts


def _detuned(sound: np.ndarray, cents: float) -> tuple[np.ndarray, float]:
    """Play faster or slower, as a tape does: detuned and stretched."""
    import soxr

    stretch = 2 ** (-cents / 1200)
    return soxr.resample(sound, RATE, RATE * stretch), stretch


def _mode(excerpt: Excerpt, bars: tuple[PlayedBar, ...]) -> str:
    """Name the mode where the tonic triad itself sounds for an eighth of the excerpt."""
    key = excerpt.song.key
    if key is None:
        return ""
    major = minor = 0
    for bar in bars:
        for item in bar.chords:
            if item.chord.root == key.tonic:
                major += 4 in item.chord.intervals
                minor += 3 in item.chord.intervals
    if max(major, minor) < len(bars) / 8:
        return ""
    return "major" if major > 2 * minor else "minor" if minor > 2 * major else ""


def _truth(target: Path, excerpt: Excerpt, bars: tuple[PlayedBar, ...], beat: float) -> None:
    size = excerpt.beats
    rows = [(n * size + c.beat, c.chord.harte()) for n, bar in enumerate(bars) for c in bar.chords]
    rows = [row for n, row in enumerate(rows) if n == 0 or row[1] != rows[n - 1][1]]
    ends = [start for start, _ in rows[1:]] + [len(bars) * size]
    target.with_suffix(".lab").write_text(
        "".join(f"{a * beat:.6f}\t{b * beat:.6f}\t{label}\n" for (a, label), b in zip(rows, ends, strict=True))  # noqa: E501
    )  # fmt: skip
    target.with_suffix(".beats").write_text(
        "".join(f"{n * beat:.6f}\t{n % size + 1}\n" for n in range(len(bars) * size))
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--charts", type=Path, required=True)
    parser.add_argument("--n", type=int, default=32)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    songs = excerpts(options.charts)
    rng = random.Random(options.seed)
    made = 0
    while made < options.n:
        name = re.sub(r"\W", "", f"m{options.seed}_{made:03d}")
        try:
            facts = render(rng.choice(songs), rng, options.folder / name)
        except ScbandError as error:
            print(error)
            continue
        made += 1
        print(name, json.dumps(facts), flush=True)


if __name__ == "__main__":
    main()
