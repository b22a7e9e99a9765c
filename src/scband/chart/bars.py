"""What a chart is made of: bars with chords and signs, sections, and bars as they are played."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from scband.score import Meter
from scband.theory.chord import Chord
from scband.theory.key import Key


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
