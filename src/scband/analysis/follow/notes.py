"""What the notes of a MIDI performance tell of the beat."""

from __future__ import annotations

import math
from collections import deque

TOGETHER = 0.035
"""Notes that begin within so many seconds are a chord."""
_STEP = 0.01
_LOW = 50
"""Notes below D3 mark beats more often than those above."""
_USUAL = 0.6
_MOST = 1.6


class NoteEvidence:
    """Tells when a performer struck, and with what weight; a chord is struck once."""

    def __init__(self) -> None:
        self._struck: deque[tuple[float, float]] = deque()
        self._loudness = _USUAL
        self.last = -math.inf

    def hear(self, time: float, velocity: float, pitch: float | None) -> None:
        """Take in a note; what begins less than `TOGETHER` seconds after another joins it."""
        accent = velocity / max(self._loudness, 0.05)
        self._loudness += 0.1 * (velocity - self._loudness)
        weight = min(max(accent, 0.4), 1.4) * (1.2 if pitch is not None and pitch < _LOW else 1.0)
        self.last = max(self.last, time)
        self.strike(time, weight)

    def strike(self, time: float, weight: float) -> None:
        """Take in an attack of a weight, mostly 0-1."""
        if self._struck and abs(time - self._struck[-1][0]) < TOGETHER:
            first, before = self._struck[-1]
            self._struck[-1] = (first, min(max(before, weight) + 0.1, _MOST))
        else:
            self._struck.append((time, weight))

    def at(self, time: float) -> float:
        """Return the weight of what was struck up to this step of 10 ms; 0 where nothing was."""
        weight = 0.0
        while self._struck and self._struck[0][0] < time + _STEP / 2:
            weight = max(weight, self._struck.popleft()[1])
        return weight
