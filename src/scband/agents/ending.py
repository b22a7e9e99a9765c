"""Endings: a chord held or hit, a ritardando into it, or a fade."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from scband.agents.context import Context
from scband.score import Note

ENDINGS = ("hold", "hit", "ritardando", "fade")
"""How a style may end: a last chord that rings, one that stops, a slowing into it, a fade."""

FADE_BARS = 8
"""Bars over which a fade goes down to silence."""

_HIT = 0.5
"""Beats that the last chord of a `hit` lasts."""

_STEPS: Mapping[float, float] = MappingProxyType({
    -2.0: 0.96, -1.5: 0.92, -1.0: 0.87, -0.5: 0.81, -0.25: 0.76, 0.0: 0.7,
})  # fmt: skip
"""Of the tempo, by bars from the last bar: slower and slower, as a body comes to a stop.

The shape is that of Friberg and Sundberg ("Does music performance allude to locomotion?", JASA
105(3), 1999): the tempo's square falls evenly over the beats.
"""


def slowing(start: float, beats: float, tempo: float) -> list[tuple[float, float]]:
    """Return (beat, tempo) of a ritardando into a last bar that begins at `start`."""
    changes = [(start + bars * beats, tempo * factor) for bars, factor in _STEPS.items()]
    return [(beat, slower) for beat, slower in changes if beat > 0]


def ended(notes: tuple[Note, ...], context: Context, ending: str) -> tuple[Note, ...]:
    """Shape a player's notes by how the style ends: cut a hit short, let a fade go down."""
    if ending == "hit" and context.left == 0:
        return tuple(
            Note(note.start, min(note.length, _HIT), note.pitch, note.velocity, note.articulation)
            for note in notes
        )
    if ending == "fade" and context.left is not None and context.left < FADE_BARS:
        down = (context.left + 0.5) / FADE_BARS
        return tuple(
            Note(note.start, note.length, note.pitch, note.velocity * down, note.articulation)
            for note in notes
        )
    return notes
