"""Seeded choices: the same place in the song and the same seed give the same choice, for ever.

A decision never draws from a generator that another decision has drawn from; each takes its own,
made from the seed and the names of the place. So any bar can be decided alone, in any order. The
generator is written out here, since a band makes some thirty a bar, and since the standard
library's may change its way of drawing from one version to the next.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from hashlib import blake2b
from statistics import NormalDist
from typing import TypeVar

T = TypeVar("T")

Weighted = tuple[tuple[T, float], ...]
"""Values with their weights, which need not add up to one."""

_MULTIPLIER, _INCREMENT = 6364136223846793005, 1442695040888963407
_MASK = (1 << 64) - 1
_NORMAL = tuple(NormalDist().inv_cdf((place + 0.5) / 4096) for place in range(4096))
_FROZEN = 0.01
"""Temperatures below this choose the most likely."""


class Dice:
    """A stream of random numbers: the linear congruential generator of Knuth's MMIX, high bits."""

    __slots__ = ("_state",)

    def __init__(self, state: int) -> None:
        self._state = state

    def random(self) -> float:
        """Draw evenly from 0 up to 1."""
        self._state = (self._state * _MULTIPLIER + _INCREMENT) & _MASK
        return (self._state >> 11) * 2.0**-53

    def gauss(self, spread: float) -> float:
        """Draw from a normal distribution around 0 with a standard deviation.

        It has 4096 values, evenly likely, up to 3.7 standard deviations.
        """
        self._state = (self._state * _MULTIPLIER + _INCREMENT) & _MASK
        return spread * _NORMAL[self._state >> 52]


def dice(seed: int, *place: object) -> Dice:
    """Return the generator that belongs to a place, such as `dice(7, "bass", chorus, bar)`."""
    state = seed
    for item in place:
        word = item if isinstance(item, int) else _word(str(item))
        state = ((state ^ word) * _MULTIPLIER + _INCREMENT) & _MASK
        state ^= state >> 31
    return Dice((state * _MULTIPLIER + _INCREMENT) & _MASK)


@lru_cache(maxsize=4096)
def _word(name: str) -> int:
    """Return a number for a name, the same in every process."""
    return int.from_bytes(blake2b(name.encode(), digest_size=8).digest(), "little")


def tempered(choices: Sequence[tuple[T, float]], temperature: float) -> list[tuple[T, float]]:
    """Return choices with weights for a temperature from 0 (only the heaviest) up."""
    heaviest = max(weight for _, weight in choices)
    if heaviest <= 0:
        return list(choices)
    if temperature < _FROZEN:
        return [next(choice for choice in choices if choice[1] == heaviest)]
    power = 1 / temperature
    return [(value, (weight / heaviest) ** power) for value, weight in choices]


def choose(rng: Dice, choices: Sequence[tuple[T, float]], temperature: float = 1.0) -> T:
    """Draw one value by weight; the last one if all weights are zero.

    `temperature` 0 takes the heaviest, 1 draws as the weights say, more draws more evenly.
    """
    if len(choices) == 1:
        return choices[0][0]
    if temperature != 1.0:
        choices = tempered(choices, temperature)
    at = rng.random() * sum([weight for _, weight in choices])
    for value, weight in choices:
        at -= weight
        if at < 0:
            return value
    return choices[-1][0]
