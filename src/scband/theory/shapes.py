"""Voicing shapes: how the tones of a chord are stacked.

Every shape turns a chord into candidate voicings (ascending MIDI pitches) in a range. Which of
them sounds is the choice of `voicing`, over the whole phrase.
"""

from __future__ import annotations

from enum import StrEnum
from functools import lru_cache
from itertools import pairwise, product

import numpy as np
from numpy.typing import NDArray

from scband.theory.chord import Chord
from scband.theory.fretboard import grips
from scband.theory.key import Key
from scband.theory.scales import scale_tones
from scband.theory.tones import (
    guide_tones,
    rooted_sets,
    rootless_sets,
    seventh_of,
    third_of,
)

__all__ = ["DEFAULT_RANGES", "LOW_LIMITS", "Shape", "clear", "guide_tones", "placed", "relative"]

Pitches = NDArray[np.int16]


class Shape(StrEnum):
    """How a voicing is built."""

    CLOSE = "close"
    OPEN = "open"
    DROP2 = "drop2"
    DROP3 = "drop3"
    SHELL = "shell"
    ROOTLESS = "rootless"
    ROOTLESS_AB = "rootless-ab"
    ROOTLESS_A = "rootless-a"
    ROOTLESS_B = "rootless-b"
    QUARTAL = "quartal"
    GUITAR = "guitar"


DEFAULT_RANGES: dict[Shape, tuple[int, int]] = {
    Shape.CLOSE: (52, 76),
    Shape.OPEN: (43, 79),
    Shape.DROP2: (47, 79),
    Shape.DROP3: (43, 79),
    Shape.SHELL: (41, 67),
    Shape.ROOTLESS: (50, 74),
    Shape.ROOTLESS_AB: (48, 76),
    Shape.ROOTLESS_A: (48, 76),
    Shape.ROOTLESS_B: (48, 76),
    Shape.QUARTAL: (48, 79),
    Shape.GUITAR: (40, 76),
}
"""Lowest and highest MIDI pitch that a shape uses unless told otherwise."""

LOW_LIMITS: dict[int, int] = {
    1: 52, 2: 51, 3: 48, 4: 46, 5: 46, 6: 46, 7: 34, 8: 43, 9: 41, 10: 41, 11: 41,
}  # fmt: skip
"""Lowest pitch of the lower note at which an interval (semitones) still sounds clear, as courses
in arranging teach it (R. Pease, K. Pullig: "Modern Jazz Voicings", Berklee Press 2001)."""


def clear(pitches: tuple[int, ...]) -> bool:
    """Tell whether no two neighbours sit too low for their interval."""
    return all(lower >= LOW_LIMITS.get(upper - lower, 0) for lower, upper in pairwise(pitches))


@lru_cache(maxsize=4096)
def _inversions(tones: tuple[int, ...]) -> tuple[tuple[int, ...], ...]:
    """Stack tones closely from each of them up."""
    ordered = sorted(tones)
    turns = range(len(ordered))
    return tuple((*ordered[turn:], *(tone + 12 for tone in ordered[:turn])) for turn in turns)


def close_stacks(chord: Chord) -> list[tuple[int, ...]]:
    """Give the close positions of a rooted voicing: four tones, or the three of a triad.

    Chords of one or two tones double their root.
    """
    found: list[tuple[int, ...]] = []
    for tones in rooted_sets(chord):
        full = tones if len(tones) > 2 else (*tones, tones[0] + 12)
        found += _inversions(full) if len(tones) > 2 else [full]
    return list(dict.fromkeys(found))


def _dropped(stack: tuple[int, ...], *voices: int) -> tuple[int, ...]:
    """Lower some voices, counted from the top, by an octave."""
    lowered = list(stack)
    for voice in voices:
        lowered[-voice] -= 12
    return tuple(sorted(lowered))


def _drops(chord: Chord, *kinds: tuple[int, ...]) -> list[tuple[int, ...]]:
    stacks = [stack for stack in close_stacks(chord) if len(stack) > 2]
    found = [
        _dropped(stack, *kind) for stack in stacks for kind in kinds if max(kind) <= len(stack)
    ]
    return [stack for stack in found if len(set(stack)) == len(stack)]


def _shells(chord: Chord) -> list[tuple[int, ...]]:
    """Put third and seventh, in either order, over the root."""
    upper = guide_tones(chord)
    if len(upper) < 2:
        upper = tuple(
            dict.fromkeys((*upper, *(tone for tone in (7, 6, 8) if tone in chord.intervals)))
        )[:2]
    if not upper:
        return [(0, 12)]
    found = []
    for octaves in product((0, 12), repeat=len(upper)):
        stack = (0, *sorted(tone + octave for tone, octave in zip(upper, octaves, strict=True)))
        if len(set(stack)) == len(stack) and stack[-1] < 24:
            found.append(stack)
    return found


def _rootless(chord: Chord, shape: Shape, key: Key | None) -> list[tuple[int, ...]]:
    """Stack the rootless sets from the third (A), from the seventh (B), or from any tone."""
    third, seventh = third_of(chord), seventh_of(chord)
    if seventh is None:
        seventh = next((tone for tone in (7, 6, 8) if tone in chord.intervals), 0)
    forms: dict[Shape, tuple[int | None, ...]] = {
        Shape.ROOTLESS_A: (third,),
        Shape.ROOTLESS_B: (seventh,),
        Shape.ROOTLESS_AB: (third, seventh),
    }
    starts = forms.get(shape, tuple(range(12)))
    found = []
    for tones in rootless_sets(chord, key):
        stacks = _inversions(tones)
        wanted = [stack for stack in stacks if stack[0] % 12 in starts]
        found += wanted or list(stacks)
    return found


_ROOTLESS = (Shape.ROOTLESS, Shape.ROOTLESS_AB, Shape.ROOTLESS_A, Shape.ROOTLESS_B)
_FOURTHS = tuple(
    steps for steps in product((5, 6, 4, 3), repeat=3) if sum(step in (5, 6) for step in steps) >= 2
)


def _quartal(chord: Chord, key: Key | None) -> list[tuple[int, ...]]:
    """Stack fourths (one third allowed) out of the chord's scale, with third and seventh in it."""
    allowed = scale_tones(chord, key) | chord.intervals
    guides = set(guide_tones(chord))
    found: list[tuple[int, ...]] = []
    for bottom in sorted(allowed):
        for first, second, third in _FOURTHS:
            stack = (
                bottom,
                bottom + first,
                bottom + first + second,
                bottom + first + second + third,
            )
            tones = {tone % 12 for tone in stack}
            if len(tones) == 4 and guides <= tones <= allowed:
                found.append(stack)
    return found


def relative(chord: Chord, shape: Shape, key: Key | None = None) -> list[tuple[int, ...]]:
    """Give a shape's stacks as semitones above the root; never empty for a chord that sounds."""
    found: list[tuple[int, ...]] = []
    if shape is Shape.SHELL:
        found = _shells(chord)
    elif shape in _ROOTLESS:
        found = _rootless(chord, shape, key)
    elif shape is Shape.QUARTAL:
        found = _quartal(chord, key) or _rootless(chord, Shape.ROOTLESS, key)
    elif shape is Shape.OPEN:
        found = _drops(chord, (2,), (3,), (2, 4))
    elif shape is Shape.DROP2:
        found = _drops(chord, (2,))
    elif shape is Shape.DROP3:
        found = _drops(chord, (3,))
    return found or close_stacks(chord)


def placed(chord: Chord, shape: Shape, low: int, high: int, key: Key | None = None) -> Pitches:
    """Place a shape's stacks in a range: (candidates, voices), ascending MIDI pitches.

    Low intervals that would growl are left out where something else is possible. Where a range is
    too narrow for the shape, the stack nearest to its middle is given.
    """
    if chord.root is None:
        return np.zeros((1, 0), dtype=np.int16)
    if shape is Shape.GUITAR:
        gripped = [grip for grip in grips(chord) if low <= grip[0] and grip[-1] <= high]
        if gripped:
            return _of_one_size(gripped)
    found: set[tuple[int, ...]] = set()
    stacks = relative(chord, shape, key)
    for stack in stacks:
        first = chord.root + stack[0]
        bottom = low + (first - low) % 12
        while bottom + stack[-1] - stack[0] <= high:
            found.add(tuple(bottom + tone - stack[0] for tone in stack))
            bottom += 12
    if not found:
        found = {_nearest(chord.root, stack, low, high) for stack in stacks}
    kept = [pitches for pitches in found if clear(pitches)] or list(found)
    return _of_one_size(kept)


def _of_one_size(found: list[tuple[int, ...]]) -> Pitches:
    """Keep the candidates of one number of voices: four where there are such, else the most."""
    sizes = {len(pitches) for pitches in found}
    size = 4 if 4 in sizes else max(sizes)
    return np.array(sorted(p for p in found if len(p) == size), dtype=np.int16)


def _nearest(root: int, stack: tuple[int, ...], low: int, high: int) -> tuple[int, ...]:
    middle = (low + high - stack[-1] + stack[0]) // 2
    first = root + stack[0]
    bottom = middle + (first - middle + 6) % 12 - 6
    bottom = min(max(bottom, first % 12), 127 - (stack[-1] - stack[0]))
    bottom -= (bottom - first) % 12
    return tuple(bottom + tone - stack[0] for tone in stack)
