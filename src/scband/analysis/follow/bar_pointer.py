"""How likely every tempo and every place in the beat is, frame after frame.

The pointer model of Whiteley, Cemgil and Godsill ("Bayesian modelling of temporal structure in
musical audio", ISMIR 2006) in the state space of Krebs, Böck and Widmer (ISMIR 2015): a state is
a beat's length in steps and a place in it, the pointer moves on by one place a step, and the
length changes only where a beat begins. What is worked out here is the forward probability alone,
which needs no future.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]

STEPS_PER_SECOND = 100
SHORTEST, LONGEST = 25, 150
"""Steps of the shortest and the longest beat: 240 and 40 a minute."""
_STIFFNESS = 60.0
"""How unlikely a small change of a beat's length is: exp(-this * the change as a share)."""
_LEAP, _LEAP_REACH = 0.02, 0.3
"""How likely a sudden change is, anything up to this share faster or slower."""
_TINY = np.float32(1e-12)


class BarPointer:
    """Forward probabilities of (length of the beat, place in it), all places in one row."""

    def __init__(self) -> None:
        self.lengths = np.arange(SHORTEST, LONGEST + 1)
        self.first = np.concatenate([[0], np.cumsum(self.lengths)[:-1]])
        self.last = self.first + self.lengths - 1
        self.place = np.concatenate([np.arange(n) for n in self.lengths])
        self.length = np.repeat(self.lengths, self.lengths)
        self.phase = (self.place / self.length).astype(np.float32)
        self.transition = _transition(self.lengths)
        self.prior = np.full(len(self.lengths), 1 / len(self.lengths), np.float32)
        self.state: Array = np.empty(0, np.float32)
        self.forget()

    def forget(self) -> None:
        """Take every place in the beat for equally likely, and every tempo as the prior says."""
        self.state = np.repeat(self.prior / self.lengths, self.lengths).astype(np.float32)
        self.state /= self.state.sum()

    def believe(self, prior: Array) -> None:
        """Weigh beat lengths by a prior that counts again at every beat."""
        self.prior = (prior / prior.sum()).astype(np.float32)
        weighed = _transition(self.lengths) * (prior / prior.max())[None, :]
        self.transition = (weighed / weighed.sum(1, keepdims=True)).astype(np.float32)

    def set(self, length: float, phase: float, spread: float = 0.03) -> None:
        """Know the beat's length in steps and the place in it (0-1), give or take a `spread`."""
        off = (self.phase - phase + 0.5) % 1 - 0.5
        ratio = np.log(self.length / length)
        raw = np.exp(-0.5 * (off / spread) ** 2 - 0.5 * (ratio / (2 * spread)) ** 2) + 1e-9
        self.state = (raw / raw.sum()).astype(np.float32)

    def step(self, likelihood: Array | None = None) -> None:
        """Move on by one step, and weigh the states by what was heard, if anything was."""
        ended = self.state[self.last]
        self.state[1:] = self.state[:-1]
        self.state[self.first] = ended @ self.transition
        if likelihood is not None:
            self.state *= likelihood
        self.state += _TINY
        self.state /= self.state.sum()


def _transition(lengths: NDArray[np.int64]) -> Array:
    change = lengths[None, :] / lengths[:, None] - 1
    small = np.exp(-_STIFFNESS * np.abs(change))
    leap = (np.abs(change) <= _LEAP_REACH).astype(float)
    small /= small.sum(1, keepdims=True)
    leap /= leap.sum(1, keepdims=True)
    table: Array = ((1 - _LEAP) * small + _LEAP * leap).astype(np.float32)
    return table
