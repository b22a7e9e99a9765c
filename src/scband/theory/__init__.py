"""Pitch, chord, key, scale, voicing: pure values that know nothing of time or files."""

from typing import TYPE_CHECKING, Any

from scband.theory.chord import NO_CHORD, Chord
from scband.theory.harmony import guess
from scband.theory.key import Key, KeyGuess
from scband.theory.scales import Scale, chord_scale

if TYPE_CHECKING:
    from scband.theory.shapes import Shape
    from scband.theory.voicing import voice

__all__ = [
    "NO_CHORD",
    "Chord",
    "Key",
    "KeyGuess",
    "Scale",
    "Shape",
    "chord_scale",
    "guess",
    "voice",
]


def __getattr__(name: str) -> Any:
    """Import voicings when they are first asked for: they bring numpy, which is slow to load."""
    if name == "Shape":
        from scband.theory.shapes import Shape  # noqa: PLC0415

        return Shape
    if name == "voice":
        from scband.theory.voicing import voice  # noqa: PLC0415

        return voice
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
