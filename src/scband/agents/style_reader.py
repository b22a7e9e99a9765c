"""Checked reading of raw style data: every fault names the file, the key and the reason."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, NoReturn, TypeVar

from scband.agents.chance import Weighted
from scband.errors import StyleError

T = TypeVar("T")
_METER = re.compile(r"[1-9]\d?/(1|2|4|8|16)")
_INTENSITY = re.compile(r"[01](\.\d+)?")


@dataclass(frozen=True, slots=True)
class Table(Generic[T]):
    """Weighted choices by section and intensity.

    `rows` pairs a section's name ("" for all others) with steps of (from this intensity on,
    choices), rising.
    """

    rows: tuple[tuple[str, tuple[tuple[float, Weighted[T]], ...]], ...]

    def at(self, intensity: float, section: str = "") -> Weighted[T]:
        """Return the choices that hold at an intensity (0-1) in a section."""
        steps = self._steps(section.lower())
        chosen = steps[0][1]
        for threshold, choices in steps:
            if intensity >= threshold:
                chosen = choices
        return chosen

    def _steps(self, section: str) -> tuple[tuple[float, Weighted[T]], ...]:
        for name, steps in self.rows:
            if name and section.startswith(name):
                return steps
        return self.rows[-1][1]

    def values(self) -> Iterable[T]:
        """Go through every value of the table."""
        return (value for _, steps in self.rows for _, choices in steps for value, _ in choices)


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a style file we are, and how to read what stands there."""

    file: str
    key: str = ""

    def within(self, key: str) -> Place:
        """Go one table down."""
        return Place(self.file, f"{self.key}.{key}" if self.key else key)

    def fail(self, key: str, reason: str) -> NoReturn:
        """Raise the StyleError for a key of this table."""
        raise StyleError(f"{self.file}: {self.within(key).key if key else self.key}: {reason}")

    def only(self, raw: Mapping[str, Any], allowed: Iterable[str]) -> None:
        """Refuse keys that mean nothing."""
        known = tuple(allowed)
        for key in raw:
            if key not in known:
                self.fail(key, f"is not known here; known are: {', '.join(known)}")

    def table(self, raw: Mapping[str, Any], key: str) -> Mapping[str, Any]:
        """Return a sub-table, empty if absent."""
        value = raw.get(key, {})
        if not isinstance(value, dict):
            self.fail(key, "must be a table")
        return value

    def tables(self, raw: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
        """Return an array of tables, empty if absent."""
        value = raw.get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            self.fail(key, f"must be an array of tables, written [[{self.within(key).key}]]")
        return value

    def text(self, raw: Mapping[str, Any], key: str, default: str) -> str:
        """Return a text."""
        value = raw.get(key, default)
        if not isinstance(value, str):
            self.fail(key, "must be a text")
        return value

    def word(self, raw: Mapping[str, Any], key: str, default: str, known: Iterable[str]) -> str:
        """Return one of the words that are known."""
        value = self.text(raw, key, default)
        words = tuple(known)
        if value not in words:
            self.fail(key, f"must be one of {', '.join(words)}, not {value!r}")
        return value

    def words(
        self, raw: Mapping[str, Any], key: str, default: Iterable[str], known: Iterable[str]
    ) -> tuple[str, ...]:
        """Return a list of words that are known."""
        value = raw.get(key, list(default))
        allowed = tuple(known)
        if not isinstance(value, list) or not all(word in allowed for word in value):
            self.fail(key, f"must be a list of {', '.join(allowed)}")
        return tuple(value)

    def flag(self, raw: Mapping[str, Any], key: str) -> bool:
        """Return a truth value, false if absent."""
        value = raw.get(key, False)
        if not isinstance(value, bool):
            self.fail(key, "must be true or false")
        return value

    def number(
        self, raw: Mapping[str, Any], key: str, default: float, low: float, high: float
    ) -> float:
        """Return a number within a range."""
        return self._checked(key, raw.get(key, default), low, high)

    def numbers(self, raw: object, low: float, high: float) -> dict[str, float]:
        """Return a table of numbers, each within a range."""
        if not isinstance(raw, dict):
            self.fail("", "must be a table of numbers")
        return {key: self._checked(key, value, low, high) for key, value in raw.items()}

    def _checked(self, key: str, value: object, low: float, high: float) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            self.fail(key, f"must be a number, not {value!r}")
        if not low <= value <= high:
            self.fail(key, f"must lie between {low:g} and {high:g}, not {value:g}")
        return float(value)

    def texts(self, raw: object) -> dict[str, str]:
        """Return a table of texts."""
        if not isinstance(raw, dict):
            self.fail("", "must be a table of texts")
        return {key: self.text(raw, key, "") for key in raw}

    def meters(self, raw: Mapping[str, Any], key: str) -> tuple[str, ...]:
        """Return a list of meters such as "6/8"; 4/4 if absent."""
        value = raw.get(key, ["4/4"])
        if not isinstance(value, list) or not value:
            self.fail(key, 'must be a list of meters such as ["4/4"]')
        for meter in value:
            if not isinstance(meter, str) or not _METER.fullmatch(meter):
                self.fail(key, f"{meter!r} is not a meter such as 4/4 or 6/8")
        return tuple(value)

    def curve(self, raw: object, low: float, high: float) -> tuple[tuple[float, float], ...]:
        """Return a table from number to number as rising pairs; one number holds everywhere."""
        if isinstance(raw, int | float) and not isinstance(raw, bool):
            raw = {"120": raw}
        if not isinstance(raw, dict):
            self.fail("", "must be a number or a table from number to number")
        pairs = []
        for key, value in raw.items():
            try:
                at = float(key)
            except ValueError:
                self.fail(key, "must be a number, a tempo")
            pairs.append((at, self._checked(key, value, low, high)))
        return tuple(sorted(pairs))

    def choices(self, raw: object, leaf: Callable[[Any], T]) -> Weighted[T]:
        """Read one value, or a list of values and `[value, weight]` pairs.

        `leaf` turns a raw value into what is wanted and raises ValueError with the reason.
        """
        items = raw if isinstance(raw, list) else [raw]
        if not items:
            self.fail("", "is an empty list")
        read = []
        for item in items:
            value, weight = item if isinstance(item, list) and len(item) == 2 else (item, 1)
            if isinstance(weight, bool) or not isinstance(weight, int | float) or weight < 0:
                self.fail("", f"the weight of {value!r} must be a number of 0 or more")
            try:
                read.append((leaf(value), float(weight)))
            except ValueError as error:
                self.fail("", str(error))
        return tuple(read)

    def steps(self, raw: object, leaf: Callable[[Any], T]) -> tuple[tuple[float, Weighted[T]], ...]:
        """Read choices, or a table of choices by intensity ("0.0", "0.4" …)."""
        if not isinstance(raw, dict):
            return ((0.0, self.choices(raw, leaf)),)
        read = []
        for key, value in raw.items():
            if not _INTENSITY.fullmatch(key) or float(key) > 1:
                self.fail(key, 'must be an intensity from "0.0" to "1.0"')
            read.append((float(key), self.within(key).choices(value, leaf)))
        if not read:
            self.fail("", "is an empty table")
        return tuple(sorted(read, key=lambda step: step[0]))

    def choice_table(self, raw: object, leaf: Callable[[Any], T]) -> Table[T]:
        """Read choices by section and intensity; "else" stands for all other sections."""
        if not isinstance(raw, dict) or all(_INTENSITY.fullmatch(key) for key in raw):
            return Table((("", self.steps(raw, leaf)),))
        if "else" not in raw:
            self.fail("", 'a table by section must have "else" for all other sections')
        rows = [
            (name.lower(), self.within(name).steps(value, leaf))
            for name, value in raw.items()
            if name != "else"
        ]
        return Table((*rows, ("", self.within("else").steps(raw["else"], leaf))))
