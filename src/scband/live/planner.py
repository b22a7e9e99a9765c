"""Sends the bars that the conductor lets the band decide, and sends them anew after a change."""

from __future__ import annotations

import time
from collections.abc import Callable

from scband.agents.dynamics import loudness
from scband.live.bus import Event
from scband.live.conductor import BarPlan, Conductor
from scband.live.events import Planned
from scband.supercollider.engine import BeatReport
from scband.supercollider.patterns import PatternController

DRUMS = "drums"
_TOO_NEAR_SECONDS = 0.06  # a bar that begins so soon is left as it was sent


class Planner:
    """Keeps the Pdefs one bar ahead. `tell` hears of every bar that goes out."""

    def __init__(
        self,
        conductor: Conductor,
        patterns: PatternController,
        tell: Callable[[Event], None],
        *,
        link: bool = False,
    ) -> None:
        self._conductor = conductor
        self._patterns = patterns
        self._tell = tell
        self._link = link
        self.latency = 0.0

    def first(self, number: int = 0) -> None:
        """Send the bars that must be out before the clock starts with bar `number`."""
        self._send(self._conductor.first(number))

    def at_bar(self, number: int) -> None:
        """Send the bars that must go out now that bar `number` has begun."""
        self._send(self._conductor.at_bar(number))

    def again(self, report: BeatReport | None) -> None:
        """Decide the bars that are out already anew, but for one that is about to begin."""
        number = -1
        if report is not None:
            left = (report.bar_beats - report.in_bar) * 60 / report.tempo
            begun = time.time() - (report.time - self.latency)
            number = report.bar + (left - begun < _TOO_NEAR_SECONDS)
        self._send(self._conductor.again(number))

    def from_beat(self, number: int, since: float) -> None:
        """Decide the music from a beat of bar `number` on anew, that bar's and that of later ones.

        `since` counts from the bar's start; 0 is for a bar that has not begun.
        """
        if since > 0 and number < self._conductor.decided:
            plan = self._conductor.anew(number)
            if plan is not None:
                self._send_again(plan, since)
        self._send(self._conductor.again(number if since > 0 else number - 1))

    def _send(self, plans: list[BarPlan]) -> None:
        conductor = self._conductor
        loud = loudness(conductor.intensity)
        for plan in plans:
            slot = plan.slot
            for player, notes in plan.notes.items():
                self._patterns.send_bar(
                    player, slot.number, slot.start, slot.beats, notes, loudness=loud
                )
            for beat, tempo in conductor.slowings(slot.number) if not self._link else ():
                self._patterns.post("tempo", tempo, beat)
            self._told(plan)

    def _send_again(self, plan: BarPlan, since: float) -> None:
        """Send the bar that sounds again; who plays no pitches plays on as it was."""
        slot, loud = plan.slot, loudness(self._conductor.intensity)
        for player, notes in plan.notes.items():
            if player != DRUMS:
                self._patterns.send_bar_again(
                    player, slot.number, slot.start, slot.beats, notes, since=since, loudness=loud
                )
        self._told(plan)

    def _told(self, plan: BarPlan) -> None:
        style = str(self._conductor.style.name)
        self._tell(Planned(time.time(), plan, style, self._conductor.intensity))
