"""What stands after the root of a chord symbol: text to semitones above the root.

One grammar for jazz, pop, iReal and Latin spellings. A left-to-right scan collects third, fifth,
seventh, extension, added, altered and omitted tones in any order, and only the end decides which
tones sound, so that `7#9#5`, `7(#5,#9)` and `+7#9` meet in one set.
"""

from __future__ import annotations

import re
from functools import lru_cache

from scband.errors import ChordError

_TOKEN = re.compile(
    r"""
      (?P<skip>[\s(),.&\[\]{}/\\]+ | :(?=\S) | and\b)
    | (?P<alt>alt(?:ered)? | ALT)
    | (?P<sus>[sS](?:us|USP?)(?:p(?:ended)?)?\s*
        (?P<susnum>4\s*/\s*2|2\s*/\s*4|4sus2|2sus4|24|42|2|4|\((?:2|4)\))?)
    | (?P<add>[aA]dd|ADD|addition)
    | (?P<omit>(?:no|No|NO|omit|Omit|OMIT|drop|without)(?=[\s(]*[b\#♭♯]?\d)|omits?|NO)
    | (?P<half>half[\s-]?dim(?:inished)?|hdim|h|ø|Ø|⌀|∅)
    | (?P<dim>[dD]im(?:inished|\.)?|DIM|°|º|˚|[oO0])
    | (?P<aug>[aA]ug(?:mented|\.)?|AUG)
    | (?P<dom>[dD]om(?:inant)?|DOM)
    | (?P<maj>[mM]aj(?:or|\.)?|MAJ(?:OR)?|Ma|MA|ma(?![a-zA-Z])|[Mm]ajor|M(?![iI])|\^|Δ|△|∆|▵|[jJ])
    | (?P<min>[mM]in(?:or|\.)?|MIN(?:OR)?|[mM]i(?!\w*[aj])|MI|mi|m)
    | (?P<degree>(?P<sign>[b♭]{1,2}|[\#♯]{1,2}|[+\-–−])?
        (?P<number>13|11|10|69|[1-9])(?P<ordinal>th|rd|nd|st|d(?![a-z]))?
        (?P<post>[+\-](?=[\s),/]|$))?)
    | (?P<plus>\+)
    | (?P<minus>[-–−_])
    """,
    re.VERBOSE,
)
_SIGNS = {"b": -1, "♭": -1, "#": 1, "♯": 1, "+": 1, "-": -1, "–": -1, "−": -1}
_NATURAL = {1: 0, 2: 2, 3: 4, 4: 5, 5: 7, 6: 9, 7: 10, 8: 0, 9: 2, 10: 4, 11: 5, 12: 7, 13: 9}
_TRIANGLES = frozenset("^Δ△∆▵jJ")


class _Builder:
    """Tones collected so far; `mode` says what a bare degree means next."""

    __slots__ = (
        "added", "altered", "dim", "extension", "fifths", "half", "major", "minor",
        "mode", "naturals", "omitted", "power", "seventh", "sixth", "started", "sus",
    )  # fmt: skip

    def __init__(self) -> None:
        self.minor = self.dim = self.half = self.power = self.major = self.started = False
        self.sixth = False
        self.seventh: int | None = None
        self.extension = 0
        self.sus: set[int] = set()
        self.fifths: set[int] = set()
        self.altered: set[int] = set()  # degrees 9, 11, 13 whose natural tone gives way
        self.added: set[int] = set()
        self.omitted: set[int] = set()
        self.mode = ""

    def extend(self, number: int) -> None:
        """Stack thirds up to 7, 9, 11 or 13."""
        self.extension = max(self.extension, number)
        if self.major:
            self.seventh = 11
        elif self.dim:
            self.seventh = 9
        elif self.seventh is None:
            self.seventh = 10

    def bare(self, number: int) -> None:
        """Take a number without accidental: an extension at first, an added tone after one."""
        if number == 5:
            self.power = not self.started
        elif number == 69:
            self.sixth = True
            self.added.add(2)
        elif number == 6:
            self.sixth = True
        elif number == 4:
            self.sus.add(5)
        elif self.extension or (self.sixth and number != 7):
            if number == 7:
                self.seventh = 11 if self.major else self.seventh
            else:
                self.added.add(_NATURAL[number])
        elif number in (7, 9, 11, 13):
            self.extend(number)
        else:
            self.added.add(_NATURAL[number])

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
            self.altered.add({2: 9, 4: 11, 6: 13, 10: 9}.get(number, number))
            self.added.add((_NATURAL[number] + change) % 12)

    def omit(self, number: int, change: int) -> None:
        """Take a tone away."""
        if number == 3:
            self.omitted.update((3, 4))
        elif number == 5 and not change:
            self.omitted.update((6, 7, 8))
        elif number == 7 and not change:
            self.omitted.update((9, 10, 11))
        else:
            self.omitted.add((_NATURAL[number] + change) % 12)

    def intervals(self) -> frozenset[int]:
        """Settle which tones sound."""
        tones = {0}
        if self.sus:
            tones |= self.sus
        elif not self.power:
            tones.add(3 if self.minor or self.dim or self.half else 4)
        tones |= self.fifths or ({6} if self.dim or self.half else {7})
        if self.sixth:
            tones.add(9)
        if self.seventh is not None:
            tones.add(self.seventh)
        if self.extension >= 9 and 9 not in self.altered:
            tones.add(2)
        if self.extension == 11 and 11 not in self.altered:
            tones.add(5)
        if self.extension == 13 and 13 not in self.altered:
            tones.add(9)
        return frozenset((tones | self.added) - self.omitted)


def _sign(match: re.Match[str]) -> int:
    signs = match["sign"]
    return sum(_SIGNS[sign] for sign in signs) if signs else 0


def _take_degree(chord: _Builder, match: re.Match[str], inside: bool) -> str | None:
    """Apply a number with its accidental; give a reason where it makes no sense."""
    number, change, sign = int(match["number"]), _sign(match), match["sign"] or ""
    if match["post"]:
        if inside or number == 5:
            change += _SIGNS[match["post"]]
        elif match["post"] == "+":
            chord.fifths.add(8)
        else:
            return "a minus after the number needs brackets, as in 7(9-)"
    if sign in ("-", "–", "−") and not chord.started and number != 5:
        chord.minor, chord.started = True, True
        change = 0
    elif sign == "+" and number == 7:
        if chord.minor:
            change = 1
        else:
            chord.fifths.add(8)
            change = 0
    elif sign == "+" and not chord.started and number in (9, 13, 6):
        chord.fifths.add(8)
        change = 0
    if abs(change) > 2 or (number == 1 and (change or chord.mode != "omit")) or number == 8:
        return "no such degree"
    if chord.mode == "omit":
        chord.omit(number, change)
    elif chord.mode == "add":
        if number == 69:
            return "no such degree"
        natural = 11 if number == 7 and chord.major else _NATURAL[number]
        chord.added.add((natural + change) % 12)
    elif change:
        if number == 69:
            return "no such degree"
        chord.alter(number, change)
    else:
        chord.bare(number)
    chord.started = True
    chord.major = False if chord.mode == "add" else chord.major
    return None


def _take_word(chord: _Builder, kind: str, text: str, rest: str) -> None:
    """Apply a word or sign such as min, maj, dim, sus, alt, add."""
    if kind in ("add", "omit"):
        chord.mode = kind
        chord.started = True
        return
    number_follows = rest[:1].isdigit() or (rest[:1] in "( " and rest[1:2].isdigit())
    if kind == "min":
        chord.minor = True
    elif kind == "maj":
        chord.major = True
        if chord.mode == "add":
            return
        if chord.extension and not (chord.dim and chord.seventh == 9):
            chord.seventh = 11
        elif chord.extension:
            chord.added.add(11)
        elif not number_follows and (text in _TRIANGLES or chord.minor or chord.dim):
            chord.extend(7)
    elif kind == "dim":
        chord.dim = True
        if chord.extension == 7:
            chord.seventh = 9
    elif kind == "half":
        chord.half = True
        chord.extend(7)
        chord.extension = 0
    elif kind in ("aug", "plus"):
        chord.fifths.add(8)
    elif kind == "alt":
        chord.extend(7)
        chord.fifths |= {6, 8}
        chord.added |= {1, 3}
        chord.altered.add(9)
    chord.mode = ""
    chord.started = True


def _take_sus(chord: _Builder, number: str | None) -> None:
    digits = re.sub(r"\D", "", number or "4")
    chord.sus |= {2 if digit == "2" else 5 for digit in digits}
    chord.mode, chord.started = "", True


@lru_cache(maxsize=4096)
def parse(text: str) -> frozenset[int]:
    """Read a quality (`m7b5`, `^7#11`, `7sus4(b9)`) as semitones above the root.

    Raises ChordError whose position counts from the start of `text`.
    """
    chord = _Builder()
    position, depth, length = 0, 0, len(text)
    while position < length:
        match = _TOKEN.match(text, position)
        if match is None or match.end() == position:
            raise ChordError(text, position, f"{text[position]!r} has no meaning here")
        kind = match.lastgroup or ""
        if match["skip"] is not None:
            for sign in match[0]:
                depth += (sign in "([{") - (sign in ")]}")
            if depth < 0:
                raise ChordError(text, position, "a bracket is closed that was not opened")
            if ")" in match[0]:
                chord.mode = ""
        elif match["sus"] is not None:
            _take_sus(chord, match["susnum"])
        elif match["degree"] is not None:
            reason = _take_degree(chord, match, depth > 0)
            if reason:
                raise ChordError(text, position, reason)
        else:
            kind = next(k for k in _WORDS if match[k] is not None)
            _take_word(chord, "min" if kind == "minus" else kind, match[0], text[match.end() :])
        position = match.end()
    if depth:
        raise ChordError(text, length, "a bracket is not closed")
    if chord.mode and text and not text[-1].isdigit() and text[-1] not in ")dhtn ":
        raise ChordError(text, length, f"{chord.mode} needs a degree after it")
    return chord.intervals()


_WORDS = ("alt", "add", "omit", "half", "dim", "aug", "dom", "maj", "min", "plus", "minus")
