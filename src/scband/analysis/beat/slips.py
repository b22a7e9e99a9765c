"""Beats that slipped by half: passages taken on the "and" are brought back to the pulse.

The pulse of a song goes on while what marks it changes. Where drums turn from a backbeat to a
two-beat, the snare on the "and", a tracker may slip by half a beat, and slip back later. Such a
slip is a few beats of another length between passages of one tempo, which add or leave out half a
beat. So there are two grids that keep their phase throughout, each right in some passages.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Times = NDArray[np.float64]

_FITTED = 16
"""The tempo before and after a slip is that of a line through so many beats."""
_WITHIN = 8
"""Beats that a slip takes, at most."""
_NEAR_HALF = 0.15
"""How far from half a beat a slip may be."""
_AROUND = 80
_SAME = 0.012
"""The tempo before and after is that of so many beats around, but for this share of it."""
_EVEN = 0.08
"""Beats before and after scatter by no more than this share of a beat (root mean square)."""
_ODD = 0.06
"""By what share of itself a beat of a slip is longer or shorter than usual, at least."""


def slips(beats: Times) -> list[int]:
    """Return the indices about which half a beat was added to `beats` (seconds) or left out."""
    if len(beats) < 2 * _FITTED + _WITHIN:
        return []
    windows = np.lib.stride_tricks.sliding_window_view(beats, _FITTED)
    index = np.arange(_FITTED) - (_FITTED - 1) / 2
    middle, length = windows.mean(1), windows @ index / (index @ index)
    scatter = (windows - middle[:, None] - length[:, None] * index).std(1) / length
    apart = _FITTED + _WITHIN
    before, after = slice(None, -apart), slice(apart, None)
    around = np.pad(length, _AROUND // 2, mode="symmetric")
    usual = np.median(np.lib.stride_tricks.sliding_window_view(around, _AROUND + 1), axis=1)
    good = (np.abs(length - usual) < _SAME * usual) & (scatter < _EVEN)
    reach = length * index[-1]  # from the middle of a line to its ends
    gap = (middle - reach)[after] - (middle + reach)[before]
    phase = gap / ((length[before] + length[after]) / 2) % 1
    lengths = np.lib.stride_tricks.sliding_window_view(np.diff(beats), _WITHIN + 1)
    odd = np.abs(lengths[_FITTED - 1 : 1 - _FITTED] / usual[before][:, None] - 1).max(1) > _ODD
    same = np.abs(length[after] - length[before]) < 2 * _SAME * length[before]
    clear = (np.abs(phase - 0.5) < _NEAR_HALF) & good[before] & good[after] & same & odd
    places = np.flatnonzero(clear) + _FITTED + _WITHIN // 2
    runs = np.split(places, np.flatnonzero(np.diff(places) > _WITHIN // 2) + 1)
    return [int(run[0] + run[-1]) // 2 for run in runs if len(run)]


def one_phase(beats: Times) -> tuple[Times, ...]:
    """Return the grids that never slip, as `beats` (seconds) do: two, or none where nothing did.

    Each holds the beats of every other passage and the middles between beats of the others.
    """
    edges = [0, *slips(beats), len(beats)]
    if len(edges) < 3:
        return ()
    half = _WITHIN // 2
    passages = [
        beats[low + half * (low > 0) : high - half * (high < len(beats))]
        for low, high in pairwise(edges)
    ]
    if min(map(len, passages)) < 2:
        return ()
    shifted = [(passage[1:] + passage[:-1]) / 2 for passage in passages]
    return tuple(
        _joined([(passages, shifted)[(n + phase) % 2][n] for n in range(len(passages))])
        for phase in (0, 1)
    )


def _joined(passages: list[Times]) -> Times:
    """Put passages together, with as many even beats between them as their tempo asks for."""
    whole = [passages[0]]
    for before, after in pairwise(passages):
        gap = after[0] - before[-1]
        length = float(np.median(np.diff(np.concatenate([before[-_FITTED:], after[:_FITTED]]))))
        count = max(round(gap / length), 1)
        whole += [before[-1] + gap * np.arange(1, count) / count, after]
    return np.concatenate(whole)
