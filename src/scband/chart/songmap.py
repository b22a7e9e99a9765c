"""The song map: what a chart says, as values, before and after its repeats are played out."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum

from scband.errors import ChartError
from scband.score import Meter
from scband.theory.chord import Chord
from scband.theory.key import Key, guess
from scband.theory.pitch import fifths, interval_fifths


class Mark(StrEnum):
    """A sign that stands on a bar."""

    SEGNO = "segno"
    CODA = "coda"
    TO_CODA = "to coda"
    FINE = "fine"
    FERMATA = "fermata"
    END = "end"


@dataclass(frozen=True, slots=True)
class Jump:
    """A jump at the end of a bar: `start` `D.C.` or `D.S.`, then on until `al`.

    `al` is "" (to the end), "fine", "coda", or "1st ending", "2nd ending" … for a last time
    through that takes a certain ending.
    """

    start: str
    al: str = ""

    def __str__(self) -> str:
        ending = {"fine": "Fine", "coda": "Coda"}.get(self.al, self.al)
        return f"{self.start} al {ending}" if ending else self.start


@dataclass(frozen=True, slots=True)
class ChordAt:
    """A chord and the beat of its bar (quarter notes from 0) at which it starts.

    `alternate` is the chord that a chart offers in its place.
    """

    beat: float
    chord: Chord
    alternate: Chord | None = None


@dataclass(frozen=True, slots=True)
class Bar:
    """A written bar.

    `chords` ascend by beat; an empty bar goes on with the last chord. `simile` 1 or 2 repeats the
    last one or two bars. `meter` changes the meter from here on; `beats` is the real length where
    the bar is shorter or longer than its meter (a pickup). `repeat_end` counts how often a
    repeated passage is played in all, 0 where none ends. `ending` holds the passes on which the
    bars from here on are played. `text` is what stands over or under the bar, `time` where it
    starts in a recording, in seconds.
    """

    chords: tuple[ChordAt, ...] = ()
    meter: Meter | None = None
    beats: float | None = None
    simile: int = 0
    repeat_start: bool = False
    repeat_end: int = 0
    ending: tuple[int, ...] = ()
    marks: frozenset[Mark] = frozenset()
    jump: Jump | None = None
    key: Key | None = None
    text: str = ""
    time: float | None = None


@dataclass(frozen=True, slots=True)
class Section:
    """A named part of the form with its bars; played `times` times over.

    `label` is a letter of the form where the name is another (`A'` for a verse).
    """

    name: str
    bars: tuple[Bar, ...]
    times: int = 1
    label: str = ""


@dataclass(frozen=True, slots=True)
class PlayedBar:
    """A bar as it sounds, in the form played out.

    `index` counts from 0 in the played form, `section_bar` in its section, which is
    `section_bars` long; `start` is in beats from the top. `chords` always begins at beat 0 with
    what sounds there. `source` is the written bar: section and bar number from 0.
    """

    index: int
    section: str
    section_bar: int
    section_bars: int
    meter: Meter
    start: float
    chords: tuple[ChordAt, ...]
    source: tuple[int, int] = (0, 0)
    fermata: bool = False

    @property
    def end(self) -> float:
        """Where the bar ends, in beats from the top of the form."""
        return self.start + self.meter.beats

    def chord_at(self, beat: float) -> Chord:
        """Give the chord that sounds at a beat of this bar."""
        sounding = self.chords[0].chord
        for item in self.chords:
            if item.beat > beat + 1e-9:
                break
            sounding = item.chord
        return sounding


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
        from scband.chart.form import expand  # noqa: PLC0415  # the form builds on these values

        return expand(self)

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
