"""Keys: a tonic and a mode, read and written as players do."""

from __future__ import annotations

import re
from dataclasses import dataclass

from scband.errors import TheoryError
from scband.theory import pitch

MODES: dict[str, tuple[int, ...]] = {
    "major": (0, 2, 4, 5, 7, 9, 11),
    "minor": (0, 2, 3, 5, 7, 8, 10),
    "dorian": (0, 2, 3, 5, 7, 9, 10),
    "phrygian": (0, 1, 3, 5, 7, 8, 10),
    "lydian": (0, 2, 4, 6, 7, 9, 11),
    "mixolydian": (0, 2, 4, 5, 7, 9, 10),
    "locrian": (0, 1, 3, 5, 6, 8, 10),
}
"""Semitones above the tonic of each mode's seven degrees."""

_SIGNATURE = {
    "major": 0, "minor": -3, "dorian": -2, "phrygian": -4, "lydian": 1, "mixolydian": -1,
    "locrian": -5,
}  # fmt: skip
_KEY = re.compile(r"\s*([A-Ga-g](?:##|bb|[b#♭♯])?)\s*[-_:]?\s*([A-Za-z]*)\s*")
_MODE_NAMES = {
    "": "major", "M": "major", "maj": "major", "ma": "major", "dur": "major", "ionian": "major",
    "m": "minor", "min": "minor", "mi": "minor", "moll": "minor", "aeolian": "minor",
    "dor": "dorian", "phr": "phrygian", "lyd": "lydian", "mix": "mixolydian", "loc": "locrian",
}  # fmt: skip


@dataclass(frozen=True, slots=True, init=False, repr=False)
class Key:
    """A key such as `Key("Bb")`, `Key("F# minor")`, `Key("Am")`, `Key("D dorian")`.

    Raises TheoryError for text that names none. `tonic` is a pitch class, `scale` the seven pitch
    classes from the tonic up (natural minor for minor).
    """

    tonic_name: str
    mode: str

    def __init__(self, text: str) -> None:
        stripped = " ".join(text[:60].split())
        plain = stripped.removesuffix("-") + ("m" if stripped.endswith("-") else "")
        match = _KEY.fullmatch(plain) if len(text) <= 60 else None
        mode = None if match is None else _MODE_NAMES.get(match[2], match[2].lower())
        if match is not None and mode not in MODES:
            mode = _MODE_NAMES.get(match[2].lower()) or _MODE_NAMES.get(match[2].lower()[:3])
        if match is None or mode is None:
            raise TheoryError(
                f"{text[:60]!r} is not a key: write for example C, Bb, F#m or D dorian"
            )
        name = match[1][0].upper() + match[1][1:].replace("♭", "b").replace("♯", "#")
        if match[1][0].islower() and not match[2]:
            mode = "minor"
        object.__setattr__(self, "tonic_name", name)
        object.__setattr__(self, "mode", mode)

    @property
    def tonic(self) -> int:
        """The tonic's pitch class."""
        return pitch.pitch_class(self.tonic_name)

    @property
    def signature(self) -> int:
        """Sharps (above zero) or flats (below) of the key signature."""
        return pitch.fifths(self.tonic_name) + _SIGNATURE[self.mode]

    @property
    def minor(self) -> bool:
        """Tell whether the tonic triad is minor."""
        return MODES[self.mode][2] == 3

    @property
    def scale(self) -> tuple[int, ...]:
        """The seven pitch classes from the tonic up."""
        return tuple((self.tonic + step) % 12 for step in MODES[self.mode])

    def spell(self, pitch_number: int) -> str:
        """Name a pitch class or MIDI pitch as this key writes it."""
        home = self.signature + 2  # middle of the seven notes of the signature
        position = (pitch_number * 7 - home + 5) % 12 + home - 5
        return pitch.name_at(position)

    def transposed(self, interval: str) -> Key:
        """Move by an interval, respelled where the signature would pass seven accidentals."""
        return self.shifted(pitch.interval_fifths(interval))

    def shifted(self, steps: int) -> Key:
        """Move by steps on the line of fifths, kept within seven sharps or flats."""
        while self.signature + steps > 7:
            steps -= 12
        while self.signature + steps < -7:
            steps += 12
        name = pitch.name_at(pitch.fifths(self.tonic_name) + steps)
        return Key(f"{name} {self.mode}")

    def __str__(self) -> str:
        ending = {"major": "", "minor": "m"}.get(self.mode, f" {self.mode}")
        return self.tonic_name + ending

    def __repr__(self) -> str:
        return f"Key({str(self)!r})"


@dataclass(frozen=True, slots=True)
class KeyGuess:
    """A key found in chords; `confidence` is 0-1, the share of belief against all other keys."""

    key: Key
    confidence: float
