"""Bars that come again, so that what was heard in all of them is read together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from scband.analysis.chord_model import Evidence
    from scband.analysis.likeness import Likeness

Links = Sequence[tuple[tuple[int, int], tuple[tuple[int, int], ...]]]
"""For a run of cells (first, end) the other runs, as long, that are the same music."""

_CONTEXT = 2  # bars before and after that must be alike too
_ALIKE = 0.93
_MOST = 6
_SHARE = 0.4  # of the others' evidence
_TOGETHER = 256  # bars compared with all others at a time


def find_links(alike: Likeness, bars: Sequence[tuple[int, int]]) -> Links:
    """Link bars (runs of cells) that are alike, by themselves and with their neighbours."""
    if len(bars) < 2 * _CONTEXT + 2:
        return ()
    found = []
    for first in range(0, len(bars), _TOGETHER):
        rows = slice(first, min(first + _TOGETHER, len(bars)))
        same, along = alike.between(rows), _with_neighbours(alike, rows)
        for number in range(rows.start, rows.stop):
            others = _others(bars, number, same[number - first], along[number - first])
            if others:
                found.append((bars[number], others))
    return tuple(found)


def _with_neighbours(alike: Likeness, rows: slice) -> NDArray[np.float64]:
    """Compare bars together with those around them: the mean along the diagonal."""
    count = len(alike)
    total = np.zeros((rows.stop - rows.start, count))
    weight = np.zeros_like(total)
    for shift in range(-_CONTEXT, _CONTEXT + 1):
        begin, end = max(rows.start, -shift), min(rows.stop, count - shift)
        left, right = max(0, -shift), min(count, count - shift)
        here = slice(begin - rows.start, end - rows.start), slice(left, right)
        total[here] += alike.between(
            slice(begin + shift, end + shift), slice(left + shift, right + shift)
        )
        weight[here] += 1
    return np.asarray(total / weight)


def _others(
    bars: Sequence[tuple[int, int]],
    number: int,
    same: NDArray[np.float64],
    along: NDArray[np.float64],
) -> tuple[tuple[int, int], ...]:
    """Choose the bars most like this one, as long as it is."""
    first, end = bars[number]
    order = np.argsort(-along)[: _MOST + 1]
    return tuple(
        bars[other]
        for other in order
        if other != number
        and along[other] > _ALIKE
        and same[other] > _ALIKE
        and bars[other][1] - bars[other][0] == end - first
    )


def read_together(evidence: Evidence, links: Links) -> Evidence:
    """Mix the evidence of linked runs of cells; all that is drawn from it is linear in it."""
    if not links:
        return evidence
    parts = {}
    for part in fields(evidence):
        heard = getattr(evidence, part.name)
        if part.name in ("edges", "clarity"):
            continue
        mixed = parts[part.name] = heard.copy()
        for (first, end), others in links:
            rest = np.mean([heard[a:b] for a, b in others], axis=0)
            mixed[first:end] = (1 - _SHARE) * heard[first:end] + _SHARE * rest
    return replace(evidence, **parts)
