"""Pitch names: letters with accidentals, their pitch classes, and intervals that spell rightly.

A name is a plain string, `"Bb"` or `"F##"`. Its place on the line of fifths (… Bb F C G D …, with
C at 0) carries both its letter and its pitch class, so that transposition by an interval is one
addition and never confuses A flat with G sharp.
"""

from __future__ import annotations

import re
from functools import lru_cache

from scband.errors import TheoryError

_LETTERS = "FCGDAEB"  # line of fifths from F at -1
_ACCIDENTALS = {"b": -1, "♭": -1, "#": 1, "♯": 1, "x": 2, "𝄪": 2, "𝄫": -2}
_NAME = re.compile(r"([A-Ga-g])([b♭#♯x𝄪𝄫]{0,3})")
_GERMAN = re.compile(r"([A-Ha-h])((?:is|es|s(?=$)){0,2})")

SHARP_NAMES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
FLAT_NAMES = ("C", "Db", "D", "Eb", "E", "F", "Gb", "G", "Ab", "A", "Bb", "B")


@lru_cache(maxsize=512)
def fifths(name: str) -> int:
    """Place a pitch name on the line of fifths, C at 0, G at 1, F at -1.

    Raises TheoryError for anything that is not a letter A-G with up to three accidentals.
    """
    match = _NAME.fullmatch(name)
    if match is None:
        raise TheoryError(f"{name!r} is not a pitch name: write a letter A-G with b or # after it")
    alter = sum(_ACCIDENTALS[sign] for sign in match[2])
    return _LETTERS.index(match[1].upper()) - 1 + 7 * alter


def pitch_class(name: str) -> int:
    """Give the pitch class (0-11, C is 0) of a pitch name; raises TheoryError."""
    return fifths(name) * 7 % 12


@lru_cache(maxsize=512)
def name_at(position: int) -> str:
    """Spell the pitch at a place on the line of fifths with plain `b` and `#`."""
    alter, letter = divmod(position + 1, 7)
    return _LETTERS[letter] + ("#" * alter if alter >= 0 else "b" * -alter)


def simplest(name: str) -> str:
    """Respell a name with two or more accidentals, or Cb, Fb, E#, B#, as its plain neighbour."""
    position = fifths(name)
    while position > 6:
        position -= 12
    while position < -6:
        position += 12
    return name_at(position)


def spell(pitch: int, *, flats: bool = True) -> str:
    """Name a pitch class or MIDI pitch without context, with flats or with sharps."""
    return (FLAT_NAMES if flats else SHARP_NAMES)[pitch % 12]


def english(name: str) -> str:
    """Translate a German pitch name (`H`, `B`, `Es`, `Fis`) into an English one.

    Raises TheoryError where it is none.
    """
    match = _GERMAN.fullmatch(name)
    if match is None:
        raise TheoryError(f"{name!r} is not a German pitch name")
    letter, ending = match[1].upper(), match[2]
    alter = ending.count("is") - (0 if "is" in ending else ending.count("s"))
    if letter == "H":
        return name_at(fifths("B") + 7 * alter)
    if letter == "B":
        return name_at(fifths("Bb") + 7 * alter)
    return name_at(fifths(letter) + 7 * alter)


_INTERVAL = re.compile(r"([+-]?)(P|M|m|A{1,2}|d{1,2})(\d{1,2})")
_PERFECT = {1, 4, 5}
_DEGREE_FIFTHS = (0, 2, 4, -1, 1, 3, 5)  # of the major scale's seven degrees


@lru_cache(maxsize=512)
def interval_fifths(interval: str) -> int:
    """Read an interval such as `m3`, `P5`, `-M2`, `A4` as steps on the line of fifths.

    Octaves make no difference to names. Raises TheoryError.
    """
    match = _INTERVAL.fullmatch(interval)
    number = int(match[3]) if match else 0
    if match is None or number == 0:
        raise TheoryError(f"{interval!r} is not an interval: write for example m3, P5, -M2 or A4")
    degree = (number - 1) % 7
    perfect, quality = degree + 1 in _PERFECT, match[2]
    if (quality == "P") != perfect and quality in ("P", "M", "m"):
        raise TheoryError(f"the interval {interval!r} does not exist")
    alter = {"P": 0, "M": 0, "m": -1, "A": 1, "AA": 2}.get(quality)
    if alter is None:
        alter = -len(quality) - (0 if perfect else 1)
    steps = _DEGREE_FIFTHS[degree] + 7 * alter
    return -steps if match[1] == "-" else steps


def transpose(name: str, interval: str) -> str:
    """Move a pitch name by an interval and keep the right letter: C by m3 is Eb, not D#."""
    return name_at(fifths(name) + interval_fifths(interval))
