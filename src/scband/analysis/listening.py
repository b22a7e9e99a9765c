"""A whole recording heard by the chord and note networks, block by block, pooled on the beats."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np

from scband.analysis.chord_model import Evidence, folded, pooled
from scband.analysis.cqt import HOP
from scband.analysis.networks import NOTE_HOP, RATE, hear_chords, hear_notes
from scband.analysis.tuning import retuned

if TYPE_CHECKING:
    from numpy.typing import NDArray

_BLOCK = 30.0  # seconds in memory at once
_MARGIN = 4.0  # seconds around a block, so that its edges are heard in context
_FLOOR = -7.0  # no single answer of a network rules a chord out

Progress = Callable[[str, float], None]


def blocks(edges: NDArray[np.float64]) -> Iterator[tuple[int, int]]:
    """Cut a grid into runs of cells of about `_BLOCK` seconds: first cell and end."""
    first = 0
    last = len(edges) - 1
    while first < last:
        end = int(np.searchsorted(edges, edges[first] + _BLOCK))
        if edges[-1] - edges[min(end, last)] < _BLOCK / 3:
            end = last
        end = min(max(end, first + 1), last)
        yield first, end
        first = end


def listen(
    samples: NDArray[np.float32],
    edges: NDArray[np.float64],
    cents: float,
    progress: Progress = lambda stage, done: None,
) -> Evidence:
    """Hear chords and notes of mono samples at 22.05 kHz over the cells between edges (seconds).

    Raises AnalysisError where a model is missing.
    """
    found: list[list[NDArray[np.float32]]] = []
    # two networks side by side use two cores better than each of them alone does
    with ThreadPoolExecutor(max_workers=1) as beside:
        for first, end in blocks(edges):
            inside = edges[first : end + 1]
            begin = max(0, int((inside[0] - _MARGIN) * RATE))
            stop = min(len(samples), int((inside[-1] + _MARGIN) * RATE))
            tuned, stretch = retuned(samples[begin:stop], cents)
            local = inside - begin / RATE
            notes = beside.submit(hear_notes, tuned)
            heads = hear_chords(tuned)
            rows = [
                pooled(np.maximum(part, _FLOOR), HOP / RATE / stretch, local)
                for part in (heads.triad, heads.bass, heads.seventh, heads.ninth,
                             heads.eleventh, heads.thirteenth)
            ]  # fmt: skip
            rows.append(pooled(notes.result()[0], NOTE_HOP / RATE / stretch, local))
            found.append([row.astype(np.float32) for row in rows])
            progress("chords", end / (len(edges) - 1))
    joined = [np.concatenate(column) for column in zip(*found, strict=True)]
    keys = joined.pop()
    clarity = float(np.percentile(keys.max(axis=1), 80))
    treble, low = folded(keys)
    triad, bass, seventh, ninth, eleventh, thirteenth = joined
    return Evidence(edges, triad, bass, seventh, ninth, eleventh, thirteenth, treble, low, clarity)
