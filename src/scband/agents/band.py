"""The band: everyone decides the bar in turn, and those who listen hear the others."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol

from scband.agents.bass import Bass
from scband.agents.context import Context
from scband.agents.drumming import school
from scband.agents.drums import Drums
from scband.agents.ending import ended
from scband.agents.guitar import Guitar
from scband.agents.humanise import humanise
from scband.agents.keys import Keys
from scband.agents.lead import Lead
from scband.agents.pad import Pad
from scband.agents.shaping import has_entered, shaped
from scband.agents.style import Style, load
from scband.errors import BandError
from scband.score import Note

PLAYERS = ("drums", "bass", "keys", "guitar", "lead", "pad")
"""Every player, in the order in which they decide: later ones may hear earlier ones."""


class Agent(Protocol):
    """A player: decides its notes for a bar as a pure function of context, style and seed."""

    @property
    def name(self) -> str:
        """The player's name."""

    @property
    def hears(self) -> tuple[str, ...]:
        """The players whose decisions it needs to know."""

    def decide(self, context: Context) -> tuple[Note, ...]:
        """Decide the coming bar: notes on the grid, starts in beats from the bar's start."""

    def explain(self, context: Context) -> str:
        """Say why it decides as it does for this bar."""


@dataclass(frozen=True, slots=True, init=False)
class Band:
    """Players in a style. `decide` is a pure function: the same bar gives the same notes, always.

    `style` may be given by name; `humanise` 0 puts every note on the grid, 1 plays as people do.
    Switching a player off changes nothing in what the others play. Another style, or other
    players, are another Band (`dataclasses.replace`). Raises BandError for unknown players and
    StyleError for an unknown style.
    """

    style: Style
    players: tuple[str, ...]
    seed: int
    humanise: float
    agents: tuple[Agent, ...] = field(init=False, repr=False, compare=False)

    def __init__(
        self,
        style: Style | str,
        players: Iterable[str] = PLAYERS,
        seed: int = 0,
        humanise: float = 1.0,
    ) -> None:
        wanted = tuple(players)
        unknown = [player for player in wanted if player not in PLAYERS]
        if unknown:
            raise BandError(f"there is no player {unknown[0]!r}; there are {', '.join(PLAYERS)}")
        if not 0 <= humanise <= 3:
            raise BandError(f"humanise must lie between 0 and 3, not {humanise:g}")
        chosen = load(style) if isinstance(style, str) else style
        put = object.__setattr__
        put(self, "style", chosen)
        put(self, "players", tuple(player for player in PLAYERS if player in wanted))
        put(self, "seed", seed)
        put(self, "humanise", humanise)
        put(self, "agents", _needed(_agents(chosen, seed), wanted))
        school(chosen.drums.school)  # read now, not while a bar is waited for

    def decide(self, context: Context) -> dict[str, tuple[Note, ...]]:
        """Decide the coming bar for every player of the band, in beats from the bar's start."""
        context = shaped(context, self.style.sections)
        decided = dict(context.decided)
        for agent in self.agents:
            hearing = context.hearing(decided) if agent.hears else context
            decided[agent.name] = agent.decide(hearing)
        return {
            player: self._performed(player, decided[player], context) for player in self.players
        }

    def explain(self, context: Context) -> dict[str, str]:
        """Say why every player of the band decides as it does for a bar."""
        context = shaped(context, self.style.sections)
        decided = dict(context.decided)
        told = {}
        for agent in self.agents:
            hearing = context.hearing(decided) if agent.hears else context
            decided[agent.name] = agent.decide(hearing)
            if agent.name not in self.players:
                continue
            entered = has_entered(agent.name, context, self.style.intro)
            told[agent.name] = agent.explain(hearing) if entered else "waits for its entry"
        return told

    def _performed(
        self, player: str, notes: tuple[Note, ...], context: Context
    ) -> tuple[Note, ...]:
        if not has_entered(player, context, self.style.intro):
            return ()
        played = humanise(
            player, notes, context, style=self.style, seed=self.seed, amount=self.humanise
        )
        return ended(played, context, self.style.ending)


def _agents(style: Style, seed: int) -> tuple[Agent, ...]:
    return tuple(kind(style, seed) for kind in (Drums, Bass, Keys, Guitar, Lead, Pad))


def _needed(agents: tuple[Agent, ...], players: Iterable[str]) -> tuple[Agent, ...]:
    """Keep the agents that play, and those that they listen to."""
    wanted = set(players)
    for agent in reversed(agents):
        if agent.name in wanted:
            wanted.update(agent.hears)
    return tuple(agent for agent in agents if agent.name in wanted)
