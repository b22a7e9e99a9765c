"""The guitarist: four to the bar, strums, power chords, picked shapes, chops and dead strokes."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from scband.agents.chance import choose, dice
from scband.agents.context import Context, Moment
from scband.agents.dynamics import force, loudness, metric
from scband.agents.explain import chords_of, moment_of
from scband.agents.fretboard import Fretting, fretting
from scband.agents.parts import HEARD, Stroke, play_at, room, strokes
from scband.agents.rhythm import Pattern, Swing, hits, starts
from scband.agents.style import Style
from scband.score import Note

_UPSTROKE = 4
"""Strings that an upstroke catches, counted from the highest."""

_AVOID = 3.0
"""How much the guitarist avoids rhythms that double the keys'."""

_DEAD = 0.12
"""Length in beats of a muted stroke."""


@dataclass(frozen=True, slots=True)
class Guitar:
    """Decides the guitar's part; the order of a strum's notes is the order of the strings."""

    style: Style
    seed: int
    name = "guitar"
    hears = ("keys",)

    def decide(self, context: Context) -> tuple[Note, ...]:
        """Decide the coming bar."""
        if context.moment is Moment.COUNT_IN:
            return ()
        if context.moment is Moment.ENDING:
            row: tuple[Stroke, ...] = (Stroke(0.0, context.beats, "D", context.chord_at(0.0)),)
        else:
            bias = _answer(context, self.style)
            play, number = play_at(self.style.guitar, self.name, context, self.seed, bias)
            assert isinstance(play, Pattern)
            row = strokes(play, number, context, self.style)
        part = self.style.guitar
        return _played(
            row,
            self._kind(context),
            part.home,
            length=part.length,
            loud=loudness(context.intensity, part.level),
            pulse_starts=context.pulse_starts,
        )

    def explain(self, context: Context) -> str:
        """Say which shapes it holds and how it stays out of the keys' way."""
        notes = self.decide(context)
        told = moment_of(context)
        if not told:
            told = f"{self._kind(context)} shapes"
            if context.decided.get("keys"):
                told += ", in the rhythm that doubles the keys least"
        return f"{told}: {chords_of(notes, context)}"

    def _kind(self, context: Context) -> str:
        part = self.style.guitar
        choices = part.voicing.at(context.intensity, context.bar.section)
        section = context.bar.index - context.bar.section_bar
        rng = dice(self.seed, "guitar", "shape", context.chorus, section)
        return choose(rng, choices, context.temperature)


@lru_cache(maxsize=512)
def _played(
    row: tuple[Stroke, ...],
    kind: str,
    home: int,
    *,
    length: float,
    loud: float,
    pulse_starts: tuple[float, ...],
) -> tuple[Note, ...]:
    """Play strokes on the shapes of a kind that lie near a home pitch."""
    notes: list[Note] = []
    for stroke in row:
        shape = fretting(stroke.chord, kind, home)
        if shape:
            weight = metric(stroke.beat, pulse_starts)
            notes += _strummed(stroke, shape, length, force(stroke.symbol, loud, weight))
    return tuple(notes)


def _strummed(stroke: Stroke, shape: Fretting, part: float, velocity: float) -> list[Note]:
    length, kind = stroke.length * part, ""
    if stroke.symbol in "Mm":
        length, kind = min(length, _DEAD), "mute"
    elif stroke.symbol == "s":
        length, kind = min(length, 0.3), "staccato"
    elif stroke.symbol in "DUP":
        kind = "accent"
    return [
        Note(stroke.beat, length, pitch, velocity, kind)
        for pitch in _order(stroke.symbol, shape.pitches)
    ]


def _answer(context: Context, style: Style) -> Callable[[Pattern | str, int], float] | None:
    """Weigh rhythms by how little they strike where the keys do, between the beats above all."""
    taken = tuple(dict.fromkeys(note.start for note in context.decided.get("keys", ())))
    sparser = room(context) if context.performer.density > HEARD else None
    if not taken:
        return sparser
    swing = style.swing_at(context.tempo, context.swing)

    def weigh(play: Pattern | str, number: int) -> float:
        assert isinstance(play, Pattern)
        apart = _apart(play.bar(number), context.pulses, swing, taken)
        return apart * sparser(play, number) if sparser else apart

    return weigh


@lru_cache(maxsize=1024)
def _apart(
    bar: tuple[str, ...], lengths: tuple[float, ...], swing: Swing, taken: tuple[float, ...]
) -> float:
    row = [hit.beat for hit in hits(bar, lengths, swing) if hit.symbol not in "Mm"]
    on_beat = starts(lengths)
    both = sum(
        0.35 if beat in on_beat else 1.0
        for beat in row
        if any(abs(beat - other) < 1e-3 for other in taken)
    )
    return math.exp(-_AVOID * both / max(len(row), 1))


def _order(symbol: str, pitches: tuple[int, ...]) -> tuple[int, ...]:
    """Return the pitches in the order in which the hand meets them."""
    if symbol.isdigit():
        return (pitches[min(int(symbol), len(pitches)) - 1],)
    if symbol == "b":
        return pitches[:1]
    if symbol in "Uu":
        return pitches[::-1][:_UPSTROKE]
    return pitches
