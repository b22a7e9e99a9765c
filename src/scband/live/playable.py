"""What a session can be given beside a chart: a chart with what it takes to play it."""

from __future__ import annotations

from typing import Protocol

from scband.chart import SongMap


class Playable(Protocol):
    """A chart with style, tempo, players and seed, as `scband.chart` returns it."""

    @property
    def map(self) -> SongMap:
        """The chart."""

    @property
    def style(self) -> str:
        """Name of the style."""

    @property
    def tempo(self) -> float:
        """Quarter notes a minute."""

    @property
    def players(self) -> tuple[str, ...]:
        """Who plays."""

    @property
    def seed(self) -> int:
        """Seed of every musical choice."""

    @property
    def intensity(self) -> float:
        """How hard the band plays, 0 to 1."""

    @property
    def temperature(self) -> float:
        """How far the players stray, 0 to 2."""
