"""Which number a beat has when another tempo turns out to be the right one."""

from __future__ import annotations

from collections import deque

_REMEMBERED = 10
_FARTHEST = 4
"""Beats after a change of tempo by which it has been noticed."""
_AGREES = 0.12
"""Two tempos share a beat where theirs are this close, as a share of one."""
_OLDER = 0.02
"""A shared beat is preferred to an older one unless it is so much better, for each beat."""


class BeatCount:
    """Remembers when beats were passed.

    A tempo changes on a beat. By the time the change is noticed the old tempo may be half a beat
    off and more, so that the nearest number can be the wrong one: what counts is the beat on
    which the old tempo and the new one agree.
    """

    def __init__(self) -> None:
        self._passed: deque[tuple[float, int]] = deque(maxlen=_REMEMBERED)

    def passed(self, time: float, number: int) -> None:
        """Note down when a beat fell; what was said of it and of later ones is forgotten."""
        while self._passed and self._passed[-1][1] >= number:
            self._passed.pop()
        self._passed.append((time, number))

    def recount(self, time: float, phase: float, length: float) -> float | None:
        """Return the beat at `time`, with its fraction `phase`, as a new tempo has it.

        `length` is the new beat's, in seconds. None where the tempos share no beat.
        """
        best, found = _AGREES, None
        for count in range(_FARTHEST + 1):
            moment = time - (phase + count) * length
            for passed, number in self._passed:
                off = abs(passed - moment) / length + _OLDER * count
                if off < best:
                    best, found = off, number + count + phase
        return found
