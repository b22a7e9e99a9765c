"""What a style says of each player: the kit's grooves and fills, and the parts of the others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from scband.agents.chance import Weighted
from scband.agents.drum_kit import PIECES
from scband.agents.drumming import schools
from scband.agents.rhythm import Pattern, read_pattern
from scband.agents.style_reader import Place, Table
from scband.errors import TheoryError
from scband.theory.pitch import pitch_class
from scband.theory.shapes import Shape

DEFAULT_SOUNDS: Mapping[str, str] = MappingProxyType({
    "bass": "bass_electric", "keys": "piano", "guitar": "guitar_electric", "lead": "lead",
    "pad": "pad",
})  # fmt: skip
"""Which SynthDef a player has unless the style says otherwise; the kit's pieces are their own."""

DRUM_SYMBOLS = "Xxo?"
SYMBOLS: Mapping[str, str] = MappingProxyType({
    "bass": "123456789amo", "keys": "XxospPb123456", "guitar": "DdUuMmospPb123456", "lead": "Xxo",
    "pad": "XxospPb123456",
})  # fmt: skip
"""The symbols that each player's patterns may use; `styles/README.md` says what they mean."""

WAYS: Mapping[str, tuple[str, ...]] = MappingProxyType({
    "bass": ("walk", "two", "kick", "pedal"),
})  # fmt: skip
"""Ways of playing that are more than a pattern."""

_SHAPES = tuple(shape.value for shape in Shape if shape is not Shape.GUITAR)
VOICINGS: Mapping[str, tuple[str, ...]] = MappingProxyType({
    "keys": _SHAPES, "pad": _SHAPES,
    "guitar": ("barre", "power", "freddie", "jazz", "chop", "open"),
})  # fmt: skip
"""The voicings that players know; bass and lead have none."""

_RANGES = {"bass": (28, 55, 38), "keys": (50, 76, 62), "guitar": (40, 76, 52), "lead": (60, 86, 72),
           "pad": (48, 79, 64)}  # fmt: skip
_DEFAULT_PLAY = {"bass": "kick", "keys": "x-|--|--|--", "guitar": "d-|d-|d-|d-",
                 "lead": "..|xx|xx|xx / x-|-.|..|..", "pad": "x-|--|--|--"}  # fmt: skip
_DEFAULT_VOICING = {"keys": "close", "guitar": "barre", "pad": "open"}
_EVERY = {"bar": 1, "two": 2, "four": 4, "section": 0}

Rows = Mapping[str, Weighted[Pattern]]


@dataclass(frozen=True, slots=True)
class Groove:
    """One way to keep time: patterns for each piece, for some intensities and sections."""

    low: float
    high: float
    sections: tuple[str, ...]
    weight: float
    rows: Rows

    def fits(self, intensity: float, section: str) -> bool:
        """Tell whether it is meant for an intensity and a section."""
        wanted = not self.sections or section.lower().startswith(self.sections)
        return self.low <= intensity <= self.high and wanted


@dataclass(frozen=True, slots=True)
class Fill:
    """A fill that ends with the bar; the pieces in `keep` go on under it."""

    low: float
    high: float
    weight: float
    pulses: int
    rows: Mapping[str, Pattern]
    keep: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Kit:
    """The drummer's part; `fill_chance` is that of a fill every fourth bar within a section.

    `school` names the drummers (`scband.agents.drumming`) whose hands it has; `learned` is the
    part of its grooves and fills (0-1) that come from them, those that strike the pieces that it
    `needs` on these beats.
    """

    grooves: tuple[Groove, ...]
    fills: tuple[Fill, ...]
    fill_chance: Table[float]
    crash_from: float
    count_in: Pattern
    count_in_piece: str
    level: float
    school: str
    learned: float
    needs: tuple[tuple[str, tuple[float, ...]], ...]


@dataclass(frozen=True, slots=True)
class Part:
    """The part of a player that has notes.

    `play` holds patterns or the names of ways; a choice is kept for `every` bars (0: the section).
    `low`, `high` and `home` are MIDI pitches; `length` scales what patterns say; `strum_ms` is the
    time between the strings of a strum.
    """

    play: Table[Pattern | str]
    voicing: Table[str]
    low: int
    high: int
    home: int
    level: float
    length: float
    every: int
    strum_ms: float


def read_part(player: str, place: Place, raw: Mapping[str, Any]) -> Part:
    """Read and check a part; raises StyleError."""
    voicing = ("voicing",) if player in VOICINGS else ()
    strum = ("strum_ms",) if player == "guitar" else ()
    place.only(raw, ("play", "range", "home", "level", "length", "every", *voicing, *strum))
    low, high = _range(player, place, raw)
    home = _pitch(place, "home", raw.get("home", min(max(_RANGES[player][2], low), high)))
    if not low <= home <= high:
        place.fail("home", "must lie within the range")
    every = place.text(raw, "every", "two")
    if every not in _EVERY:
        place.fail("every", f"must be one of {', '.join(_EVERY)}")
    return Part(
        play=place.within("play").choice_table(
            raw.get("play", _DEFAULT_PLAY[player]), lambda text: _play(player, text)
        ),
        voicing=place.within("voicing").choice_table(
            raw.get("voicing", _DEFAULT_VOICING.get(player, "")),
            lambda text: _voicing(player, text),
        ),
        low=low,
        high=high,
        home=home,
        level=place.number(raw, "level", 0.75, 0, 1),
        length=place.number(raw, "length", 0.95, 0.05, 1),
        every=_EVERY[every],
        strum_ms=place.number(raw, "strum_ms", 12.0, 0, 80),
    )


def read_kit(place: Place, raw: Mapping[str, Any]) -> Kit:
    """Read and check the kit's part; raises StyleError."""
    place.only(
        raw,
        ("groove", "fill", "fill_chance", "crash_from", "count_in", "count_in_piece", "level",
         "school", "learned", "needs"),
    )  # fmt: skip
    piece = place.text(raw, "count_in_piece", "side_stick")
    if piece not in PIECES:
        place.fail("count_in_piece", f"must be one of {', '.join(PIECES)}")
    grooves = [
        _groove(place.within(f"groove[{number}]"), item)
        for number, item in enumerate(place.tables(raw, "groove"), 1)
    ]
    if not grooves:
        place.fail("groove", "a style needs at least one [[drums.groove]]")
    return Kit(
        grooves=tuple(grooves),
        fills=tuple(
            _fill(place.within(f"fill[{number}]"), item)
            for number, item in enumerate(place.tables(raw, "fill"), 1)
        ),
        fill_chance=place.within("fill_chance").choice_table(
            raw.get("fill_chance", 0.2), _probability
        ),
        crash_from=place.number(raw, "crash_from", 0.35, 0, 1.01),
        count_in=_pattern_of(place, "count_in", raw.get("count_in", "X|x|x|x"), DRUM_SYMBOLS),
        count_in_piece=piece,
        level=place.number(raw, "level", 1.0, 0, 1),
        school=place.word(raw, "school", "rock", schools()),
        learned=place.number(raw, "learned", 0.0, 0, 1),
        needs=_needs(place.within("needs"), place.table(raw, "needs")),
    )


def _needs(place: Place, raw: Mapping[str, Any]) -> tuple[tuple[str, tuple[float, ...]], ...]:
    """Read which pieces (`snare|side_stick`: one of them) must be struck on which beats."""
    found = []
    for pieces, beats in raw.items():
        if not all(piece in (*PIECES, "ghost") for piece in pieces.split("|")):
            place.fail(pieces, f"must name pieces: {', '.join(PIECES)}")
        numbers = isinstance(beats, list) and all(
            isinstance(beat, int | float) and 1 <= beat < 5 for beat in beats
        )
        if not numbers:
            place.fail(pieces, "must be a list of beats from 1 up to 5")
        found.append((pieces, tuple(float(beat) - 1 for beat in beats)))
    return tuple(found)


def _groove(place: Place, raw: Mapping[str, Any]) -> Groove:
    place.only(raw, ("intensity", "sections", "weight", *PIECES))
    low, high = _span(place, raw)
    sections = raw.get("sections", [])
    if not isinstance(sections, list) or not all(isinstance(name, str) for name in sections):
        place.fail("sections", "must be a list of names")
    rows = {
        piece: place.within(piece).choices(raw[piece], lambda text: _pattern(text, DRUM_SYMBOLS))
        for piece in PIECES
        if piece in raw
    }
    return Groove(
        low,
        high,
        tuple(name.lower() for name in sections),
        place.number(raw, "weight", 1.0, 0, 1000),
        MappingProxyType(rows),
    )


def _fill(place: Place, raw: Mapping[str, Any]) -> Fill:
    place.only(raw, ("intensity", "weight", "keep", *PIECES))
    low, high = _span(place, raw)
    rows = {
        piece: _pattern_of(place, piece, raw[piece], DRUM_SYMBOLS)
        for piece in PIECES
        if piece in raw
    }
    lengths = {len(pattern.bars[0]) for pattern in rows.values()}
    if len(lengths) != 1:
        place.fail("", "needs rows, all of the same number of pulses")
    keep = raw.get("keep", [])
    if not isinstance(keep, list) or not all(name in PIECES for name in keep):
        place.fail("keep", f"must be a list of pieces: {', '.join(PIECES)}")
    weight = place.number(raw, "weight", 1.0, 0, 1000)
    return Fill(low, high, weight, lengths.pop(), MappingProxyType(rows), tuple(keep))


def _span(place: Place, raw: Mapping[str, Any]) -> tuple[float, float]:
    span = raw.get("intensity", [0, 1])
    numbers = (
        isinstance(span, list) and len(span) == 2 and all(isinstance(x, int | float) for x in span)
    )
    if not numbers or not 0 <= span[0] <= span[1] <= 1:
        place.fail("intensity", "must be two rising numbers between 0 and 1")
    return float(span[0]), float(span[1])


def _range(player: str, place: Place, raw: Mapping[str, Any]) -> tuple[int, int]:
    span = raw.get("range", list(_RANGES[player][:2]))
    if not isinstance(span, list) or len(span) != 2:
        place.fail("range", 'must be two pitches such as ["E1", "G3"]')
    low, high = (_pitch(place, "range", pitch) for pitch in span)
    if high - low < 11:
        place.fail("range", "must span an octave at least, so that every chord has its notes")
    return low, high


def _pitch(place: Place, key: str, value: object) -> int:
    """Read a MIDI number or a name with its octave, C4 being 60."""
    if isinstance(value, str) and value[-1:].isdigit():
        try:
            value = pitch_class(value[:-1]) + 12 * (int(value[-1]) + 1)
        except TheoryError as error:
            place.fail(key, str(error))
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 127:
        place.fail(key, f"{value!r} is not a pitch such as E1 or a MIDI number 0-127")
    return value


def _pattern_of(place: Place, key: str, text: object, symbols: str) -> Pattern:
    try:
        return _pattern(text, symbols)
    except ValueError as error:
        place.fail(key, str(error))


def _pattern(text: object, symbols: str) -> Pattern:
    if not isinstance(text, str):
        raise ValueError(f"a pattern must be a text, not {text!r}")
    pattern = read_pattern(text)
    strange = sorted(pattern.symbols.difference(symbols))
    if strange:
        raise ValueError(f"{text!r} has {strange[0]!r}; known are {' '.join(symbols)} - .")
    return pattern


def _play(player: str, text: object) -> Pattern | str:
    if isinstance(text, str) and text in WAYS.get(player, ()):
        return text
    return _pattern(text, SYMBOLS[player])


def _voicing(player: str, text: object) -> str:
    known = VOICINGS.get(player, ("",))
    if text not in known:
        raise ValueError(f"{text!r} is not a voicing; there are {', '.join(known)}")
    return str(text)


def _probability(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise ValueError(f"{value!r} is not a probability between 0 and 1")
    return float(value)
