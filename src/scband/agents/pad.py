"""The pad: sustained voicings under everything."""

from __future__ import annotations

from dataclasses import dataclass

from scband.agents.context import Context, Moment
from scband.agents.explain import chords_of, moment_of
from scband.agents.keys import chords_on, held_chord, voicing_of
from scband.agents.parts import play_at, strokes
from scband.agents.rhythm import Pattern
from scband.agents.style import Style
from scband.score import Note


@dataclass(frozen=True, slots=True)
class Pad:
    """Decides the pad's part."""

    style: Style
    seed: int
    name = "pad"
    hears = ()

    def decide(self, context: Context) -> tuple[Note, ...]:
        """Decide the coming bar."""
        if context.moment is Moment.COUNT_IN:
            return ()
        part = self.style.pad
        shape = voicing_of(part, self.name, context, self.seed)
        if context.moment is Moment.ENDING:
            return held_chord(part, context, shape)
        play, number = play_at(part, self.name, context, self.seed)
        assert isinstance(play, Pattern)
        return chords_on(strokes(play, number, context, self.style), part, context, shape)

    def explain(self, context: Context) -> str:
        """Say which chords it holds."""
        notes = self.decide(context)
        return f"{moment_of(context) or 'holds what all others move over'}: " + chords_of(
            notes, context
        )
