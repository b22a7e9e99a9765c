"""MIDI clock as it comes in: tempo and position out of 24 jittering pulses a quarter note.

The pulses' times are fitted by a straight line (least squares, without what is far off it) over a
window that grows to four beats while they lie on it, and shrinks where they leave it for good.
Pulses that a busy program sends late, and then in a burst, come back to it; where some are lost on
the way, the others go on beside it. Messages and their meaning are those of the MIDI 1.0
specification, "System Real Time" and "Song Position Pointer".
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import overload

import numpy as np
from numpy.typing import NDArray

Pulses = NDArray[np.float64]

PULSES = 24
"""Pulses a quarter note."""

_LONGEST = 4 * PULSES  # a window of so many pulses halves their jitter ten times
_SHORTEST = 6  # pulses from which a tempo is told
_RECENT = 6  # pulses in a row that have to be off, and further off, to be another tempo
_STRAY_SECONDS = 0.002  # jitter that is allowed in any case
_STRAY_FACTOR = 5.0  # times the median distance from the line
_SETTLED = PULSES // 2
_PASSES = 2
_LOST_SECONDS = 0.6  # without a pulse for so long (4 bpm and slower) the clock has gone
_MISSING = 12  # pulses in a row that are believed to have been lost on the way


@dataclass(frozen=True, slots=True)
class ClockFit:
    """The straight line through the pulses: pulse `index` comes at `time`, one every `period`."""

    index: float
    time: float
    period: float

    @overload
    def time_of(self, index: float) -> float: ...

    @overload
    def time_of(self, index: Pulses) -> Pulses: ...

    def time_of(self, index: float | Pulses) -> float | Pulses:
        """Return when pulses come, in Unix seconds."""
        return self.time + (index - self.index) * self.period

    def index_at(self, time: float) -> float:
        """Return how many pulses have come at a time, with fractions."""
        return self.index + (time - self.time) / self.period


def _line(index: Pulses, time: Pulses) -> ClockFit | None:
    """Return the line of least squares."""
    middle, mean = float(index.mean()), float(time.mean())
    off = index - middle
    slope = float(off @ (time - mean)) / float(off @ off)
    return ClockFit(middle, mean, slope) if slope > 0 else None


def fit(index: Pulses, time: Pulses, before: ClockFit | None = None) -> ClockFit | None:
    """Return the line through pulses without what is far off it; None below six of them.

    `index` and `time` (seconds) are arrays of equal length; `before` is the line that held before
    the last pulse came.
    """
    line = before or (_line(index, time) if len(index) >= _SHORTEST else None)
    for _ in range(_PASSES if line is not None else 0):
        assert line is not None
        distance = np.abs(time - line.time_of(index))
        near = distance <= _allowed(distance)
        better = _line(index[near], time[near]) if near.sum() >= _SHORTEST else None
        if better is None:
            break
        line = better
    return line


def _allowed(distance: Pulses) -> float:
    """Return how far from the line jitter may take a pulse."""
    return max(_STRAY_SECONDS, _STRAY_FACTOR * float(np.median(distance)))


class ClockReader:
    """Follows a MIDI clock: feed it messages with their times of arrival, ask it for the beat.

    The position counts quarter notes from the song's top; it is known once Start or Continue has
    come, while `running`. Not safe for several threads at once.
    """

    def __init__(self) -> None:
        self.running = False
        self._pulses: deque[tuple[float, float]] = deque(maxlen=_LONGEST)
        self._count = 0  # of the next pulse
        self._song_start = 0.0  # the pulse at which the song's top lies
        self._position = 0.0  # quarter notes; where Continue goes on
        self._awaiting = False  # Start or Continue has come, its first pulse not yet
        self._fit: ClockFit | None = None

    @property
    def fit(self) -> ClockFit | None:
        """The line through the pulses of late."""
        return self._fit

    @property
    def tempo(self) -> float | None:
        """Quarter notes a minute, None while there is no clock."""
        return None if self._fit is None else 60 / (PULSES * self._fit.period)

    @property
    def position(self) -> float:
        """The song's quarter note at which the clock was stopped, or goes on from."""
        return self._position

    @property
    def settled(self) -> bool:
        """Whether enough pulses have come to rely on them."""
        return self._fit is not None and len(self._pulses) >= _SETTLED

    def alive(self, time: float) -> bool:
        """Say whether the clock still comes."""
        return bool(self._pulses) and time - self._pulses[-1][1] < _LOST_SECONDS

    def pulse(self, time: float) -> None:
        """Take one clock pulse in."""
        if self._pulses and not self.alive(time):
            self._forget()
        if self._awaiting:
            self._awaiting = False
            self.running = True
            self._song_start = self._count - self._position * PULSES
        self._pulses.append((self._count, time))
        self._count += 1
        self._refit()

    def _forget(self) -> None:
        self._pulses.clear()
        self._fit = None

    def _refit(self) -> None:
        index, time = np.array(self._pulses).T
        line = fit(index, time, self._fit)
        if line is not None and len(index) >= 2 * _RECENT:
            off = time - line.time_of(index)
            far = _allowed(np.abs(off))
            last = off[-_RECENT:]
            if last.min() > far or last.max() < -far:
                line = self._left(line, last, far)
        self._fit = line

    def _left(self, line: ClockFit, last: Pulses, far: float) -> ClockFit | None:
        """Return the line to go by now that the last pulses lie on one side, so far off it."""
        recent = list(self._pulses)[-_RECENT:]
        lost = round(float(last.mean()) / line.period)
        if 0 < lost <= _MISSING and np.abs(last - lost * line.period).max() < far:
            for place, (index, time) in enumerate(recent, len(self._pulses) - _RECENT):
                self._pulses[place] = (index + lost, time)
            self._count += lost
            return line
        half = _RECENT // 2
        if abs(last[half:].mean()) <= abs(last[:half].mean()):
            return line  # they come back to it
        self._pulses.clear()
        self._pulses.extend(recent)
        return fit(*np.array(recent).T)

    def start(self) -> None:
        """Take Start in: the next pulse is the song's top."""
        self._position = 0.0
        self._awaiting = True

    def resume(self) -> None:
        """Take Continue in: the next pulse is where it was stopped, or the song position."""
        self._awaiting = True

    def stop(self) -> None:
        """Take Stop in: the position stands."""
        if self.running:
            self._position = (self._count - self._song_start) / PULSES
        self.running = self._awaiting = False

    def song_position(self, sixteenths: int) -> None:
        """Take a Song Position Pointer in: where Continue goes on; moves a running song too."""
        self._position = sixteenths / 4
        if self.running:
            self._song_start = self._count - self._position * PULSES

    def beat_at(self, time: float) -> float | None:
        """Return the song's quarter note at a time, None where that is not known."""
        if self._fit is None or not self.running:
            return None
        return (self._fit.index_at(time) - self._song_start) / PULSES

    def time_of(self, beat: float) -> float | None:
        """Return when a quarter note of the song comes, None where that is not known."""
        if self._fit is None or not self.running:
            return None
        return self._fit.time_of(beat * PULSES + self._song_start)
