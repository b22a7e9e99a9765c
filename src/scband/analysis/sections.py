"""Sections: stretches of bars between two turns of the music, labelled by what comes again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from scband.analysis.turns import SHORTEST, choose_bounds, find_turns

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from scband.analysis.chord_model import Evidence
    from scband.analysis.grid import Grid
    from scband.analysis.likeness import Likeness
    from scband.analysis.spectral import Surface

_SAME = 0.86  # mean similarity of bars, side by side, of two sections of one label
_LONGEST_JOINED = 20  # bars


@dataclass(frozen=True, slots=True)
class SectionSpan:
    """A section: its label (A, B, …; the same label means the same music), seconds, bars.

    `first_bar` counts from 0 in the recording; `bars` is how many there are.
    """

    label: str
    start: float
    end: float
    first_bar: int
    bars: int


def whole_bars(grid: Grid, beats: Sequence[float]) -> list[tuple[int, int]]:
    """List the bars as runs of cells (first, end), from the first beat to the last."""
    if not len(beats):
        return []
    begin, last = (int(np.abs(grid.edges - beat).argmin()) for beat in (beats[0], beats[-1]))
    ones = [c for c in np.flatnonzero(grid.positions == 0).tolist() if begin <= c <= last]
    starts = ones if ones and ones[0] == begin else [begin, *ones]
    end = min(last + 2, len(grid.edges) - 1)
    return [(a, b) for a, b in pairwise([*starts, end]) if b > a]


def bar_features(
    evidence: Evidence, bars: Sequence[tuple[int, int]], grid: Grid, surface: Surface
) -> NDArray[np.float64]:
    """Say what each bar sounds like: pitch classes of its halves, bass, colour (bars, 44)."""
    rows = []
    for first, end in bars:
        half = min(max(first + 1, (first + end) // 2), end - 1)
        one = evidence.treble[first : max(half, first + 1)].mean(axis=0)
        other = evidence.treble[max(first, half) : end].mean(axis=0)
        lows = evidence.low[first:end].mean(axis=0)
        begin, stop = (int(grid.edges[cell] / surface.hop) for cell in (first, end))
        begin = min(begin, len(surface.bands) - 1)
        colour = surface.bands[begin : max(begin + 1, stop)].mean(axis=0)
        rows.append(np.concatenate([one, other, 0.7 * lows, 0.25 * colour]))
    return np.array(rows) if rows else np.zeros((0, 1))


def find_sections(bar_times: NDArray[np.float64], alike: Likeness) -> tuple[SectionSpan, ...]:
    """Find sections by the bars' likeness; few bars are one section.

    `bar_times` are the bars' starts and the last one's end in seconds.
    """
    count = len(alike)
    if count == 0:
        return ()
    if count < 2 * SHORTEST:
        return (SectionSpan("A", float(bar_times[0]), float(bar_times[-1]), 0, count),)
    bounds = choose_bounds(find_turns(alike))
    bounds, owners = _joined(bounds, _owners(alike, bounds))
    return tuple(
        SectionSpan(label, float(bar_times[a]), float(bar_times[b]), a, b - a)
        for label, (a, b) in zip(_letters(owners), pairwise(bounds), strict=True)
    )


def _owners(alike: Likeness, bounds: list[int]) -> list[int]:
    """Give for each section the number of the first one that it goes along with."""
    spans = list(pairwise(bounds))
    owners: list[int] = []
    for number, (start, end) in enumerate(spans):
        found, score = number, _SAME
        for other, (begin, stop) in enumerate(spans[:number]):
            if owners[other] == other and _comparable(end - start, stop - begin):
                likeness = _along(alike.between(slice(start, end), slice(begin, stop)))
                if likeness > score:
                    found, score = other, likeness
        owners.append(found)
    return owners


def _joined(bounds: list[int], owners: list[int]) -> tuple[list[int], list[int]]:
    """Join two sections into one where neither ever comes without the other."""
    number = 0
    while number + 1 < len(owners):
        one, other = owners[number : number + 2]
        pairs = sum(pair == (one, other) for pair in pairwise(owners))
        inseparable = one != other and 1 < pairs == owners.count(one) == owners.count(other)
        longest = max(
            bounds[at + 2] - bounds[at]
            for at, pair in enumerate(pairwise(owners))
            if pair == (one, other)
        )
        if inseparable and longest <= _LONGEST_JOINED:
            firsts = [at for at, owner in enumerate(owners) if owner == one]
            bounds = [bound for at, bound in enumerate(bounds) if at - 1 not in firsts]
            owners = [owner for owner in owners if owner != other]
            number = 0
        else:
            number += 1
    return bounds, owners


def _letters(owners: list[int]) -> list[str]:
    names: dict[int, str] = {}
    for owner in owners:
        if owner not in names:
            names[owner] = _letter(len(names))
    return [names[owner] for owner in owners]


def _letter(number: int) -> str:
    return chr(ord("A") + number % 26) + (str(number // 26 + 1) if number >= 26 else "")


def _comparable(one: int, other: int) -> bool:
    """Tell whether two sections are of about the same length."""
    return min(one, other) >= 0.6 * max(one, other)


def _along(same: NDArray[np.float64]) -> float:
    """Compare two sections bar by bar, at the shift that fits best."""
    if same.shape[0] > same.shape[1]:
        same = same.T
    short, long = same.shape
    index = np.arange(short)
    return max(float(same[index, shift + index].mean()) for shift in range(long - short + 1))
