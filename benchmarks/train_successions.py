"""Count how chords follow each other (`analysis/models/successions.json`).

`python benchmarks/train_successions.py FOLDER_OF_BILLBOARD`: changes of chord in the songs of the
McGill Billboard corpus (CC0; Burgoyne, Wild and Fujinaga, ISMIR 2011), a song with many of them
counting less for each, and, as much again, in cells that jazz tunes are made of, which go round.
"""

from __future__ import annotations

import argparse
import json
from itertools import pairwise
from pathlib import Path

import numpy as np
from progressions import lines

from scband.analysis.successions import FAMILIES, MODEL
from scband.chart import read
from scband.errors import ScbandError
from scband.theory import Chord

SMOOTH = 0.012
"""The share of all changes that is taken as even beforehand, for each family before."""
MOST = 3.0
"""Log odds are held within this: no change is unheard of."""


def family_of(chord: Chord) -> int:
    tones = set(chord.intervals)
    if 4 not in tones and 3 in tones:
        low = 6 in tones and 7 not in tones
        return FAMILIES.index("diminished" if low else "minor")
    leads = 10 in tones or (8 in tones and 7 not in tones)
    return FAMILIES.index("dominant" if leads else "major")


def changes(chords: list[Chord]) -> np.ndarray:
    """Count changes (family before, after, semitones up) of what sounds; silence parts them."""
    found = np.zeros((len(FAMILIES), len(FAMILIES), 12))
    for one, other in pairwise(chords):
        if one.root is None or other.root is None:
            continue
        if (one.root, one.intervals) != (other.root, other.intervals):
            found[family_of(one), family_of(other), (other.root - one.root) % 12] += 1
    return found


def corpus(folder: Path) -> np.ndarray:
    total = np.zeros((len(FAMILIES), len(FAMILIES), 12))
    for path in sorted(folder.glob("*.txt")):
        try:
            bars = read(path).expand()
        except ScbandError:
            continue
        counted = changes([item.chord for bar in bars for item in bar.chords])
        total += counted / max(1.0, counted.sum()) ** 0.5
    return total / total.sum()


def cells() -> np.ndarray:
    total = sum(changes([*line, line[0]]) for line in lines())
    return np.asarray(total / total.sum())


def log_odds(shares: np.ndarray) -> np.ndarray:
    """Compare how often chords follow with how often they would by chance."""
    chance = shares.sum(axis=(0, 2)) / shares.sum() / 12
    before = shares.sum(axis=(1, 2), keepdims=True)
    likely = (shares + SMOOTH * chance[None, :, None]) / (before + SMOOTH)
    return np.clip(np.log(likely / chance[None, :, None]), -MOST, MOST)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    options = parser.parse_args()
    found = log_odds((corpus(options.folder) + cells()) / 2)
    MODEL.write_text(json.dumps(np.round(found, 2).tolist()) + "\n")


if __name__ == "__main__":
    main()
