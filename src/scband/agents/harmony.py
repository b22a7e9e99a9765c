"""What players need of a chord: its degrees, its core, its scale, and the nearest octave."""

from __future__ import annotations

from functools import lru_cache

from scband.theory.chord import Chord
from scband.theory.key import Key
from scband.theory.scales import chord_scale

_DEGREES = {
    "2": (2, 1), "9": (2, 1), "3": (4, 3, 5, 2), "4": (5, 6), "5": (7, 6, 8), "6": (9, 8),
    "7": (10, 11, 9, 7),
}  # fmt: skip


@lru_cache(maxsize=4096)
def scale_of(chord: Chord, key: Key | None) -> frozenset[int]:
    """Return the pitch classes of the scale that goes with a chord where it stands."""
    return frozenset(chord_scale(chord, key).tones)


@lru_cache(maxsize=4096)
def melodic(chord: Chord, key: Key | None) -> frozenset[int]:
    """Return the scale without the tones on which a melody would grate."""
    scale = chord_scale(chord, key)
    return frozenset(scale.tones) - scale.avoid


@lru_cache(maxsize=4096)
def degree(chord: Chord, symbol: str) -> int:
    """Return the pitch class of a degree ("1"-"9") of a chord; "1" and "8" are its bass.

    A fifth or third over a slash is that of the chord. N.C. has none: ask only of what sounds.
    """
    assert chord.root is not None
    assert chord.bass is not None
    if symbol in "18":
        return chord.bass
    steps = _DEGREES[symbol]
    fallback = steps[0] if symbol in "2469" else 0
    interval = next((step for step in steps if step in chord.intervals), fallback)
    return (chord.root + interval) % 12


@lru_cache(maxsize=4096)
def core(chord: Chord) -> frozenset[int]:
    """Return the pitch classes that carry a chord: bass, root, third, fifth, sixth or seventh."""
    if chord.root is None or chord.bass is None:
        return frozenset()
    third = next((step for step in (4, 3, 5, 2) if step in chord.intervals), 0)
    fifth = next((step for step in (7, 6, 8) if step in chord.intervals), 0)
    seventh = next((step for step in (10, 11, 9) if step in chord.intervals), 0)
    return frozenset((chord.root + step) % 12 for step in (0, third, fifth, seventh)) | {chord.bass}


def nearest(pitch_class: int, target: float, low: int, high: int) -> int:
    """Return the MIDI pitch of a class that lies nearest to a target within a range.

    The range must span eleven semitones at least.
    """
    first = low + (pitch_class - low) % 12
    return min(range(first, high + 1, 12), key=lambda pitch: abs(pitch - target))
