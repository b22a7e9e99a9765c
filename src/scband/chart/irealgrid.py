"""iReal Pro's grid of cells: the music string of a song, token by token, to sections of bars.

A song is a row of cells between bar lines; a cell holds a chord or nothing. Signs: `{ } [ ] | Z`
bar lines, `*A` sections, `T44` meters, `N1` endings, `S` segno, `Q` coda, `f` fermata, `U` end,
`x` and `r` for the last one or two bars again, `p` for the last chord again, `n` for N.C., `W` for
an invisible root before a slash bass, `(…)` for an alternate chord, `<…>` for words; `s`, `l`, `Y`
and `,` only shape the page.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from scband.chart.header import is_section_word
from scband.chart.placement import evenly
from scband.chart.signs import read_jump, read_mark
from scband.chart.songmap import Bar, ChordAt, Jump, Mark, Section
from scband.errors import ChartError, ChordError, ScoreError
from scband.score import Meter
from scband.theory.chord import NO_CHORD, Chord

_ALTERNATE = r"(?:\((?P<{}>[^()]{{0,40}}(?:\([^()]{{0,20}}\))?[^()]{{0,20}})\))"
_TOKEN = re.compile(
    r"""(?P<section>\*[A-Za-z]\W?(?<=['\w]))
    |T(?P<meter>\d\d)|N(?P<ending>\d)|<(?P<words>[^>]{0,300})>
    |(?P<root>[A-GW][b\#]?)
      (?P<quality>(?:sus|alt|add\d*|no\d|maj|dim|aug|[-+^0-9hob\#øØ°Δ]|\*[^*]{0,40}\*)*)
      (?P<bass>/[A-G][b\#]?)?"""
    + _ALTERNATE.format("beside")
    + "?|"
    + _ALTERNATE.format("alone")
    + r"""|(?P<sign>[\[\]{}|Z])|(?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)
_METERS = {"12": "12/8"}
_COMMON = Meter(4, 4)
_MARKS = {"S": Mark.SEGNO, "f": Mark.FERMATA, "U": Mark.END}
_SECTIONS = {"i": "Intro", "v": "Verse", "I": "Intro", "V": "Verse"}
_TIMES = re.compile(r"(\d{1,2})\s*[xX×](?:\s|$)|[xX×]\s*(\d{1,2})")
MAX_CHARACTERS = 100_000
"""No song of a playlist is longer."""
MAX_BARS = 5_000
"""No song of a playlist has more bars."""


@dataclass(slots=True)
class _Open:
    """The bar that is being read."""

    cells: list[tuple[int, Chord, Chord | None]] = field(default_factory=list)
    length: int = 0
    marked: bool = False
    section: str | None = None
    meter: Meter | None = None
    simile: int = 0
    repeat_start: bool = False
    ending: tuple[int, ...] = ()
    marks: frozenset[Mark] = frozenset()
    jump: Jump | None = None
    text: str = ""

    def bar(self, chords: tuple[ChordAt, ...], meter: Meter | None, repeat_end: int) -> Bar:
        """Build the bar."""
        return Bar(
            chords, meter, None, self.simile, self.repeat_start, repeat_end, self.ending,
            self.marks, self.jump, None, self.text,
        )  # fmt: skip


class Grid:
    """Walk a music string and collect sections."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.sections: list[tuple[str, list[Bar]]] = []
        self.filled: list[Bar] = []  # the section that the last bar went to
        self.half_open = False  # a two-bar repeat whose second bar is to come
        self.current = _Open()
        self.meter: Meter | None = None
        self.first_meter: Meter | None = None
        self.closed = True
        self.count = 0
        self.last: Chord | None = None
        self.codas = 0
        self.times = 0  # how often words say that the open repeat is played

    def fail(self, reason: str) -> ChartError:
        """Name the bar in an error."""
        return ChartError(f"bar {self.count + 1}: {reason}", source=self.source)

    def read(self, music: str) -> None:
        """Read the whole string."""
        for match in _TOKEN.finditer(music):
            kind = match.lastgroup
            if match["root"]:
                self._chord(match)
            elif match["alone"] is not None:
                self._alternate(match["alone"])
            elif kind == "sign":
                self._bar_line(match["sign"])
            elif kind == "other":
                self._other(match["other"])
            else:
                self._annotation(match)
        self._close("Z")
        if self.half_open:
            self.filled.append(Bar(simile=2))

    def _annotation(self, match: re.Match[str]) -> None:
        current = self.current
        if match["section"]:
            name = match["section"][1:].strip()
            current.section = _SECTIONS.get(name, name)
            return
        if match["words"] is not None:
            self._words(re.sub(r"^\*\d\d", "", match["words"]).strip())
            return
        current.marked = True
        if match["ending"]:
            current.ending = (max(1, int(match["ending"])),)
            return
        digits = match["meter"]
        try:
            current.meter = Meter.parse(_METERS.get(digits, f"{digits[0]}/{digits[1]}"))
        except ScoreError as error:
            raise self.fail(str(error)) from None

    def _words(self, text: str) -> None:
        """Read staff text: jumps, Fine, how often to repeat, a section's name, or just words."""
        current = self.current
        times = _TIMES.fullmatch(text)
        jump, mark = read_jump(text), read_mark(text)
        if jump is not None or mark is not None:
            current.marked = True
        if times is not None:
            self._repeats(min(200, int(times[1] or times[2])))
        elif jump is not None:
            current.jump = jump
        elif mark is not None:
            current.marks |= {mark}
        elif text and is_section_word(text) and len(text) > 1 and current.section is None:
            current.section = text
        elif text:
            current.text = ", ".join(part for part in (current.text, text) if part)

    def _repeats(self, times: int) -> None:
        """Count the passes of a repeat, also where they stand behind its sign."""
        fresh = not self.current.cells and not self.current.length
        if fresh and self.closed and self.filled and self.filled[-1].repeat_end:
            self.filled[-1] = replace(self.filled[-1], repeat_end=times)
        else:
            self.times = times

    def _other(self, sign: str) -> None:
        current = self.current
        if sign == " ":
            current.length += 1
        elif sign in "xr":
            current.simile = 1 if sign == "x" else 2
            current.marked = True
        elif sign == "n":
            self._place(NO_CHORD, None)
        elif sign == "p":
            current.length += 1
            current.marked = True
        elif sign in _MARKS:
            current.marks |= {_MARKS[sign]}
            current.marked = True
        elif sign == "Q":
            self.codas += 1
            current.marks |= {Mark.TO_CODA if self.codas == 1 else Mark.CODA}
            current.marked = True

    def _place(self, chord: Chord, alternate: Chord | None) -> None:
        self.current.cells.append((self.current.length, chord, alternate))
        self.current.length += 1
        self.last = chord

    def _chord(self, match: re.Match[str]) -> None:
        root, bass = match["root"], match["bass"] or ""
        alternate = self._read(match["beside"]) if match["beside"] else None
        if root[0] == "W":
            if self.last is not None and self.last.root is not None:
                name = bass[1:] or self.last.bass_name
                spelled = Chord.of(self.last.root_name, self.last.intervals, name)
                self._place(spelled, alternate)
            else:
                self.current.length += 1
            return
        chord = self._read(root + match["quality"].replace("*", "") + bass)
        if chord is None:
            bare = re.sub(r"\*[^*]*\*", "", match["quality"])
            chord = self._read(root + bare + bass)
            self._words(match["quality"].replace("*", ""))
        if chord is None:
            raise self.fail(f"{match[0][:40]!r} is no chord")
        self._place(chord, alternate)

    def _read(self, text: str) -> Chord | None:
        try:
            return Chord.parse(text.strip(), "plain")
        except ChordError:
            return None

    def _alternate(self, text: str) -> None:
        """Put a chord in brackets beside the last one of the bar."""
        chord = self._read(text)
        if chord is not None and self.current.cells:
            place, old, _ = self.current.cells[-1]
            self.current.cells[-1] = (place, old, chord)

    def _bar_line(self, sign: str) -> None:
        self._close(sign)
        self.closed = sign in "]}Z"
        if sign == "{":
            self.current.repeat_start = True

    def _close(self, sign: str) -> None:
        """End the open bar if there is one, and not only space between two lines."""
        current = self.current
        filler = not current.cells and not current.simile and not current.length
        blank = not current.cells and not current.marked and not self.half_open
        if filler or (blank and (self.closed or sign in "[{Z]")):
            self._end_repeat(sign)
            current.length = 0
            return
        self._finish((self.times or 2) if sign == "}" else 0)
        if sign == "}":
            self.times = 0

    def _end_repeat(self, sign: str) -> None:
        bars = self.filled
        if sign == "}" and bars and not bars[-1].repeat_end:
            bars[-1] = replace(bars[-1], repeat_end=self.times or 2)
            self.times = 0

    def _finish(self, repeat_end: int) -> None:
        current = self.current
        if current.section is not None or not self.sections:
            self.sections.append((current.section or "", []))
        chords = self._spread(current)
        bars = self.sections[-1][1]
        if self.half_open:
            self.half_open = False
            if chords or current.simile:
                bars.append(Bar(simile=2))
            else:
                current.simile = 2
        elif current.simile == 2:
            self.half_open = True
        bars.append(current.bar(chords, self._changed(current.meter), repeat_end))
        self.filled = bars
        self.count += 1
        if self.count > MAX_BARS:
            raise self.fail(f"more than {MAX_BARS} bars")
        self.current = _Open()

    def _changed(self, meter: Meter | None) -> Meter | None:
        """Keep a meter only where it changes."""
        if meter is None:
            return None
        known = self.meter
        self.meter = meter
        if not self.count:
            self.first_meter = meter
            return None
        return None if meter == (known or _COMMON) else meter

    def _spread(self, open_bar: _Open) -> tuple[ChordAt, ...]:
        """Turn cells into beats.

        Where cells and beats divide each other a cell is an even share of the bar, else the
        chords fall where players expect so many in a bar.
        """
        cells = open_bar.cells
        if len(cells) == 1 and cells[0][0] == 0:
            return (ChordAt(0.0, cells[0][1], cells[0][2]),)
        meter = open_bar.meter or self.meter or _COMMON
        length, slots = max(1, open_bar.length), meter.numerator
        if length % slots and slots % length:
            beats = evenly(len(cells), meter)
        else:
            beats = tuple(cell * meter.beats / length for cell, _, _ in cells)
        found = [
            ChordAt(beat, chord, alternate)
            for beat, (_, chord, alternate) in zip(beats, cells, strict=True)
        ]
        if found and found[0].beat > 0 and self.count == 0:
            found[0] = replace(found[0], beat=0.0)
        return tuple(found)

    def result(self) -> tuple[Section, ...]:
        """Give the sections, with a lone coda sign read as the coda and not the way to it."""
        return tuple(Section(name, tuple(bars)) for name, bars in self.sections if bars)


def _settle_codas(sections: tuple[Section, ...]) -> tuple[Section, ...]:
    """Read a lone coda sign as the coda itself."""
    marks = [bar.marks for section in sections for bar in section.bars]
    lone = sum(Mark.TO_CODA in m for m in marks) == 1 and not any(Mark.CODA in m for m in marks)
    if not lone:
        return sections
    swapped = {Mark.TO_CODA: Mark.CODA}
    return tuple(
        replace(
            section,
            bars=tuple(
                replace(bar, marks=frozenset(swapped.get(mark, mark) for mark in bar.marks))
                for bar in section.bars
            ),
        )
        for section in sections
    )


def read_grid(music: str, source: str) -> tuple[tuple[Section, ...], Meter]:
    """Read a plain music string: its sections, and the meter that it starts in.

    Raises ChartError that names the bar.
    """
    if len(music) > MAX_CHARACTERS:
        raise ChartError(f"longer than {MAX_CHARACTERS} characters", source=source)
    grid = Grid(source)
    grid.read(music)
    return _settle_codas(grid.result()), grid.first_meter or _COMMON
