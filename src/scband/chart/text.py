"""Charts in plain text: `| Dm7 | G7 Db7 | Cmaj7 | A7 |` with headings and a header.

A header of `name: value` lines (title, composer, key, meter, tempo, style, form, and notation:
plain, german, harte or roman; all optional), then sections `[A]`, `[Chorus] x2`, `Verse:` with bars
between `|`. In a bar: chords side by side, `.` `/` or `-` for a beat on which the last chord goes
on, `G7@3.5` for a chord on an exact beat (quarter notes from 1), `%` and `%%` for the last bar, or
the one before it, again, `(3/4)` for a change of meter, `|: :|` or `:|x3` for repeats, `|1.` and
`|2.` for endings, `x2` at the end of a line to play the line twice; and in braces signs, jumps and
more: `{segno}`, `{coda}`, `{to coda}`, `{fine}`, `{D.S. al Coda}`, `{key Eb}`, `{beats 1}`,
`{alt C6}`, `{time 12.5}`, `{"slowly"}`. Lines that start with `//`, `;` or `#` are comments. A line
of chords without bar lines holds a bar for each chord; a line of words below it is sung to them.
"""

from __future__ import annotations

import re
from dataclasses import replace

from scband.chart.draft import Draft
from scband.chart.header import Header, is_section_word
from scband.chart.signs import read_jump, read_mark
from scband.chart.songmap import Bar, ChordAt, Section, SongMap, check
from scband.errors import ChartError, ChordError, ScoreError, TheoryError
from scband.score import Meter
from scband.theory.chord import Chord
from scband.theory.key import Key

MAX_CHARACTERS = 300_000
"""No text chart is longer than this."""

_HEADING = re.compile(
    r"\s*(?:\[(?P<square>[^\]|]{0,60})\]|(?P<word>[A-Za-z][\w '/+-]{0,40}):(?=\s|$)"
    r"|\((?P<round>[A-Za-z][\w ]{0,40})\)(?=\s*$)|={1,6}\s*(?P<equals>[^=|]{1,60}?)\s*={1,6})"
    r"(?:\s*\((?P<label>[^()|]{1,20})\))?"
    r"\s*(?:\(?[xX×]\s*(?P<times>\d{1,3})\)?|\(?(?P<times2>\d{1,3})\s*[xX×]\)?)?"
)
_TOKEN = re.compile(
    r"""(?P<space>\s+)
    |(?P<bar>\|:\|?|:?\|\|:|:\|{1,2}:?|\|{1,2}\]?|\[\|)
        (?:\s*(?:[xX×]\s*(?P<times>\d{1,3})|\((?P<times2>\d{1,3})[xX×]\)))?
    |(?P<brace>\{[^{}]*\})
    |(?P<quote>"[^"]*")
    |(?P<meter>\(\d{1,2}/\d{1,2}\)|\d{1,2}/(?:1|2|4|8|16|32|64)(?=\s))
    |(?P<simile>%{1,2}|𝄎|𝄏|\./\.)(?=[\s|:]|$)
    |(?P<slot>[./\-_](?=[\s|:]|$))
    |(?P<chord>[^\s|{}"]+)
    """,
    re.VERBOSE,
)
_ENDING = re.compile(
    r"\s*(?:\[?(\d{1,2}(?:\.?\s*[,\-–]\s*\d{1,2})*)\.\]?(?=[\s|]|$)|\[(\d{1,2}(?:,\d{1,2})*)\]\s)"
)
_LINE_TIMES = re.compile(r"\|\s*\(?(?:[xX×]\s*(\d{1,2})|(\d{1,2})\s*[xX×])\)?\s*$")
_UNICODE_BARS = str.maketrans({"𝄆": "|:", "𝄇": ":|", "𝄀": "|", "𝄁": "||", "𝄂": "||", "｜": "|"})


class _Reader:
    """Reads a text chart line by line."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.header = Header(source)
        self.sections: list[tuple[str, str, int, list[Bar]]] = []
        self.meter: Meter | None = None
        self.draft = Draft()
        self.line = 0
        self.pending = Bar()
        self.words_for: tuple[int, int] | None = None

    def fail(self, reason: str, column: int = 0) -> ChartError:
        return ChartError(reason, source=self.source, line=self.line, column=column)

    @property
    def current(self) -> Meter:
        return self.header.meter() if self.meter is None else self.meter

    def chord(self, text: str) -> Chord:
        return self.header.chord(text.rstrip(","))

    def take(self, line: str) -> None:
        """Read one line."""
        self.line += 1
        line = self._without_comment(line)
        if not line.strip():
            return
        if "|" not in line and not self._has_bars() and self.header.take(line, self.line):
            return
        heading = _HEADING.match(line)
        if heading is not None and _ENDING.match(line) is None:
            self._open(heading)
            line = " " * heading.end() + line[heading.end() :]
        elif "|" not in line and is_section_word(line) and not self._is_chords(line):
            self.sections.append((line.strip(), "", 1, []))
            return
        if not line.strip():
            return
        if "|" in line:
            self._take_bars(line)
        else:
            self._take_bare(line)

    def _without_comment(self, line: str) -> str:
        stripped = line.strip()
        if stripped.startswith("#"):
            rest = stripped.lstrip("# ")
            return rest if is_section_word(rest) or ":" in rest else ""
        return "" if stripped.startswith(("//", ";")) else line

    def _has_bars(self) -> bool:
        return any(bars for *_, bars in self.sections)

    def _is_chords(self, line: str) -> bool:
        try:
            for word in line.split():
                self.chord(word)
        except ChordError:
            return False
        return True

    def _open(self, heading: re.Match[str]) -> None:
        groups = (heading[name] for name in ("square", "word", "round", "equals"))
        name = next(text for text in groups if text is not None).strip()
        times = int(heading["times"] or heading["times2"] or 1)
        if not 1 <= times <= 200:
            raise self.fail("a section is played 1 to 200 times", heading.start() + 1)
        self.sections.append((name, heading["label"] or "", times, []))
        self.words_for = None

    def _bars(self) -> list[Bar]:
        if not self.sections:
            self.sections.append(("", "", 1, []))
        return self.sections[-1][3]

    def _take_bare(self, line: str) -> None:
        """Read a line without bar lines: a bar for each chord, or the words of the bars above."""
        if not self._is_chords(line):
            self._take_words(line)
            return
        start = len(self._bars())
        for word in line.split():
            self._bars().append(Bar((ChordAt(0.0, self.chord(word)),)))
        self.words_for = (len(self.sections) - 1, start)

    def _take_words(self, line: str) -> None:
        if self.words_for is None:
            word = line.split(maxsplit=1)[0]
            try:
                self.chord(word)
            except ChordError as error:
                hint = "; a section is headed [Verse], a bar stands between |"
                raise self.fail(str(error) + hint, line.index(word) + 1) from None
            raise self.fail("this is neither a line of chords nor a heading")
        section, number = self.words_for
        bars = self.sections[section][3]
        bars[number] = replace(bars[number], text=line.strip())
        self.words_for = None

    def _take_bars(self, line: str) -> None:
        line, times = self._line_times(line)
        start = len(self._bars())
        position, last_end, after_repeat = 0, 0, False
        self.draft = Draft()
        while position < len(line):
            match = _TOKEN.match(line, position)
            if match is None:
                raise self.fail(f"{line[position]!r} has no meaning here", position + 1)
            position = match.end()
            if match["bar"]:
                gap = last_end and match.start() > last_end and not after_repeat
                if gap and not self.draft.touched and match["bar"] == "|":
                    self._touch(last_end + 1)
                self._bar_line(match)
                after_repeat = match["bar"][0] == ":"
                position = last_end = self._ending(line, position)
            elif not match["space"]:
                self._item(match)
        self._close()
        self._repeat_line(start, times)

    def _line_times(self, line: str) -> tuple[str, int]:
        match = _LINE_TIMES.search(line)
        if match is None or line[: match.start()].rstrip().endswith(":"):
            return line, 1
        return line[: match.start() + 1], int(match[1] or match[2])

    def _repeat_line(self, start: int, times: int) -> None:
        bars = self._bars()
        if times > 1 and len(bars) > start:
            bars[start] = replace(bars[start], repeat_start=True)
            bars[-1] = replace(bars[-1], repeat_end=times)

    def _bar_line(self, match: re.Match[str]) -> None:
        sign = match["bar"]
        if sign.startswith(":") and sign != ":":
            self._end_repeat(match)
        self._close()
        if sign.endswith(":"):
            self.pending = replace(self.pending, repeat_start=True)

    def _end_repeat(self, match: re.Match[str]) -> None:
        times = int(match["times"] or match["times2"] or 2)
        if not 2 <= times <= 200:
            raise self.fail("a repeat is played 2 to 200 times", match.start() + 1)
        if self.draft.touched:
            self.draft.bar = replace(self.draft.bar, repeat_end=times)
        elif self._bars():
            self._bars()[-1] = replace(self._bars()[-1], repeat_end=times)
        else:
            raise self.fail("a repeat ends before a bar", match.start() + 1)

    def _ending(self, line: str, position: int) -> int:
        """Read the number of an ending after a bar line; give where to go on."""
        match = _ENDING.match(line, position)
        if match is None:
            return position
        passes: set[int] = set()
        for part in (match[1] or match[2]).replace(".", "").split(","):
            ends = [int(number) for number in re.split(r"[-–]", part)]
            passes.update(range(ends[0], ends[-1] + 1))
        if not passes or min(passes) < 1:
            raise self.fail("endings are numbered 1 to 99", match.start() + 1)
        self.pending = replace(self.pending, ending=tuple(sorted(passes)))
        return match.end()

    def _touch(self, column: int) -> None:
        if not self.draft.touched:
            self.draft.bar = self.pending
            self.pending = Bar()
            self.draft.touched = True
            self.draft.column = column

    def _item(self, match: re.Match[str]) -> None:
        column = match.start() + 1
        self._touch(column)
        draft = self.draft
        if match["meter"]:
            self._meter(match["meter"].strip("()"), column)
        elif match["simile"]:
            draft.bar = replace(draft.bar, simile=2 if match["simile"] in ("%%", "𝄏") else 1)
        elif match["slot"]:
            draft.slots.append(None)
        elif match["quote"]:
            draft.bar = replace(draft.bar, text=match["quote"][1:-1])
        elif match["brace"]:
            self._brace(match["brace"][1:-1].strip(), column)
        else:
            self._chord(match["chord"], column)

    def _meter(self, text: str, column: int) -> None:
        try:
            self.meter = Meter.parse(text)
        except ScoreError as error:
            raise self.fail(str(error), column) from None
        self.draft.bar = replace(self.draft.bar, meter=self.meter)

    def _chord(self, text: str, column: int) -> None:
        symbol, _, place = text.partition("@")
        try:
            chord = self.chord(symbol)
        except ChordError as error:
            if read_mark(text) is None and read_jump(text) is None:
                raise self.fail(str(error), column + error.position) from None
            self._brace(text, column)
            return
        if not place:
            self.draft.slots.append(chord)
            return
        if not re.fullmatch(r"\d{1,3}(?:\.\d{1,17})?", place) or float(place) < 1:
            reason = f"{place!r} is no beat; beats are counted from 1"
            raise self.fail(reason, column + len(symbol) + 1)
        self.draft.exact.append(ChordAt(float(place) - 1, chord))

    def _brace(self, text: str, column: int) -> None:
        """Read what stands in braces."""
        bar, jump, mark = self.draft.bar, read_jump(text), read_mark(text)
        if mark is not None:
            self.draft.bar = replace(bar, marks=bar.marks | {mark})
        elif jump is not None:
            self.draft.bar = replace(bar, jump=jump)
        elif text.startswith('"'):
            self.draft.bar = replace(bar, text=text.strip('"'))
        else:
            word, _, rest = text.partition(" ")
            try:
                self._setting(word.lower().rstrip(":"), rest.strip(), column)
            except (ValueError, TheoryError, ScoreError) as error:
                raise self.fail(f"{{{text[:60]}}}: {error}", column) from None

    def _setting(self, word: str, rest: str, column: int) -> None:
        bar, draft = self.draft.bar, self.draft
        if word == "key":
            draft.bar = replace(bar, key=Key(rest))
        elif word in ("beats", "pickup"):
            beats = float(rest)
            Meter.of_beats(beats)
            draft.bar = replace(bar, beats=beats)
        elif word == "time":
            draft.bar = replace(bar, time=_seconds(rest))
        elif word in ("meter", "metre"):
            self._meter(rest, column)
        elif word == "alt":
            if not draft.alternate(self.chord(rest)):
                raise ValueError("it stands after no chord")
        elif word in ("text", "comment"):
            draft.bar = replace(bar, text=rest)
        else:
            raise ValueError("unknown; write for example {segno}, {fine}, {D.C. al Coda}, {key F}")

    def _close(self) -> None:
        if self.draft.touched:
            bar = self.draft.finish(self.current)
            if bar is None:
                meter = self.current
                reason = f"these chords do not fit into a bar of {meter}"
                raise self.fail(reason, self.draft.column)
            self._bars().append(bar)
        self.draft = Draft()

    def song(self) -> SongMap:
        """Put header and sections together."""
        found = [section for section in self.sections if section[3]]
        sections = tuple(
            Section(name, tuple(bars), times, label) for name, label, times, bars in found
        )
        header, values = self.header, self.header.values
        return SongMap(
            sections, values.get("title", ""), values.get("composer", ""), header.key(),
            header.tempo(), values.get("style", ""), header.meter(), header.order(sections),
            tuple(header.info),
        )  # fmt: skip


def _seconds(text: str) -> float:
    if not re.fullmatch(r"\d{1,7}(?:\.\d{1,18})?", text):
        raise ValueError("a time is written in seconds, as 12.5")
    return float(text)


def read_text(text: str, source: str = "chart") -> SongMap:
    """Read a text chart; raises ChartError with line and column."""
    if len(text) > MAX_CHARACTERS:
        raise ChartError(f"longer than {MAX_CHARACTERS} characters", source=source)
    reader = _Reader(source)
    for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        plain = line.replace("\t", " ").replace("\ufeff", "").translate(_UNICODE_BARS)
        reader.take(plain)
    return check(reader.song(), source)
