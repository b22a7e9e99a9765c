"""The lead: a melody in four-bar phrases, toward chord tones, with rests between."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

from scband.agents.chance import choose, dice
from scband.agents.context import Context, Moment
from scband.agents.dynamics import force, loudness
from scband.agents.explain import line_of, moment_of, movement
from scband.agents.harmony import core, degree, melodic, nearest
from scband.agents.line import Candidates, draw_line, moves
from scband.agents.parts import Stroke, play_at, strokes
from scband.agents.rhythm import Pattern
from scband.agents.style import Style
from scband.chart import PlayedBar
from scband.score import Note
from scband.theory.chord import Chord
from scband.theory.key import Key

_MOVES = moves(0.3, 1.3, 1.6, 0.9, 0.7, 0.45, 0.1, 0.25, 0.12, 0.12, 0.03, 0.02, 0.08)
_TARGETS = (("3", 0.4), ("5", 0.25), ("7", 0.2), ("1", 0.15))
_MOTIF = ((2, 4.0), (-2, 4.0), (1, 1.0), (-1, 1.0), (3, 2.0), (-3, 2.0), (5, 1.2), (-5, 0.6),
          (0, 1.0), (7, 0.4))  # fmt: skip
_MOTIF_NOTES = 5
_PHRASE = (
    "states the motif",
    "answers it upside down",
    "brings it back, turned at its end",
    "closes the phrase freely",
)
_SPREAD = 5.0
_BUSY = 0.8
"""Notes a beat of the performer from which the lead leaves the stage."""


@dataclass(frozen=True, slots=True)
class Lead:
    """Decides the melody; it is silent while the performer plays a busy line."""

    style: Style
    seed: int
    name = "lead"
    hears = ()

    def decide(self, context: Context) -> tuple[Note, ...]:
        """Decide the coming bar."""
        if context.moment is Moment.COUNT_IN or context.performer.density > _BUSY:
            return ()
        part = self.style.lead
        if context.moment is Moment.ENDING:
            row: tuple[Stroke, ...] = (Stroke(0.0, context.beats, "x", context.chord_at(0.0)),)
        else:
            play, number = play_at(part, self.name, context, self.seed)
            assert isinstance(play, Pattern)
            row = strokes(play, number, context, self.style)
        row = tuple(stroke for stroke in row if stroke.chord.root is not None)
        if not row:
            return ()
        loud = loudness(context.intensity, part.level)
        return tuple(
            Note(stroke.beat, stroke.length * part.length, pitch, force(stroke.symbol, loud))
            for stroke, pitch in zip(row, self._pitches(row, context), strict=True)
        )

    def explain(self, context: Context) -> str:
        """Say where in its phrase the melody is, what it aims at, and what each note is."""
        if context.moment is not Moment.COUNT_IN and context.performer.density > _BUSY:
            return "leaves the stage to the performer"
        told = moment_of(context)
        notes = self.decide(context)
        if context.moment is Moment.COUNT_IN:
            return told
        if not notes:
            return "a rest between phrases"
        if not told:
            place = context.bar.section_bar % 4
            told = _PHRASE[place]
        return f"{told}; {movement(notes)}: {line_of(notes, context)}"

    def _pitches(self, row: tuple[Stroke, ...], context: Context) -> list[int]:
        part = self.style.lead
        start = self._target(context.bar, row[0].chord, context.chorus, context.temperature)
        following = context.next_bar
        aim = None
        if following and following.chords[0].chord.root is not None:
            ahead = following.chords[0].chord
            aim = self._target(following, ahead, context.next_chorus, context.temperature)
        middle = 2 * ((start + (aim if aim is not None else start) + 2 * part.home) // 8)
        steps = tuple(
            _candidates(stroke.chord, context.key, _strong(stroke), middle, (part.low, part.high))
            for stroke in row[1:]
        )
        rng = dice(self.seed, "lead", "line", context.chorus, context.bar.index)
        tables = (_MOVES,) * len(row)
        line = draw_line(
            rng, start, steps, aim, tables, onward=1.2, repeat=0.4,
            temperature=context.temperature, wishes=self._motif(context, len(row)),
        )  # fmt: skip
        return [start, *line]

    def _motif(self, context: Context, count: int) -> tuple[int, ...]:
        """Return the moves, in semitones, that this bar would like to make.

        A section has a motif, which opens its phrases and comes back in their third bars, turned at
        its end; the second bars answer it upside down, and the fourth are free to close. The same
        section has the same motif in every chorus.
        """
        place = context.bar.section_bar % 4
        if place == 3:
            return ()
        rng = dice(self.seed, "lead", "motif", context.bar.section)
        moves = [choose(rng, _MOTIF) for _ in range(_MOTIF_NOTES)]
        if place == 1:
            moves = [-move for move in moves]
        elif place == 2:
            moves[-1] = -moves[-1]
        return tuple(moves[:count])

    def _target(self, bar: PlayedBar, chord: Chord, chorus: int, heat: float) -> int:
        """Return the note that a bar's melody begins on, a function of the bar alone."""
        part = self.style.lead
        rng = dice(self.seed, "lead", "target", chorus, bar.index)
        arch = math.sin(math.pi * (bar.section_bar % 8 + 0.5) / 8)
        aim = part.home + 5 * arch + 5 * (rng.random() - 0.5) * min(heat, 1.0)
        return nearest(degree(chord, choose(rng, _TARGETS, heat)), aim, part.low, part.high)


def _strong(stroke: Stroke) -> bool:
    """Tell whether a note is heard against its chord: on the beat, or long."""
    return abs(stroke.beat - round(stroke.beat)) < 0.02 or stroke.length >= 1.0


@lru_cache(maxsize=1024)
def _candidates(
    chord: Chord, key: Key | None, strong: bool, middle: int, span: tuple[int, int]
) -> Candidates:
    tones, scale = core(chord), melodic(chord, key)
    found = []
    for pitch in range(span[0], span[1] + 1):
        name = pitch % 12
        if name not in tones and name not in scale:
            continue
        weight = 1.0 if name in tones else (0.3 if strong else 0.9)
        weight *= math.exp(-0.5 * ((pitch - middle) / _SPREAD) ** 2)
        if weight > 0.02:
            found.append((pitch, weight))
    return Candidates(found)
