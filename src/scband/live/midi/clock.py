"""MIDI clock as it comes in: tempo and position out of 24 jittering pulses a quarter note.

The pulses' times are fitted by a straight line (least squares) over a window that grows to four
beats while they lie on it, and shrinks at once where they leave it. Messages and their meaning are
those of the MIDI 1.0 specification, "System Real Time" and "Song Position Pointer".
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import fmean

PULSES = 24
"""Pulses a quarter note."""

_LONGEST = 4 * PULSES  # a window of so many pulses halves their jitter ten times
_SHORTEST = 6  # pulses from which a tempo is told
_RECENT = 6
_STRAY_SECONDS = 0.002  # jitter that is allowed in any case
_STRAY_FACTOR = 5.0  # tested at every pulse: 3 would be reached by chance every few beats
_LOST_SECONDS = 0.6  # without a pulse for so long (4 bpm and slower) the clock has gone
_MISSING = 4  # pulses in a row that are believed to have been lost on the way


@dataclass(frozen=True, slots=True)
class ClockFit:
    """The straight line through the pulses: pulse `index` comes at `time`, one every `period`."""

    index: float
    time: float
    period: float

    def time_of(self, index: float) -> float:
        """Return when a pulse comes, in Unix seconds."""
        return self.time + (index - self.index) * self.period

    def index_at(self, time: float) -> float:
        """Return how many pulses have come at a time, with fractions."""
        return self.index + (time - self.time) / self.period


def fit(pulses: Sequence[tuple[float, float]]) -> ClockFit | None:
    """Return the line of least squares through (index, time), None below six pulses."""
    if len(pulses) < _SHORTEST:
        return None
    index, time = fmean(p[0] for p in pulses), fmean(p[1] for p in pulses)
    spread = sum((p[0] - index) ** 2 for p in pulses)
    slope = sum((p[0] - index) * (p[1] - time) for p in pulses) / spread
    return ClockFit(index, time, slope) if slope > 0 else None


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

    def alive(self, time: float) -> bool:
        """Say whether the clock still comes."""
        return bool(self._pulses) and time - self._pulses[-1][1] < _LOST_SECONDS

    def pulse(self, time: float) -> None:
        """Take one clock pulse in."""
        if self._pulses and not self.alive(time):
            self._forget()
        self._count += self._missing(time)
        if self._awaiting:
            self._awaiting = False
            self.running = True
            self._song_start = self._count - self._position * PULSES
        self._pulses.append((self._count, time))
        self._count += 1
        self._refit()

    def _missing(self, time: float) -> int:
        if self._fit is None:
            return 0
        late = round((time - self._fit.time_of(self._count)) / self._fit.period)
        return late if 0 < late <= _MISSING and self._long_since(time) else 0

    def _long_since(self, time: float) -> bool:
        """Say whether the pulse before is too far away to be the one before."""
        assert self._fit is not None
        return time - self._pulses[-1][1] > 1.6 * self._fit.period

    def _forget(self) -> None:
        self._pulses.clear()
        self._fit = None

    def _refit(self) -> None:
        found = fit(self._pulses)
        if found is not None and self._strays(found):
            kept = list(self._pulses)[-_SHORTEST:]
            self._pulses.clear()
            self._pulses.extend(kept)
            found = fit(self._pulses)
        self._fit = found

    def _strays(self, line: ClockFit) -> bool:
        """Say whether the last pulses have left the line, on one side of it."""
        if len(self._pulses) < 2 * _RECENT:
            return False
        off = [time - line.time_of(index) for index, time in self._pulses]
        jitter = sqrt(sum(each**2 for each in off[:-_RECENT]) / (len(off) - _RECENT))
        recent = fmean(off[-_RECENT:])
        return abs(recent) > max(_STRAY_SECONDS, _STRAY_FACTOR * jitter / sqrt(_RECENT))

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
