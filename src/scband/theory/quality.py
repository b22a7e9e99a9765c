"""What stands after the root of a chord symbol: text to semitones above the root.

One grammar for jazz, pop, iReal and Latin spellings, read left to right; `7#9#5`, `7(#5,#9)` and
`+7#9` meet in one set of tones.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

from scband.errors import ChordError
from scband.theory.stack import Stack

_TOKEN = re.compile(
    r"""
      (?P<skip>[\s(),;&\[\]{}/\\]+ | (?<=[a-zA-Z])\. | and\b)
    | (?P<alt>alt(?:ered)? | Alt | ALT)
    | (?P<sus>(?:sus(?:p(?:ended)?)?|Sus|SUS)\s*
        (?:4\s*/\s*2|2\s*/\s*4|4sus2|2sus4|24|42|2|4|\((?:2|4)\))?)
    | (?P<add>[aA]dd(?=\W*(?:[b\#♭♯+-]|[mM][aA]|\d))|ADD)
    | (?P<omit>(?:[nN]o|NO|[oO]mits?|OMIT|drop|without)(?=[\s(]*[b\#♭♯]?\d))
    | (?P<half>[hH]alf[\s-]?[dD]im(?:inished)?|hdim|h|ø|Ø|⌀|∅|⦰|𝆩)
    | (?P<dim>[dD]im(?:inished)?|DIM|°|º|˚|[oO0])
    | (?P<aug>[aA]ug(?:mented)?|AUG)
    | (?P<dom>[dD]om(?:inant)?|DOM)
    | (?P<bass>[bB]ass|[pP]ed(?:al)?)
    | (?P<maj>[mM]aj(?:or)?|MAJ(?:OR)?|M[aA]|ma(?![a-zA-Z])|M(?![iI])|\^|[ΔδΔ△∆▵]|[jJ])
    | (?P<min>[mM]in(?:or)?|MIN(?:OR)?|M[iI]|mi|m)
    | (?P<degree>(?:[b♭]{1,2}|[\#♯]{1,2}|[+\-–−‐])?
        (?:13|11|10|69|[1-9])(?:th|rd|nd|st)?(?:[+\-](?=[\s),/]|$))?)
    | (?P<plus>\+)
    | (?P<minus>[-–−‐_])
    """,
    re.VERBOSE,
)
_DEGREE = re.compile(r"(\D{0,2}?)(13|11|10|69|[1-9])(?:[a-z]{2})?([+-]?)")
_SIGNS = {"b": -1, "♭": -1, "#": 1, "♯": 1, "+": 1, "-": -1, "–": -1, "−": -1, "‐": -1}
_SEPARATORS = frozenset(",;&/\\")
_MINUS = frozenset("-–−‐")
_TRIANGLES = frozenset("^ΔδΔ△∆▵jJ")


class Quality(NamedTuple):
    """Semitones above the root, and a spelling that they alone do not tell (`b13`, `11`)."""

    intervals: frozenset[int]
    spelling: str


class _Scan:
    """One symbol's walk: the stack that grows, and where it stands."""

    __slots__ = ("after", "depth", "position", "stack", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0
        self.after = 0  # where the token ends
        self.depth = 0
        self.stack = Stack()

    def fail(self, reason: str) -> ChordError:
        return ChordError(self.text, self.position, reason)

    def skip(self, token: str) -> None:
        """Count brackets; a closed one ends what `add` or `no` reached over."""
        for sign in token:
            self.depth += (sign in "([{") - (sign in ")]}")
            if self.depth < 0:
                raise self.fail("a bracket is closed that was not opened")
        after = self.text[self.after : self.after + 1]
        if token.rstrip(") ]}")[-1:] in _SEPARATORS and not after:
            raise self.fail("nothing stands after this sign")
        if not self.stack.started and _SEPARATORS & set(token) and not after.isdigit():
            raise self.fail("nothing stands before this sign")
        if not self.stack.started and "/" in token:
            self.stack.mode = "add"
        if ")" in token:
            self.stack.mode = ""

    def sus(self, token: str) -> None:
        digits = re.sub(r"\D", "", token) or "4"
        self.stack.sus |= {2 if digit == "2" else 5 for digit in digits}

    def alt(self, _token: str) -> None:
        stack = self.stack
        stack.extend(7)
        stack.fifths |= {6, 8}
        stack.added |= {1, 3}
        stack.altered.add(9)

    def half(self, _token: str) -> None:
        self.stack.half = True
        self.stack.extend(7)
        self.stack.extension = 0

    def dim(self, _token: str) -> None:
        stack = self.stack
        if stack.extension and self._degree_follows():
            return
        stack.dim = True
        if stack.extension == 7:
            stack.seventh = 9

    def aug(self, _token: str) -> None:
        if not (self.stack.extension and self._degree_follows()):
            self.stack.fifths.add(8)

    def dom(self, _token: str) -> None:
        """Pass over the word that only says what a seventh chord is."""

    def bass(self, _token: str) -> None:
        self.stack.power = True
        self.stack.omitted |= {6, 7, 8}

    def minor(self, _token: str) -> None:
        if self.stack.minor:
            raise self.fail("minor stands there twice")
        self.stack.minor = True

    def major(self, token: str) -> None:
        stack = self.stack
        if stack.mode == "add":
            stack.major = True
        elif stack.extension and stack.dim and stack.seventh == 9:
            stack.added.add(11)
        elif stack.extension:
            stack.seventh = 11
        else:
            stack.major = True
            named = token in _TRIANGLES or stack.minor or stack.dim
            if named and not self._number_follows():
                stack.extend(7)

    def _number_follows(self) -> bool:
        return self.text[self.after :].lstrip("( ")[:1].isdigit()

    def _degree_follows(self) -> bool:
        return self.text[self.after :][:2].rstrip("+-)/,") in ("5", "9", "11", "13")

    def degree(self, token: str) -> None:
        """Take a number with its accidental, as extension, alteration, added or omitted tone."""
        match = _DEGREE.fullmatch(token)
        assert match is not None
        sign, number = match[1], int(match[2])
        change = sum(_SIGNS[one] for one in sign)
        stack = self.stack
        if match[3]:
            change += self._trailing(number, match[3])
        elif not change and self._worded(number):
            return
        elif len(sign) == 1 and sign in _MINUS and not stack.started and number != 5:
            stack.minor, change = True, 0
        elif sign == "+" and self._augments(number):
            change = 0
        self._place(number, change)

    def _worded(self, number: int) -> bool:
        """Take `dim5`, `aug9` after an extension, where the word alters the degree."""
        before = self.text[: self.position].rstrip("0123456789")[-3:].lower()
        if before not in ("dim", "aug") or not self.stack.extension or self.stack.dim:
            return False
        if number not in (5, 9, 11, 13) or 8 in self.stack.fifths:
            return False
        self.stack.alter(number, -1 if before == "dim" else 1)
        return True

    def _trailing(self, number: int, sign: str) -> int:
        """Read a sign after the number: `7(9-)`, `m5-`, `7+`."""
        if self.depth or number == 5:
            return _SIGNS[sign]
        if sign == "-":
            raise self.fail("a minus after the number needs brackets, as in 7(9-)")
        self.stack.fifths.add(8)
        return 0

    def _augments(self, number: int) -> bool:
        """Tell `+7`, an augmented chord with a seventh, from `7+9`, a raised ninth."""
        if number == 7 and self.stack.minor:
            return False
        if number == 7 or (not self.stack.started and number in (6, 9, 13)):
            self.stack.fifths.add(8)
            return True
        return False

    def _place(self, number: int, change: int) -> None:
        stack = self.stack
        if abs(change) > 2 or number == 8 or (number == 1 and stack.mode != "omit"):
            raise self.fail("no such degree")
        if number == 69 and (change or stack.mode):
            raise self.fail("no such degree")
        if number == 7 and self.text[self.position - 1 : self.position] == "7":
            raise self.fail("the seventh stands there twice")
        if stack.mode == "omit":
            stack.omit(number, change)
        elif stack.mode == "add":
            stack.add(number, change)
            stack.major = False
        elif change:
            stack.alter(number, change)
        else:
            stack.number(number)

    def add(self, _token: str) -> None:
        self.stack.mode = "add"

    def omit(self, _token: str) -> None:
        self.stack.mode = "omit"


_TAKE: dict[str, Callable[[_Scan, str], None]] = {
    "alt": _Scan.alt, "sus": _Scan.sus, "add": _Scan.add, "omit": _Scan.omit, "half": _Scan.half,
    "dim": _Scan.dim, "aug": _Scan.aug, "plus": _Scan.aug, "dom": _Scan.dom, "bass": _Scan.bass,
    "maj": _Scan.major, "min": _Scan.minor, "minus": _Scan.minor, "degree": _Scan.degree,
    "skip": _Scan.skip,
}  # fmt: skip
_KEEP_MODE = frozenset({"add", "omit", "skip", "degree", "maj"})


_SIGN_LAST = re.compile(r"(.*?7)(9[b#]?)?(11#?)?(13b?)?")


def _signs_first(text: str) -> str:
    """Turn degrees whose sign stands behind them (`7911#`, `79b13b`) into the usual spelling.

    The Weimar Jazz Database writes its chords so.
    """
    match = _SIGN_LAST.fullmatch(text)
    if match is None or not re.search(r"\d[b#](?!\d?[5-9](?!\d))", text[match.end(1) :]):
        return text
    degrees = (match[2], match[3], match[4])
    return match[1] + "".join(
        degree[-1] + degree[:-1] if degree[-1] in "b#" else f"({degree})"
        for degree in degrees
        if degree
    )


@lru_cache(maxsize=4096)
def parse(text: str) -> Quality:
    """Read a quality (`m7b5`, `^7#11`, `7sus4(b9)`) as semitones above the root.

    Raises ChordError whose position counts from the start of `text`.
    """
    if "79" in text or "711#" in text or "713b" in text:
        text = _signs_first(text)
    scan = _Scan(text)
    length = len(text)
    stack = scan.stack
    start = 0
    pending = False
    while start < length:
        match = _TOKEN.match(text, start)
        if match is None:
            scan.position = start
            raise scan.fail(f"{text[start]!r} has no meaning here")
        kind = match.lastgroup or ""
        scan.position, scan.after = start, match.end()
        if kind not in _KEEP_MODE:
            stack.mode = ""
        _TAKE[kind](scan, match[0])
        stack.started = stack.started or kind != "skip"
        pending = kind in ("add", "omit") or (pending and kind in ("skip", "maj"))
        start = match.end()
    scan.position = length
    if scan.depth:
        raise scan.fail("a bracket is not closed")
    if pending:
        raise scan.fail("a degree is missing")
    if text and not stack.started and not text.isspace():
        raise scan.fail("nothing stands between the brackets")
    intervals = stack.intervals()
    return Quality(intervals, stack.spelling(intervals))
