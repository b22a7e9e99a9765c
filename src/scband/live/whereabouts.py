"""Where in the chart the performer is, by the chords: a count of beats that was lost is found.

Beats sound alike, chords do not. What is heard is held against the chart where the band is and
where it would be some beats earlier or later; if another place explains the changes of several
bars better, the performer is there. Sums that never fall below nothing find a change soonest for
their false alarms (Page, "Continuous inspection schemes", Biometrika 41, 1954).
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import deque

import numpy as np
from numpy.typing import NDArray

from scband.agents.form import Form
from scband.analysis.follow.chord_network import kind_of
from scband.live.clockline import ClockLine
from scband.theory import Chord

Array = NDArray[np.float64]
Evidence = NDArray[np.float64]
"""How well every chord fits what sounded, (12, KINDS), in natural logarithms."""

_FARTHEST = 4
"""Felt beats by which the count may be wrong."""
_WINDOW_BEATS = 4.0
"""Felt beats that are weighed together: a chord played early or wrong counts once."""
_TRUST = 0.3
"""What a twelfth of a second counts: neighbours say much the same."""
_FLOOR = 4.0
"""A chord that fits so much worse than the best (natural logarithm) does not fit at all."""
_KIND = 2.0
"""What the wrong kind of the right root costs."""
_FIFTH = 1.0
"""What the fifth in place of the root costs: basses go there and back."""
_MOST_GAIN, _MOST_LOSS = 5.0, 8.0
_SURE, _SURE_OF_CALM = 10.0, 24.0
"""Two windows that speak for another place, and none against it; five where nothing was amiss."""
_FAR = 3.0
"""What each beat beyond the first costs: a count is rarely lost by more."""
_RIVAL = 0.6
"""Of the best sum: the places that are compared by how well they fit."""
_FITS = -1.4
"""How well (natural logarithm, 0 is best) the chart must fit where the performer is said to be."""
_FORGET = 0.6
_HEARD_SECONDS = 0.08
"""From the middle of what the levels of a twelfth of a second tell of, to its end."""
_WAITING = 64


class Whereabouts:
    """Holds the chords that are heard against a form; `unit` is the felt beat in quarter notes."""

    def __init__(self, form: Form, unit: float = 1.0) -> None:
        self._unit = unit
        self._lead, self._beats = form.lead, form.beats
        items = [(bar.start + item.beat, item.chord) for bar in form.bars for item in bar.chords]
        self._starts = [start for start, _ in items]
        self._chords = [_place(chord) for _, chord in items]
        self._shifts = np.arange(-_FARTHEST, _FARTHEST + 1)
        self._waiting: deque[tuple[float, Evidence]] = deque(maxlen=_WAITING)
        self.forget()

    def forget(self) -> None:
        """Begin a new account: the band is elsewhere, or the performer plays other chords."""
        count = len(self._shifts)
        self._waiting.clear()
        self._window: int | None = None
        self._heard = 0
        self._gain, self._fit = np.zeros(count), np.zeros(count)
        self._sums = np.zeros(count)
        self._usual: Array | None = None

    def hear(self, evidence: Evidence, time: float) -> None:
        """Take in how well every chord (12, KINDS) fits what sounded until `time`."""
        self._waiting.append((time - _HEARD_SECONDS, evidence))

    def lost(self, line: ClockLine, *, calm: bool = False) -> int:
        """Return how many felt beats the band is behind the performer, mostly 0.

        Negative: ahead. Whoever is told anything else than 0 is told once. Where all was `calm`,
        more has to speak for it.
        """
        found, sure = 0, _SURE_OF_CALM if calm else _SURE
        while self._waiting:
            time, evidence = self._waiting.popleft()
            found = found or self._weigh(line.beat_at(time), evidence, sure)
        return found

    def _weigh(self, beat: float, evidence: Evidence, sure: float) -> int:
        window = math.floor(beat / (_WINDOW_BEATS * self._unit))
        found = 0
        if window != self._window:
            found = self._settle(sure) if self._window is not None else 0
            self._window = window
        fits = self._fits(beat, evidence)
        if fits is not None:
            self._heard += 1
            self._fit += fits
            self._gain += _TRUST * (fits - fits[_FARTHEST])
        return found

    def _fits(self, beat: float, evidence: Evidence) -> Array | None:
        """Return how well each place's chord fits; None where one of them is no chord."""
        if beat < self._lead + _FARTHEST * self._unit:
            return None
        chords = [self._chord_at(beat + shift * self._unit) for shift in self._shifts]
        if None in chords:
            return None
        roots = np.logaddexp.reduce(evidence, axis=1)
        best = float(evidence.max())
        fits = [_fit(evidence, roots, chord) for chord in chords if chord is not None]
        return np.maximum(np.array(fits) - best, -_FLOOR)

    def _chord_at(self, beat: float) -> tuple[int, int | None] | None:
        place = bisect_right(self._starts, (beat - self._lead) % self._beats + 1e-6)
        return self._chords[place - 1]

    def _settle(self, sure: float) -> int:
        """Close a window's account and say where the performer is by all of them."""
        if self._heard:
            fit = self._fit / self._heard
            before = fit if self._usual is None else self._usual
            self._usual = _FORGET * before + (1 - _FORGET) * fit
            gain = np.clip(self._gain, -_MOST_LOSS, _MOST_GAIN)
            self._sums = np.maximum(self._sums + gain, 0.0)
        self._gain[:], self._fit[:], self._heard = 0.0, 0.0, 0
        priced = self._sums - _FAR * np.maximum(np.abs(self._shifts) - 1, 0)
        if self._usual is None or priced.max() < sure:
            return 0
        rivals = self._sums > _RIVAL * self._sums.max()
        place = int(np.where(rivals, self._usual, -np.inf).argmax())
        if self._usual[place] < _FITS:
            return 0
        shift = int(self._shifts[place])
        self.forget()
        return shift


def _place(chord: Chord) -> tuple[int, int | None] | None:
    return None if chord.root is None else (chord.root, kind_of(chord))


def _fit(evidence: Evidence, roots: Array, chord: tuple[int, int | None]) -> float:
    root, kind = chord
    found = float(roots[root]) - (_KIND if kind is not None else 0.0)
    whole = found if kind is None else max(found, float(evidence[root, kind]))
    return max(whole, float(roots[(root + 7) % 12]) - _FIFTH)
