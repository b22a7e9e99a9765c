"""Chord shapes that a left hand can hold: strings, frets and fingers.

A shape is searched, not looked up, so that every chord has one: positions of four frets, one tone
a string, at most four fingers (a barre is one), the tones that tell the chord first.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from types import MappingProxyType

from scband.agents.harmony import core, degree
from scband.theory.chord import Chord
from scband.theory.fretboard import SPAN, STANDARD_TUNING
from scband.theory.shapes import guide_tones

_HIGHEST, _FINGERS = 10, 4
_FINGER = 0.25
"""What each finger adds to the cost of a shape."""

_STRINGS: Mapping[str, tuple[tuple[int, ...], ...]] = MappingProxyType({
    "barre": ((0, 1, 2, 3, 4, 5), (1, 2, 3, 4, 5)),
    "open": ((0, 1, 2, 3, 4, 5), (1, 2, 3, 4, 5), (2, 3, 4, 5)),
    "power": ((0, 1, 2), (1, 2, 3)),
    "freddie": ((0, 2, 3),),
    "jazz": ((1, 2, 3, 4), (2, 3, 4, 5)),
    "chop": ((3, 4, 5), (2, 3, 4)),
})  # fmt: skip
_ROOTED = ("barre", "open", "power")


@dataclass(frozen=True, slots=True)
class Fretting:
    """One note a string: `strings` from the lowest (0) up, and the `frets` on them (0 is open)."""

    strings: tuple[int, ...]
    frets: tuple[int, ...]

    @property
    def pitches(self) -> tuple[int, ...]:
        """MIDI pitches from the lowest string up."""
        return tuple(
            STANDARD_TUNING[string] + fret
            for string, fret in zip(self.strings, self.frets, strict=True)
        )

    @property
    def fingers(self) -> int:
        """How many fingers it takes; one bars the lowest fret unless that damps an open string."""
        pressed = [fret for fret in self.frets if fret > 0]
        if not pressed:
            return 0
        lowest = min(pressed)
        if 0 in self.frets[self.frets.index(lowest) :]:
            return len(pressed)
        return 1 + sum(fret > lowest for fret in pressed)

    @property
    def playable(self) -> bool:
        """Whether a hand can hold it: four fingers within four frets."""
        return _fingers(self.frets) is not None


@lru_cache(maxsize=2048)
def fretting(chord: Chord, kind: str, home: int) -> Fretting | None:
    """Return the shape of a kind for a chord that lies nearest to a home pitch; None for N.C."""
    if chord.root is None:
        return None
    return _best(chord, kind, home) or _best(chord, "chop", home)


def _best(chord: Chord, kind: str, home: int) -> Fretting | None:
    """Return the playable shape of least cost."""
    wanted = _wanted(chord, kind)
    least, found = math.inf, None
    for strings, frets in _candidates(chord, kind):
        fingers = _fingers(frets)
        if fingers is None:
            continue
        cost = wanted.cost(strings, frets, home) + _FINGER * fingers
        if cost < least:
            least, found = cost, (strings, frets)
    return Fretting(*found) if found else None


def _candidates(chord: Chord, kind: str) -> Iterator[tuple[tuple[int, ...], tuple[int, ...]]]:
    assert chord.root is not None
    tones = _tones(chord, kind)
    for strings in _STRINGS[kind]:
        positions = range(1) if kind == "open" else range(kind not in _ROOTED, _HIGHEST)
        for position in positions:
            options = [_frets(string, position, tones) for string in strings]
            if kind in _ROOTED:
                options[0] = [
                    f for f in options[0] if (STANDARD_TUNING[strings[0]] + f) % 12 == chord.root
                ]
            for frets in product(*options):
                yield strings, frets


def _fingers(frets: tuple[int, ...]) -> int | None:
    """Return how many fingers hold these frets, None where a hand cannot."""
    pressed = [fret for fret in frets if fret]
    if not pressed:
        return 0
    lowest = min(pressed)
    if max(pressed) - lowest >= SPAN:
        return None
    if 0 in frets and 0 in frets[frets.index(lowest) :]:
        count = len(pressed)
    else:
        count = 1 + sum([fret > lowest for fret in pressed])
    return count if count <= _FINGERS else None


def _tones(chord: Chord, kind: str) -> frozenset[int]:
    assert chord.root is not None
    if kind == "power":
        return frozenset({chord.root, degree(chord, "5")})
    colours = frozenset((chord.root + step) % 12 for step in chord.intervals)
    return colours if kind in ("jazz", "chop") else (core(chord) & colours)


def _frets(string: int, position: int, tones: frozenset[int]) -> list[int]:
    reach = range(position, position + SPAN)
    frets = [0, *reach[1:]] if position == 0 else list(reach)
    return [fret for fret in frets if (STANDARD_TUNING[string] + fret) % 12 in tones]


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What a shape should have: tones as bits above the root, and the root below if it matters."""

    root: int
    guides: int
    altered: int
    root_below: bool
    full: bool

    def cost(self, strings: tuple[int, ...], frets: tuple[int, ...], home: int) -> float:
        """Weigh a shape: missing tones first, then doublings, crossed strings and place."""
        pitches = [
            STANDARD_TUNING[string] + fret for string, fret in zip(strings, frets, strict=True)
        ]
        heard = guides = crossed = 0
        before = -1
        for pitch in pitches:
            bit = 1 << (pitch - self.root) % 12
            heard |= bit
            guides += bit & self.guides != 0
            crossed += pitch <= before
            before = pitch
        doubled = guides - (heard & self.guides).bit_count()
        missing = (self.guides & ~heard).bit_count() + (self.altered & ~heard).bit_count() / 2
        twice = len(pitches) - len(set(pitches))
        place = abs(sum(pitches) / len(pitches) - home)
        thin = 6 - len(pitches) if self.full else 0
        off_root = self.root_below and (pitches[0] - self.root) % 12 != 0
        return (
            8 * missing + 1.5 * doubled + 5 * twice + 6 * crossed + 1.2 * off_root
            + 0.4 * place + 0.3 * thin
        )  # fmt: skip


def _wanted(chord: Chord, kind: str) -> _Wanted:
    assert chord.root is not None
    guides = 0 if kind == "power" else sum(1 << step for step in set(guide_tones(chord)))
    altered = [step for step in (6, 8) if step in chord.intervals and 7 not in chord.intervals]
    bits = sum(1 << step for step in altered)
    return _Wanted(chord.root, guides, bits, kind == "freddie", kind in ("barre", "open"))
