"""The song map: what a chart says, as values, before and after its repeats are played out."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from scband.chart.bars import Bar, ChordAt, Jump, Mark, PlayedBar, Section
from scband.chart.form import expand
from scband.errors import ChartError
from scband.score import Meter
from scband.theory.harmony import guess
from scband.theory.key import Key
from scband.theory.pitch import fifths, interval_fifths

__all__ = ["Bar", "ChordAt", "Jump", "Mark", "PlayedBar", "Section", "SongMap", "check"]


@dataclass(frozen=True, slots=True)
class SongMap:
    """A song: header, sections of bars, and the order in which they are played.

    `order` lists sections by number from 0; None plays them as their repeats and jumps say.
    `tempo` is in quarter notes a minute. `key` is None where the chart names none; `tonality`
    then finds it in the chords.
    """

    sections: tuple[Section, ...]
    title: str = ""
    composer: str = ""
    key: Key | None = None
    tempo: float = 120.0
    style: str = ""
    meter: Meter = field(default_factory=Meter)
    order: tuple[int, ...] | None = None
    info: tuple[tuple[str, str], ...] = ()

    @property
    def bars(self) -> tuple[Bar, ...]:
        """All written bars, section after section."""
        return tuple(bar for section in self.sections for bar in section.bars)

    @property
    def tonality(self) -> Key:
        """The chart's key, or the one that its chords suggest (C where none sounds)."""
        if self.key is not None:
            return self.key
        chords = [(item.chord, 1.0) for bar in self.bars for item in bar.chords if item.chord]
        return guess(chords).key if chords else Key("C")

    def expand(self) -> tuple[PlayedBar, ...]:
        """Play out repeats, endings and jumps; raises ChartError where the form never ends."""
        return expand(self.sections, self.meter, self.order, self.title or "chart")

    def transposed(self, interval: str) -> SongMap:
        """Move key and chords by an interval such as `m3` or `-M2`, with right spelling.

        A key that would need more than seven accidentals is respelled, its chords with it.
        """
        home = self.tonality
        moved = home.shifted(interval_fifths(interval))
        steps = fifths(moved.tonic_name) - fifths(home.tonic_name)
        return replace(
            self,
            key=moved if self.key is not None else None,
            sections=tuple(
                replace(section, bars=tuple(_shifted(bar, steps) for bar in section.bars))
                for section in self.sections
            ),
        )


def _shifted(bar: Bar, steps: int) -> Bar:
    chords = tuple(
        replace(
            item,
            chord=item.chord.shifted(steps),
            alternate=None if item.alternate is None else item.alternate.shifted(steps),
        )
        for item in bar.chords
    )
    return replace(bar, chords=chords, key=None if bar.key is None else bar.key.shifted(steps))


def check(song: SongMap, source: str = "chart") -> SongMap:
    """Give the song back if its bars make sense; raises ChartError that names the bar."""
    meter = song.meter
    number = 0
    if not song.bars:
        raise ChartError("there is no bar with chords in it", source=source)
    for section in song.sections:
        for bar in section.bars:
            number += 1
            meter = bar.meter or meter
            length = meter.beats if bar.beats is None else bar.beats
            beats = [item.beat for item in bar.chords]
            if beats != sorted(set(beats)) or (beats and not 0 <= beats[0] <= beats[-1] < length):
                raise ChartError(
                    f"the chords of bar {number} lie outside of it or cross", source=source
                )
    return song
