"""Who decides when what is played: the tempo, and which bars must go out now.

No clock and no socket: the session reports beats and sends what comes back.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from scband.agents import Band, Moment, Performer, Style, load
from scband.agents.ending import slowing
from scband.agents.form import Form, Slot
from scband.errors import SessionError
from scband.score import Note

BARS_AHEAD = 1
"""How many bars beyond the one that sounds are with the Pdefs."""


class FollowMode(StrEnum):
    """How the band takes its tempo. Only `click`, a fixed tempo, is built so far."""

    CLICK = "click"


@dataclass(frozen=True, slots=True)
class BarPlan:
    """What every player is to play in one bar."""

    slot: Slot
    notes: dict[str, tuple[Note, ...]]


class Conductor:
    """Lets the band decide bar after bar; a change is decided anew from the next bar on."""

    def __init__(
        self,
        form: Form,
        band: Band,
        *,
        tempo: float,
        intensity: float = 0.5,
        temperature: float = 1.0,
        mode: FollowMode | str = FollowMode.CLICK,
    ) -> None:
        if mode not in list(FollowMode):
            raise SessionError(
                f"the band cannot follow by {mode!r} yet; there is: {', '.join(FollowMode)}"
            )
        self.form = form
        self.band = band
        self.mode = FollowMode(mode)
        self.tempo = tempo
        self.intensity = intensity
        self.temperature = temperature
        self.swing: float | None = None
        self.performer = Performer()
        self.decided = 0

    @property
    def style(self) -> Style:
        """The style that is played."""
        return self.band.style if isinstance(self.band.style, Style) else load(self.band.style)

    @property
    def swing_ratio(self) -> float:
        """How the eighths divide at this tempo: 2 is a triplet feel, 1 straight."""
        return float(self.style.swing_at(self.tempo, self.swing).ratio)

    def decide(self, slot: Slot) -> BarPlan:
        """Let everybody decide one bar."""
        context = self.form.context(
            slot,
            tempo=self.tempo,
            intensity=self.intensity,
            swing=self.swing,
            performer=self.performer,
            temperature=self.temperature,
        )
        return BarPlan(slot, self.band.decide(context))

    def first(self) -> list[BarPlan]:
        """Return the bars that must be out before the clock starts."""
        return self._upto(BARS_AHEAD)

    def at_bar(self, number: int) -> list[BarPlan]:
        """Return the bars that must go out now that bar `number` has begun."""
        return self._upto(number + BARS_AHEAD)

    def again(self, number: int) -> list[BarPlan]:
        """Return the bars after `number` that are out already, decided anew after a change."""
        last, self.decided = self.decided, min(self.decided, number + 1)
        return self._upto(last - 1)

    def _upto(self, last: int) -> list[BarPlan]:
        plans = []
        while self.decided <= last and (slot := self.form.slot(self.decided)) is not None:
            plans.append(self.decide(slot))
            self.decided += 1
        return plans

    def slowings(self, number: int) -> list[tuple[float, float]]:
        """Return (beat, tempo) of the ritardando's steps within one bar; most bars have none."""
        here, length = self.form.slot(number), self.form.length
        if here is None or length is None or self.style.ending != "ritardando":
            return []
        last = self.form.slot(length - 1)
        assert last is not None
        steps = slowing(last.start, last.beats, self.tempo)
        return [(b, t) for b, t in steps if here.start <= b < here.start + here.beats]

    def over(self, number: int) -> bool:
        """Say whether bar `number` lies past the end of the performance."""
        return self.form.slot(number) is None

    def change_style(self, name: Style | str) -> None:
        """Take another style from the next bar on; raises StyleError."""
        style = load(name) if isinstance(name, str) else name
        self.band = replace(self.band, style=style)

    def playing(self, number: int) -> bool:
        """Say whether bar `number` belongs to the song and not to the count-in."""
        slot = self.form.slot(number)
        return slot is not None and slot.moment is not Moment.COUNT_IN
