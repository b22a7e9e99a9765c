"""ChordPro: `{title: …}`, `[Am]chords in lyrics`, and grids `| C . G . |`.

After the format's own description (chordpro.org). A grid tells bars and beats; in lyrics without
bar lines every chord takes a bar, and the words go with it. Signs and jumps stand in comments.
"""

from __future__ import annotations

import re
from dataclasses import replace

from scband.chart.draft import Draft
from scband.chart.header import Header
from scband.chart.signs import read_jump, read_mark
from scband.chart.songmap import Bar, ChordAt, Mark, Section, SongMap, check
from scband.errors import ChartError, ChordError, ScoreError
from scband.score import Meter
from scband.theory.chord import Chord

MAX_CHARACTERS = 300_000
"""No ChordPro file is longer than this."""

_DIRECTIVE = re.compile(r"\{ ?([A-Za-z_+]+(?:-[\w!]+)?)(?:[: ](.*))?\}")
_START = re.compile(r"start_of_(\w+)|so([vcbgt])")
_END = re.compile(r"end_of_\w+|eo[vcbgt]")
_LABEL = re.compile(r"label\s*=\s*[\"']([^\"']*)[\"']")
_HEADER_NAMES = {
    "title": "title", "t": "title", "subtitle": "composer", "st": "composer",
    "artist": "composer", "composer": "composer", "key": "key", "tempo": "tempo", "style": "style",
}  # fmt: skip
_COMMENTS = ("comment", "c", "comment_italic", "ci", "comment_box", "cb", "highlight")
_SHORT = {"v": "verse", "c": "chorus", "b": "bridge", "g": "grid", "t": "tab"}
_SILENT = ("tab", "abc", "ly", "svg", "textblock", "musicxml")
_GRID = re.compile(
    r"\s*(?P<sign>:?\|:|:?\|[\d,]+\.?(?=\s)|:\|x\d{1,3}|:\|(?:\d[\d,]*\.?(?=\s))?|\|\||\|\.|\|)"
    r"|\s*(?P<cell>[^\s|:][^\s|]*)|\s+|(?P<bad>.)"
)
_INLINE = re.compile(r"\[([^\]\n]{0,60})\]|(\|+)")


def looks_like_chordpro(text: str) -> bool:
    """Tell whether a text has ChordPro's directives, or chords in brackets inside its lines."""
    start = text[:20_000]
    if re.search(r"(?m)^\s*\{\s*(title|t|key|sog|soc|sov|start_of_\w+|artist|c|comment)\b", start):
        return True
    inline = re.findall(r"(?m)^[^|\n]*\[([A-G][^\]\s]{0,15})\]\w", start)
    return len(inline) >= 2


class _Reader:
    """Reads a song line by line."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.header = Header(source)
        self.sections: list[tuple[str, str, int, list[Bar]]] = []
        self.order: list[int] = []
        self.line = 0
        self.mode = "verse"
        self.meter: Meter | None = None
        self.first_meter: Meter | None = None
        self.pending = Bar()
        self.draft = Draft()
        self.recalled = False
        self.first_key = ""

    def fail(self, reason: str, column: int = 0) -> ChartError:
        return ChartError(reason, source=self.source, line=self.line, column=column)

    @property
    def current(self) -> Meter:
        return self.meter or Meter(4, 4)

    def take(self, line: str) -> None:
        """Read one line."""
        self.line += 1
        if not line.strip() or line.startswith("#"):
            return
        directive = _DIRECTIVE.fullmatch(line.strip())
        if directive is not None:
            value = (directive[2] or "").lstrip(": ").rstrip()
            column = line.rindex(value) if value else 0
            self._directive(directive[1].lower(), value, column)
        elif self.mode == "grid":
            self._grid(line)
        elif self.mode not in _SILENT:
            self._lyrics(line)

    def _directive(self, name: str, value: str, column: int) -> None:
        if name == "meta":
            name, _, value = value.partition(" ")
        start = _START.fullmatch(name)
        if name in _HEADER_NAMES:
            self._head(_HEADER_NAMES[name], value)
        elif name == "time":
            self._time(value, column)
        elif start is not None:
            self._open(start[1] or _SHORT[start[2]], value)
        elif _END.fullmatch(name):
            self.mode = "verse"
        elif name == "chorus":
            self._recall(value)
        elif name in _COMMENTS:
            self._comment(value)
        elif name.startswith("x_"):
            self._extra(name[2:], value, column)

    def _head(self, name: str, value: str) -> None:
        if name == "key" and self._has_bars():
            self.header.take(f"key: {value}", self.line)
            self.pending = replace(self.pending, key=self.header.key())
            self.header.values["key"] = self.first_key
        elif name not in self.header.values or name != "composer":
            self.header.take(f"{name}: {value}", self.line)
            self.first_key = self.header.values.get("key", "")

    def _has_bars(self) -> bool:
        return any(bars for *_, bars in self.sections)

    def _time(self, value: str, column: int) -> None:
        try:
            meter = Meter.parse(value)
        except ScoreError as error:
            raise self.fail(str(error), column + 1) from None
        if not self._has_bars():
            self.first_meter = meter
        elif meter != self.current:
            self.pending = replace(self.pending, meter=meter)
        self.meter = meter

    def _open(self, kind: str, value: str) -> None:
        label = _LABEL.search(value)
        name = label[1] if label is not None else ("" if "=" in value else value)
        self.mode = kind
        if kind in _SILENT:
            return
        if kind == "grid" and not name and self.sections and not self.sections[-1][3]:
            return
        self.sections.append((name or (kind if kind != "grid" else ""), "", 1, []))
        self.order.append(len(self.sections) - 1)

    def _recall(self, label: str) -> None:
        """Play the last chorus again."""
        for number in range(len(self.sections) - 1, -1, -1):
            name = self.sections[number][0].lower()
            if name.startswith("chorus") and (not label or label.lower() in (name, "chorus")):
                self.order.append(number)
                self.recalled = True
                return

    def _comment(self, text: str) -> None:
        """Read a sign or a jump out of a comment, else keep it as words over the next bar."""
        mark, jump = read_mark(text), read_jump(text)
        bars = self._bars()
        if jump is not None and bars:
            bars[-1] = replace(bars[-1], jump=jump)
        elif mark in (Mark.FINE, Mark.TO_CODA, Mark.END) and bars:
            bars[-1] = replace(bars[-1], marks=bars[-1].marks | {mark})
        elif mark is not None:
            self.pending = replace(self.pending, marks=self.pending.marks | {mark})
        elif self.mode == "grid":
            self.pending = replace(self.pending, text=text)

    def _extra(self, name: str, value: str, column: int) -> None:
        """Read what only this library writes, as the format allows it: `{x_times: 2}`."""
        if name in ("times", "label") and self.sections:
            title, label, times, bars = self.sections[-1]
            if name == "label":
                label = value
            elif value.isdigit() and 1 <= int(value[:4]) <= 200:
                times = int(value)
            else:
                raise self.fail("a section is played 1 to 200 times", column + 1)
            self.sections[-1] = (title, label, times, bars)
        elif name == "form":
            self.header.take(f"form: {value}", self.line)
        elif name == "beats":
            try:
                beats = float(value)
                Meter.of_beats(beats)
            except (ValueError, OverflowError, ScoreError):
                raise self.fail(f"{value!r} is no length in beats", column + 1) from None
            self.pending = replace(self.pending, beats=beats)
        elif name == "info":
            key, _, text = value.partition("=")
            self.header.info.append((key.strip(), text.strip()))

    def _bars(self) -> list[Bar]:
        if not self.sections:
            self.sections.append(("", "", 1, []))
            self.order.append(0)
        return self.sections[-1][3]

    def _chord(self, text: str, column: int) -> Chord:
        try:
            return Chord.parse(text, "plain")
        except ChordError as error:
            raise self.fail(str(error), column + error.position) from None

    def _grid(self, line: str) -> None:
        """Read a row of a grid; a cell is a beat."""
        if "|" not in line:
            raise self.fail("a row of a grid has bars between |")
        self.draft = Draft()
        opened = False
        for match in _GRID.finditer(line[: line.rindex("|") + self._after(line)]):
            if match["bad"]:
                raise self.fail(f"{match['bad']!r} has no meaning here", match.start() + 1)
            if match["sign"]:
                self._sign(match["sign"], opened)
                opened = True
            elif match["cell"] and opened:
                self._cell(match["cell"], match.start("cell") + 1)

    def _after(self, line: str) -> int:
        """Give how many characters of the last bar sign belong to it; words behind it do not."""
        match = re.match(r"\|(?:x\d{1,3}|[.:|])?", line[line.rindex("|") :])
        return len(match[0]) if match else 1

    def _sign(self, sign: str, opened: bool) -> None:
        if sign.startswith(":"):
            times = int(sign.split("x")[1]) if "x" in sign else 2
            if self.draft.touched:
                self.draft.bar = replace(self.draft.bar, repeat_end=max(2, min(200, times)))
            elif self._bars():
                self._bars()[-1] = replace(self._bars()[-1], repeat_end=max(2, min(200, times)))
        if opened:
            self._close()
        digits = re.search(r"\|([\d,]+)", sign)
        if digits is not None:
            passes = tuple(sorted({int(d) for d in digits[1].split(",") if d and int(d[:3])}))
            self.pending = replace(self.pending, ending=passes)
        if sign.endswith(":"):
            self.pending = replace(self.pending, repeat_start=True)

    def _touch(self) -> None:
        if not self.draft.touched:
            self.draft.bar, self.pending, self.draft.touched = self.pending, Bar(), True

    def _cell(self, text: str, column: int) -> None:
        self._touch()
        if text in (".", "/", "-"):
            self.draft.slots.append(None)
        elif text in ("%", "%%"):
            self.draft.bar = replace(self.draft.bar, simile=len(text))
        elif "~" in text:
            names = [name for name in text.split("~") if name]
            beat = 4.0 / self.current.denominator
            for number, name in enumerate(names):
                if name == ".":
                    continue
                place = beat * (len(self.draft.slots) + number / len(names))
                self.draft.exact.append(ChordAt(place, self._chord(name, column)))
            self.draft.slots.append(None)
        else:
            self.draft.slots.append(self._chord(text, column))

    def _close(self) -> None:
        if not self.draft.touched:
            return
        if self.draft.bar.simile:
            self.draft.slots = []
        bar = self.draft.finish(self.current)
        if bar is None:
            raise self.fail(f"these chords do not fit into a bar of {self.current}")
        self._bars().append(bar)
        self.draft = Draft()

    def _lyrics(self, line: str) -> None:
        """Read a line of words with chords in brackets; bar lines count where there are any."""
        barred = "|" in line
        words: list[str] = []
        draft = Draft()
        end = 0
        for match in _INLINE.finditer(line):
            words.append(line[end : match.start()])
            end = match.end()
            if match[2]:
                self._end_bar(draft, words)
                draft, words = Draft(), []
            elif match[1] and not match[1].startswith("*"):
                if not barred and draft.slots:
                    self._end_bar(draft, words)
                    draft, words = Draft(), []
                draft.slots.append(self._chord(match[1], match.start(1) + 1))
        words.append(line[end:])
        self._end_bar(draft, words)

    def _end_bar(self, draft: Draft, words: list[str]) -> None:
        text = " ".join("".join(words).split())
        if not draft.slots:
            return
        draft.bar = replace(self.pending, text=text)
        self.pending = Bar()
        bar = draft.finish(self.current)
        if bar is None:
            raise self.fail(f"these chords do not fit into a bar of {self.current}")
        self._bars().append(bar)

    def song(self) -> SongMap:
        """Put the song together."""
        kept = [number for number, section in enumerate(self.sections) if section[3]]
        sections = tuple(
            Section(name, tuple(bars), times, label)
            for name, label, times, bars in (self.sections[number] for number in kept)
        )
        header, values = self.header, self.header.values
        order = header.order(sections)
        if order is None and self.recalled:
            order = tuple(kept.index(number) for number in self.order if number in kept)
        return SongMap(
            sections, values.get("title", ""), values.get("composer", ""), header.key(),
            header.tempo(), values.get("style", ""), self.first_meter or Meter(4, 4), order,
            tuple(header.info),
        )  # fmt: skip


def read_chordpro(text: str, source: str = "chart") -> SongMap:
    """Read a ChordPro song; raises ChartError with line and column."""
    if len(text) > MAX_CHARACTERS:
        raise ChartError(f"longer than {MAX_CHARACTERS} characters", source=source)
    reader = _Reader(source)
    for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        reader.take(line.replace("\ufeff", "").replace("\t", " "))
    return check(reader.song(), source)
