"""What a player does over again: how often an attack falls at each place of the bar."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from scband.analysis.follow.bar_pointer import PLACES

Array = NDArray[np.float64]

_BAR, _BEAT, _GRID = 0.6, 0.2, 0.2
"""What counts: the same place of earlier bars, of earlier beats, and what anyone may play."""
_ANYWHERE = 0.012
"""Attacks that are expected at any place of which nothing is known."""
_BAR_CHANGE, _BEAT_CHANGE, _USUAL_CHANGE = 0.25, 0.08, 0.03
"""How much the last bar, beat and attack change what is usual, once there were many."""
_SCATTER = 0.016
"""Seconds by which attacks scatter."""
_REACH = 5
_WRITTEN = ((0.0, 0.6), (0.5, 0.35), (0.25, 0.12), (0.75, 0.12), (1 / 3, 0.08), (2 / 3, 0.12))
"""Attacks that are to be expected of anyone at even parts of a beat."""


class Expected:
    """How many attacks are expected at each place of a bar, by `rates`, one for each place."""

    def __init__(self, rates: Array) -> None:
        self._rates = rates
        self._logs = np.log(rates)
        self._sums = np.concatenate([[0.0], np.cumsum(rates)])

    def logs(self, beats: Array) -> Array:
        """Return the log rate at beats, counted from a bar line."""
        found: Array = self._logs[np.round(beats * PLACES).astype(np.int64) % len(self._logs)]
        return found

    def until(self, beats: Array) -> Array:
        """Return how many attacks are expected from beat 0 on."""
        bars, rest = np.divmod(beats * PLACES, len(self._rates))
        place = np.minimum(rest.astype(np.int64), len(self._rates) - 1)
        found: Array = bars * self._sums[-1] + self._sums[place]
        found += (rest - place) * self._rates[place]
        return found


class Pattern:
    """Learns where attacks fall in a bar of `beats` felt beats."""

    def __init__(self, beats: int) -> None:
        self._beats = beats
        self._bar = np.zeros(beats * PLACES)
        self._beat = np.zeros(PLACES)
        self._grid = np.tile(sum(w * _peak(p * PLACES, PLACES, 1.0) for p, w in _WRITTEN), beats)
        self._attacks = 0
        self.heard = 0
        """Beats in which something was played."""
        self.usual = -2.0
        """The log rate at which attacks usually fall."""

    def expected(self) -> Expected:
        """Return what is expected by all that was learnt."""
        beat = np.tile(self._beat, self._beats)
        return Expected(_BAR * self._bar + _BEAT * beat + _GRID * self._grid + _ANYWHERE)

    def learn(self, number: int, attacks: Sequence[float], rate: float) -> None:
        """Take in the attacks about a beat, half a beat before and after it.

        `attacks` and `number` count felt beats from a bar line, of which `rate` pass a second. A
        beat in which nothing is played teaches nothing: who rests has not changed the pattern.
        """
        if not attacks:
            return
        self._weigh(np.array(attacks))
        size = len(self._bar)
        new = np.zeros(size)
        for beat in attacks:
            new += _peak(beat * PLACES, size, max(1.0, _SCATTER * PLACES * rate))
        about = (number * PLACES - PLACES // 2 + np.arange(PLACES)) % size
        self.heard += 1
        change = max(1 / (self.heard / self._beats + 1), _BAR_CHANGE)
        self._bar[about] += change * (new[about] - self._bar[about])
        beat_now = np.zeros(PLACES)
        beat_now[about % PLACES] = new[about]
        self._beat += max(1 / (self.heard + 1), _BEAT_CHANGE) * (beat_now - self._beat)

    def _weigh(self, attacks: Array) -> None:
        for log in self.expected().logs(attacks):
            self._attacks += 1
            self.usual += max(1 / (self._attacks + 1), _USUAL_CHANGE) * (float(log) - self.usual)


def _peak(place: float, size: int, width: float) -> Array:
    """Return a bell of sum 1 about a place of a round of `size` places."""
    beside = np.arange(-_REACH, _REACH + 1)
    bell = np.exp(-0.5 * (beside / width) ** 2)
    found = np.zeros(size)
    np.add.at(found, (round(place) + beside) % size, bell / bell.sum())
    return found
