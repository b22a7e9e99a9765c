"""How loud: symbols, intensity, and the weight of beats, as velocities 0-1."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

SYMBOL_LEVEL: Mapping[str, float] = MappingProxyType({
    "X": 1.0, "x": 0.76, "o": 0.3, "?": 0.28, "D": 1.0, "U": 0.95, "d": 0.8, "u": 0.7,
    "M": 0.7, "m": 0.5, "s": 0.78, "b": 0.8, "p": 0.8, "P": 1.0, "a": 0.82,
})  # fmt: skip
"""Loudness of a pattern's symbols; those that are absent (degrees, voices) stand at 0.8."""


def level(symbol: str) -> float:
    """Return the loudness (0-1) of a pattern's symbol."""
    return SYMBOL_LEVEL.get(symbol, 0.8)


def loudness(intensity: float) -> float:
    """Return by how much an intensity (0-1) scales velocities: from 0.42 up to 1, rising."""
    return 0.42 + 0.58 * intensity
