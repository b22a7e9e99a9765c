"""Chords as values: what a symbol means, and how it is written."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, Self

from scband.errors import ChordError, TheoryError
from scband.theory import harte as harte_notation
from scband.theory import pitch, quality, symbols

Notation = Literal["auto", "plain", "german", "harte"]

_ROOT = re.compile(r"([A-G])(##|bb|[b#♭♯𝄪𝄫x]|♭♭|♯♯)?")
_GERMAN_ROOT = re.compile(r"([A-Ha-h])(isis|eses|is|es|s(?!us)|##|bb|[b#♭♯])?")
_BASS = re.compile(r"\s*(?:/|\\|\bon\s*|\bover\s+)\s*([A-Ga-g](?:##|bb|[b#♭♯x]|♭♭|♯♯)?)\s*\)?")
_HARTE_BASS = re.compile(r"/(b?[37]|[5])")
_SILENCE = re.compile(r"N\.?\s?C\.?|N|X|n|NoChord|no\s?chord|tacet|n\.c\.", re.IGNORECASE)
_PLAIN_SIGNS = str.maketrans({"♭": "b", "♯": "#", "𝄫": "bb", "𝄪": "##", "x": "##"})
_SPLIT = re.compile(r"\s*[/|\\]\s*(?=[A-G](?![a-z]*\d*$))|\s*\|\s*")
_MAJOR_TRIAD = frozenset({0, 4, 7})


@dataclass(frozen=True, slots=True, init=False, repr=False)
class Chord:
    """A chord symbol: root, bass and the tones between, with the names as they are spelled.

    `Chord("F#m7b5/C")` reads every common spelling and Harte's notation; raises ChordError with
    the place. Two chords are equal when root and bass are spelled alike, and the same tones sound,
    whatever the spelling of the quality was, but for `spelling`: `b13` is kept apart from `#5`, and
    `11` from `9sus`. `Chord("N.C.")` is silence: no root, no bass.
    """

    root_name: str
    bass_name: str
    intervals: frozenset[int]
    spelling: str
    root: int | None
    bass: int | None

    def __init__(self, text: str) -> None:
        other = _parse(text, "auto")
        for field in ("root_name", "bass_name", "intervals", "spelling", "root", "bass"):
            object.__setattr__(self, field, getattr(other, field))

    @classmethod
    def parse(cls, text: str, notation: Notation = "auto") -> Self:
        """Read a symbol in one notation only, `german` for B and H; raises ChordError."""
        return _parse(text, notation)  # type: ignore[return-value]

    @classmethod
    def of(cls, root_name: str, intervals: frozenset[int] | str, bass_name: str = "") -> Chord:
        """Build a chord from its root's name and semitones (or a quality such as `m7`).

        Raises TheoryError for a bad name or tone.
        """
        if isinstance(intervals, str):
            tones, spelling = quality.parse(intervals)
        else:
            tones, spelling = frozenset(intervals), ""
        if not tones or not all(0 <= tone < 12 for tone in tones):
            raise TheoryError("a chord needs tones, each 0-11 semitones above its root")
        return _build(root_name, tones, bass_name or root_name, spelling)

    @property
    def pitch_classes(self) -> frozenset[int]:
        """All pitch classes that sound, the bass included; empty for N.C."""
        if self.root is None or self.bass is None:
            return frozenset()
        return frozenset((self.root + tone) % 12 for tone in self.intervals) | {self.bass}

    @property
    def quality(self) -> str:
        """The canonical plain quality without root and bass, such as `m7b5`."""
        return symbols.plain(self.intervals, self.spelling) if self.root is not None else ""

    def __bool__(self) -> bool:
        """Tell whether anything sounds: False for N.C."""
        return self.root is not None

    def __str__(self) -> str:
        return self._written(symbols.plain(self.intervals, self.spelling), "/")

    def __repr__(self) -> str:
        return f"Chord({str(self)!r})"

    def _written(self, text: str, slash: str) -> str:
        if self.root is None:
            return "N.C."
        bass = f"{slash}{self.bass_name}" if self.bass_name != self.root_name else ""
        return f"{self.root_name}{text}{bass}"

    def pretty(self) -> str:
        """Write with musical signs: `B♭Δ7`, `F♯ø7/C`."""
        text = self._written(symbols.pretty(self.intervals, self.spelling), "/")
        return text if self.root is None else text.replace("b", "♭").replace("#", "♯")

    def ireal(self) -> str:
        """Write as iReal Pro does: `F#h7/C`, `n` for N.C."""
        if self.root is None:
            return "n"
        root, bass = (_single(name) for name in (self.root_name, self.bass_name))
        text = symbols.ireal(self.intervals, self.spelling)
        return f"{root}{text}" + (f"/{bass}" if self.bass_name != self.root_name else "")

    def harte(self) -> str:
        """Write in Harte's notation: `F#:hdim7/b5`, `N` for N.C."""
        if self.root is None:
            return "N"
        text = f"{self.root_name}:{symbols.harte(self.intervals, self.spelling)}"
        if self.bass_name == self.root_name:
            return text
        steps = pitch.fifths(self.bass_name) - pitch.fifths(self.root_name)
        return f"{text}/{_harte_degree(steps)}"

    def transposed(self, interval: str) -> Chord:
        """Move by an interval (`m3`, `-P4`) with the right letters; raises TheoryError."""
        return self.shifted(pitch.interval_fifths(interval))

    def shifted(self, steps: int) -> Chord:
        """Move by steps on the line of fifths, respelling what would need triple accidentals."""
        if self.root is None:
            return self
        root = _bounded(pitch.fifths(self.root_name) + steps)
        bass = _bounded(pitch.fifths(self.bass_name) + steps)
        return _build(pitch.name_at(root), self.intervals, pitch.name_at(bass), self.spelling)

    def respelled(self, *, flats: bool) -> Chord:
        """Name root and bass with flats, or with sharps."""
        if self.root is None or self.bass is None:
            return self
        names = pitch.FLAT_NAMES if flats else pitch.SHARP_NAMES
        return _build(names[self.root], self.intervals, names[self.bass], self.spelling)


def _single(name: str) -> str:
    """Respell double accidentals, for which iReal Pro has no sign."""
    return name if len(name) < 3 else pitch.simplest(name)


def _bounded(position: int) -> int:
    """Keep a name within double accidentals."""
    while position > 19:
        position -= 12
    while position < -15:
        position += 12
    return position


def _harte_degree(steps: int) -> str:
    change, place = divmod(steps + 1, 7)
    number = (4, 1, 5, 2, 6, 3, 7)[place]
    return ("#" * change if change >= 0 else "b" * -change) + str(number)


def _build(root_name: str, intervals: frozenset[int], bass_name: str, spelling: str = "") -> Chord:
    chord = object.__new__(Chord)
    put = object.__setattr__
    put(chord, "root_name", root_name)
    put(chord, "bass_name", bass_name)
    put(chord, "intervals", intervals)
    put(chord, "spelling", spelling)
    put(chord, "root", pitch.pitch_class(root_name) if root_name else None)
    put(chord, "bass", pitch.pitch_class(bass_name) if bass_name else None)
    return chord


NO_CHORD = _build("", frozenset(), "")
"""Silence: N.C."""


@lru_cache(maxsize=8192)
def _parse(text: str, notation: Notation) -> Chord:
    stripped = text.strip()
    if stripped.startswith("(") and stripped.endswith(")"):
        stripped = stripped[1:-1].strip()
    if not stripped:
        raise ChordError(text, 0, "it is empty")
    if len(stripped) > 100:
        raise ChordError(text[:100] + "…", 100, "no chord symbol is longer than 100 characters")
    offset = text.index(stripped)
    if _SILENCE.fullmatch(stripped):
        return NO_CHORD
    if notation == "harte" or (notation == "auto" and _looks_like_harte(stripped)):
        return _from_harte(stripped)
    try:
        return _from_plain(stripped, german=notation == "german")
    except ChordError as error:
        raise ChordError(text, offset + error.position, error.reason) from None


def _looks_like_harte(text: str) -> bool:
    return ":" in text[1:4] and not text.endswith(":")


def _from_harte(text: str) -> Chord:
    root, tones, bass = harte_notation.parse(text)
    name = root if bass is None else pitch.name_at(_bounded(pitch.fifths(root) + bass))
    return _build(root, tones, name)


def _root(text: str, german: bool) -> tuple[str, str, int]:
    """Give the root's English name, a quality that it implies, and where the quality starts."""
    match = (_GERMAN_ROOT if german else _ROOT).match(text)
    if match is None:
        hint = "; German B and H are read with notation 'german'" if text[0] == "H" else ""
        raise ChordError(text, 0, f"a chord starts with a root A-G{hint}")
    letter, sign = match[1], (match[2] or "").translate(_PLAIN_SIGNS)
    if not german:
        return letter + sign, "", match.end()
    implied = "m" if letter.islower() else ""
    if sign and sign[0] in "b#":
        return letter.upper().replace("H", "B") + sign, implied, match.end()
    return pitch.english(letter.upper() + sign), implied, match.end()


def _from_plain(text: str, *, german: bool = False, single: bool = False) -> Chord:
    root, implied, start = _root(text, german)
    rest = text[start:]
    bass, rest = _split_bass(root, rest, german)
    if implied and re.match(r"m(?!aj|a7)|-|o|dim|ø", rest):
        implied = ""
    if rest is None:
        return _build(root, _MAJOR_TRIAD, bass)
    try:
        tones, spelling = quality.parse(implied + rest)
    except ChordError as error:
        split = None if single else _polychord(text, start, german)
        if split is not None:
            return split
        place = start + max(0, error.position - len(implied))
        raise ChordError(text, place, error.reason) from None
    return _build(root, tones, bass, spelling)


def _split_bass(root: str, rest: str, german: bool) -> tuple[str, str]:
    """Cut the bass off the end of a quality."""
    cut = max(rest.rfind("/"), rest.rfind("\\"), rest.rfind("on"), rest.rfind("over "))
    if cut < 0:
        return root, rest
    tail = rest[cut:]
    if german and tail[0] == "/" and _GERMAN_ROOT.fullmatch(tail[1:].strip()):
        return _root(tail[1:].strip(), german=True)[0], rest[:cut]
    match = _BASS.fullmatch(tail)
    if match is not None:
        closing = ")" if tail.rstrip().endswith(")") and rest.count("(") <= rest.count(")") else ""
        body = rest[:cut] + closing
        if body.rstrip().endswith("(") or body.rstrip().endswith("()"):
            body = body.rstrip(" ()")
        name = match[1][0].upper() + match[1][1:].translate(_PLAIN_SIGNS)
        return name, body
    degree = _HARTE_BASS.fullmatch(rest)
    if degree is not None:
        steps = harte_notation.degree(degree[1])[1]
        return pitch.name_at(pitch.fifths(root) + (steps if degree[1] != "7" else 5)), ""
    return root, rest


def _polychord(text: str, start: int, german: bool) -> Chord | None:
    """Read `D/C7` or `D|C7`: the upper chord over the lower one, which gives root and bass."""
    for match in re.finditer(r"\s*[/|\\]\s*(?=[A-H])|\s+over\s+", text[start:]):
        try:
            upper = _from_plain(text[: start + match.start()], german=german, single=True)
            lower = _from_plain(text[start + match.end() :], german=german, single=True)
        except ChordError:
            continue
        if lower.root is None or upper.root is None:
            continue
        above = {(tone - lower.root) % 12 for tone in upper.pitch_classes}
        return _build(lower.root_name, lower.intervals | above, lower.bass_name)
    return None
