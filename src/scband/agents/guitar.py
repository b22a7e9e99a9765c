"""The guitarist: four to the bar, strums, power chords, picked shapes, chops and dead strokes."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from scband.agents.chance import choose, dice
from scband.agents.context import Context, Moment
from scband.agents.dynamics import force, loudness, metric
from scband.agents.fretboard import Fretting, fretting
from scband.agents.parts import Stroke, play_at, strokes
from scband.agents.rhythm import Pattern, hits
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
        notes: list[Note] = []
        for stroke in row:
            shape = self._shape(stroke, context)
            if shape:
                notes += self._played(stroke, shape, context)
        return tuple(notes)

    def _shape(self, stroke: Stroke, context: Context) -> Fretting | None:
        part = self.style.guitar
        choices = part.voicing.at(context.intensity, context.bar.section)
        section = context.bar.index - context.bar.section_bar
        rng = dice(self.seed, "guitar", "shape", context.chorus, section)
        kind = choose(rng, choices, context.temperature)
        return fretting(stroke.chord, kind, part.home)

    def _played(self, stroke: Stroke, shape: Fretting, context: Context) -> list[Note]:
        part = self.style.guitar
        pitches = _order(stroke.symbol, shape.pitches)
        length, kind = stroke.length * part.length, ""
        if stroke.symbol in "Mm":
            length, kind = min(length, _DEAD), "mute"
        elif stroke.symbol == "s":
            length, kind = min(length, 0.3), "staccato"
        elif stroke.symbol in "DUP":
            kind = "accent"
        weight = metric(stroke.beat, context.pulse_starts)
        velocity = force(stroke.symbol, loudness(context.intensity, part.level), weight)
        return [Note(stroke.beat, length, pitch, velocity, kind) for pitch in pitches]


def _answer(context: Context, style: Style) -> Callable[[Pattern | str, int], float] | None:
    """Weigh rhythms by how little they strike where the keys do, between the beats above all."""
    starts = context.pulse_starts
    taken = {
        round(note.start, 3): 0.35 if note.start in starts else 1.0
        for note in context.decided.get("keys", ())
    }
    if not taken:
        return None
    swing = style.swing_at(context.tempo, context.swing)

    def weigh(play: Pattern | str, number: int) -> float:
        assert isinstance(play, Pattern)
        row = [
            hit for hit in hits(play.bar(number), context.pulses, swing) if hit.symbol not in "Mm"
        ]
        both = sum(taken.get(round(hit.beat, 3), 0.0) for hit in row)
        return math.exp(-_AVOID * both / max(len(row), 1))

    return weigh


def _order(symbol: str, pitches: tuple[int, ...]) -> tuple[int, ...]:
    """Return the pitches in the order in which the hand meets them."""
    if symbol.isdigit():
        return (pitches[min(int(symbol), len(pitches)) - 1],)
    if symbol == "b":
        return pitches[:1]
    if symbol in "Uu":
        return pitches[::-1][:_UPSTROKE]
    return pitches
