"""Who decides when what is played: the tempo, and which bars must go out now.

No clock and no socket: the session reports beats and sends what comes back.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from scband.agents import Band, Moment, Performer, Style, load
from scband.agents.ending import slowing
from scband.agents.form import Form, Slot
from scband.chart import ChordAt
from scband.live.follow import FollowMode, checked_strength, mode_named
from scband.score import Note
from scband.theory import Chord

BARS_AHEAD = 1
"""How many bars beyond the one that sounds are with the Pdefs."""


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
        strength: float = 0.7,
    ) -> None:
        self.form = form
        self.band = band
        self.mode = mode_named(mode)
        self.strength = checked_strength(strength)
        self.tempo = tempo
        self.intensity = intensity
        self.temperature = temperature
        self.swing: float | None = None
        self.performer = Performer()
        self.heard_chord: Chord | None = None
        self._turn: tuple[int, tuple[ChordAt, ...]] | None = None
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
        """Let everybody decide one bar; a chord that is heard stands in for the chart's."""
        context = self.form.context(
            self._with_heard_chord(slot),
            tempo=self.tempo,
            intensity=self.intensity,
            swing=self.swing,
            performer=self.performer,
            temperature=self.temperature,
        )
        return BarPlan(slot, self.band.decide(context))

    def _with_heard_chord(self, slot: Slot) -> Slot:
        if self.heard_chord is None or slot.moment is Moment.COUNT_IN:
            return slot
        if self._turn is not None and self._turn[0] == slot.number:
            chords = self._turn[1]
        elif self._turn is not None and slot.number < self._turn[0]:
            return slot
        else:
            chords = (ChordAt(0.0, self.heard_chord),)
        return replace(slot, bar=replace(slot.bar, chords=chords))

    def take_chord(self, chord: Chord, number: int, since: float) -> None:
        """Let a chord that is heard hold from `since` beats into bar `number` on, for good.

        What sounded in that bar before stays.
        """
        slot = self.form.slot(number)
        assert slot is not None
        before = self._with_heard_chord(slot).bar.chords
        kept = tuple(item for item in before if item.beat < since)
        self._turn = (number, (*kept, ChordAt(since, chord)))
        self.heard_chord = chord

    def leave_chords(self) -> None:
        """Take the chords of the chart again, in bars that are decided from now on."""
        self.heard_chord, self._turn = None, None

    def anew(self, number: int) -> BarPlan | None:
        """Decide a bar that is out already anew; None past the end."""
        slot = self.form.slot(number)
        return None if slot is None else self.decide(slot)

    def first(self, number: int = 0) -> list[BarPlan]:
        """Return the bars that must be out before the clock starts with bar `number`."""
        self.decided = number
        return self._upto(number + BARS_AHEAD)

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
        """Return (beat, tempo) of the ritardando's steps within one bar; most bars have none.

        A band that follows leaves the slowing to the performer.
        """
        if self.mode is not FollowMode.CLICK and self.strength > 0:
            return []
        here, length = self.form.slot(number), self.form.length
        if here is None or length is None or self.style.ending != "ritardando":
            return []
        last = self.form.slot(length - 1)
        assert last is not None
        steps = slowing(last.start, last.beats, self.tempo)
        return [(b, t) for b, t in steps if here.start <= b < here.start + here.beats]

    def end_with(self, number: int) -> None:
        """Make bar `number` the last; what is out already of later bars is never played."""
        self.form = self.form.ending_after(number)
        self.decided = min(self.decided, number)

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
