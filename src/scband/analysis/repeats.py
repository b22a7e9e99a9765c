"""Bars that come again, so that what was heard in all of them is read together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

Links = Sequence[tuple[tuple[int, int], tuple[tuple[int, int], ...]]]
"""For a run of cells (first, end) the other runs, as long, that are the same music."""

_CONTEXT = 2  # bars before and after that must be alike too
_ALIKE = 0.93
_MOST = 6
_SHARE = 0.4  # of the others' evidence


def find_links(same: NDArray[np.float64], bars: Sequence[tuple[int, int]]) -> Links:
    """Link bars (runs of cells) by their similarity (bars, bars), alone and with neighbours."""
    count = len(bars)
    if count < 2 * _CONTEXT + 2:
        return ()
    along = np.zeros_like(same)
    weight = np.zeros_like(same)
    for shift in range(-_CONTEXT, _CONTEXT + 1):
        here = slice(max(0, -shift), count - max(0, shift))
        there = slice(max(0, shift), count - max(0, -shift))
        along[here, here] += same[there, there]
        weight[here, here] += 1
    along /= weight
    found = []
    for number, (first, end) in enumerate(bars):
        order = np.argsort(-along[number])[: _MOST + 1]
        others = tuple(
            bars[other]
            for other in order
            if other != number
            and along[number, other] > _ALIKE
            and same[number, other] > _ALIKE
            and bars[other][1] - bars[other][0] == end - first
        )
        if others:
            found.append(((first, end), others))
    return tuple(found)


def read_together(scores: NDArray[np.float32], links: Links) -> NDArray[np.float32]:
    """Mix the scores (cells, states) of linked runs of cells."""
    if not links:
        return scores
    mixed = scores.copy()
    for (first, end), others in links:
        rest = np.mean([scores[a:b] for a, b in others], axis=0)
        mixed[first:end] = (1 - _SHARE) * scores[first:end] + _SHARE * rest
    return mixed
