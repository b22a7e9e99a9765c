"""The note: what an agent decides, a Score holds and a pattern plays."""

from __future__ import annotations

import math
from dataclasses import dataclass

from scband.errors import ScoreError

ARTICULATIONS = frozenset({"", "ghost", "mute", "accent", "staccato"})
"""How a note may be played: normal, ghosted, muted (dead, chopped), accented, staccato."""


@dataclass(frozen=True, slots=True, order=True)
class Note:
    """One note; start and length in beats (quarter notes) relative to what holds it.

    `pitch` is a MIDI number 0-127 (drums: General MIDI drum numbers), `velocity` is 0-1.
    Raises ScoreError for values out of range.
    """

    start: float
    length: float
    pitch: int
    velocity: float
    articulation: str = ""

    def __post_init__(self) -> None:
        if not 0 <= self.pitch <= 127:
            raise ScoreError(f"a note's pitch is a MIDI number 0-127, not {self.pitch}")
        if not 0.0 <= self.velocity <= 1.0:
            raise ScoreError(f"a note's velocity is 0-1, not {self.velocity}")
        if not (self.length > 0.0 and math.isfinite(self.length) and math.isfinite(self.start)):
            raise ScoreError(
                f"a note needs a length above 0 beats, not {self.length} at {self.start}"
            )
        if self.articulation not in ARTICULATIONS:
            raise ScoreError(
                f"unknown articulation {self.articulation!r}: use one of {sorted(ARTICULATIONS)}"
            )

    @property
    def end(self) -> float:
        """Where the note stops, in beats."""
        return self.start + self.length
