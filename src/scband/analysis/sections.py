"""Sections: where the music turns to something else, and what comes again.

Boundaries by structure features (J. Serrà, M. Müller, P. Grosche, J. Arcos, "Unsupervised music
structure annotation by time series structure features and segment similarity", IEEE TMM 2014) on
bars, labels by how well two sections go along each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from scband.analysis.chord_model import Evidence
    from scband.analysis.grid import Grid
    from scband.analysis.likeness import Likeness
    from scband.analysis.spectral import Surface

_SAME = 0.86  # mean similarity of bars, side by side, of two sections of one label
_SHORTEST = 4  # bars
_KEPT_NEIGHBOURS = 0.08
_WINDOW, _OVERLAP = 512, 128  # bars that are compared with each other at a time


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
    if count < 2 * _SHORTEST:
        return (SectionSpan("A", float(bar_times[0]), float(bar_times[-1]), 0, count),)
    bounds = _chosen(_turns(alike), count)
    labels = _labels(alike, bounds)
    return tuple(
        SectionSpan(label, float(bar_times[a]), float(bar_times[b]), a, b - a)
        for label, (a, b) in zip(labels, pairwise(bounds), strict=True)
    )


def _turns(alike: Likeness) -> NDArray[np.float64]:
    """Say of each bar how much the music turns there, in windows that overlap."""
    count = len(alike)
    found = np.zeros(count)
    first = 0
    while True:
        end = min(first + _WINDOW, count)
        inside = slice(first, end)
        turn = _turns_among(alike.between(inside, inside))
        begin = first + _OVERLAP // 2 if first else 0
        found[begin : first + len(turn)] = turn[begin - first :]
        if end == count:
            return found
        first = min(first + _WINDOW - _OVERLAP, count - _WINDOW)


def _turns_among(same: NDArray[np.float64]) -> NDArray[np.float64]:
    """Find where what is repeated, and when, changes."""
    context = (same[:-1, :-1] + same[1:, 1:]) / 2  # two bars at a time
    size = len(context)
    kept = max(2, round(_KEPT_NEIGHBOURS * size))
    limit = -np.partition(-context, kept, axis=1)[:, kept : kept + 1]
    linked = ((context >= limit) & (context >= limit.T)).astype(float)
    lagged = np.zeros((size, size))
    for row in range(size):
        lagged[row] = np.roll(linked[row], -row)
    bell = np.exp(-0.5 * (np.arange(-4, 5) / 2.0) ** 2)
    smooth = _smoothed(_smoothed(lagged, bell).T, bell[3:6]).T
    turn = np.linalg.norm(np.diff(smooth, axis=0), axis=1)
    turn = turn / (turn.max() + 1e-9)
    turn = np.concatenate([[0.0], turn])
    return np.asarray(turn + 0.6 * _contrast(same)[:size])


def _smoothed(table: NDArray[np.float64], bell: NDArray[np.float64]) -> NDArray[np.float64]:
    """Smooth the columns of a table, whatever its length."""
    reach = len(bell) // 2
    padded = np.pad(table, ((reach, reach), (0, 0)))
    return np.asarray(np.sum([w * padded[k : k + len(table)] for k, w in enumerate(bell)], axis=0))


def _contrast(same: NDArray[np.float64]) -> NDArray[np.float64]:
    """Compare four bars before and after each bar among themselves and with each other."""
    count = len(same)
    found = np.zeros(count)
    for bar in range(2, count - 1):
        a, b = max(0, bar - 4), min(count, bar + 4)
        inside = (same[a:bar, a:bar].mean() + same[bar:b, bar:b].mean()) / 2
        found[bar] = max(0.0, inside - same[a:bar, bar:b].mean())
    return np.asarray(found / (found.max() + 1e-9))


def _chosen(turn: NDArray[np.float64], count: int) -> list[int]:
    """Choose boundaries by dynamic programming: strong turns, and lengths that music has."""
    level = float(np.mean(turn) + 0.5 * np.std(turn))
    best = np.full(count + 1, -np.inf)
    best[0] = 0.0
    back = np.zeros(count + 1, dtype=int)
    for end in range(_SHORTEST, count + 1):
        gain = 0.0 if end == count else float(turn[end] if end < len(turn) else 0.0) - level
        for length in range(_SHORTEST, min(end, 40) + 1):
            usual = 0.25 if length % 8 == 0 else 0.1 if length % 4 == 0 else -0.1
            long = -0.04 * max(0, length - 16)
            value = best[end - length] + gain + usual + long
            if value > best[end]:
                best[end], back[end] = value, end - length
    bounds = [count]
    while bounds[-1] > 0:
        bounds.append(int(back[bounds[-1]]))
    return bounds[::-1]


def _labels(alike: Likeness, bounds: list[int]) -> list[str]:
    """Give sections the label of the first one that they go along with."""
    spans = list(pairwise(bounds))
    owners: list[int] = []
    for number, (start, end) in enumerate(spans):
        found, score = number, _SAME
        for other, (begin, stop) in enumerate(spans[:number]):
            if owners[other] == other:
                likeness = _along(alike.between(slice(start, end), slice(begin, stop)))
                if likeness > score:
                    found, score = other, likeness
        owners.append(found)
    names: dict[int, str] = {}
    for owner in owners:
        if owner not in names:
            names[owner] = _letter(len(names))
    return [names[owner] for owner in owners]


def _letter(number: int) -> str:
    return chr(ord("A") + number % 26) + (str(number // 26 + 1) if number >= 26 else "")


def _along(same: NDArray[np.float64]) -> float:
    """Compare two sections bar by bar, at the shift that fits best; very unequal ones do not."""
    if same.shape[0] > same.shape[1]:
        same = same.T
    short, long = same.shape
    if short < 0.6 * long:
        return 0.0
    index = np.arange(short)
    return max(float(same[index, shift + index].mean()) for shift in range(long - short + 1))
