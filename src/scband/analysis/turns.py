"""Where the music turns to something else, bar by bar, and the sections that follow from it.

Two things tell: long runs of bars that come again begin and end there (as in J. Serrà, M. Müller,
P. Grosche, J. Arcos, "Unsupervised music structure annotation by time series structure features and
segment similarity", IEEE TMM 2014), and the bars before and after are of different kinds (J. Foote,
"Automatic audio segmentation using a measure of audio novelty", ICME 2000).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from scband.analysis.likeness import Likeness

SHORTEST = 4
"""Fewer bars than twice this are one section."""
_LONGEST = 40
_WINDOW, _OVERLAP = 512, 128  # bars that are compared with each other at a time
_RUN, _AROUND = 6, 3  # bars of a run that comes again, and of what lies before or after it
_NEAREST = 4  # bars from a run to where it comes again
_ALIKE, _UNLIKE = 0.8, 0.2
_KINDS = ((8, 1.0), (4, 0.5))  # bars compared before and after, and what that counts
_PRICE = 1.0  # of a boundary, in standard deviations
_HABIT = 0.35  # what the usual lengths count
# how many of a thousand sections of the McGill Billboard corpus have so many bars
_LENGTHS = {
    1: 13, 2: 36, 3: 10, 4: 125, 5: 19, 6: 35, 7: 17, 8: 308, 9: 47, 10: 38, 11: 15, 12: 61,
    13: 5, 14: 15, 15: 9, 16: 149, 17: 10, 18: 18, 19: 3, 20: 15, 22: 5, 24: 12, 28: 7, 32: 4,
}  # fmt: skip
_RARE, _USUAL = 2, 50


def find_turns(alike: Likeness) -> NDArray[np.float64]:
    """Say of each bar how much the music turns there, in windows that overlap."""
    count = len(alike)
    found = np.zeros(count)
    first = 0
    while True:
        end = min(first + _WINDOW, count)
        turn = turns_among(alike.between(slice(first, end), slice(first, end)))
        begin = first + _OVERLAP // 2 if first else 0
        found[begin:end] = turn[begin - first :]
        if end == count:
            return found
        first = min(first + _WINDOW - _OVERLAP, count - _WINDOW)


def turns_among(same: NDArray[np.float64]) -> NDArray[np.float64]:
    """Say how much the music turns at each of a few bars, given their likeness (bars, bars)."""
    turn = _even(np.sqrt(_run_ends(same)))
    for reach, counts in _KINDS:
        turn += counts * _even(_contrast(same, reach))
    return turn


def _even(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(values / (values.max(initial=0.0) + 1e-9))


def _run_ends(same: NDArray[np.float64]) -> NDArray[np.float64]:
    """Add up at each bar the runs that begin or end there and come again elsewhere."""
    count = len(same)
    found = np.zeros(count + 1)
    for lag in range(_NEAREST, count - _AROUND):
        sums = np.concatenate([[0.0], np.cumsum(np.diagonal(same, lag))])
        bars = np.arange(len(sums))
        for run, rest in ((_RUN, -_AROUND), (-_RUN, _AROUND)):
            inside, size = _mean_from(sums, bars, run)
            outside, _ = _mean_from(sums, bars, rest)
            clear = (size >= _NEAREST) & (inside > _ALIKE)
            strength = np.where(clear, np.maximum(inside - outside - _UNLIKE, 0.0), 0.0)
            found[bars] += strength
            found[bars + lag] += strength
    return found[:count]


def _mean_from(
    sums: NDArray[np.float64], bars: NDArray[np.int_], reach: int
) -> tuple[NDArray[np.float64], NDArray[np.int_]]:
    """Average so many bars after each bar, or before it where negative; also count them."""
    other = np.clip(bars + reach, 0, len(sums) - 1)
    size = np.abs(other - bars)
    mean = np.abs(sums[other] - sums[bars]) / np.maximum(size, 1)
    return np.where(size > 0, mean, 0.5), size


def _contrast(same: NDArray[np.float64], reach: int) -> NDArray[np.float64]:
    """Compare the bars before and after each bar among themselves and with each other."""
    count = len(same)
    table = np.zeros((count + 1, count + 1))
    table[1:, 1:] = same.cumsum(axis=0).cumsum(axis=1)

    def mean(a: int, b: int, c: int, d: int) -> float:
        total = table[b, d] - table[a, d] - table[b, c] + table[a, c]
        return float(total) / ((b - a) * (d - c))

    found = np.zeros(count)
    for bar in range(2, count - 1):
        a, b = max(0, bar - reach), min(count, bar + reach)
        inside = (mean(a, bar, a, bar) + mean(bar, b, bar, b)) / 2
        found[bar] = max(0.0, inside - mean(a, bar, bar, b))
    return found


def choose_bounds(turn: NDArray[np.float64]) -> list[int]:
    """Choose the bars where sections begin, and the end: strong turns, lengths that music has."""
    count = len(turn)
    gain = (turn - turn.mean()) / (turn.std() + 1e-9) - _PRICE
    usual = np.array([_LENGTHS.get(bars, _RARE) / _USUAL for bars in range(_LONGEST + 1)])
    habit = _HABIT * np.log(usual)
    best = np.full(count + 1, -np.inf)
    best[0] = 0.0
    back = np.zeros(count + 1, dtype=int)
    for end in range(2, count + 1):
        lengths = np.arange(2, min(end, _LONGEST) + 1)
        values = best[end - lengths] + habit[lengths]
        pick = int(values.argmax())
        best[end] = values[pick] + (gain[end] if end < count else 0.0)
        back[end] = end - lengths[pick]
    bounds = [count]
    while bounds[-1] > 0:
        bounds.append(int(back[bounds[-1]]))
    return bounds[::-1]
