"""Join pitch trackers of different windows into one pitch, frame by frame."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

HIGHEST_HZ = 2500.0
FLOORS_HZ = (100.0, 50.0, 38.0)
"""Lowest pitch that each tracker can hear: two periods must fit its window (1024, 2048 and 4096
samples at 48 kHz). A lower pitch shows there as one of its overtones."""

_SURE = 0.8
_DOUBTFUL = 0.5
_HOLD_FRAMES = 3
_SAME_CENTS = 40.0


@dataclass(frozen=True, slots=True)
class Pitch:
    """A pitch in Hz (0 where none is heard) and how clear it is, from 0 to 1."""

    hz: float
    confidence: float


SILENCE = Pitch(0.0, 0.0)


class PitchFusion:
    """Choose among trackers that hear the same sound through shorter and longer windows.

    The shortest window that is sure of itself is right soonest, so it is believed first — unless
    a longer one is as sure of a pitch that the short one is too short for and that has this one
    as an overtone. A pitch that nobody is sure of is taken from the clearest tracker, with its low
    confidence; when all fall silent the last pitch is held for three frames, so that a moment's
    doubt does not end a note. Only past frames are used.
    """

    def __init__(self, floors_hz: Sequence[float] = FLOORS_HZ) -> None:
        self._floors_hz = tuple(floors_hz)
        self._last = SILENCE
        self._silent_frames = 0

    def update(self, heard: Sequence[Pitch]) -> Pitch:
        """Take what each tracker heard, the shortest window first; return the joined pitch."""
        chosen = self._sure(heard) or self._clearest(heard)
        if chosen is not None:
            self._last, self._silent_frames = chosen, 0
            return chosen
        self._silent_frames += 1
        if self._silent_frames > _HOLD_FRAMES:
            self._last = SILENCE
            return SILENCE
        return Pitch(self._last.hz, self._last.confidence / 2**self._silent_frames)

    def _sure(self, heard: Sequence[Pitch]) -> Pitch | None:
        for place, pitch in enumerate(heard):
            if self._is_possible(place, pitch, _SURE) and not self._is_overtone(place, heard):
                return pitch
        return None

    def _clearest(self, heard: Sequence[Pitch]) -> Pitch | None:
        possible = [p for place, p in enumerate(heard) if self._is_possible(place, p, _DOUBTFUL)]
        return max(possible, key=lambda pitch: pitch.confidence, default=None)

    def _is_possible(self, place: int, pitch: Pitch, least: float) -> bool:
        return pitch.confidence >= least and self._floors_hz[place] <= pitch.hz <= HIGHEST_HZ

    def _is_overtone(self, place: int, heard: Sequence[Pitch]) -> bool:
        """Tell whether a longer window is sure of a fundamental below this one's reach."""
        return any(
            self._is_possible(longer, heard[longer], _SURE)
            and heard[longer].hz < self._floors_hz[place]
            and _is_multiple(heard[place].hz, heard[longer].hz)
            for longer in range(place + 1, len(heard))
        )


def _is_multiple(hz: float, fundamental_hz: float) -> bool:
    times = round(hz / fundamental_hz)
    return times >= 2 and abs(1200 * math.log2(hz / (times * fundamental_hz))) < _SAME_CENTS
