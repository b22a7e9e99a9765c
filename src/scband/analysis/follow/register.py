"""How low what is played sounds, and how much later its attacks are heard for that."""

from __future__ import annotations

import math

from scband.analysis.frames import FRAMES_PER_SECOND

_FORGET = math.exp(-1 / (4 * FRAMES_PER_SECOND))
"""What was heard 4 seconds ago counts e times less."""
_LOW, _MIDDLE = math.log(350.0), math.log(800.0)
"""Centroids, as logs of Hz, of a bass alone and of what is not low any more."""
_LATE = 0.01
"""Seconds by which the attacks of a bass are heard later: measured, 10.5 ms over 16 takes."""
_FAINTEST = 1e-6


class Register:
    """Follows the spectral centroid of what is played, the loud more than the soft."""

    def __init__(self) -> None:
        self._sum = self._weight = 0.0

    def hear(self, amplitude: float, centroid_hz: float) -> None:
        """Take in a frame's level, linear, and its centroid."""
        self._sum = self._sum * _FORGET + amplitude * math.log(max(centroid_hz, 20.0))
        self._weight = self._weight * _FORGET + amplitude

    @property
    def late(self) -> float:
        """Give the seconds by which attacks are heard later than those of other instruments."""
        if self._weight < _FAINTEST:
            return 0.0
        low = (_MIDDLE - self._sum / self._weight) / (_MIDDLE - _LOW)
        return _LATE * min(max(low, 0.0), 1.0)
