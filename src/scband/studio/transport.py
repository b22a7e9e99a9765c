"""The shared transport: one position that all plugins and the band agree on."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from scband.errors import InvalidPositionError

MOST_BEATS = 1_000_000.0
"""No position is further on, in quarter notes."""
TEMPOS = (20.0, 400.0)
"""Slowest and fastest tempo, in quarter notes a minute."""


@dataclass(frozen=True, slots=True)
class TransportState:
    """The transport at a moment: `current_beat` in quarter notes, `tempo` in them a minute.

    `timestamp` is ISO 8601 in UTC; `clock` the same moment on the monotonic clock, in seconds.
    """

    is_playing: bool
    current_beat: float
    tempo: float
    timestamp: str
    clock: float


def stamp(seconds: float) -> str:
    """Write a time (seconds since the epoch) as ISO 8601 in UTC, to the microsecond."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="microseconds")[:-6] + "Z"


class Transport:
    """Position from tempo and a monotonic clock; safe to use from any thread.

    `listener` hears every change with its source, but not the mere passing of time. Raises
    InvalidPositionError for positions and tempos that are none.
    """

    def __init__(
        self,
        tempo: float = 120.0,
        *,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
        listener: Callable[[TransportState, Any], None] | None = None,
    ) -> None:
        self._clock, self._now, self._listener = clock, now, listener
        self._lock = threading.Lock()
        self._playing = False
        self._tempo = _tempo(tempo)
        self._beat = 0.0
        self._since = clock()

    def state(self) -> TransportState:
        """Return where the transport is now."""
        with self._lock:
            return self._state()

    def start(self, tempo: float | None = None, beat: float | None = None) -> TransportState:
        """Play on from where it is, or from `beat`; starting twice changes nothing."""
        return self._move(True, beat, tempo)

    def stop(self) -> TransportState:
        """Stop and go back to 0.0, as a plugin's own transport does."""
        return self._move(False, 0.0, None)

    def reset(self) -> TransportState:
        """Go back to 0.0, and play on from there if it plays."""
        return self._move(None, 0.0, None)

    def report(
        self, is_playing: bool, beat: float, tempo: float, source: Any = None
    ) -> TransportState:
        """Take over what a plugin (`source`) says of its host's transport."""
        return self._move(is_playing, beat, tempo, source)

    def _move(
        self, playing: bool | None, beat: float | None, tempo: float | None, source: Any = None
    ) -> TransportState:
        wanted = None if beat is None else _position(beat)
        pace = None if tempo is None else _tempo(tempo)
        with self._lock:
            here = self._state()
            self._beat = here.current_beat if wanted is None else wanted
            self._since = here.clock
            self._tempo = here.tempo if pace is None else pace
            self._playing = self._playing if playing is None else playing
            moved = self._state()
        if self._listener is not None:
            self._listener(moved, source)
        return moved

    def _state(self) -> TransportState:
        clock = self._clock()
        gone = (clock - self._since) * self._tempo / 60.0 if self._playing else 0.0
        beat = min(MOST_BEATS, self._beat + gone)
        return TransportState(self._playing, beat, self._tempo, stamp(self._now()), clock)


def _position(beat: float) -> float:
    if not (math.isfinite(beat) and 0.0 <= beat <= MOST_BEATS):
        raise InvalidPositionError(
            f"a position lies between 0 and {MOST_BEATS:g} beats, not at {beat:g}"
        )
    return float(beat)


def _tempo(tempo: float) -> float:
    if not (math.isfinite(tempo) and TEMPOS[0] <= tempo <= TEMPOS[1]):
        low, high = TEMPOS
        raise InvalidPositionError(f"a tempo lies between {low:g} and {high:g} bpm, not {tempo:g}")
    return float(tempo)
