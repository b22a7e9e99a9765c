"""Charts in plain text: `| Dm7 | G7 Db7 | Cmaj7 | A7 |` with headings and a header.

A header of `name: value` lines (title, composer, key, meter, tempo, style, form, all optional),
then sections `[A]` or `[Chorus] x2` with bars between `|`. In a bar: chords side by side, `.` or
`/` for a beat on which the last chord goes on, `G7@3.5` for a chord on an exact beat (quarter
notes from 1), `%` and `%%` for the last bar or two again, `(3/4)` for a change of meter,
`|: :|` or `:|x3` for repeats, `|1.` and `|2.` for endings, and in braces signs, jumps and more:
`{segno}`, `{coda}`, `{to coda}`, `{fine}`, `{D.S. al Coda}`, `{key Eb}`, `{beats 1}`, `{alt C6}`,
`{time 12.5}`, `{"slowly"}`. Lines that start with `//` or `;` are comments.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from scband.chart.placement import evenly
from scband.chart.songmap import Bar, ChordAt, Jump, Mark, Section, SongMap, check
from scband.errors import ChartError, ChordError, ScoreError, TheoryError
from scband.score import Meter
from scband.theory.chord import Chord, Notation
from scband.theory.key import Key

MAX_CHARACTERS = 2_000_000
"""No text chart is longer than this."""

_HEADER = re.compile(r"\s*([A-Za-z][\w ]{0,30}?)\s*[:=]\s*(.*?)\s*")
_KNOWN = {
    "title": "title", "name": "title", "song": "title",
    "composer": "composer", "artist": "composer", "by": "composer", "author": "composer",
    "key": "key", "tonic": "key", "tempo": "tempo", "bpm": "tempo",
    "meter": "meter", "metre": "meter", "time": "meter", "timesignature": "meter",
    "style": "style", "groove": "style", "feel": "style", "form": "form", "order": "form",
    "notation": "notation",
}  # fmt: skip
_HEADING = re.compile(
    r"\s*(?:\[(?P<square>[^\]|]*)\]|(?P<word>[A-Za-z][\w '/+-]{0,40}):(?=\s|$))"
    r"\s*(?:\(?[xX×]\s*(?P<times>\d{1,3})\)?|\(?(?P<times2>\d{1,3})\s*[xX×]\)?)?"
)
_TOKEN = re.compile(
    r"""(?P<space>\s+)
    |(?P<bar>\|:\|?|:?\|\|:|:\|{1,2}:?|\|{1,2}\]?|\|\]|\[\|)(?:\s*(?:[xX×]\s*(?P<times>\d{1,3})|\((?P<times2>\d{1,3})[xX×]\)))?
    |(?P<brace>\{[^{}]*\})
    |(?P<quote>"[^"]*")
    |(?P<meter>\(\d{1,2}/\d{1,2}\)|\d{1,2}/(?:1|2|4|8|16|32|64)(?=\s))
    |(?P<simile>%{1,2}|𝄎|𝄏|//|\./\.)(?=[\s|:]|$)
    |(?P<slot>[./\-_](?=[\s|:]|$))
    |(?P<chord>[^\s|{}"]+)
    """,
    re.VERBOSE,
)
_ENDING = re.compile(
    r"\s*\[?(\d{1,2}(?:\s*[,\-–]\s*\d{1,2}\.?)*)\.(?:\]|(?=[\s|]))\s*|\s*\[(\d{1,2}(?:,\d{1,2})*)\]\s+"
)
_MARKS = {
    "segno": Mark.SEGNO, "𝄋": Mark.SEGNO, "sign": Mark.SEGNO, "coda": Mark.CODA, "𝄌": Mark.CODA,
    "to coda": Mark.TO_CODA, "tocoda": Mark.TO_CODA, "al coda": Mark.TO_CODA,
    "fine": Mark.FINE, "fermata": Mark.FERMATA, "end": Mark.END,
}  # fmt: skip
_JUMP = re.compile(
    r"(d\.?\s*c\.?|d\.?\s*s\.?|da capo|dal segno)(?:\s+al\s+(fine|coda|.*end.*))?\.?", re.IGNORECASE
)


def read_jump(text: str) -> Jump | None:
    """Read `D.C. al Fine`, `DS al Coda`, `D.S. al 2nd ending`; None for anything else."""
    match = _JUMP.fullmatch(text.strip())
    if match is None:
        return None
    start = "D.C." if re.sub(r"\W", "", match[1].lower()) in ("dc", "dacapo") else "D.S."
    al = (match[2] or "").lower()
    if "end" in al:
        digits = re.sub(r"\D", "", al)[:2] or "2"
        al = f"{int(digits)}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(int(digits), 'th') } ending"
    return Jump(start, al)


def read_mark(text: str) -> Mark | None:
    """Read the name of a sign; None for anything else."""
    return _MARKS.get(text.strip().lower())


@dataclass(slots=True)
class _Draft:
    """A bar while its tokens come in: chords with their beat slots."""

    slots: list[Chord | None] = field(default_factory=list)
    exact: list[ChordAt] = field(default_factory=list)
    alternates: dict[int, Chord] = field(default_factory=dict)
    bar: Bar = Bar()
    touched: bool = False
    column: int = 1

    def finish(self, meter: Meter, source: str, line: int) -> Bar:
        """Turn slots into beats."""
        length = Meter.of_beats(self.bar.beats) if self.bar.beats is not None else meter
        if None in self.slots:
            step = length.beats / len(self.slots)
            places = [step * number for number in range(len(self.slots))]
        else:
            places = list(evenly(len(self.slots), length))
        chords = [
            ChordAt(beat, chord, self.alternates.get(number))
            for number, (beat, chord) in enumerate(zip(places, self.slots, strict=True))
            if chord is not None
        ]
        chords = sorted([*chords, *self.exact], key=lambda item: item.beat)
        beats = [item.beat for item in chords]
        if len(set(beats)) < len(beats) or (beats and beats[-1] >= length.beats):
            raise ChartError(
                f"these chords do not fit into a bar of {length}",
                source=source, line=line, column=self.column,
            )  # fmt: skip
        return replace(self.bar, chords=tuple(chords))


class _Reader:
    """Reads a text chart line by line."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.header: dict[str, str] = {}
        self.info: list[tuple[str, str]] = []
        self.places: dict[str, int] = {}
        self.sections: list[tuple[str, int, list[Bar]]] = []
        self.meter = Meter(4, 4)
        self.notation: Notation = "auto"
        self.draft = _Draft()
        self.line = 0
        self.pending = Bar()

    def fail(self, reason: str, column: int = 0) -> ChartError:
        return ChartError(reason, source=self.source, line=self.line, column=column)

    def take(self, line: str) -> None:
        """Read one line."""
        self.line += 1
        stripped = line.strip()
        if not stripped or stripped.startswith(("//", ";")):
            return
        if "|" not in line and not self.sections and self._take_header(line):
            return
        heading = _HEADING.match(line)
        if heading is not None and not self._is_ending(line):
            self._open(heading)
            line = " " * heading.end() + line[heading.end() :]
            if not line.strip():
                return
        if "|" not in line:
            self._take_bare(line)
        else:
            self._take_bars(line)

    def _is_ending(self, line: str) -> bool:
        return _ENDING.match(line) is not None

    def _take_header(self, line: str) -> bool:
        match = _HEADER.fullmatch(line)
        if match is None:
            return False
        name = _KNOWN.get(match[1].lower().replace(" ", ""))
        if name is None:
            if not match[2]:
                return False
            self.info.append((match[1], match[2]))
            return True
        self.header[name] = match[2]
        self.places[name] = self.line
        try:
            if name == "meter" and match[2]:
                self.meter = Meter.parse(match[2])
        except ScoreError as error:
            raise self.fail(str(error), match.start(2) + 1) from None
        if name == "notation":
            if match[2] not in ("auto", "plain", "german", "harte"):
                raise self.fail("notation is plain, german or harte", match.start(2) + 1)
            self.notation = match[2]  # type: ignore[assignment]
        return True

    def _open(self, heading: re.Match[str]) -> None:
        name = (heading["square"] if heading["square"] is not None else heading["word"]).strip()
        times = int(heading["times"] or heading["times2"] or 1)
        if not 1 <= times <= 200:
            raise self.fail("a section is played 1 to 200 times", heading.start() + 1)
        self.sections.append((name, times, []))

    def _bars(self) -> list[Bar]:
        if not self.sections:
            self.sections.append(("", 1, []))
        return self.sections[-1][2]

    def _take_bare(self, line: str) -> None:
        """Read a line without bar lines: a bar for each chord, or words to pass over."""
        words = list(re.finditer(r"\S+", line))
        for word in words:
            try:
                Chord.parse(word[0], self.notation)
            except ChordError as error:
                raise self.fail(str(error), word.start() + 1) from None
        for word in words:
            self._bars().append(Bar((ChordAt(0.0, Chord.parse(word[0], self.notation)),)))

    def _take_bars(self, line: str) -> None:
        position = 0
        opened = False
        self.draft = _Draft()
        while position < len(line):
            match = _TOKEN.match(line, position)
            if match is None:
                raise self.fail(f"{line[position]!r} has no meaning here", position + 1)
            position = match.end()
            if match["space"]:
                continue
            if match["bar"]:
                self._bar_line(match, opened)
                opened = True
                ending = _ENDING.match(line, position)
                if ending is not None:
                    self._ending(ending)
                    position = ending.end()
                continue
            self._item(match)
        self._close()

    def _bar_line(self, match: re.Match[str], opened: bool) -> None:
        sign = match["bar"]
        if sign.startswith(":"):
            times = int(match["times"] or match["times2"] or 2)
            if not 2 <= times <= 200:
                raise self.fail("a repeat is played 2 to 200 times", match.start() + 1)
            if self.draft.touched:
                self.draft.bar = replace(self.draft.bar, repeat_end=times)
                self._close()
            elif self._bars():
                self._bars()[-1] = replace(self._bars()[-1], repeat_end=times)
            else:
                raise self.fail("a repeat ends before a bar", match.start() + 1)
        else:
            if opened and not self.draft.touched and not sign.endswith(":") and sign == "|":
                self.draft.touched = self._bars() != [] and self.draft.column > 1
            self._close()
        if sign.endswith(":") and len(sign) > 1:
            self.pending = replace(self.pending, repeat_start=True)
        self.draft.column = match.end() + 1

    def _ending(self, match: re.Match[str]) -> None:
        passes: set[int] = set()
        for part in re.split(r",", (match[1] or match[2]).replace(".", "")):
            ends = [int(number) for number in re.split(r"[-–]", part)]
            passes.update(range(ends[0], ends[-1] + 1))
        if not passes or not all(1 <= number <= 99 for number in passes):
            raise self.fail("endings are numbered 1 to 99", match.start() + 1)
        self.pending = replace(self.pending, ending=tuple(sorted(passes)))

    def _touch(self, column: int) -> None:
        if not self.draft.touched:
            self.draft.bar = replace(
                self.draft.bar, repeat_start=self.pending.repeat_start, ending=self.pending.ending
            )
            self.pending = Bar()
            self.draft.touched = True
            self.draft.column = column

    def _item(self, match: re.Match[str]) -> None:
        self._touch(match.start() + 1)
        draft, column = self.draft, match.start() + 1
        if match["meter"]:
            self._meter(match["meter"].strip("()"), column)
        elif match["simile"]:
            double = match["simile"] in ("%%", "𝄏")
            draft.bar = replace(draft.bar, simile=2 if double else 1)
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
            chord = Chord.parse(symbol, self.notation)
            beat = float(place) - 1 if place else None
        except ChordError as error:
            mark, jump = read_mark(text), read_jump(text)
            if mark is not None or jump is not None:
                self._brace(text, column)
                return
            raise self.fail(str(error), column + error.position) from None
        except ValueError:
            raise self.fail(f"{place!r} is no beat", column + len(symbol) + 1) from None
        if beat is None:
            self.draft.slots.append(chord)
        elif not 0 <= beat < 256:
            raise self.fail("beats are counted from 1", column + len(symbol) + 1)
        else:
            self.draft.exact.append(ChordAt(beat, chord))

    def _brace(self, text: str, column: int) -> None:
        """Read what stands in braces."""
        bar, jump, mark = self.draft.bar, read_jump(text), read_mark(text)
        word, _, rest = text.partition(" ")
        word = word.lower().rstrip(":")
        if mark is not None:
            self.draft.bar = replace(bar, marks=bar.marks | {mark})
        elif jump is not None:
            self.draft.bar = replace(bar, jump=jump)
        elif text.startswith('"'):
            self.draft.bar = replace(bar, text=text.strip('"'))
        else:
            try:
                self._setting(word, rest.strip())
            except (ValueError, TheoryError, ScoreError) as error:
                raise self.fail(f"{{{text}}}: {error}", column) from None

    def _setting(self, word: str, rest: str) -> None:
        bar, draft = self.draft.bar, self.draft
        if word == "key":
            draft.bar = replace(bar, key=Key(rest))
        elif word in ("beats", "pickup"):
            beats = float(rest)
            Meter.of_beats(beats)
            draft.bar = replace(bar, beats=beats)
        elif word == "time":
            draft.bar = replace(bar, time=float(rest))
        elif word in ("meter", "metre"):
            self._meter(rest, draft.column)
        elif word == "alt" and draft.slots and draft.slots[-1] is not None:
            draft.alternates[len(draft.slots) - 1] = Chord.parse(rest, self.notation)
        elif word == "alt" and draft.exact:
            draft.exact[-1] = replace(draft.exact[-1], alternate=Chord.parse(rest, self.notation))
        elif word in ("text", "comment"):
            draft.bar = replace(bar, text=rest)
        else:
            raise ValueError("unknown; write for example {segno}, {fine}, {D.C. al Coda}, {key F}")

    def _close(self) -> None:
        if self.draft.touched:
            self._bars().append(self.draft.finish(self.meter, self.source, self.line))
        self.draft = _Draft()

    def song(self) -> SongMap:
        """Put header and sections together."""
        sections = tuple(
            Section(name, tuple(bars), times) for name, times, bars in self.sections if bars
        )
        header = self.header
        self.line = 0
        meter = Meter.parse(header["meter"]) if header.get("meter") else Meter(4, 4)
        return SongMap(
            sections, header.get("title", ""), header.get("composer", ""), self._key(),
            self._tempo(), header.get("style", ""), meter, self._order(sections), tuple(self.info),
        )  # fmt: skip

    def _key(self) -> Key | None:
        text = self.header.get("key")
        if not text:
            return None
        try:
            return Key(text)
        except TheoryError as error:
            self.line = self.places["key"]
            raise self.fail(str(error)) from None

    def _tempo(self) -> float:
        text = self.header.get("tempo", "")
        if not text:
            return 120.0
        number = re.search(r"\d{1,4}(?:\.\d{1,9})?", text)
        if number is None or not 1 <= float(number[0]) <= 1000:
            self.line = self.places["tempo"]
            raise self.fail(f"a tempo is 1-1000 quarter notes a minute, not {text!r}")
        return float(number[0])

    def _order(self, sections: tuple[Section, ...]) -> tuple[int, ...] | None:
        text = self.header.get("form")
        if not text:
            return None
        names = [section.name for section in sections]
        parts = [part for part in re.split(r"\s*[,>–-]\s*", text) if part]
        if not all(part in names for part in parts):
            parts = text.split()
        order = []
        for part in parts:
            if part not in names:
                self.line = self.places["form"]
                raise self.fail(f"the form names {part!r}, but the sections are {', '.join(names)}")
            order.append(names.index(part))
        return tuple(order)


def read_text(text: str, source: str = "chart") -> SongMap:
    """Read a text chart; raises ChartError with line and column."""
    if len(text) > MAX_CHARACTERS:
        raise ChartError(f"longer than {MAX_CHARACTERS} characters", source=source)
    reader = _Reader(source)
    for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        reader.take(line.replace("\t", " ").replace("\ufeff", ""))
    return check(reader.song(), source)
