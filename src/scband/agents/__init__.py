"""The players: each decides what to play in the coming bar, from context, style and a seed."""

from scband.agents.band import PLAYERS, Agent, Band
from scband.agents.context import Context, Moment, Performer, contexts
from scband.agents.style import Style, load, names
from scband.agents.style_parts import PIECES

__all__ = [
    "PIECES",
    "PLAYERS",
    "Agent",
    "Band",
    "Context",
    "Moment",
    "Performer",
    "Style",
    "contexts",
    "load",
    "names",
]
