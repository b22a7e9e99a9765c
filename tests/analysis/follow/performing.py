"""Performances as notes, and what a tracker makes of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from scband.analysis.follow import BeatTracker, Pulse


@dataclass(frozen=True)
class Course:
    """Where the tracker saw the beat at each true beat."""

    beats: np.ndarray
    pulses: list[Pulse | None]

    def late(self, first: int = 0, last: int | None = None) -> np.ndarray:
        """Milliseconds between the tracker's beat and the true one, from beat to beat."""
        found = self.pulses[first:last]
        assert all(pulse is not None for pulse in found), "not locked"
        return np.array([1000 * (round(p.beat) - p.beat) * 60 / p.tempo for p in found])

    def locked(self) -> int:
        """Beats until the tracker is within 40 ms."""
        for number, pulse in enumerate(self.pulses):
            if pulse is not None and abs(self.late(number, number + 1)[0]) < 40:
                return number
        raise AssertionError("never locked")


def beat_times(tempos: Sequence[float], start: float = 1.0) -> np.ndarray:
    """Return the seconds of beats, each as long as its tempo says."""
    return start + np.concatenate([[0.0], np.cumsum(60 / np.asarray(tempos, float))])


def perform(
    tracker: BeatTracker,
    tempos: Sequence[float],
    pattern: Sequence[float] = (0.0, 0.5),
    *,
    silent: range = range(0),
    scatter: float = 0.006,
    wrong: float = 0.0,
    dropped: float = 0.0,
    seed: int = 1,
) -> Course:
    """Play a pattern of places in each beat as notes; ask where the beat is at each true beat."""
    dice = np.random.default_rng(seed)
    times = beat_times(tempos)
    notes = []
    for number, (begin, end) in enumerate(pairwise(times)):
        for place in pattern:
            if number in silent or dice.random() < dropped:
                continue
            accent = 0.75 if place == 0 else 0.55
            when = begin + place * (end - begin) + dice.normal(0, scatter)
            notes.append((when, accent + dice.normal(0, 0.05), 43 if place == 0 else 60))
        if dice.random() < wrong:
            notes.append((begin + dice.random() * (end - begin), 0.6, 61))
    notes.sort()
    pulses = []
    for beat in times[:-1]:
        while notes and notes[0][0] <= beat:
            tracker.hear_note(*notes.pop(0))
        pulses.append(tracker.pulse(float(beat)))
    return Course(times[:-1], pulses)
