"""The header of a text chart: `name: value` lines."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

from scband.chart.songmap import Section
from scband.errors import ChartError, ScoreError, TheoryError
from scband.score import Meter
from scband.theory.chord import Chord, Notation
from scband.theory.key import Key
from scband.theory.roman import from_roman

_LINE = re.compile(r"([A-Za-z][\w -]{0,30}?) ?[:=](.*)")
_KNOWN = {
    "title": "title", "name": "title", "song": "title",
    "composer": "composer", "artist": "composer", "by": "composer", "author": "composer",
    "key": "key", "tonic": "key", "tempo": "tempo", "bpm": "tempo",
    "meter": "meter", "metre": "meter", "time": "meter", "timesignature": "meter",
    "style": "style", "groove": "style", "feel": "style", "form": "form", "order": "form",
    "notation": "notation",
}  # fmt: skip
_SECTION_WORDS = re.compile(
    r"(?:intro|verse|chorus|bridge|solo|outro|pre-?chorus|refrain|interlude|coda|tag|vamp|head|ending"
    r"|instrumental|break|turnaround|hook|[a-h]\d?'{0,2}(?=$))(?=\W|\d|$)",
    re.IGNORECASE,
)


def is_section_word(text: str) -> bool:
    """Tell whether a line such as `Verse 2` or `B` names a part of a form."""
    return _SECTION_WORDS.match(text.strip()) is not None and len(text.split()) <= 3


@dataclass(slots=True)
class Header:
    """What a text chart's header says; every value may be missing."""

    source: str
    values: dict[str, str] = field(default_factory=dict)
    places: dict[str, int] = field(default_factory=dict)
    info: list[tuple[str, str]] = field(default_factory=list)

    def take(self, line: str, number: int) -> bool:
        """Read a line; False where it is no header line. Raises ChartError for a bad value."""
        match = _LINE.fullmatch(line.strip())
        if match is None:
            return False
        written, value = match[1].strip(), match[2].strip()
        name = _KNOWN.get(re.sub(r"[ _-]", "", written.lower()))
        if name is None:
            if not value or is_section_word(written):
                return False
            self.info.append((written, value))
            return True
        self.values[name] = value
        self.places[name] = number
        self._check(name)
        return True

    def _check(self, name: str) -> None:
        try:
            if name == "meter":
                self.meter()
            elif name == "key":
                self.key()
            elif name == "tempo":
                self.tempo()
            elif name == "notation":
                self.notation()
        except (ScoreError, TheoryError, ValueError) as error:
            raise ChartError(str(error), source=self.source, line=self.places[name]) from None

    def meter(self) -> Meter:
        """Give the meter, 4/4 unless told otherwise."""
        text = self.values.get("meter")
        return Meter.parse(text) if text else Meter(4, 4)

    def key(self) -> Key | None:
        """Give the key, None where none is named."""
        text = self.values.get("key")
        return Key(text) if text else None

    def tempo(self) -> float:
        """Give the tempo in quarter notes a minute, 120 unless told otherwise."""
        text = self.values.get("tempo")
        if not text:
            return 120.0
        number = re.search(r"\d{1,4}(?:\.\d{1,12})?", text)
        if number is None or not 1 <= float(number[0]) <= 1000:
            raise ValueError(f"a tempo is 1-1000 quarter notes a minute, not {text!r}")
        return float(number[0])

    def chord(self, symbol: str) -> Chord:
        """Read a chord as the header's notation has it; raises ChordError."""
        notation = self.notation()
        if notation == "roman":
            return from_roman(symbol, self.key() or Key("C"))
        return Chord.parse(symbol, notation)

    def notation(self) -> Notation | Literal["roman"]:
        """Say how chords are spelled."""
        text = self.values.get("notation") or "auto"
        for known in ("auto", "plain", "german", "harte", "roman"):
            if text.lower() == known:
                return known
        raise ValueError(f"notation is auto, plain, german, harte or roman, not {text!r}")

    def order(self, sections: tuple[Section, ...]) -> tuple[int, ...] | None:
        """Give the play order from `form: A A B A` or `form: #1 #1 #2`; raises ChartError."""
        text = self.values.get("form")
        if not text:
            return None
        names = [section.name for section in sections]
        parts = [part for part in re.split(r"\s*[,>]\s*", text) if part]
        if not all(part in names for part in parts):
            parts = text.replace(",", " ").split()
        order = []
        for part in parts[:10_000]:
            if re.fullmatch(r"#\d{1,4}", part) and 1 <= int(part[1:]) <= len(sections):
                order.append(int(part[1:]) - 1)
            elif part in names:
                order.append(names.index(part))
            else:
                raise ChartError(
                    f"the form names {part!r}, but the sections are {', '.join(names)}",
                    source=self.source, line=self.places["form"],
                )  # fmt: skip
        return tuple(order)
