"""Rhythms as text, fitted to any meter: pulses, patterns, swing.

A pattern is written pulse by pulse, `x.|xx|x.|xx`: the number of characters in a pulse is how
finely it is divided, `-` holds what came before, `.` is silence, every other character is a symbol
that its player knows. ` / ` stands between the bars of a pattern that is longer than one bar.
A pulse is a quarter note, or a dotted quarter in 6/8, 9/8 and 12/8, so that one pattern serves
both and a bar of 7/8 is two pulses and a long one.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate

HOLD, REST = "-", "."
BLANK = (HOLD, REST)


@dataclass(frozen=True, slots=True)
class Hit:
    """One symbol of a pattern in time: beat and length in quarter notes from the bar's start."""

    beat: float
    length: float
    symbol: str


@dataclass(frozen=True, slots=True)
class Swing:
    """How off-beats are delayed: ratio of long to short, and whether eighths or sixteenths swing.

    `ratio` 1 is straight, 2 is a triplet feel.
    """

    ratio: float = 1.0
    sixteenths: bool = False

    def warp(self, fraction: float) -> float:
        """Move a place within a pulse (0-1) to where it is played."""
        if self.sixteenths:
            half = 0.5 if fraction >= 0.5 else 0.0
            return half + _bend((fraction - half) * 2, self.ratio) / 2
        return _bend(fraction, self.ratio)


STRAIGHT = Swing()
_TRIPLET = Swing(2.0)


def _bend(fraction: float, ratio: float) -> float:
    middle = ratio / (1 + ratio)
    if fraction < 0.5:
        return fraction * 2 * middle
    return middle + (fraction - 0.5) * 2 * (1 - middle)


@dataclass(frozen=True, slots=True)
class Pattern:
    """A rhythm of one or more bars, each a tuple of pulses such as `("x.", "xx")`."""

    bars: tuple[tuple[str, ...], ...]

    @property
    def symbols(self) -> frozenset[str]:
        """Every symbol that is used, without holds and rests."""
        used = {char for bar in self.bars for pulse in bar for char in pulse}
        return frozenset(used.difference(BLANK))

    def bar(self, number: int) -> tuple[str, ...]:
        """Return the pulses of a bar; numbers past the end begin again."""
        return self.bars[number % len(self.bars)]

    def __str__(self) -> str:
        return " / ".join("|".join(bar) for bar in self.bars)


def read_pattern(text: str) -> Pattern:
    """Read `x.|xx / x.|x.`; a ValueError says what is wrong with it."""
    bars = tuple(tuple(pulse.strip() for pulse in bar.split("|")) for bar in text.split(" / "))
    for bar in bars:
        for pulse in bar:
            if not pulse or " " in pulse:
                raise ValueError(f"{text!r} has an empty pulse or a blank within one")
            if len(pulse) > 12:
                raise ValueError(f"{text!r} divides a pulse into more than 12")
    return Pattern(bars)


@lru_cache(maxsize=64)
def pulses(numerator: int, denominator: int) -> tuple[float, ...]:
    """Return the lengths of a bar's pulses in quarter notes: 4/4 has four of 1, 6/8 two of 1.5.

    Odd meters in eighths are quarters with a long pulse at the end (7/8: 1, 1, 1.5).
    """
    beats = numerator * 4 / denominator
    if denominator >= 8 and numerator % 3 == 0:
        return (12 / denominator,) * (numerator // 3)
    unit = 1.0 if denominator <= 8 else 8 / denominator
    count = int(beats / unit)
    left = beats - count * unit
    if not count:
        return (beats,)
    return (unit,) * (count - 1) + (unit + left,)


@lru_cache(maxsize=1024)
def fitted(bar: tuple[str, ...], count: int) -> tuple[str, ...]:
    """Fit a bar of pulses to another number of pulses, keeping its first and its last.

    Three out of four drops the third, so that back-beats stay after the down-beat; more are made
    of fours and threes.
    """
    have = len(bar)
    if have == count:
        return bar
    if count < have:
        return bar[: count - 1] + bar[-1:] if count > 1 else bar[:1]
    rest = count - have
    return bar + fitted(bar, rest) if rest > 1 or have == 1 else _stretched(bar, count)


def _stretched(bar: tuple[str, ...], count: int) -> tuple[str, ...]:
    """Play a bar one pulse longer: 5 is 3 + 2, 4 is 2 + 2, so that no single pulse is left over."""
    first = (count + 1) // 2
    return fitted(bar, first) + fitted(bar, count - first)


@lru_cache(maxsize=4096)
def hits(bar: tuple[str, ...], lengths: tuple[float, ...], swing: Swing) -> tuple[Hit, ...]:
    """Place a bar's symbols in time, fitted to pulses of these lengths, in order."""
    found: list[tuple[float, float, str]] = []
    ended = True
    for pulse, start, length in zip(
        fitted(bar, len(lengths)), starts(lengths), lengths, strict=True
    ):
        edges = _edges(len(pulse), start, length, swing)
        for char, begin, end in zip(pulse, edges, edges[1:], strict=False):
            if char == HOLD and not ended:
                found[-1] = (found[-1][0], end, found[-1][2])
            elif char in BLANK:
                ended = True
            else:
                found.append((begin, end, char))
                ended = False
    return tuple(Hit(begin, end - begin, char) for begin, end, char in found)


@lru_cache(maxsize=64)
def starts(lengths: tuple[float, ...]) -> tuple[float, ...]:
    """Return where pulses of these lengths begin, in quarter notes from the bar's start."""
    return tuple(accumulate(lengths, initial=0.0))[:-1]


def _edges(steps: int, start: float, length: float, swing: Swing) -> list[float]:
    if steps % 3 == 0:
        swing = STRAIGHT
    elif length == 1.5:
        swing = _TRIPLET
    return [start + length * swing.warp(step / steps) for step in range(steps)] + [start + length]
