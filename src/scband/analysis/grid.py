"""Beats as a grid of half beats that knows where in its bar each of them lies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_FALLBACK = 0.25  # seconds of a cell where there are no beats
_SHORTEST = 0.04


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """Cells of half a beat: `edges` in seconds from 0 to the end.

    `positions` count half beats from the bar's one, -1 where no bar is known; a bar has `size`.
    """

    edges: NDArray[np.float64]
    positions: NDArray[np.int_]
    size: int


def bar_numbers(beats: Sequence[float], downbeats: Sequence[float]) -> tuple[list[int], int]:
    """Count the beats in their bars from 0; also give the usual bar's count of beats."""
    times = np.asarray(beats, dtype=float)
    ones = [int(np.abs(times - one).argmin()) for one in downbeats] if len(times) else []
    ones = sorted(set(ones))
    gaps = np.diff(ones)
    size = int(np.bincount(gaps).argmax()) if len(gaps) else 4
    numbers = []
    at = 0
    for index in range(len(times)):
        while at + 1 < len(ones) and ones[at + 1] <= index:
            at += 1
        numbers.append((index - ones[at]) % size if ones and index < ones[at] else
                       index - ones[at] if ones else index % size)  # fmt: skip
    return numbers, max(1, size)


def half_beats(beats: Sequence[float], downbeats: Sequence[float], duration: float) -> Grid:
    """Lay the grid under a whole recording, going on evenly before and after its beats."""
    times = np.asarray([beat for beat in beats if 0 <= beat < duration - _SHORTEST], dtype=float)
    if len(times) < 4:
        count = max(1, round(duration / _FALLBACK))
        edges = np.linspace(0.0, duration, count + 1)
        return Grid(edges, np.full(count, -1), 8)
    numbers, beats_in_bar = bar_numbers(times.tolist(), downbeats)
    size = 2 * beats_in_bar
    inner = np.empty(2 * len(times) - 1)
    inner[::2], inner[1::2] = times, (times[1:] + times[:-1]) / 2
    places = np.empty(len(inner), dtype=int)
    places[::2] = 2 * np.asarray(numbers)
    places[1::2] = places[:-1:2] + 1
    step = float(np.median(np.diff(inner)))
    before = np.arange(inner[0] - step, _SHORTEST, -step)[::-1]
    after = np.arange(inner[-1] + step, duration - _SHORTEST, step)
    edges = np.concatenate([before, inner, after])
    positions = np.concatenate(
        [
            (places[0] - len(before) + np.arange(len(before))) % size,
            places,
            (places[-1] + 1 + np.arange(len(after))) % size,
        ]
    )
    if edges[0] > _SHORTEST:
        edges, positions = np.append(0.0, edges), np.append(-1, positions)
    edges[0] = 0.0
    return Grid(np.append(edges, duration), positions, size)
