"""Measure voice leading: movement, common tones, third and seventh, speed.

Usage: python benchmarks/voicing.py [folder of Billboard texts]
"""

from __future__ import annotations

import os
import platform
import sys
import time
from itertools import pairwise
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from progressions import progressions

from scband.chart.billboard import read_billboard
from scband.theory import Chord, Shape, voice
from scband.theory.tones import seventh_of, third_of


def changes(phrase: list[Chord]) -> list[Chord]:
    """Drop chords that only repeat the last one."""
    return [c for n, c in enumerate(phrase) if c and (n == 0 or c != phrase[n - 1])]


def movement(before: tuple[int, ...], after: tuple[int, ...]) -> int:
    """Sum up how far the voices move, paired in order."""
    if len(before) != len(after):
        small, large = sorted((before, after), key=len)
        return sum(min(abs(a - b) for b in large) for a in small)
    return sum(abs(a - b) for a, b in zip(before, after, strict=True))


def measure(phrases: list[list[Chord]], shape: Shape) -> str:
    """Voice all phrases and sum up."""
    started = time.perf_counter()
    voiced = [voice(phrase, shape) for phrase in phrases]
    cold = time.perf_counter() - started
    started = time.perf_counter()
    for phrase in phrases:
        voice(phrase, shape)
    warm = time.perf_counter() - started
    moved = count = held = common = guides = chords = 0
    for phrase, voicings in zip(phrases, voiced, strict=True):
        for chord, pitches in zip(phrase, voicings, strict=True):
            tones = {(pitch - (chord.root or 0)) % 12 for pitch in pitches}
            wanted = {third_of(chord), seventh_of(chord)} - {None}
            guides += wanted <= tones
            chords += 1
        for before, after in pairwise(voicings):
            moved += movement(before, after)
            count += 1
            shared = {p % 12 for p in before} & {p % 12 for p in after}
            common += len(shared)
            held += len({p % 12 for p in set(before) & set(after)})
    return (
        f"{shape.value:11s} {moved / count:5.2f} semitones a change, common tones kept "
        f"{100 * held / max(1, common):6.2f} %, third and seventh {100 * guides / chords:6.2f} %, "
        f"{count / cold:7.0f} changes/s at first, {count / warm:7.0f} then"
    )


def main() -> None:
    print(
        f"Python {platform.python_version()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"
    )
    sets = {"15 jazz progressions in 12 keys": [changes(p) for p in progressions()]}
    if len(sys.argv) > 1:
        songs = [
            [
                item.chord
                for bar in read_billboard(path.read_text(), path.name).expand()
                for item in bar.chords
            ]
            for path in sorted(Path(sys.argv[1]).glob("*.txt"))
        ]
        sets[f"{len(songs)} Billboard songs"] = [changes(song) for song in songs]
    for name, phrases in sets.items():
        print(f"\n{name}, {sum(map(len, phrases))} chords")
        for shape in Shape:
            print(measure(phrases, shape))


if __name__ == "__main__":
    main()
