"""Where in the beat a performer plays, and where the playing sounds like a beat."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from scband.analysis.follow.bar_pointer import HEARD, ON_THE_BEAT, PLACES

_SLOWEST = 0.04
"""How much one beat changes what is usual, after the first beats have changed it more."""
_MOST = 0.85
_FIRM = 8
"""Beats after which a habit counts for half of what it may count at the most."""


class Habit:
    """How much is usually heard at each of `PLACES` of the beat, 0-1, in `usual`.

    Whoever strums off the beat only, as in reggae, is heard wrong at first, for attacks mark
    beats with most players. Where the beat is known, that can be learnt instead of believed.
    """

    def __init__(self, usual: NDArray[np.float32], least: tuple[float, float]) -> None:
        self.usual = usual
        self._on, self._off = least
        self._place, self._highest, self._heard = 0, 0.0, 0

    @classmethod
    def of_beats(cls) -> Habit:
        """Begin with beats that are heard where they fall."""
        usual = np.full(PLACES, HEARD, np.float32)
        usual[0] = ON_THE_BEAT
        return cls(usual, (0.15, HEARD))

    @classmethod
    def of_either_half(cls) -> Habit:
        """Begin with beats that are heard on the beat and half a beat away alike."""
        habit = cls.of_beats()
        habit.usual[0] = habit.usual[PLACES // 2] = ON_THE_BEAT / 2
        habit._heard = _FIRM // 2
        return habit

    @classmethod
    def of_attacks(cls) -> Habit:
        """Begin with nothing: what attacks mark is not a habit at first."""
        return cls(np.zeros(PLACES, np.float32), (0.0, 0.0))

    @property
    def learnt(self) -> float:
        """How much of a habit it is by now, 0-1."""
        return self._heard / (self._heard + _FIRM)

    def hear(self, heard: float, phase: float) -> None:
        """Learn from what is heard, 0-1, at a place, 0-1, of the beat."""
        place = round(phase * PLACES) % PLACES
        if place == self._place:
            self._highest = max(self._highest, heard)
            return
        self._learn(self._place, self._highest)
        self._place, self._highest = place, heard

    def _learn(self, place: int, heard: float) -> None:
        self._heard += place == 0
        change = max(1 / (self._heard + 2), _SLOWEST) * (heard - self.usual[place])
        least = self._on if place == 0 else self._off
        self.usual[place] = min(max(self.usual[place] + change, least), _MOST)
