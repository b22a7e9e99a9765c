"""How loud: symbols, intensity, and the weight of beats, as velocities 0-1."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

SYMBOL_LEVEL: Mapping[str, float] = MappingProxyType({
    "X": 1.0, "x": 0.76, "o": 0.34, "?": 0.32, "D": 1.0, "U": 0.95, "d": 0.82, "u": 0.72,
    "M": 0.75, "m": 0.55, "s": 0.8, "b": 0.85, "p": 0.85, "P": 1.0, "a": 0.9,
})  # fmt: skip
"""Loudness of a pattern's symbols; those that are absent (degrees, voices) stand at 0.9."""


def force(symbol: str, loud: float, weight: float = 1.0) -> float:
    """Return the velocity of a symbol at a loudness; `weight` lifts or lowers this one note."""
    return min(1.0, SYMBOL_LEVEL.get(symbol, 0.9) * loud * weight)


def metric(beat: float, pulse_starts: tuple[float, ...]) -> float:
    """Return the weight of a place in the bar: most on its first beat, least between beats."""
    if beat < 1e-4:
        return 1.0
    return 0.95 if any(abs(beat - start) < 1e-4 for start in pulse_starts) else 0.87


def loudness(intensity: float, level: float = 1.0) -> float:
    """Return how loud a player is: its level (0-1) at full intensity, less than half at none."""
    return level * (0.42 + 0.58 * intensity)
