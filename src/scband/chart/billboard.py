"""The McGill Billboard corpus' text: sections, meters, chords in Harte's notation, times.

J. A. Burgoyne, J. Wild, I. Fujinaga: "An expert ground truth set for audio chord recognition and
music analysis", ISMIR 2011. A line holds the time at which it starts, perhaps a letter and the
name of a section, and bars between `|`; `xN` plays the line N times, `->` marks an elision, `.`
goes on with a chord, `*` stands for music without a chord that could be named, `&pause` for a
pause. In a bar of two chords each takes half; else every symbol takes a beat.
"""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise

from scband.chart.songmap import Bar, ChordAt, Mark, Section, SongMap, check
from scband.errors import ChartError, ChordError, ScoreError, TheoryError
from scband.score import Meter
from scband.theory.chord import NO_CHORD, Chord
from scband.theory.key import Key

_HEADER = re.compile(r"# ?(title|artist|metre|tonic) ?:(.*)")
_LINE = re.compile(r"\s*(\d{1,6}(?:\.\d{0,18})?(?:e-?\d{1,2})?)\s+(.*)")
_LABEL = re.compile(r"([A-Z]{1,2}'{0,3})(?:,|\s|$)\s*")
_TIMES = re.compile(r"x(\d{1,3})")
_METER = re.compile(r"\(\s*(\d{1,2}/\d{1,2})\s*\)")
MAX_CHARACTERS = 300_000
"""No song is longer than this."""


def looks_like_billboard(text: str) -> bool:
    """Tell whether a text is in the corpus' format."""
    start = text[:2000]
    return (
        "# metre:" in start
        or re.search(r"(?m)^\d+(\.\d+)?\t+(silence|[A-Z]'*,)", start) is not None
    )


class _Reader:
    """Reads one song line by line."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.number = 0
        self.header = {"title": "", "artist": ""}
        self.meter: Meter | None = None
        self.first_meter = Meter(4, 4)
        self.key: Key | None = None
        self.pending = Bar()
        self.sections: list[tuple[str, str, list[Bar]]] = []
        self.end: float | None = None
        self.written: Meter | None = None  # the meter of the last bar

    def fail(self, reason: str, column: int = 0) -> ChartError:
        return ChartError(reason, source=self.source, line=self.number, column=column)

    def take(self, line: str) -> None:
        """Read one line."""
        self.number += 1
        line = line.rstrip("\r\n")
        if not line.strip():
            return
        if line.startswith("#"):
            self._header(line)
            return
        match = _LINE.fullmatch(line)
        if match is None:
            raise self.fail("a line starts with its time in seconds, then a tab")
        self._timed(float(match[1]), match[2], match.start(2))

    def _header(self, line: str) -> None:
        match = _HEADER.fullmatch(line)
        if match is None:
            return
        name, value = match[1], match[2].strip()
        try:
            if name == "metre":
                self._metre(Meter.parse(value))
            elif name == "tonic":
                self._tonic(Key(value))
            else:
                self.header[name] = value
        except (ScoreError, TheoryError) as error:
            raise self.fail(str(error)) from None

    def _metre(self, meter: Meter) -> None:
        if self.meter is None:
            self.first_meter = meter
        else:
            self.pending = replace(self.pending, meter=meter)
        self.meter = meter

    def _tonic(self, key: Key) -> None:
        if self.key is None:
            self.key = key
        else:
            self.pending = replace(self.pending, key=key)

    def _timed(self, time: float, text: str, column: int) -> None:
        before, bar, rest = text.partition("|")
        words = [word.strip() for word in before.split(",") if word.strip()]
        if not bar:
            self._unbarred(time, words)
            return
        self._open(words)
        body, _, after = rest.rpartition("|")
        if not body and not after:
            raise self.fail("a bar is not closed", column + 1)
        inner = body if body else after
        notes = after if body else ""
        start = len(self._bars())
        self._cells(inner, column + len(before) + 1)
        self._decorate(start, time, words, notes)

    def _unbarred(self, time: float, words: list[str]) -> None:
        """Pass over silence and noise; keep where the recording ends."""
        if words and words[0] == "end":
            self.end = time
        elif words and words[0].split()[0] not in ("silence", "Z") and not _known(words):
            raise self.fail(f"{words[0][:40]!r} has neither bars nor a known name")

    def _open(self, words: list[str]) -> None:
        """Open a section where the line names one, and take letter and name off the words."""
        if not words:
            self._bars()
            return
        label = _LABEL.fullmatch(words[0])
        if label is None:
            self._bars()
            return
        words.pop(0)
        name = words.pop(0) if words and "(" not in words[0] else ""
        self.sections.append((name or label[1], label[1], []))

    def _bars(self) -> list[Bar]:
        if not self.sections:
            self.sections.append(("", "", []))
        return self.sections[-1][2]

    def _cells(self, body: str, column: int) -> None:
        for cell in body.split("|"):
            self._bars().append(self._bar(cell, column))
            column += len(cell) + 1

    def _bar(self, cell: str, column: int) -> Bar:
        home = self.meter or self.first_meter
        match = _METER.search(cell)
        changed = None
        text = cell
        if match is not None:
            try:
                changed = Meter.parse(match[1])
            except ScoreError as error:
                raise self.fail(str(error), column + match.start() + 1) from None
            text = cell[: match.start()] + " " * len(match[0]) + cell[match.end() :]
        meter = changed or home
        bar, self.pending = self.pending, Bar()
        last = self.first_meter if self.written is None else self.written
        bar = replace(bar, meter=None if meter == last else meter)
        self.written = meter
        return self._filled(bar, text, meter, column)

    def _filled(self, bar: Bar, text: str, meter: Meter, column: int) -> Bar:
        symbols = [(match[0], match.start()) for match in re.finditer(r"\S+", text)]
        slots: list[Chord | None] = []
        for symbol, at in symbols:
            if symbol == "&pause":
                bar = replace(bar, text="pause", marks=bar.marks | {Mark.FERMATA})
                slots.append(NO_CHORD)
            elif symbol == ".":
                slots.append(None)
            elif symbol == "*":
                slots.append(NO_CHORD)
            else:
                try:
                    slots.append(Chord.parse(symbol, "harte"))
                except ChordError as error:
                    place = column + at + error.position + 1
                    raise self.fail(str(error), place) from None
        return replace(bar, chords=_spread(slots, meter))

    def _decorate(self, start: int, time: float, words: list[str], notes: str) -> None:
        """Put time, words and repeats of the line on its bars."""
        bars = self._bars()
        texts = [*words, *(part.strip() for part in notes.split(","))]
        times = 1
        kept = []
        for text in texts:
            match = _TIMES.fullmatch(text)
            if match is not None:
                times = int(match[1])
            elif text:
                kept.append(text)
        first = bars[start]
        text = ", ".join(part for part in (first.text, *kept) if part)
        bars[start] = replace(first, time=time, text=text, repeat_start=times > 1)
        if times > 1:
            bars[-1] = replace(bars[-1], repeat_end=min(times, 200))

    def song(self) -> SongMap:
        """Put the song together."""
        info = (("end", repr(self.end)),) if self.end is not None else ()
        sections = tuple(
            Section(name, tuple(bars), 1, "" if label == name else label)
            for name, label, bars in self.sections
            if bars
        )
        title, artist = self.header["title"], self.header["artist"]
        return SongMap(
            sections, title, artist, self.key, self._tempo(), "", self.first_meter, None, info
        )

    def _tempo(self) -> float:
        """Estimate the tempo from the times of the lines: the median over the song."""
        marks: list[tuple[float, float]] = []
        beats, meter = 0.0, self.first_meter
        for _, _, bars in self.sections:
            turn = 0.0
            for bar in bars:
                meter = bar.meter or meter
                if bar.time is not None:
                    marks.append((beats, bar.time))
                    turn = beats
                beats += meter.beats
                if bar.repeat_end:
                    beats += (beats - turn) * (bar.repeat_end - 1)
        paces = sorted(
            60.0 * (b - a) / (t - s) for (a, s), (b, t) in pairwise(marks) if t - s > 0.5 and b > a
        )
        pace = paces[len(paces) // 2] if paces else 120.0
        return min(1000.0, max(1.0, round(pace, 2)))


def _known(words: list[str]) -> bool:
    return _LABEL.match(words[0]) is not None or "(" in words[0] or words[0].endswith(")")


def _spread(slots: list[Chord | None], meter: Meter) -> tuple[ChordAt, ...]:
    """Give every symbol its share of the bar; a chord that is written again is not struck again."""
    step = meter.beats / max(1, len(slots))
    found: list[ChordAt] = []
    for number, chord in enumerate(slots):
        if chord is not None and (not found or found[-1].chord != chord):
            found.append(ChordAt(step * number, chord))
    return tuple(found)


def read_billboard(text: str, source: str = "chart") -> SongMap:
    """Read a song of the Billboard corpus; raises ChartError with line and column.

    Bars carry the time at which their line starts in the recording, `tempo` is the median pace.
    """
    if len(text) > MAX_CHARACTERS:
        raise ChartError(f"longer than {MAX_CHARACTERS} characters", source=source)
    reader = _Reader(source)
    for line in text.split("\n"):
        reader.take(line)
    return check(reader.song(), source)
