"""Keys in progressions: the key of a piece."""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import lru_cache

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

_MAJOR_WEIGHTS = {0: 1.0, 2: 0.5, 4: 0.6, 5: 0.5, 7: 0.8, 9: 0.4, 11: 0.4}
_MINOR_WEIGHTS = {0: 1.0, 2: 0.4, 3: 0.6, 5: 0.5, 7: 0.8, 8: 0.4, 10: 0.3, 11: 0.4, 9: 0.1}


@lru_cache(maxsize=8192)
def fit(chord: Chord, key: Key) -> float:
    """Score how well a chord sits in a key, about -1 to 1.5; tonic and dominant count most."""
    if chord.root is None:
        return 0.0
    root = (chord.root - key.tonic) % 12
    weights = _MINOR_WEIGHTS if key.minor else _MAJOR_WEIGHTS
    tones = [(root + tone) % 12 for tone in chord.intervals]
    score = sum(0.35 if tone in weights else -0.6 for tone in tones) / len(tones)
    score += weights.get(root, -0.3) * 0.4
    third_is_minor = 3 in chord.intervals and 4 not in chord.intervals
    dominant = 4 in chord.intervals and 10 in chord.intervals
    if root == 0 and third_is_minor == key.minor and not dominant:
        score += 0.6
    if root == 7 and dominant:
        score += 0.5
    return score


def find_key(chords: Iterable[Chord | tuple[Chord, float]]) -> KeyGuess:
    """Find the key of a whole progression; see `key.guess`."""
    weighted = [item if isinstance(item, tuple) else (item, 1.0) for item in chords]
    weighted = [(chord, beats) for chord, beats in weighted if chord.root is not None]
    if not weighted:
        raise TheoryError("no chord sounds, so there is no key to find")
    scores = [sum(fit(chord, key) * beats for chord, beats in weighted) for key in KEYS]
    total = sum(beats for _, beats in weighted)
    ends = weighted[0][0], weighted[-1][0]
    for index, key in enumerate(KEYS):
        for chord in ends:
            third_is_minor = 3 in chord.intervals and 4 not in chord.intervals
            if chord.root == key.tonic and third_is_minor == key.minor:
                scores[index] += 0.06 * total
    sharpness = 40.0 / total
    top = max(scores)
    beliefs = [math.exp((score - top) * sharpness) for score in scores]
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
