"""Harte's chord notation: `A:min7/b3`, `C:(3,5,b7)`, `D:sus4(b7,9)`, `N`.

C. Harte, M. Sandler, S. Abdallah, E. Gómez: "Symbolic representation of musical chords: a proposed
syntax for text annotations", ISMIR 2005. `11` and `13` stack all thirds, as the Billboard corpus
uses them.
"""

from __future__ import annotations

import re
from functools import lru_cache

from scband.errors import ChordError
from scband.theory.symbols import HARTE_SHORTHANDS

_CHORD = re.compile(
    r"(?P<root>[A-G][b#]{0,3})(?P<colon>:(?P<name>[a-z0-9]*)(?P<list>\([^()]*\))?)?"
    r"(?:/(?P<bass>[b#]{0,4}\d{1,2}))?"
)
_DEGREE = re.compile(r"\*?([b#]{0,4})(\d{1,2})")
_MAJOR = (0, 2, 4, 5, 7, 9, 11)
_FIFTHS = (0, 2, 4, -1, 1, 3, 5)
_ALIASES = {"": "", "min6/9": "min6"}


def degree(text: str) -> tuple[int, int]:
    """Read a degree of the major scale (`b7`, `#11`) as semitones 0-11 and steps of fifths.

    Raises ValueError where it is none.
    """
    match = _DEGREE.fullmatch(text)
    if match is None or not 1 <= int(match[2]) <= 13:
        raise ValueError(text)
    step = (int(match[2]) - 1) % 7
    change = match[1].count("#") - match[1].count("b")
    return (_MAJOR[step] + change) % 12, _FIFTHS[step] + 7 * change


@lru_cache(maxsize=4096)
def parse(text: str) -> tuple[str, frozenset[int], int | None]:
    """Split a Harte chord into root name, semitones, and the bass' steps of fifths above the root.

    The bass is None without an inversion. Raises ChordError.
    """
    match = _CHORD.match(text)
    if match is None or match.end() != len(text):
        raise ChordError(text, match.end() if match else 0, "this is not Harte's notation")
    name, listed = match["name"] or "", match["list"]
    if match["colon"] is not None and not name and listed is None:
        raise ChordError(text, match.start("colon") + 1, "a quality must follow the colon")
    if name:
        tones = HARTE_SHORTHANDS.get(name)
        if tones is None:
            raise ChordError(text, match.start("name"), f"{name!r} is no shorthand of Harte's")
    else:
        tones = frozenset({0, 4, 7}) if listed is None else frozenset({0})
    if listed is not None:
        tones = _with_list(text, match.start("list"), tones, listed)
    if match["bass"] is None:
        return match["root"], tones, None
    try:
        return match["root"], tones, degree(match["bass"])[1]
    except ValueError:
        raise ChordError(text, match.start("bass"), "no such degree") from None


def _with_list(text: str, start: int, tones: frozenset[int], listed: str) -> frozenset[int]:
    """Add the degrees of a bracket and take away the starred ones."""
    changed = set(tones)
    position = start + 1
    for item in listed[1:-1].split(","):
        try:
            tone = degree(item.strip())[0]
        except ValueError:
            raise ChordError(text, position, f"{item!r} is no degree") from None
        if item.strip().startswith("*"):
            changed.discard(tone)
        else:
            changed.add(tone)
        position += len(item) + 1
    return frozenset(changed)
