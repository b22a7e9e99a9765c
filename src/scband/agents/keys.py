"""The pianist: comping on led voicings, held chords, stabs, and broken chords."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from scband.agents.chance import choose, dice
from scband.agents.context import Context, Moment
from scband.agents.dynamics import force, loudness, metric
from scband.agents.explain import chords_of, moment_of
from scband.agents.parts import HEARD, PUSHES, Stroke, play_at, room, strokes
from scband.agents.rhythm import Pattern
from scband.agents.style import Style
from scband.agents.style_parts import Part
from scband.agents.voicings import Voicing, next_voicing, voicings
from scband.score import Note

_BUSY = 2.5
"""Notes a beat of the performer from which the pianist leaves room."""


@dataclass(frozen=True, slots=True)
class Keys:
    """Decides the keyboard's part."""

    style: Style
    seed: int
    name = "keys"
    hears = ()

    def decide(self, context: Context) -> tuple[Note, ...]:
        """Decide the coming bar."""
        if context.moment is Moment.COUNT_IN:
            return ()
        part = self.style.keys
        if context.moment is Moment.ENDING:
            return held_chord(part, context, voicing_of(part, self.name, context, self.seed))
        bias = room(context) if context.performer.density > HEARD else None
        play, number = play_at(part, self.name, context, self.seed, bias)
        assert isinstance(play, Pattern)
        row = strokes(play, number, context, self.style)
        if context.performer.density > _BUSY:
            row = tuple(stroke for stroke in row if stroke.beat == 0 or stroke.symbol != "x")
        return chords_on(row, part, context, voicing_of(part, self.name, context, self.seed))

    def explain(self, context: Context) -> str:
        """Say which rhythm and voicings it plays, and whether it leaves room."""
        notes = self.decide(context)
        told = moment_of(context)
        if not told:
            shape = voicing_of(self.style.keys, self.name, context, self.seed)
            told = f"{shape} voicings, each near the one before"
            if context.performer.density > HEARD:
                told += ", sparser since the performer plays"
        return f"{told}: {chords_of(notes, context)}"


def voicing_of(part: Part, player: str, context: Context, seed: int) -> str:
    """Choose the shape of voicing, the same for a whole phrase."""
    choices = part.voicing.at(context.intensity, context.bar.section)
    phrase = context.bar.index - context.bar.section_bar % 4
    return choose(dice(seed, player, "voicing", context.chorus, phrase), choices)


def chords_on(
    row: tuple[Stroke, ...], part: Part, context: Context, shape: str
) -> tuple[Note, ...]:
    """Play each stroke on its voicing: whole for a chord symbol, one voice for a digit."""
    voiced = voicings(context, shape, part.low, part.high)
    loud = loudness(context.intensity, part.level)
    beats = context.beats
    shapes = []
    for stroke in row:
        pushed = stroke.symbol in PUSHES and stroke.beat + stroke.length > beats - 1e-6
        pitches = (
            next_voicing(context, shape, part.low, part.high)
            if pushed
            else voiced.get(stroke.chord, ())
        )
        if stroke.symbol.isdigit():
            pitches = pitches[min(int(stroke.symbol), len(pitches)) - 1 :][:1]
        elif stroke.symbol == "b":
            pitches = pitches[:1]
        shapes.append(pitches)
    return _all_struck(row, tuple(shapes), part.length, loud, context.pulse_starts)


@lru_cache(maxsize=512)
def _all_struck(
    row: tuple[Stroke, ...],
    shapes: tuple[Voicing, ...],
    length: float,
    loud: float,
    pulse_starts: tuple[float, ...],
) -> tuple[Note, ...]:
    return tuple(
        note
        for stroke, pitches in zip(row, shapes, strict=True)
        for note in _struck(stroke, pitches, length, loud * metric(stroke.beat, pulse_starts))
    )


def _struck(stroke: Stroke, pitches: Voicing, length: float, loud: float) -> list[Note]:
    """Play pitches together, the top one singing, the inner ones lighter."""
    short = stroke.symbol == "s"
    length = min(stroke.length * length, 0.35 if short else stroke.length)
    kind = "staccato" if short else ("accent" if stroke.symbol in "XP" else "")
    top, inner = force(stroke.symbol, loud), force(stroke.symbol, loud, 0.88)
    return [
        Note(stroke.beat, length, pitch, top if pitch == pitches[-1] else inner, kind)
        for pitch in pitches
    ]


def held_chord(part: Part, context: Context, shape: str) -> tuple[Note, ...]:
    """Hold the bar's first chord to its end."""
    voiced = voicings(context, shape, part.low, part.high)
    stroke = Stroke(0.0, context.beats, "X", context.chord_at(0.0))
    pitches = voiced.get(stroke.chord, ())
    loud = loudness(context.intensity, part.level)
    return tuple(_struck(stroke, pitches, part.length, loud))
