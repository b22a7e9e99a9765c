"""Counts a performer's beats anew once a change of tempo has been understood.

Whoever follows needs some beats to be sure of another tempo, and by then may be a whole beat off:
the phase is right, the count is not. What was heard meanwhile tells. If the tempo changed at a
certain moment, the notes before it lie on the old grid and those after it on the new one; each
possible count puts that moment elsewhere, and one of them fits.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scband.analysis.follow import Pulse

_OTHER_TEMPO = 0.07
"""As a share: what is less is no step, and cannot lose a beat."""
_STABLE_BEATS = 1.5
_STABLE = 0.04
_SURE = 0.45
_MEMORY_BEATS = 18.0
_BEFORE_BEATS = 12.0
_BEFORE_STABLE_BEATS = 3.0
_PARTS = (2, 3, 4)  # of a beat, in which notes lie
_MARGIN, _MARGIN_OF_TWO = 0.55, 0.9
_LEAST_NOTES = 4
_LEAP = 1.35
"""As a factor: what is more is another octave and no other tempo."""
_LEAP_BEATS = 1.5
"""By which a tracker may count anew at a leap of the tempo."""
_SOONEST, _LATEST = 1.5, 5.0
"""Beats after which another tempo is understood: a count by which it took so long is likely."""


@dataclass(frozen=True, slots=True)
class Seen:
    """The pulse as it was at a time, with the beats counted so far."""

    time: float
    beat: float
    tempo: float
    confidence: float

    def at(self, times: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the beats of a steady tempo at some times."""
        return self.beat + (times - self.time) * self.tempo / 60


class Recount:
    """Watches pulses and onsets, and says by how many felt beats the count is wrong.

    `unit` is the felt beat in quarter notes. Times are in seconds.
    """

    def __init__(self, unit: float = 1.0) -> None:
        self._unit = unit
        self._seen: deque[Seen] = deque()
        self._onsets: deque[float] = deque(maxlen=96)
        self._last: Seen | None = None
        self._told = 0.0  # the last pulse's own count
        self._settled = float("-inf")
        self.leapt = False
        """Whether the tempo has leapt since the pulse before."""
        self._leap = float("-inf")

    @property
    def count(self) -> float:
        """The felt beats counted so far, as the pulses told them."""
        return self._last.beat if self._last is not None else 0.0

    @property
    def calm(self) -> bool:
        """Whether the tempo has not changed for as long as is remembered."""
        return bool(self._seen) and self._full() and _even(self._seen)

    def _full(self) -> bool:
        last = self._seen[-1]
        return last.time - self._seen[0].time >= _BEFORE_BEATS * 60 / last.tempo

    def hear_onset(self, time: float) -> None:
        """Take in the beginning of a sound."""
        self._onsets.append(time)

    def see(self, pulse: Pulse) -> int:
        """Take in the pulse of now; return how many felt beats it is too low, mostly 0."""
        now = self._count(pulse)
        self._seen.append(now)
        memory = _MEMORY_BEATS * 60 * self._unit / pulse.tempo
        while self._seen[0].time < now.time - memory:
            self._seen.popleft()
        before = self._before(now)
        if before is None or now.time < self._settled:
            return 0
        found = self._compare(before, now)
        if found:
            self._settled = now.time + memory  # what lies before cannot speak again
        return found

    def _count(self, pulse: Pulse) -> Seen:
        """Go on counting felt beats from where the count was, at the pulse's phase.

        A tempo leaps once it is understood that another began some beats ago: the tracker, which
        knows on which of them, has counted anew.
        """
        told, tempo = pulse.beat / self._unit, pulse.tempo / self._unit
        beat, self.leapt = told, False
        if self._last is not None:
            passed = (pulse.time - self._last.time) * self._last.tempo / 60
            foreseen, anew = self._last.beat + passed, told - self._told - passed
            change = max(tempo, self._last.tempo) / min(tempo, self._last.tempo)
            self.leapt = 1 + _OTHER_TEMPO < change < _LEAP and abs(anew) < _LEAP_BEATS
            self._leap = pulse.time if self.leapt else self._leap
            beat = foreseen + (anew if self.leapt else (beat - foreseen + 0.5) % 1 - 0.5)
        self._last, self._told = Seen(pulse.time, beat, tempo, pulse.confidence), told
        return self._last

    def _before(self, now: Seen) -> Seen | None:
        """Return the steady pulse of some beats ago, if now is steady too but another."""
        length = 60 / now.tempo
        lately = [s for s in self._seen if s.time > now.time - _STABLE_BEATS * length]
        if not self._full() or not _even(lately):
            return None
        if min(s.confidence for s in lately) < _SURE:
            return None
        first = self._seen[0].time
        early = [s for s in self._seen if s.time < first + _BEFORE_STABLE_BEATS * length]
        before = early[-1]
        steady = _even(early) and before.confidence > _SURE
        return before if steady and abs(before.tempo / now.tempo - 1) > _OTHER_TEMPO else None

    def _compare(self, before: Seen, now: Seen) -> int:
        """Return by how many beats another count fits better than the present one."""
        old = float(before.at(np.array([now.time]))[0])
        turns = {
            more: now.time - (now.beat + more - old) * 60 / (now.tempo - before.tempo)
            for more in (-2, -1, 0, 1, 2)
        }
        usual = min(max(turns.pop(0), before.time), now.time)
        if _SOONEST < (self._leap - usual) * now.tempo / 60 < _LATEST:
            return 0
        gains = {
            more: self._gain(usual, turn, before, now)
            for more, turn in turns.items()
            if before.time <= turn < usual  # the nearest beat is always the latest turn of all
        }
        best = max(gains, key=lambda more: gains[more], default=0)
        margin = _MARGIN if abs(best) < 2 else _MARGIN_OF_TWO
        return best if best and gains[best] > margin else 0

    def _gain(self, usual: float, turn: float, before: Seen, now: Seen) -> float:
        """Return how much better the notes between two turns lie on the grid of the other count."""
        times = np.array([time for time in self._onsets if turn < time < usual])
        if times.size < _LEAST_NOTES:
            return 0.0
        old, new = before.at(times), now.at(times)
        gains = [_fit(new, parts) - _fit(old, parts) for parts in _PARTS]
        return max(gains, key=abs)


def _even(seen: Iterable[Seen]) -> bool:
    tempos = [s.tempo for s in seen]
    return max(tempos) / min(tempos) - 1 < 2 * _STABLE


def _fit(beats: NDArray[np.float64], parts: int) -> float:
    """Return how well notes lie on a grid of so many parts of a beat, -1 to 1."""
    return float(np.mean(np.cos(2 * np.pi * parts * beats)))
