"""Keys in progressions: the key of a piece, and where it modulates.

Every chord is scored against the 24 keys by root and kind; a piece takes the key with the best
sum, a modulating one the best path (Viterbi) through keys with a price on every change.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from scband.errors import TheoryError
from scband.theory import pitch
from scband.theory.chord import Chord
from scband.theory.key import Key, KeyGuess

_NAMES = ("C", "Db", "D", "Eb", "E", "F", "Gb", "G", "Ab", "A", "Bb", "B")
_MINOR_NAMES = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "G#", "A", "Bb", "B")
KEYS: tuple[Key, ...] = tuple(Key(name) for name in _NAMES) + tuple(
    Key(f"{name}m") for name in _MINOR_NAMES
)
"""The 24 keys, major before minor, each from C up."""

# How much more often than by chance a chord stands in a key: log ratios by its kind and by the
# semitones of its root above the tonic. Half of it was counted in the McGill Billboard corpus
# (CC0; Burgoyne, Wild and Fujinaga, ISMIR 2011), half stands for the functions of jazz harmony.
_MAJOR: dict[str, tuple[float, ...]] = {
    "major": (2.4, -1.3, -1.1, -0.8, -1.8, 1.5, -2.0, 0.8, -0.9, -1.5, -0.2, -2.1),
    "minor": (-0.3, -2.4, 1.5, -1.3, 0.3, -0.1, -2.3, -0.5, -2.0, 0.8, -1.6, -1.3),
    "dominant": (1.2, -0.9, 0.2, -2.2, -0.7, 0.6, -2.1, 1.7, -1.4, 0.4, -0.6, -1.6),
    "diminished": (-1.7, -1.1, -1.4, -1.2, -2.3, -2.4, -1.3, -2.4, -2.4, -2.4, -2.4, -1.2),
}
_MINOR: dict[str, tuple[float, ...]] = {
    "major": (-0.7, -1.4, -1.9, 0.6, -2.3, 0.1, -1.9, -1.1, 1.0, -2.3, 0.8, -2.3),
    "minor": (2.8, -2.3, -0.5, -2.0, -2.4, 1.2, -2.4, 0.7, -1.8, -1.9, -1.2, -2.3),
    "dominant": (-0.5, -1.2, -0.9, -1.4, -2.4, 0.4, -2.4, 1.6, 0.0, -2.4, 0.1, -2.3),
    "diminished": (-2.4, -2.4, 0.9, -2.4, -1.7, -2.3, -2.4, -2.4, -2.3, -1.2, -2.4, -0.9),
}
_ENDS = 0.3  # what a tonic at the beginning or the end adds
_CADENCE = 1.0  # what a dominant that goes to its tonic adds, a chord
_SURENESS = 4.0  # how fast belief falls with the score
_SECOND = 0.7  # what a minor seventh chord lacks as a tonic
_CHANGE = 4.5  # price of a modulation


def _kind(chord: Chord) -> str:
    """Sort a chord by its function: major, minor, dominant, diminished."""
    tones = chord.intervals
    if 4 in tones or 5 in tones:
        return "dominant" if 10 in tones else "major"
    return "diminished" if 6 in tones and 7 not in tones else "minor"


@lru_cache(maxsize=16384)
def fit(chord: Chord, key: Key) -> float:
    """Score how well a chord sits in a key: above 0 better than by chance, 0 for N.C."""
    if chord.root is None:
        return 0.0
    table = _MINOR if key.minor else _MAJOR
    degree = (chord.root - key.tonic) % 12
    second = key.minor and degree == 0 and 10 in chord.intervals  # m7 is sooner a second degree
    return table[_kind(chord)][degree] - (_SECOND if second else 0.0)


def _weighted(chords: Iterable[Chord | tuple[Chord, float]]) -> list[tuple[Chord, float]]:
    pairs = [item if isinstance(item, tuple) else (item, 1.0) for item in chords]
    kept = [(chord, beats) for chord, beats in pairs if chord.root is not None and beats > 0]
    if not kept:
        raise TheoryError("no chord sounds, so there is no key to find")
    return kept


def _cadences(chords: Sequence[Chord], key: Key) -> float:
    """Score how a progression closes in a key: dominant to tonic, and a tonic at its ends."""
    closes = sum(_closes(first, second, key) for first, second in pairwise(chords))
    last = min(1.0, len(chords) / 16)  # a short progression goes round, its last chord is no end
    ends = (chords[0].root == key.tonic) + last * (chords[-1].root == key.tonic)
    return _CADENCE * closes / len(chords) + _ENDS * ends


def _closes(first: Chord, second: Chord, key: Key) -> float:
    """Say how firmly a dominant goes to its tonic: 1, or less where a seventh leads on from it."""
    if first.root is None or second.root != key.tonic or not _is_tonic(second, key):
        return 0.0
    if (first.root - key.tonic) % 12 != 7 or 4 not in first.intervals:
        return 0.0
    return 0.25 if 10 in second.intervals else 1.0


def _is_tonic(chord: Chord, key: Key) -> bool:
    low = 3 in chord.intervals and 4 not in chord.intervals
    return low == key.minor and not (6 in chord.intervals and 7 not in chord.intervals)


def guess(chords: Iterable[Chord | tuple[Chord, float]]) -> KeyGuess:
    """Find the key of a progression; chords may come with their lengths in beats.

    Raises TheoryError where no chord sounds.
    """
    weighted = _weighted(chords)
    total = sum(beats for _, beats in weighted)
    plain = [chord for chord, _ in weighted]
    scores = [
        sum(fit(chord, key) * beats for chord, beats in weighted) / total + _cadences(plain, key)
        for key in KEYS
    ]
    top = max(scores)
    beliefs = [math.exp((score - top) * _SURENESS) for score in scores]
    best = scores.index(top)
    return KeyGuess(_spelled(KEYS[best], weighted), beliefs[best] / sum(beliefs))


def _spelled(key: Key, weighted: list[tuple[Chord, float]]) -> Key:
    """Spell the key on the side, sharps or flats, on which its chords are written."""
    if abs(key.signature) < 5:
        return key
    mean = sum(pitch.fifths(chord.root_name) * beats for chord, beats in weighted)
    mean /= sum(beats for _, beats in weighted)
    other = key.shifted(12 if key.signature < 0 else -12)
    return min((key, other), key=lambda option: abs(option.signature + 1 - mean))


@dataclass(frozen=True, slots=True)
class KeySpan:
    """A stretch of a progression in one key: chords `start` to `end` (exclusive), from 0."""

    start: int
    end: int
    key: Key


def find_modulations(
    chords: Sequence[Chord | tuple[Chord, float]], *, change: float = _CHANGE
) -> tuple[KeySpan, ...]:
    """Split a progression into stretches of one key each.

    `change` is what a modulation must gain, in chords' worth of fit. Raises TheoryError where no
    chord sounds.
    """
    pairs = [item if isinstance(item, tuple) else (item, 1.0) for item in chords]
    _weighted(pairs)
    mean = sum(beats for _, beats in pairs) / len(pairs)
    total = [0.0] * len(KEYS)
    back: list[list[int]] = []
    for number, (chord, beats) in enumerate(pairs):
        best = max(range(len(KEYS)), key=total.__getitem__)
        row = []
        for index, key in enumerate(KEYS):
            moved = total[best] - change
            row.append(index if total[index] >= moved else best)
            gain = fit(chord, key) * min(2.0, beats / mean) + _closing(pairs, number, key)
            total[index] = max(total[index], moved) + gain
        back.append(row)
    return _spans(back, total, pairs)


def _closing(pairs: Sequence[tuple[Chord, float]], number: int, key: Key) -> float:
    """Reward a tonic that its dominant leads to."""
    return _CADENCE * _closes(pairs[number - 1][0], pairs[number][0], key) if number else 0.0


def _spans(
    back: list[list[int]], total: list[float], pairs: Sequence[tuple[Chord, float]]
) -> tuple[KeySpan, ...]:
    at = max(range(len(KEYS)), key=total.__getitem__)
    path = []
    for row in reversed(back):
        path.append(at)
        at = row[at]
    path.reverse()
    spans: list[KeySpan] = []
    start = 0
    for number in range(1, len(path) + 1):
        if number == len(path) or path[number] != path[start]:
            inside = [pair for pair in pairs[start:number] if pair[0].root is not None]
            key = KEYS[path[start]]
            spans.append(KeySpan(start, number, _spelled(key, inside) if inside else key))
            start = number
    return tuple(spans)
