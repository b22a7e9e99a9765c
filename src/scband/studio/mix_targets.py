"""Where the measures of a good mix lie, by role.

Loudness offsets, and how far they spread, were taken from the stems that the band's own mixer makes
in seven styles (`benchmarks/mixing.py` prints them); kinds of drums, and voices, which the band has
not, follow the usual order of their loudness. The spectrum's slope is that of popular recordings:
about -5 dB an octave in energy per hertz from 100 Hz to 4 kHz (Pestana et al., "Spectral
characteristics of popular commercial recordings 1950-2010", AES Convention 135, 2013).
"""

from __future__ import annotations

from dataclasses import dataclass

from scband.studio.roles import Role


@dataclass(frozen=True, slots=True)
class Target:
    """What is usual for a role.

    `offset_lu` is its loudness against the whole mix, `spread_lu` how far off that is still usual;
    `masked` the share of it that others may cover; `range_lu` how far its loudness may swing.
    """

    offset_lu: float
    spread_lu: float
    masked: float
    range_lu: float = 40.0


TARGETS: dict[Role, Target] = {
    Role.VOCALS: Target(-4.0, 3.0, 0.65, 14.0),
    Role.LEAD: Target(-8.0, 3.0, 0.72, 14.0),
    Role.DRUMS: Target(-3.5, 3.0, 0.55),
    Role.KICK: Target(-7.0, 4.0, 0.75),
    Role.SNARE: Target(-8.0, 4.0, 0.75),
    Role.CYMBALS: Target(-14.0, 5.0, 0.75),
    Role.PERCUSSION: Target(-13.0, 5.0, 0.85),
    Role.BASS: Target(-6.0, 3.0, 0.80, 14.0),
    Role.GUITAR: Target(-8.5, 4.5, 0.80, 18.0),
    Role.KEYS: Target(-9.0, 3.5, 0.90, 18.0),
    Role.PAD: Target(-12.5, 4.0, 0.90),
    Role.EFFECTS: Target(-22.0, 8.0, 1.00),
    Role.OTHER: Target(-9.0, 5.0, 0.90),
}

SLOPE_DB = 5.0
"""How much less energy per hertz a mix has an octave higher, above SLOPE_FROM_HZ."""
SLOPE_FROM_HZ = 100.0

REGION_EXCESS_DB = {"sub": 6.0, "bass": 4.0, "mud": 4.0, "mid": 4.0, "presence": 4.0,
                    "brilliance": 5.0, "air": 8.0}  # fmt: skip
"""How far a region of the spectrum may rise over the slope."""

TRUE_PEAK_DBTP = -1.0
"""The highest true peak of a mix (EBU R 128)."""

_COMPRESSORS = {
    Role.VOCALS: (8.0, 120.0), Role.LEAD: (10.0, 120.0), Role.BASS: (25.0, 150.0),
    Role.GUITAR: (20.0, 120.0), Role.KEYS: (20.0, 150.0),
}  # fmt: skip


def attack_release_ms(role: Role) -> tuple[float, float]:
    """Return a compressor's usual attack and release for a role, in ms."""
    return _COMPRESSORS.get(role, (15.0, 120.0))
