"""One mixer channel a player: its level, place and sends, and the band's usual balance."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Channel:
    """Settings of one `mixer_channel`.

    `gain_db` decibels, `pan` -1 (left) to 1 (right), `reverb` and `delay` sends as linear
    amplitude after the fader, 0 to 1.
    """

    gain_db: float = 0.0
    pan: float = 0.0
    reverb: float = 0.0
    delay: float = 0.0
    mute: bool = False

    @property
    def gain(self) -> float:
        """Return the linear gain of the fader."""
        return float(10 ** (self.gain_db / 20))

    def controls(self) -> dict[str, float]:
        """Return the arguments of `mixer_channel` that these settings are."""
        return {
            "gain": self.gain,
            "pan": self.pan,
            "mute": float(self.mute),
            "reverb_send": self.reverb,
            "delay_send": self.delay,
        }


DEFAULT_CHANNELS = MappingProxyType(
    {
        "drums": Channel(-5.0, 0.0, 0.10),
        "bass": Channel(-3.0, 0.0, 0.02),
        "keys": Channel(-7.5, -0.25, 0.16),
        "guitar": Channel(-6.5, 0.35, 0.14),
        "lead": Channel(-5.0, 0.05, 0.20, 0.12),
        "pad": Channel(-12.0, 0.0, 0.30),
    }
)
"""A balance that the whole band sounds right in, with 6 dB of headroom that the master takes back.

benchmarks/sounds.py prints how loud it is.
"""

MASTER_TRIM = 2.8
"""Linear gain ahead of the master: channels and stems keep 9 dB of headroom for it."""
