"""Where the band is: the bars of a song laid out one after another, as often as it is played."""

from __future__ import annotations

from dataclasses import dataclass

from scband.agents.context import LOOKAHEAD, MEMORY, Context, Moment, Performer
from scband.chart import PlayedBar, SongMap


@dataclass(frozen=True, slots=True)
class Slot:
    """One bar of the performance.

    `number` counts from 0 with the count-in; `start` is the band's beat at which it begins;
    `bar` is the bar of the form that is played in it (for a count-in: the one that follows).
    """

    number: int
    start: float
    bar: PlayedBar
    chorus: int
    moment: Moment

    @property
    def beats(self) -> float:
        """Length in quarter notes."""
        return self.bar.meter.beats


class Form:
    """A song's bars as slots; `choruses` 0 goes round for ever.

    The last bar is the ending, unless `ends` is false: then it is played like any other. `stop`
    is the number of slots after which all is over, wherever in the form that may be.
    """

    def __init__(
        self,
        song: SongMap,
        *,
        choruses: int = 0,
        count_in: bool = True,
        ends: bool = True,
        stop: int | None = None,
    ) -> None:
        self.song = song
        self.bars = song.expand()
        self.choruses = choruses
        self.count_in = count_in
        self.ends = ends
        self.stop = stop
        self.beats = self.bars[-1].end
        self.lead = self.bars[0].meter.beats if count_in else 0.0

    @property
    def length(self) -> int | None:
        """Number of slots, None where the form goes round for ever."""
        whole = self.choruses * len(self.bars) + self.count_in if self.choruses else None
        return whole if self.stop is None else min(self.stop, whole or self.stop)

    def ending_after(self, number: int) -> Form:
        """Return the same form with bar `number` as its last."""
        return Form(self.song, choruses=self.choruses, count_in=self.count_in, stop=number + 1)

    def slot(self, number: int) -> Slot | None:
        """Return a bar of the performance, None past its end."""
        if number < 0 or (self.length is not None and number >= self.length):
            return None
        if self.count_in and number == 0:
            return Slot(0, 0.0, self.bars[0], 0, Moment.COUNT_IN)
        chorus, index = divmod(number - self.count_in, len(self.bars))
        bar = self.bars[index]
        last = self.length is not None and number == self.length - 1
        moment = Moment.ENDING if last and self.ends else Moment.PLAYING
        return Slot(number, self.lead + chorus * self.beats + bar.start, bar, chorus, moment)

    def _bars(self, first: int, count: int) -> tuple[PlayedBar, ...]:
        slots = (self.slot(n) for n in range(max(first, int(self.count_in)), first + count))
        return tuple(s.bar for s in slots if s is not None)

    def _left(self, slot: Slot) -> int | None:
        return None if self.length is None or not self.ends else self.length - 1 - slot.number

    def context(
        self,
        slot: Slot,
        *,
        tempo: float,
        intensity: float,
        swing: float | None = None,
        performer: Performer | None = None,
        temperature: float = 1.0,
    ) -> Context:
        """Return what the players may know of a bar."""
        return Context(
            bar=slot.bar,
            coming=self._bars(slot.number + 1, LOOKAHEAD),
            past=self._bars(slot.number - MEMORY, MEMORY) if slot.number > self.count_in else (),
            tempo=tempo,
            key=self.song.tonality,
            intensity=intensity,
            swing=swing,
            performer=performer or Performer(),
            chorus=slot.chorus,
            moment=slot.moment,
            temperature=temperature,
            left=self._left(slot),
        )
