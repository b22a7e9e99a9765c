"""A whole recording heard by the chord and note networks, block by block, pooled on the beats."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import numpy as np

from scband.analysis.chord_model import Evidence, folded, fullness, pooled, undertone
from scband.analysis.cqt import HOP
from scband.analysis.networks import RATE, hear_chords
from scband.analysis.noteroll import NoteRoll, hear_roll
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
    roll: Callable[[], NoteRoll] | None = None,
) -> Evidence:
    """Hear chords and notes of mono samples at 22.05 kHz over the cells between edges (seconds).

    `roll` waits for the notes where they are being heard already. Raises AnalysisError where a
    model is missing.
    """
    found: list[list[NDArray[np.float32]]] = []
    for first, end in blocks(edges):
        inside = edges[first : end + 1]
        begin = max(0, int((inside[0] - _MARGIN) * RATE))
        stop = min(len(samples), int((inside[-1] + _MARGIN) * RATE))
        tuned, stretch = retuned(samples[begin:stop], cents)
        local = inside - begin / RATE
        heads = hear_chords(tuned)
        found.append(
            [
                pooled(np.maximum(part, _FLOOR), HOP / RATE / stretch, local).astype(np.float32)
                for part in (heads.triad, heads.bass, heads.seventh, heads.ninth,
                             heads.eleventh, heads.thirteenth)
            ]
        )  # fmt: skip
        progress("chords", end / (len(edges) - 1))
    joined = [np.concatenate(column) for column in zip(*found, strict=True)]
    keys = (roll() if roll else hear_roll(samples, cents)).pooled(edges)
    clarity = float(np.percentile(keys.max(axis=1), 80))
    treble, low = folded(keys)
    triad, bass, seventh, ninth, eleventh, thirteenth = joined
    return Evidence(
        edges, triad, bass, seventh, ninth, eleventh, thirteenth, treble, low,
        undertone(keys), fullness(keys), clarity,
    )  # fmt: skip
