"""Roman numerals: chords as degrees of a key, both ways.

Numerals are those of the parallel major scale (`bIII` in C minor is E flat), upper case for major
and lower case for minor and diminished thirds; the quality follows as in a plain symbol, and a
bass after a slash is a degree too: `ii7`, `V7b9`, `bVII`, `viio7`, `IVmaj7/3`, `V7/2`.
"""

from __future__ import annotations

import re

from scband.errors import ChordError, TheoryError
from scband.theory import pitch
from scband.theory.chord import NO_CHORD, Chord
from scband.theory.key import Key

_NUMERALS = ("I", "II", "III", "IV", "V", "VI", "VII")
_DEGREE_FIFTHS = (0, 2, 4, -1, 1, 3, 5)
_ROMAN = re.compile(
    r"([b#♭♯]{0,2})(VII|VI|IV|V|III|II|I|vii|vi|iv|v|iii|ii|i)(?![A-Za-z]?[IVXivx]{2})"
)
_APPLIED = re.compile(r"(.+)/([b#♭♯]{0,2}(?:VII|VI|IV|V|III|II|I|vii|vi|iv|v|iii|ii|i))")
_BASS = re.compile(r"(.*)/([b#♭♯]{0,2})([1-7])")
_ACCIDENTALS = str.maketrans({"♭": "b", "♯": "#"})


def _degree(steps: int) -> tuple[str, int]:
    """Turn steps of fifths above a tonic into accidentals and a degree from 0."""
    change, place = divmod(steps + 1, 7)
    return ("#" * change if change >= 0 else "b" * -change), (3, 0, 4, 1, 5, 2, 6)[place]


def roman(chord: Chord, key: Key) -> str:
    """Write a chord as a Roman numeral in a key; N.C. stays `N.C.`.

    `Chord("Dm7")` in C is `ii7`, `Chord("Bb7/D")` is `bVII7/2`.
    """
    if chord.root is None:
        return "N.C."
    home = pitch.fifths(key.tonic_name)
    sign, degree = _degree(_near(pitch.fifths(chord.root_name) - home))
    low = 3 in chord.intervals and 4 not in chord.intervals
    numeral = _NUMERALS[degree].lower() if low else _NUMERALS[degree]
    quality = chord.quality
    if low and quality.startswith("m") and not quality.startswith("maj"):
        quality = quality[1:]
    text = sign + numeral + quality.replace("dim", "o")
    if chord.bass_name == chord.root_name:
        return text
    bass_sign, bass = _degree(_near(pitch.fifths(chord.bass_name) - home))
    return f"{text}/{bass_sign}{bass + 1}"


def _near(steps: int) -> int:
    """Keep degrees within one accidental where they are enharmonically the same."""
    while steps > 11:
        steps -= 12
    while steps < -8:
        steps += 12
    return steps


def from_roman(text: str, key: Key) -> Chord:
    """Read a Roman numeral in a key; raises ChordError with the place.

    Also reads applied chords (`V7/V`, `viio7/ii`) and leaves words for silence (`N.C.`) alone.
    """
    stripped = text.strip().translate(_ACCIDENTALS)
    if stripped.upper().replace(" ", "") in ("N.C.", "NC", "N"):
        return NO_CHORD
    applied = _APPLIED.fullmatch(stripped)
    if applied is not None:
        target = from_roman(applied[2], key)
        low = applied[2].lstrip("b#").islower()
        return from_roman(applied[1], Key(f"{target.root_name} {'minor' if low else 'major'}"))
    bass = _BASS.fullmatch(stripped)
    body = bass[1] if bass is not None and not bass[1].endswith("6") else stripped
    match = _ROMAN.match(body)
    if match is None:
        raise ChordError(text, 0, "a Roman numeral is I to VII or i to vii, perhaps after b or #")
    home = pitch.fifths(key.tonic_name)
    root = pitch.name_at(home + _steps(match[1], _NUMERALS.index(match[2].upper())))
    rest = body[match.end() :]
    minor = "m" if match[2].islower() and not re.match(r"[oø°h]|dim|hdim", rest) else ""
    try:
        chord = Chord.parse(f"{root}{minor}{rest}", "plain")
    except (ChordError, TheoryError) as error:
        place = getattr(error, "position", 0) - len(root) - len(minor) + match.end()
        raise ChordError(text, max(0, place), getattr(error, "reason", str(error))) from None
    if bass is None or body is stripped:
        return chord
    name = pitch.name_at(home + _steps(bass[2], int(bass[3]) - 1))
    return Chord.of(chord.root_name, chord.intervals, name)


def _steps(sign: str, degree: int) -> int:
    return _DEGREE_FIFTHS[degree] + 7 * (sign.count("#") - sign.count("b"))
