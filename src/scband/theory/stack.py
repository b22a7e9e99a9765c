"""The tones of a chord while its symbol is being read."""

from __future__ import annotations

NATURAL = {1: 0, 2: 2, 3: 4, 4: 5, 5: 7, 6: 9, 7: 10, 8: 0, 9: 2, 10: 4, 11: 5, 12: 7, 13: 9}
"""Semitones above the root of each degree, the seventh minor."""

_STACKED = {2: 9, 4: 11, 6: 13, 10: 9}  # degrees by the name that they have in a stack of thirds


class Stack:
    """Third, fifths, seventh, extension and single tones, collected in any order.

    Only `intervals` decides what sounds, so that the order in a symbol makes no difference.
    """

    __slots__ = (
        "added", "altered", "dim", "extension", "fifths", "flat13", "half", "major", "minor",
        "mode", "omitted", "power", "seventh", "sixth", "started", "sus",
    )  # fmt: skip

    def __init__(self) -> None:
        self.minor = self.dim = self.half = self.power = self.major = self.started = False
        self.sixth = self.flat13 = False
        self.seventh: int | None = None
        self.extension = 0
        self.sus: set[int] = set()
        self.fifths: set[int] = set()
        self.altered: set[int] = set()  # degrees 9, 11, 13 whose natural tone gives way
        self.added: set[int] = set()
        self.omitted: set[int] = set()
        self.mode = ""  # "add" or "omit": what the next degree is for

    def extend(self, number: int) -> None:
        """Stack thirds up to 7, 9, 11 or 13."""
        self.extension = max(self.extension, number)
        if self.major:
            self.seventh = 11
        elif self.dim:
            self.seventh = 9
        elif self.seventh is None:
            self.seventh = 10

    def number(self, number: int) -> None:
        """Take a number without accidental: an extension at first, an added tone after one."""
        if number == 5:
            self.power = not self.started
        elif number in (6, 69):
            self.sixth = True
            self.added |= {2} if number == 69 else set()
        elif number == 4:
            self.sus.add(5)
        elif number == 7 and self.extension:
            self.seventh = 11 if self.major else self.seventh
        elif number in (7, 9, 11, 13) and not self.extension and (number == 7 or not self.sixth):
            self.extend(number)
        else:
            self.added.add(NATURAL[number])

    def alter(self, number: int, change: int) -> None:
        """Take a number with an accidental."""
        if number == 5:
            self.fifths.add(7 + change)
        elif number == 7:
            self.seventh = 11 if change > 0 else 10
            self.extension = max(self.extension, 7)
        elif number == 3:
            self.minor = self.minor or change < 0
        else:
            self.altered.add(_STACKED.get(number, number))
            self.add(number, change)

    def add(self, number: int, change: int) -> None:
        """Add a tone beside the stack; a flat thirteenth takes the natural fifth's place."""
        natural = 11 if number == 7 and self.major else NATURAL[number]
        self.added.add((natural + change) % 12)
        self.flat13 = self.flat13 or (number == 13 and change == -1)

    def omit(self, number: int, change: int) -> None:
        """Take a tone away; third, fifth and seventh whatever their kind."""
        kinds = {3: {3, 4}, 5: {6, 7, 8}, 7: {9, 10, 11}}.get(number, set())
        self.omitted |= kinds if kinds and not change else {(NATURAL[number] + change) % 12}

    def _third(self) -> set[int]:
        if self.sus:
            return self.sus
        if self.minor or self.dim or self.half:
            return {3}
        return set() if self.power or self.bare_eleventh else {4}

    @property
    def bare_eleventh(self) -> bool:
        """Tell whether this is a major or dominant eleventh, which sounds without its third."""
        low = self.minor or self.dim or self.half
        return self.extension == 11 and 11 not in self.altered and not low and not self.sus

    def _fifths(self) -> set[int]:
        if self.fifths:
            return self.fifths
        if self.dim or self.half:
            return {6}
        return set() if self.flat13 else {7}

    def _extensions(self) -> set[int]:
        tones = {9} if self.sixth else set()
        if self.seventh is not None:
            tones.add(self.seventh)
        if self.extension >= 9 and 9 not in self.altered:
            tones.add(2)
        low_third = self.minor or self.dim or self.half
        eleventh = self.extension == 11 or (self.extension == 13 and low_third and not self.sus)
        if eleventh and 11 not in self.altered:
            tones.add(5)
        if self.extension == 13 and 13 not in self.altered:
            tones.add(9)
        return tones

    def intervals(self) -> frozenset[int]:
        """Settle which tones sound."""
        tones = {0} | self._third() | self._fifths() | self._extensions() | self.added
        return frozenset(tones - self.omitted)

    def spelling(self, intervals: frozenset[int]) -> str:
        """Say what the tones alone do not tell: `11` for 9sus, `b13` for a sharp fifth."""
        marks = []
        if self.bare_eleventh and 5 in intervals and {3, 4}.isdisjoint(intervals):
            ninth = {1, 2, 3} & intervals
            if ninth and not self.omitted and self.seventh in (10, 11):
                marks.append("11")
        if self.flat13 and 8 in intervals and 7 not in intervals and 8 not in self.fifths:
            marks.append("b13")
        return " ".join(marks) if not self.omitted else ""
