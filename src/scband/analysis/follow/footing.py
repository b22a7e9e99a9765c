"""On which foot: whether beats fall where they are taken to fall, or half a beat away.

Whoever strums off the beat, or plays sixteenths throughout, sounds much the same half a beat
later, and a network that listens moment by moment may take the one for the other. What was heard
at the last beats and halfway between them, on average and from one beat to the next, tells them
apart: the bass and the kick drum, the change of kick and snare drum, the chords.
`benchmarks/train_footing.py` makes the weights.
"""

from __future__ import annotations

import math
from collections import deque
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from scband.analysis.follow.cues import CUES
from scband.analysis.follow.pulse import Pulse
from scband.analysis.follow.weights import read_weights
from scband.analysis.frames import FRAMES_PER_SECOND

Array = NDArray[np.float32]

BEATS = 8
"""Beats that are looked at."""
FEWEST = 6
BEFORE, AFTER = 2, 4
"""Frames before and after a beat in which it is heard."""
_EARLIER = (0, 2, 5)
"""Frames by which beats may have fallen earlier than they are taken to fall: all are looked at."""
_KEPT = 2 * FRAMES_PER_SECOND
_RISES = 36
_FILE = Path(__file__).with_name("footing_weights.npz")


class Footing:
    """Remembers what was heard on the beats and halfway between them."""

    def __init__(self) -> None:
        self._cues = np.zeros((2 * _KEPT, CUES), np.float32)
        self._filled = _KEPT
        self._last = -math.inf
        self._heard: deque[tuple[int, Array]] = deque(maxlen=2 * BEATS)

    def hear(self, cues: Array, time: float) -> None:
        """Take in the cues (CUES,) of a frame and the second at which it happened."""
        if self._filled == len(self._cues):
            self._cues[:_KEPT] = self._cues[-_KEPT:]
            self._filled = _KEPT
        self._cues[self._filled] = cues
        self._filled += 1
        self._last = time

    def follow(self, pulse: Pulse, unit: float) -> None:
        """Note down what was heard at the last half of a felt beat that has passed entirely.

        A pulse that has leapt since begins a new account. `unit` is the felt beat in quarters.
        """
        whole = self._last - AFTER / FRAMES_PER_SECOND
        number = math.floor(pulse.at(whole).beat / unit * 2)
        if self._heard and number == self._heard[-1][0]:
            return
        if self._heard and number != self._heard[-1][0] + 1:
            self._heard.clear()
        back = round((self._last - pulse.time_of(number * unit / 2)) * FRAMES_PER_SECOND)
        place = self._filled - 1 - back
        if BEFORE + max(_EARLIER) <= place < self._filled - AFTER:
            self._heard.append((number, self._at(place)))

    def _at(self, place: int) -> Array:
        """Return what was heard at a frame and a little before, (places, cues)."""
        middles = [place - earlier for earlier in _EARLIER]
        return np.stack([gathered(self._cues[m - BEFORE : m + AFTER + 1]) for m in middles])

    def odds(self) -> float | None:
        """Return the log odds that beats fall on even halves; None before there are enough."""
        pairs = (len(self._heard) - (self._heard[0][0] % 2 if self._heard else 0)) // 2
        if pairs < FEWEST:
            return None
        skipped = self._heard[0][0] % 2
        heard = np.stack([cues for _, cues in self._heard])[skipped : skipped + 2 * pairs]
        weights = _weights()
        halves = (heard - weights["mean"]) / weights["std"]
        found = []
        for each in range(len(_EARLIER)):
            on, off = summary(halves[0::2, each]), summary(halves[1::2, each])
            found.append(_likely(on, off) - _likely(off, on))
        return float(np.mean(found))

    def forget(self) -> None:
        """Begin a new account."""
        self._heard.clear()


def gathered(cues: Array) -> Array:
    """Return what some frames (n, CUES) tell of an attack: the highest, with fewer bands."""
    highest = cues.max(0)
    return np.concatenate([highest[:_RISES].reshape(-1, 3).sum(1), highest[_RISES:]])


def summary(heard: Array) -> Array:
    """Return what beats (n, cues) have on average, and how every other one differs."""
    return np.concatenate([heard.mean(0), np.abs(heard[0::2].mean(0) - heard[1::2].mean(0))])


def _likely(on: Array, off: Array) -> float:
    weights = _weights()
    hidden = np.tanh(weights["hidden"] @ np.concatenate([on, off]) + weights["hidden_bias"])
    return float(weights["out"] @ hidden)


@lru_cache(maxsize=1)
def _weights() -> dict[str, Array]:
    return read_weights(_FILE)
