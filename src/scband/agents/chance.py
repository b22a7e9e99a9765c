"""Seeded choices: the same place in the song and the same seed give the same choice, for ever.

A decision never draws from a generator that another decision has drawn from; each takes its own,
made from the seed and the names of the place. So any bar can be decided alone, in any order.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import TypeVar

T = TypeVar("T")

Weighted = tuple[tuple[T, float], ...]
"""Values with their weights, which need not add up to one."""


def dice(seed: int, *place: object) -> Random:
    """Return the generator that belongs to a place, such as `dice(7, "bass", chorus, bar)`."""
    return Random(f"{seed}/{'/'.join(map(str, place))}")


def choose(rng: Random, choices: Sequence[tuple[T, float]]) -> T:
    """Draw one value by weight; the last one if all weights are zero."""
    if len(choices) == 1:
        return choices[0][0]
    at = rng.random() * sum(weight for _, weight in choices)
    for value, weight in choices:
        at -= weight
        if at < 0:
            return value
    return choices[-1][0]
