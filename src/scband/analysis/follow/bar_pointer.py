"""How likely every tempo and every place in the beat is, step after step.

The pointer model of Whiteley, Cemgil and Godsill ("Bayesian modelling of temporal structure in
musical audio", ISMIR 2006) in the state space of Krebs, Böck and Widmer ("An efficient state-space
model for joint tempo and meter tracking", ISMIR 2015): a state is a beat's length in steps and a
place in it, the pointer moves on by one place a step, and the length changes only where a beat
begins. What is worked out is the forward probability alone, which needs no future. Other than
there, lengths may leap: a performer who doubles nothing still changes the tempo from one beat to
the next.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import overload

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]

STEPS_PER_SECOND = 100
SHORTEST, LONGEST = 25, 150
"""Steps of the shortest and the longest beat: 240 and 40 a minute."""
REACH = 2
"""Steps away from a beat from which on the network does not hear it any more."""
_STIFFNESS = 90.0
"""How unlikely a small change of a beat's length is: exp(-this * the change as a share)."""
_LEAP_REACH = 0.3
"""A sudden change makes a beat up to this share faster or slower."""
_LEAP = 0.03
"""How likely a leap is where nothing else is said."""
_RESTART = np.float32(1e-7)
"""How likely it is at each step that the performer begins anew, in all states together."""
PLACES = 24
"""Places in a beat at which the network may hear one, rightly or wrongly."""
HEARD = 0.06
"""How likely the network takes any frame for a beat: what it says is weighed against this."""
_NEUTRAL, _LEAST = 0.15, 0.1
ON_THE_BEAT = 0.7
"""How likely it takes a beat for one."""
_TRUST = 0.6
"""Neighbouring frames say much the same: the weight of each."""
_ANYWHERE = 0.06
"""How much rarer than on a beat attacks are where none belongs."""
_SCATTER_STEPS, _SCATTER_SHARE = 1.0, 0.015
"""How widely players scatter: steps, and a share of the beat."""
_CLOSE = 0.16
"""Places that are so many beats apart are taken together."""
_OPPOSITE = 0.35
"""Places that are farther apart are opposite."""
_USUAL = 55
"""Steps of a beat at a usual tempo."""


@dataclass(frozen=True, slots=True)
class Guess:
    """A place in the beat, 0-1, the beat's length in steps, and how likely both are."""

    phase: float
    length: float
    probability: float


class _States:
    """The states in one row: all places of the shortest beat, then those of the next."""

    lengths = np.arange(SHORTEST, LONGEST + 1)
    first = np.concatenate([[0], np.cumsum(lengths)[:-1]])
    last = first + lengths - 1
    ends = np.concatenate([first, [int(lengths.sum())]])
    length = np.repeat(lengths, lengths).astype(np.float32)
    phase = np.concatenate([np.arange(n) / n for n in lengths]).astype(np.float32)


_NEAR = tuple(
    np.concatenate([_States.first + k, _States.last + 1 - k]) if k else _States.first
    for k in range(REACH)
)
"""The states that are so many steps away from a beat."""
_BESIDE = np.array([-2, -1, 0, 1, 2])
"""Places that are hardly off the beat."""
_PLACE = np.round(_States.phase * PLACES).astype(np.int64) % PLACES


class BarPointer:
    """Forward probabilities of (length of the beat, place in it)."""

    def __init__(self) -> None:
        self._weight = np.ones(len(_States.lengths))
        self._leap = 0.0
        self.leap(_LEAP)
        self._fresh = _fresh(np.ones(len(_States.lengths)))
        self._state: Array = self._fresh.copy()
        self._attacks = _attacks(((0.0, 1.0),))

    def divide(self, parts: Sequence[tuple[float, float]]) -> None:
        """Say where in a beat attacks fall: (place 0-1, how many times rarer than on the beat)."""
        self._attacks = _attacks(tuple(parts))

    def expect(self, length: float | None, octaves: float) -> None:
        """Hold lengths near `length` steps for likely, within some octaves; None: the usual."""
        off = np.log2(_States.lengths / (length or _USUAL)) / octaves
        self._weight = np.exp(-0.5 * off**2)
        self._fresh = _fresh(self._weight)
        self.leap(self._leap)

    def leap(self, share: float) -> None:
        """Hold it for so likely, 0-1, that the tempo leaps at a beat."""
        self._leap = share
        self._transition = (_transition(share) * self._weight).astype(np.float32)

    def forget(self) -> None:
        """Know nothing but what is expected."""
        self._state = self._fresh.copy()

    def set(self, length: float, phase: float, spread: float) -> None:
        """Know the beat's length in steps and the place in it, each give or take a share."""
        off = (_States.phase - phase + 0.5) % 1 - 0.5
        ratio = np.log(_States.length / length)
        raw = np.exp(-0.5 * (off / spread) ** 2 - 0.5 * (ratio / spread) ** 2) / _States.length
        self._state = (raw / raw.sum()).astype(np.float32)

    def move(self) -> None:
        """Move on by one step."""
        ended = self._state[_States.last] @ self._transition
        self._state[1:] = self._state[:-1]
        self._state[_States.first] = ended
        self._state += self._fresh * _RESTART
        self._state /= self._state.sum()

    def hear(self, beat: float, doubt: float = 1.0, usual: Array | None = None) -> None:
        """Weigh the states by how likely the present step is a beat, 0-1.

        That none is heard counts by `doubt` only, 0-1: whoever rests has not lost the beat.
        `usual` holds how likely one is said to be heard at each of `PLACES` of the beat; without
        it beats are heard where they fall.
        """
        odds = _odds(beat, doubt)
        near = odds if usual is None else odds ** _reliance(float(usual[0]))
        for distance, states in enumerate(_NEAR):
            self._state[states] *= np.float32(near ** (1 - distance / REACH))
        if usual is not None:
            others = np.float32(odds) ** _reliance(usual)
            others[_BESIDE] = 1  # a little early or late is the beat itself
            self._state *= others[_PLACE]

    def strike(self, weight: float, usual: Array | None = None, learnt: float = 0.0) -> None:
        """Weigh the states by an attack at this step: it marks a beat, or an even part of one.

        `usual` holds how often an attack was heard at each of `PLACES` of the beat, and `learnt`
        how much that counts, 0-1, where it is less on the beat than elsewhere.
        """
        if usual is not None:
            learnt *= 1 - float(usual[[-1, 0, 1]].max() / max(usual.max(), 1e-3))
        self._state *= np.exp(np.float32(weight * (1 - learnt)) * self._attacks)
        if usual is not None and learnt > 0:
            wide = np.maximum(usual, 0.6 * np.maximum(np.roll(usual, 1), np.roll(usual, -1)))
            likely = np.maximum(wide / max(float(wide.max()), 1e-3), _ANYWHERE)
            self._state *= (likely ** (weight * learnt)).astype(np.float32)[_PLACE]

    def best(self) -> Guess:
        """Return the likeliest tempo and place, averaged over what is close to them."""
        self._state /= self._state.sum()
        by_length = np.add.reduceat(self._state, _States.first)
        sums = np.concatenate([[0], np.cumsum(by_length)])
        low, high = _windows()
        middle = int((sums[high] - sums[low]).argmax())
        return self._around(int(low[middle]), int(high[middle]))

    def near(self, phase: float, length: float) -> Guess:
        """Return what is likely near a tempo and place."""
        return self._around(*_window_of(length), phase)

    def hold(self, phase: float, length: float, share: float) -> None:
        """Leave but a share, 0-1, to the same tempo about half a beat away from a place."""
        low, high = _window_of(length)
        part = slice(_States.ends[low], _States.ends[high])
        off = _off(_States.phase[part], phase)
        self._state[part] *= np.where(np.abs(off) < _OPPOSITE, np.float32(1), np.float32(share))

    def _around(self, low: int, high: int, phase: float | None = None) -> Guess:
        part = slice(_States.ends[low], _States.ends[high])
        state, place = self._state[part], _States.phase[part]
        if phase is None:
            bins = np.bincount((place * 32).astype(np.int64), state, 32)
            wide = bins + np.roll(bins, 1) + np.roll(bins, -1)
            phase = (int(wide.argmax()) + 0.5) / 32
        off = _off(place, phase)
        mass = state * (np.abs(off) < _CLOSE)
        total = float(mass.sum())
        if total < 1e-9:
            return Guess(phase, float(_States.lengths[(low + high) // 2]), 0.0)
        length = float(mass @ _States.length[part]) / total
        return Guess((phase + float(mass @ off) / total) % 1, length, total)


def _odds(beat: float, doubt: float) -> float:
    """Return how much likelier a beat has become by what the network says."""
    beat = min(max(beat, 0.01), 0.97)
    odds = max(beat / (1 - beat) * (1 - _NEUTRAL) / _NEUTRAL, _LEAST)
    return float(odds ** (_TRUST if odds > 1 else _TRUST * doubt))


@overload
def _reliance(usual: float) -> float: ...
@overload
def _reliance(usual: Array) -> Array: ...
def _reliance(usual: float | Array) -> float | Array:
    """Return how much it says, 0-1, that a beat is heard where this much is usual."""
    return np.clip((usual - HEARD) / (ON_THE_BEAT - HEARD), 0, 1)


@lru_cache(maxsize=4)
def _attacks(parts: tuple[tuple[float, float], ...]) -> Array:
    """Return log P(attack) in each state, on the beat 0."""
    scatter = _SCATTER_STEPS + _SCATTER_SHARE * _States.length
    likely = np.full(len(_States.phase), _ANYWHERE)
    for place, share in parts:
        off = ((_States.phase - place + 0.5) % 1 - 0.5) * _States.length / scatter
        likely = np.maximum(likely, share * np.exp(-0.5 * off**2))
    found: Array = np.log(likely).astype(np.float32)
    return found


def _off(places: Array, phase: float) -> Array:
    """Return how far places in the beat are from one, -0.5 to 0.5 beats."""
    off: Array = (places - np.float32(phase) + np.float32(0.5)) % 1 - np.float32(0.5)
    return off


def _window_of(length: float) -> tuple[int, int]:
    """Return the first of the lengths near one, and their end, as numbers of `_States.lengths`."""
    middle = int(np.clip(round(length), SHORTEST, LONGEST)) - SHORTEST
    low, high = _windows()
    return int(low[middle]), int(high[middle])


@lru_cache(maxsize=1)
def _windows() -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the lengths that are close to each length, from and to, as indices."""
    lengths = _States.lengths
    low = np.searchsorted(lengths, lengths * 0.92)
    high = np.searchsorted(lengths, lengths * 1.09, "right")
    return low, high


@lru_cache(maxsize=4)
def _transition(leap: float) -> NDArray[np.float64]:
    """Return P(length of the next beat | length of this one)."""
    lengths = _States.lengths
    change = np.abs(lengths[None, :] / lengths[:, None] - 1)
    small = np.exp(-_STIFFNESS * change)
    large = (change <= _LEAP_REACH).astype(float)
    small /= small.sum(1, keepdims=True)
    large /= large.sum(1, keepdims=True)
    table: NDArray[np.float64] = (1 - leap) * small + leap * large
    return table


def _fresh(weight: NDArray[np.float64]) -> Array:
    """Spread probability over all places, by the lengths' weights."""
    weight = weight / _States.lengths / weight.sum()
    return np.repeat(weight, _States.lengths).astype(np.float32)
