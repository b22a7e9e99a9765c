"""Voicing shapes: which tones of a chord sound, and how they are stacked.

Every shape turns a chord into candidate voicings (ascending MIDI pitches) in a range. Which of
them sounds is the choice of `voicing`, over the whole phrase.
"""

from __future__ import annotations

from enum import StrEnum
from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from scband.theory.chord import Chord

Pitches = NDArray[np.int16]


class Shape(StrEnum):
    """How a voicing is built."""

    CLOSE = "close"
    OPEN = "open"
    DROP2 = "drop2"
    DROP3 = "drop3"
    SHELL = "shell"
    ROOTLESS = "rootless"
    ROOTLESS_A = "rootless-a"
    ROOTLESS_B = "rootless-b"
    QUARTAL = "quartal"
    GUITAR = "guitar"


DEFAULT_RANGES: dict[Shape, tuple[int, int]] = {
    Shape.CLOSE: (52, 76),
    Shape.OPEN: (43, 79),
    Shape.DROP2: (48, 79),
    Shape.DROP3: (43, 79),
    Shape.SHELL: (41, 67),
    Shape.ROOTLESS: (50, 74),
    Shape.ROOTLESS_A: (48, 76),
    Shape.ROOTLESS_B: (48, 76),
    Shape.QUARTAL: (48, 79),
    Shape.GUITAR: (40, 76),
}
"""Lowest and highest MIDI pitch that a shape uses unless told otherwise."""

# Lowest pitch of the lower note at which an interval (semitones) still sounds clear, after the
# low-interval limits taught in arranging courses (e.g. Berklee's "Arranging for Horns").
LOW_LIMITS = {1: 52, 2: 51, 3: 48, 4: 46, 5: 46, 6: 46, 7: 34, 8: 43, 9: 41, 10: 41, 11: 41}


def clear(pitches: tuple[int, ...]) -> bool:
    """Tell whether no two neighbours sit too low for their interval."""
    return all(lower >= LOW_LIMITS.get(upper - lower, 0) for lower, upper in pairwise(pitches))


def third_of(chord: Chord) -> int | None:
    """Semitones of the chord's third, or of the suspended tone in its place."""
    return next((tone for tone in (4, 3, 5, 2) if tone in chord.intervals), None)


def seventh_of(chord: Chord) -> int | None:
    """Semitones of the chord's seventh, or of the sixth in its place."""
    return next((tone for tone in (10, 11, 9) if tone in chord.intervals), None)


def guide_tones(chord: Chord) -> tuple[int, ...]:
    """Semitones of third and seventh: what names the chord's sound."""
    third, seventh = third_of(chord), seventh_of(chord)
    return tuple(tone for tone in (third, seventh) if tone is not None)


def _colours(chord: Chord) -> list[int]:
    """Semitones of the other tones, those that make the chord's name first."""
    guides = set(guide_tones(chord))
    altered: list[int] = [
        tone for tone in (6, 8) if tone in chord.intervals and 7 not in chord.intervals
    ]
    others: list[int] = [
        tone for tone in (1, 3, 6, 8, 2, 9, 5, 11, 10, 4) if tone in chord.intervals
    ]
    return [tone for tone in dict.fromkeys(altered + others) if tone not in guides and tone != 0]


def four_tones(chord: Chord) -> list[tuple[int, ...]]:
    """Choose root, third, seventh and one more: the sets of a rooted four-part voicing."""
    guides = guide_tones(chord)
    colours = [tone for tone in _colours(chord) if tone != 7]
    fifth = [7] if 7 in chord.intervals else []
    rest = (colours + fifth)[: max(1, 1 + len(colours[:1]))]
    needed = (0, *guides)
    if len(needed) >= 3:
        fourth = rest[:1] if colours else fifth
        return [(*needed, *fourth)] if fourth else [needed]
    extras = (colours + fifth)[: 4 - len(needed)]
    return [(*needed, *extras)]


@lru_cache(maxsize=4096)
def stacks(tones: tuple[int, ...], voices: int) -> tuple[tuple[int, ...], ...]:
    """Close positions of some semitones: every inversion, doubled at the octave up to `voices`."""
    ordered = sorted(set(tones))
    found = []
    for turn in range(len(ordered)):
        cycle = ordered[turn:] + [tone + 12 for tone in ordered[:turn]]
        while len(cycle) < voices:
            cycle = [*cycle, cycle[len(cycle) - len(ordered)] + 12]
        found.append(tuple(cycle))
    return tuple(found)


def _dropped(stack: tuple[int, ...], *voices: int) -> tuple[int, ...]:
    """Lower some voices, counted from the top, by an octave."""
    lowered = list(stack)
    for voice in voices:
        lowered[-voice] -= 12
    return tuple(sorted(lowered))


def _open(tones: tuple[int, ...]) -> list[tuple[int, ...]]:
    found = []
    for stack in stacks(tones, 4):
        found += [_dropped(stack, 2), _dropped(stack, 3), _dropped(stack, 2, 4)]
    return found


def _rootless(chord: Chord, start: str) -> list[tuple[int, ...]]:
    """Third, fifth or thirteenth, seventh and ninth; from the third (A) or the seventh (B) up."""
    from scband.theory.scales import tensions  # noqa: PLC0415  # scales build on keys and chords

    third, seventh = third_of(chord), seventh_of(chord)
    if third is None:
        return []
    allowed = tensions(chord)
    dominant = 10 in chord.intervals and third in (4, 5)
    fifths: list[int] = [
        tone for tone in (8, 6) if tone in chord.intervals and 7 not in chord.intervals
    ]
    if dominant and not fifths:
        fifths += [tone for tone in (9, 8) if tone in allowed][:1]
    fifth = fifths[0] if fifths else (7 if 7 in chord.intervals else 6)
    ninths: list[int] = [tone for tone in (1, 3, 2) if tone in allowed and tone != third]
    in_chord = [tone for tone in ninths if tone in chord.intervals]
    ninth = (in_chord or ninths or [0])[0]
    top = seventh if seventh is not None else (9 if 9 in allowed else 0)
    tones: tuple[int, ...] = (third, fifth, top, ninth)
    if len(set(tones)) < 4:
        tones = tuple(dict.fromkeys((*tones, 0)))
    found = []
    for stack in stacks(tones, min(4, len(set(tones)))):
        bottom = stack[0] % 12
        if start == "any" or bottom == (third if start == "a" else top):
            found.append(stack)
    return found


def _quartal(chord: Chord) -> list[tuple[int, ...]]:
    """Stack fourths (one third allowed) out of the chord's scale, with third and seventh in it."""
    from scband.theory.scales import scale_tones  # noqa: PLC0415  # scales build on keys and chords

    allowed = scale_tones(chord)
    guides = set(guide_tones(chord))
    found = []
    for bottom in allowed:
        for steps in _FOURTHS:
            stack, top = [bottom], bottom
            for step in steps:
                top += step
                stack.append(top)
            tones = {tone % 12 for tone in stack}
            if tones <= allowed and guides <= tones and len(tones) == len(stack):
                found.append(tuple(stack))
    return found


_FOURTHS = tuple(
    steps
    for steps in ((a, b, c) for a in (5, 6, 4, 3) for b in (5, 6, 4, 3) for c in (5, 6, 4, 3))
    if sum(step in (5, 6) for step in steps) >= 2
)


def relative(chord: Chord, shape: Shape) -> list[tuple[int, ...]]:
    """Give a shape's stackings as semitones above the root; never empty for a chord that sounds."""
    found: list[tuple[int, ...]] = []
    if shape is Shape.SHELL:
        guides = guide_tones(chord) or tuple(sorted(chord.intervals - {0}))[:1]
        extra = (7,) if len(guides) < 2 and 7 in chord.intervals else ()
        found = [s for s in stacks((0, *guides, *extra), 3) if s[0] == 0]
        found += [
            _dropped(s, 2) for s in stacks((0, *guides, *extra), 3) if _dropped(s, 2)[0] % 12 == 0
        ]
    elif shape in (Shape.ROOTLESS, Shape.ROOTLESS_A, Shape.ROOTLESS_B):
        start = {"rootless": "any", "rootless-a": "a", "rootless-b": "b"}[shape.value]
        found = _rootless(chord, start)
    elif shape is Shape.QUARTAL:
        found = _quartal(chord)
    elif shape is Shape.OPEN:
        found = [stack for tones in four_tones(chord) for stack in _open(tones)]
    elif shape in (Shape.DROP2, Shape.DROP3):
        drop = 2 if shape is Shape.DROP2 else 3
        found = [_dropped(s, drop) for tones in four_tones(chord) for s in stacks(tones, 4)]
    if not found:
        found = [stack for tones in four_tones(chord) for stack in stacks(tones, 4)]
    return found


def placed(chord: Chord, shape: Shape, low: int, high: int) -> Pitches:
    """Place a shape's stackings in a range: (candidates, voices), ascending MIDI pitches.

    Low intervals that would growl are left out where something else is possible.
    """
    if chord.root is None:
        return np.zeros((1, 0), dtype=np.int16)
    found: set[tuple[int, ...]] = set()
    for stack in relative(chord, shape):
        base = chord.root + stack[0]
        start = low + (base - low) % 12 - stack[0]
        for bottom in range(start, high + 1, 12):
            pitches = tuple(bottom + tone for tone in stack)
            if pitches[-1] > high:
                break
            found.add(pitches)
    kept = [pitches for pitches in found if clear(pitches)] or sorted(found)
    if not kept:
        stack = relative(chord, shape)[0]
        middle = (low + high) // 2
        bottom = middle - (middle - chord.root - stack[0]) % 12 - stack[0]
        kept = [tuple(min(127, max(0, bottom + tone)) for tone in stack)]
    return np.array(sorted(kept), dtype=np.int16)
