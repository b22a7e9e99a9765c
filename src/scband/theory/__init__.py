"""Pitch, chord, key, scale, voicing: pure values that know nothing of time or files."""

from scband.theory.chord import NO_CHORD, Chord
from scband.theory.key import Key, KeyGuess, guess
from scband.theory.scales import Scale, chord_scale
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
