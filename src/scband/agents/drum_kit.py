"""The pieces of the kit."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

PIECES: Mapping[str, int] = MappingProxyType({
    "kick": 36, "side_stick": 37, "snare": 38, "clap": 39, "hat_closed": 42, "hat_pedal": 44,
    "tom_low": 43, "hat_open": 46, "tom_mid": 47, "crash": 49, "tom_high": 50, "ride": 51,
    "ride_bell": 53, "shaker": 82,
})  # fmt: skip
"""The pieces of the kit and their General MIDI drum numbers, the pitches of their notes."""
