"""Meters and tempo: how beats fall into bars and seconds."""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from scband.errors import ScoreError

_METER = re.compile(r"\s*(\d{1,3})\s*/\s*(\d{1,3})\s*")
_SIGNS = {
    "C": "4/4",
    "c": "4/4",
    "C|": "2/2",
    "c|": "2/2",
    "¢": "2/2",
    "common": "4/4",
    "cut": "2/2",
}


@dataclass(frozen=True, slots=True)
class Meter:
    """A time signature; `beats` is a bar's length in quarter notes (6/8 is 3.0).

    Raises ScoreError unless the numerator is 1-64 and the denominator a power of two up to 64.
    """

    numerator: int = 4
    denominator: int = 4

    def __post_init__(self) -> None:
        if not 1 <= self.numerator <= 64 or self.denominator not in (1, 2, 4, 8, 16, 32, 64):
            meter = f"{self.numerator}/{self.denominator}"
            raise ScoreError(f"there is no meter {meter}: write for example 4/4, 3/4, 6/8, 7/8")

    @classmethod
    def parse(cls, text: str) -> Meter:
        """Read `4/4`, `6/8`, `C`, `C|`; raises ScoreError."""
        stripped = text.strip()[:20]
        match = _METER.fullmatch(_SIGNS.get(stripped, stripped))
        if match is None:
            raise ScoreError(f"{text[:40]!r} is not a meter: write for example 4/4, 3/4 or 6/8")
        return cls(int(match[1]), int(match[2]))

    @classmethod
    def of_beats(cls, beats: float) -> Meter:
        """Give the simplest meter whose bar lasts so many quarter notes; raises ScoreError."""
        for denominator in (4, 8, 16, 32, 64) if 0 < beats <= 256 else ():
            numerator = beats * denominator / 4
            if abs(numerator - round(numerator)) < 1e-6:
                return cls(round(numerator), denominator)
        raise ScoreError(f"no meter lasts {beats} quarter notes")

    @property
    def beats(self) -> float:
        """Length of a bar in quarter notes."""
        return self.numerator * 4.0 / self.denominator

    @property
    def compound(self) -> bool:
        """Tell whether beats fall into three (6/8, 9/8, 12/8)."""
        return self.denominator >= 8 and self.numerator % 3 == 0 and self.numerator > 3

    @property
    def pulses(self) -> tuple[float, ...]:
        """Where the felt pulses lie, in quarter notes: dotted ones in compound, 2+2+3 in 7/8."""
        if self.compound:
            return tuple(1.5 * k * 8 / self.denominator for k in range(self.numerator // 3))
        unit = 4.0 / self.denominator
        if self.denominator <= 4 or self.numerator == 3:
            return tuple(unit * k for k in range(self.numerator))
        groups = self.numerator // 2
        return tuple(2 * unit * k for k in range(groups))

    def __str__(self) -> str:
        return f"{self.numerator}/{self.denominator}"


@dataclass(frozen=True, slots=True)
class TempoChange:
    """From `beat` on, `bpm` quarter notes a minute."""

    beat: float
    bpm: float


@dataclass(frozen=True, slots=True)
class TempoMap:
    """Tempo over a piece; turns beats into seconds and back.

    Raises ScoreError for tempos outside 1-1000, or changes that do not start at 0 and ascend.
    """

    changes: tuple[TempoChange, ...] = (TempoChange(0.0, 120.0),)

    def __post_init__(self) -> None:
        if not self.changes or self.changes[0].beat != 0.0:
            raise ScoreError("a tempo map starts with a tempo at beat 0")
        for change in self.changes:
            if not (1.0 <= change.bpm <= 1000.0 and math.isfinite(change.beat)):
                raise ScoreError(f"a tempo is 1-1000 quarter notes a minute, not {change.bpm}")
        if any(later.beat <= earlier.beat for earlier, later in pairwise(self.changes)):
            raise ScoreError("the changes of a tempo map must ascend")

    @classmethod
    def constant(cls, bpm: float) -> TempoMap:
        """Hold one tempo."""
        return cls((TempoChange(0.0, float(bpm)),))

    @classmethod
    def of(cls, changes: Iterable[tuple[float, float]]) -> TempoMap:
        """Build from (beat, bpm) pairs in any order; later ones win at the same beat."""
        latest = {float(beat): float(bpm) for beat, bpm in changes}
        return cls(tuple(TempoChange(beat, latest[beat]) for beat in sorted(latest)))

    def bpm_at(self, beat: float) -> float:
        """Give the tempo that holds at a beat."""
        return self.changes[self._index(beat)].bpm

    def seconds(self, beat: float) -> float:
        """Give the time of a beat in seconds from beat 0."""
        total, last = 0.0, self._index(beat)
        for earlier, later in pairwise(self.changes[: last + 1]):
            total += (later.beat - earlier.beat) * 60.0 / earlier.bpm
        change = self.changes[last]
        return total + (beat - change.beat) * 60.0 / change.bpm

    def beat(self, seconds: float) -> float:
        """Give the beat that sounds so many seconds after beat 0."""
        remaining = seconds
        for earlier, later in pairwise(self.changes):
            span = (later.beat - earlier.beat) * 60.0 / earlier.bpm
            if remaining < span:
                return earlier.beat + remaining * earlier.bpm / 60.0
            remaining -= span
        last = self.changes[-1]
        return last.beat + remaining * last.bpm / 60.0

    def _index(self, beat: float) -> int:
        return max(0, bisect_right([change.beat for change in self.changes], beat) - 1)


@dataclass(frozen=True, slots=True)
class MeterChange:
    """From `beat` on (a bar line), this meter."""

    beat: float
    meter: Meter
