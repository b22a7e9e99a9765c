"""What to do about a mix: suggestions, each with its figures, and the score they add up to."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

WHOLE_MIX = "mix"
"""The name under which a suggestion speaks of the sum of all tracks."""

_HIGH, _MEDIUM = 20.0, 8.0


class Kind(StrEnum):
    """What a suggestion is about."""

    LEVEL = "level"
    CLIPPING = "clipping"
    HEADROOM = "headroom"
    PHASE = "phase"
    MASKING = "masking"
    EQ = "eq"
    COMPRESSION = "compression"
    STEREO = "stereo"
    REVERB = "reverb"
    DELAY = "delay"
    OFFSET = "offset"
    SILENCE = "silence"
    FILE = "file"


class Priority(StrEnum):
    """How much a suggestion matters."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One thing to do.

    `severity` counts how far the measure is beyond what is usual: 20 and more is high, 8 medium.
    `measured` holds the figures behind it, `action` what to set (`gain_db`, `frequency_hz`, `q`,
    `ratio`, `threshold_db` …), units in the names.
    """

    kind: Kind
    track: str
    message: str
    reason: str
    severity: float
    measured: Mapping[str, float]
    action: Mapping[str, float | str]

    @property
    def priority(self) -> Priority:
        """How much it matters."""
        if self.severity >= _HIGH:
            return Priority.HIGH
        return Priority.MEDIUM if self.severity >= _MEDIUM else Priority.LOW


def ranked(found: Iterable[Suggestion]) -> tuple[Suggestion, ...]:
    """Put the most pressing first; what is as pressing stays in its order."""
    return tuple(sorted(found, key=lambda each: -each.severity))


def quality(found: Iterable[Suggestion]) -> float:
    """Return the mix's score: 100 * exp(-S / 100), S the sum of all severities.

    100 means that every measure lies where it usually does; each measure that strays further takes
    the score down, always.
    """
    return 100 * math.exp(-sum(each.severity for each in found) / 100)
