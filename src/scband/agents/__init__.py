"""The players: each decides what to play in the coming bar, from context, style and a seed."""

from scband.agents.band import PLAYERS, Agent, Band
from scband.agents.context import Context, Moment, Performer, contexts
from scband.agents.drum_kit import PIECES
from scband.agents.style import Style, load, names

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
