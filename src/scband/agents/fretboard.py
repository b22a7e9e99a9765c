"""Chord shapes that a left hand can hold: strings, frets and fingers.

A shape is searched, not looked up, so that every chord has one: positions of four frets, one tone
a string, at most four fingers (a barre is one), the tones that tell the chord first.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise, product
from types import MappingProxyType

from scband.agents.harmony import core, degree
from scband.theory.chord import Chord
from scband.theory.shapes import guide_tones

TUNING = (40, 45, 50, 55, 59, 64)
"""MIDI pitches of the open strings, E2 to E4."""

SPAN = 4
"""Frets within which the fingers lie."""

_HIGHEST = 10
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
            TUNING[string] + fret for string, fret in zip(self.strings, self.frets, strict=True)
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
        pressed = [fret for fret in self.frets if fret > 0]
        return not pressed or (max(pressed) - min(pressed) < SPAN and self.fingers <= 4)


@lru_cache(maxsize=2048)
def fretting(chord: Chord, kind: str, home: int) -> Fretting | None:
    """Return the shape of a kind for a chord that lies nearest to a home pitch; None for N.C."""
    if chord.root is None:
        return None
    found = [shape for shape in _candidates(chord, kind) if shape.playable]
    if not found:
        found = [shape for shape in _candidates(chord, "chop") if shape.playable]
    return min(found, key=lambda shape: _cost(shape, chord, kind, home)) if found else None


def _candidates(chord: Chord, kind: str) -> Iterator[Fretting]:
    assert chord.root is not None
    tones = _tones(chord, kind)
    for strings in _STRINGS[kind]:
        positions = range(1) if kind == "open" else range(kind not in _ROOTED, _HIGHEST)
        for position in positions:
            options = [_frets(string, position, tones) for string in strings]
            if kind in _ROOTED:
                options[0] = [f for f in options[0] if (TUNING[strings[0]] + f) % 12 == chord.root]
            yield from (Fretting(strings, frets) for frets in product(*options))


def _tones(chord: Chord, kind: str) -> frozenset[int]:
    assert chord.root is not None
    if kind == "power":
        return frozenset({chord.root, degree(chord, "5")})
    colours = frozenset((chord.root + step) % 12 for step in chord.intervals)
    return colours if kind in ("jazz", "chop") else (core(chord) & colours)


def _frets(string: int, position: int, tones: frozenset[int]) -> list[int]:
    reach = range(position, position + SPAN)
    frets = [0, *reach[1:]] if position == 0 else list(reach)
    return [fret for fret in frets if (TUNING[string] + fret) % 12 in tones]


def _cost(shape: Fretting, chord: Chord, kind: str, home: int) -> float:
    """Weigh a shape: missing tones first, then place, doublings, stretch and fingers."""
    assert chord.root is not None
    pitches = shape.pitches
    sounding = [(pitch - chord.root) % 12 for pitch in pitches]
    guides = guide_tones(chord)
    missing = 0.0 if kind == "power" else sum(step not in sounding for step in guides)
    altered = [step for step in (6, 8) if step in chord.intervals and 7 not in chord.intervals]
    missing += sum(step not in sounding for step in altered) / 2
    doubled = sum(sounding.count(step) - 1 for step in guides if step in sounding)
    twice = len(pitches) - len(set(pitches))
    crossed = sum(high <= low for low, high in pairwise(pitches))
    root_below = kind == "freddie" and sounding[0] != 0
    place = abs(sum(pitches) / len(pitches) - home)
    thin = 6 - len(pitches) if kind in ("barre", "open") else 0
    return (
        8 * missing + 1.5 * doubled + 5 * twice + 6 * crossed + 1.2 * root_below
        + 0.4 * place + 0.25 * shape.fingers + 0.3 * thin
    )  # fmt: skip
