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

_AROUND = 12
"""The usual length of a beat is the median of so many to either side."""
_WITHIN = 8
"""Beats that a slip takes, at most."""
_NEAR_HALF = 0.15
"""How far from half a beat a slip may be."""


def slips(beats: Times) -> list[int]:
    """Return the indices about which half a beat was added to `beats` (seconds) or left out."""
    if len(beats) < 2 * (_AROUND + _WITHIN):
        return []
    lengths = np.diff(beats)
    padded = np.pad(lengths, _AROUND, mode="reflect")
    usual = np.median(np.lib.stride_tricks.sliding_window_view(padded, 2 * _AROUND + 1), axis=1)
    ahead = np.concatenate([[0.0], np.cumsum(lengths / usual - 1)])
    moved = np.abs(ahead[_WITHIN:] - ahead[:-_WITHIN])
    places = np.flatnonzero(np.abs(moved - 0.5) < _NEAR_HALF) + _WITHIN // 2
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
        length = float(np.median(np.diff(np.concatenate([before[-_AROUND:], after[:_AROUND]]))))
        count = max(round(gap / length), 1)
        whole += [before[-1] + gap * np.arange(1, count) / count, after]
    return np.concatenate(whole)
