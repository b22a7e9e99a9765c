"""From a style's part to the hits of one bar: which pattern, and which chord under each hit."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar

from scband.agents.chance import Weighted, choose, dice
from scband.agents.context import Context
from scband.agents.rhythm import BLANK, Hit, Pattern, Swing, hits, starts
from scband.agents.style import Style
from scband.agents.style_parts import Part
from scband.chart import ChordAt
from scband.theory.chord import Chord

PUSHES = "pP"
"""Symbols of hits that anticipate the next chord."""

HEARD = 0.4
"""Notes a beat of the performer from which others choose sparser rhythms, more and more."""

_UNHEARD = (*BLANK, "m", "M")
_ANTICIPATION = 0.55
"""Beats before a change within which a held hit belongs to it."""

_LEAST = 0.1
"""Pieces of a held chord shorter than this, in beats, are not struck again."""


P = TypeVar("P", bound=Pattern | str)


@dataclass(frozen=True, slots=True)
class Stroke:
    """A hit with the chord that it plays; beats in quarter notes from the bar's start."""

    beat: float
    length: float
    symbol: str
    chord: Chord


def play_at(
    part: Part,
    player: str,
    context: Context,
    seed: int,
    bias: Callable[[Pattern | str, int], float] | None = None,
) -> tuple[Pattern | str, int]:
    """Choose what a player plays in a bar: a pattern or a way, and which of the pattern's bars.

    A choice stays for as many bars as the style says, so that a part repeats as people do. `bias`
    weighs each pattern (with the number of its bar) by what the player hears.
    """
    choices = meant_for(part.play.at(context.intensity, context.bar.section), len(context.pulses))
    longest = max(len(play.bars) if isinstance(play, Pattern) else 1 for play, _ in choices)
    place = context.bar.section_bar
    since = place % max(part.every, longest) if part.every else place
    rng = dice(seed, player, "play", context.chorus, context.bar.index - since)
    if bias is not None and len(choices) > 1:
        choices = tuple((play, weight * bias(play, place)) for play, weight in choices)
    return choose(rng, choices, context.temperature), place


def room(context: Context) -> Callable[[Pattern | str, int], float]:
    """Weigh rhythms by the room that they leave to the performer, the busier the more."""
    density = min(context.performer.density, 4.0)

    def weigh(play: Pattern | str, number: int) -> float:
        assert isinstance(play, Pattern)
        strikes = sum(symbol not in _UNHEARD for pulse in play.bar(number) for symbol in pulse)
        return math.exp(-0.3 * density * strikes)

    return weigh


def meant_for(choices: Weighted[P], count: int) -> Weighted[P]:
    """Keep the patterns that are written for a bar of this many pulses, if there are any."""
    meant = tuple(
        choice
        for choice in choices
        if not isinstance(choice[0], Pattern) or len(choice[0].bars[0]) == count
    )
    return meant or choices


def strokes(pattern: Pattern, number: int, context: Context, style: Style) -> tuple[Stroke, ...]:
    """Lay a bar of a pattern over the bar's chords, leaving out what falls on N.C.

    A hit that is held over a change is struck again on it, unless it starts on the off-beat just
    before: then it anticipates. `p` and `P` always play the chord that comes after them.
    """
    following = context.coming[0].chords[0].chord if context.coming else None
    swing = style.swing_at(context.tempo, context.swing)
    return _laid(pattern.bar(number), context.pulses, swing, context.bar.chords, following)


@lru_cache(maxsize=1024)
def _laid(
    bar: tuple[str, ...],
    lengths: tuple[float, ...],
    swing: Swing,
    chords: tuple[ChordAt, ...],
    following: Chord | None,
) -> tuple[Stroke, ...]:
    found: list[Stroke] = []
    beats = sum(lengths)
    for hit in hits(bar, lengths, swing):
        if hit.symbol in PUSHES:
            end = hit.beat + hit.length
            beyond = following is not None and end >= beats - 1e-6
            chord = following if beyond else _sounding(chords, end)
            assert chord is not None
            found.append(Stroke(hit.beat, hit.length, hit.symbol, chord))
        elif len(chords) == 1:
            found.append(Stroke(hit.beat, hit.length, hit.symbol, chords[0].chord))
        else:
            found += _split(hit, chords, starts(lengths))
    return tuple(stroke for stroke in found if stroke.chord.root is not None)


def _sounding(chords: tuple[ChordAt, ...], beat: float) -> Chord:
    return [change.chord for change in chords if change.beat <= beat + 1e-9][-1]


def _split(hit: Hit, chords: tuple[ChordAt, ...], pulse_starts: tuple[float, ...]) -> list[Stroke]:
    """Divide a hit at the changes under it."""
    end = hit.beat + hit.length
    inside = [c.beat for c in chords if hit.beat + 1e-6 < c.beat < end - _LEAST]
    begins = [hit.beat, *inside]
    sounding = list(begins)
    off_beat = all(abs(hit.beat - start) > 1e-4 for start in pulse_starts)
    if inside and off_beat and inside[0] - hit.beat < _ANTICIPATION:
        begins.pop(1)
        sounding.pop(0)
    return [
        Stroke(begin, stop - begin, hit.symbol, _sounding(chords, heard))
        for begin, stop, heard in zip(begins, [*begins[1:], end], sounding, strict=True)
    ]
