"""A sudden change of tempo, told from the player's own pattern going on faster or slower.

After a step the next attacks contradict the beat. Two or three intervals between them are enough
to say more: if the pattern of the bars before goes on from some moment with all its intervals
longer or shorter by one ratio, then that is the tempo. For each moment and each ratio, attacks are
weighed as a Poisson process whose rate is the pattern (Daley and Vere-Jones, "An introduction to
the theory of point processes", 2003, ch. 7): the log rates where attacks fell, less the attacks
that were expected and did not come. The beat as it was followed is weighed just the same.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scband.analysis.follow.pattern import Expected, Pattern

Array = NDArray[np.float64]

_RATIOS = np.exp(np.arange(math.log(0.75), math.log(1.34), 0.01))
_CLOSE = 8
"""Ratios that are so many places apart are weighed together."""
_MARGIN = 5.0
"""A rival's log likelihood must be so much higher."""
_OF_TWO = 0.8
"""By so much more where there were two attacks only."""
_FEWEST, _MOST = 2, 10
_LEAST_CHANGE = 0.05
"""Smaller changes are left to the pointer, as log of the ratio."""
_WARM = 6
"""Beats in which a pattern is learnt before anything is said."""
_LATER = 4
"""Beats after which attacks are learnt from: until then a rival may turn up."""
_WINDOW, _OLDEST = 8.0, 7.0
"""Seconds of attacks that are looked at, and since the change."""
_BEATS, _REST = 5.0, 2.3
"""Beats since the change, and beats without attacks since."""
_ODD, _FITTING = 1.0, 0.8
"""By how much less than usual the beat explains the attacks, and a rival may explain them."""
_MISSED = 1.5
"""More attacks than that are never missed between two."""
_BEFORE = 0.12
"""Seconds before a moment at which the tempo there is asked for: the beat may have bent since."""
_AGAIN = 2.5
"""Beats after a change before there is another."""
_TOGETHER = 0.035
_SURE = 0.5


@dataclass(frozen=True, slots=True)
class Rival:
    """A tempo of `rate` felt beats a second from second `since` on; at `time` it is at `beat`."""

    since: float
    time: float
    beat: float
    rate: float


@dataclass(frozen=True, slots=True)
class _Weighed:
    gain: float
    rival: Rival


class Rivals:
    """Holds the beat that was followed, the attacks and their pattern, and tests for changes.

    Beats are felt beats, `beats` of them in a bar.
    """

    def __init__(self, beats: int) -> None:
        self._pattern = Pattern(beats)
        self._course: deque[tuple[float, float, float, float]] = deque(maxlen=260)
        self._attacks: deque[float] = deque(maxlen=64)
        self._learnt: int | None = None
        self._fresh = False
        self._changed = -math.inf

    def begin(self) -> None:
        """Forget how the beat went so far: it was told anew. The pattern is kept."""
        self._course.clear()
        self._learnt = None

    def strike(self, time: float) -> None:
        """Take in an attack, in seconds."""
        if not self._attacks or time - self._attacks[-1] >= _TOGETHER:
            self._attacks.append(time)
            self._fresh = True

    def follow(self, time: float, beat: float, rate: float, confidence: float) -> None:
        """Take in where the beat is followed to be, and learn from attacks some beats ago."""
        self._course.append((time, beat, rate, confidence))
        number = math.floor(beat - 0.5)
        if self._learnt is None or self._learnt >= number:
            self._learnt = number - 1
        while self._learnt < number - _LATER:
            self._learnt += 1
            self._learn(self._learnt)

    def _learn(self, number: int) -> None:
        course = np.array(self._course)
        last = int(np.searchsorted(course[:, 1], number + 0.5))
        if last < len(course) and course[last, 3] <= _SURE:
            return
        beats = _at(course, np.array(self._attacks))[0] if self._attacks else np.zeros(0)
        near = beats[(beats >= number - 0.5) & (beats < number + 0.5)]
        self._pattern.learn(number, near.tolist(), float(course[-1, 2]))

    def better(self) -> Rival | None:
        """Return a tempo that explains the last attacks better, once for each new attack."""
        if not self._fresh or len(self._course) < _FEWEST or self._pattern.heard < _WARM:
            return None
        self._fresh = False
        attacks = np.array([t for t in self._attacks if t > self._attacks[-1] - _WINDOW])
        if len(attacks) <= _FEWEST:
            return None
        if (attacks[-1] - self._changed) * self._course[-1][2] < _AGAIN:
            return None
        course, expected = np.array(self._course), self._pattern.expected()
        if not self._odd(expected.logs(_at(course, attacks[-_MOST:])[0])):
            return None
        found = [
            weighed
            for since in self._moments(course, attacks)
            if (weighed := self._weigh(course, attacks, expected, since)) is not None
        ]
        best = max(found, key=lambda one: one.gain, default=None)
        if best is None or best.gain <= _MARGIN:
            return None
        self._change(best.rival)
        return best.rival

    def _odd(self, logs: Array) -> bool:
        """Say whether the last attacks, however many, fell where they usually do not."""
        means = np.cumsum(logs[::-1]) / np.arange(1, len(logs) + 1)
        return bool(means[_FEWEST - 1 :].min() <= self._pattern.usual - _ODD)

    def _moments(self, course: Array, attacks: Array) -> list[float]:
        """Return when the tempo may have changed: at attacks, and at beats."""
        found = attacks[:-_FEWEST].tolist()
        last = math.floor(_at(course, attacks[-1:])[0][0])
        for beat in range(last, last - 8, -1):
            before = np.flatnonzero(course[:, 1] <= beat)
            if len(before) == 0:
                break
            time, at, rate, _ = course[before[-1]]
            found.append(float(time + (beat - at) / rate))
        return [time for time in found if attacks[-1] - time < _OLDEST]

    def _weigh(
        self, course: Array, attacks: Array, expected: Expected, since: float
    ) -> _Weighed | None:
        """Weigh the best ratio from a moment on against the beat as it was followed."""
        later = attacks[attacks > since + _TOGETHER / 2]
        beat = float(_at(course, np.array([since]))[0][0])
        before = float(_at(course, np.array([since - _BEFORE]))[1][0])
        if not _FEWEST <= len(later) <= _MOST or (later[-1] - since) * before > _BEATS:
            return None
        if np.diff(later, prepend=since).max() * before > _REST:
            return None
        followed = _at(course, later)[0]
        rivals = beat + (later - since) * before * _RATIOS[:, None]
        likely, fits = _likelihood(expected, beat, rivals)
        best = int(likely.argmax())
        now, fit = _likelihood(expected, beat, followed[None])
        usual = self._pattern.usual
        if fit[0] > usual - _ODD or fits[best] < usual - _FITTING:
            return None
        rate = before * _about(likely, best)
        if abs(math.log(rate / course[-1, 2])) < _LEAST_CHANGE:
            return None
        gain = float(likely[best] - now[0]) - (_OF_TWO if len(later) == _FEWEST else 0)
        reached = beat + float(later[-1] - since) * rate
        return _Weighed(gain, Rival(since, float(later[-1]), reached, rate))

    def _change(self, rival: Rival) -> None:
        """Let the beat have gone as the rival says since it began."""
        end = self._course[-1][0]
        kept = [place for place in self._course if place[0] <= rival.since]
        self._course.clear()
        self._course.extend(kept)
        for time in np.arange(rival.since, end, 0.04):
            beat = rival.beat + (time - rival.time) * rival.rate
            self._course.append((float(time), float(beat), rival.rate, 1.0))
        first = rival.beat + (rival.since - rival.time) * rival.rate
        if self._learnt is not None:
            self._learnt = min(self._learnt, math.floor(first - 0.5) - 1)
        self._changed = rival.time


def _at(course: Array, times: Array) -> tuple[Array, Array]:
    """Return the beat and the felt beats a second at times, as the beat was followed."""
    place = np.maximum(np.searchsorted(course[:, 0], times, "right") - 1, 0)
    then, beat, rate, _ = course[place].T
    return beat + (times - then) * rate, rate


def _about(likely: Array, best: int) -> float:
    """Return the mean of the ratios close to the likeliest, as likely as they are."""
    close = slice(max(0, best - _CLOSE), best + _CLOSE + 1)
    return float(np.average(_RATIOS[close], weights=np.exp(likely[close] - likely[best])))


def _likelihood(expected: Expected, beat: float, attacks: Array) -> tuple[Array, Array]:
    """Return the log likelihood of rows of attacks after a beat, and their mean log rate."""
    logs = expected.logs(attacks)
    missing = np.diff(expected.until(np.insert(attacks, 0, beat, axis=1)), axis=1)
    return logs.sum(1) - np.clip(missing, 0, _MISSED).sum(1), logs.mean(1)
