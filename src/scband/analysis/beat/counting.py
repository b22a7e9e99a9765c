"""Which beats are a bar's one, and whether the beats themselves are those that one taps.

A network over beats (`cells`) says for each beat which place of a bar of two, three or four it
holds, or that the grid of beats is no good: half a beat late, twice too fast or too slow, or in
the wrong proportion. Other grids over the same beats are tried, the most believable is kept, and
the most likely way through its bars is taken (Viterbi).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
Times = NDArray[np.float64]

BAR_LENGTHS = (2, 3, 4)
"""Beats in a bar, for each meter that is looked for: 6/8, 3/4 and 4/4."""
SIZES = np.repeat(BAR_LENGTHS, BAR_LENGTHS)
PLACES = np.concatenate([np.arange(size) for size in BAR_LENGTHS])
COUNTED = len(SIZES)
"""Classes of the network that are places in bars; the others follow."""
FAULTS = ("late", "fast", "slow", "skew")
CLASSES = COUNTED + len(FAULTS)

_SLIP = 1e-3
"""How likely a bar is cut short or a beat added, at each beat."""
_METER_CHANGE = 1e-4
_LEAST = 1e-4


_OTHERS = (("slow", 2.0, 1.0, 2), ("longer", 1.5, 0.5, 3), ("shorter", 2 / 3, 1 / 3, 2))
"""Grids in other proportions: name, beats from one to the next, beats between phases, phases."""


@dataclass(frozen=True, slots=True)
class Count:
    """The place of every beat in its bar from 0, and the length of that bar in beats."""

    places: NDArray[np.int64]
    bars: NDArray[np.int64]


def grids(beats: Times) -> dict[str, Times]:
    """Return the grids that beats may stand for, by name; the beats themselves are "same"."""
    index = np.arange(len(beats), dtype=np.float64)
    last = index[-1]

    def at(places: Times) -> Times:
        return np.interp(places, index, beats)

    found = {"same": beats, "late": at(index[:-1] + 0.5), "fast": at(np.arange(0, last + 0.1, 0.5))}
    for name, step, shift, phases in _OTHERS:
        for phase in range(phases):
            found[f"{name} {phase}"] = at(np.arange(phase * shift, last, step))
    return found


def belief(logits: Array) -> float:
    """Return the mean log probability that beats are those that one taps."""
    return float(_right(logits).mean())


def _right(logits: Array) -> Array:
    total = np.logaddexp.reduce(logits, axis=1)
    right: Array = np.logaddexp.reduce(logits[:, :COUNTED], axis=1) - total
    return right


def _transitions() -> Array:
    """Return log P(state after state): on in the bar, at times a slip, rarely another meter."""
    table = np.full((COUNTED, COUNTED), _METER_CHANGE / COUNTED)
    for state, (size, place) in enumerate(zip(SIZES, PLACES, strict=True)):
        same = np.equal(SIZES, size)
        table[state, same] = _SLIP / size
        table[state, same & ((place + 1) % size == PLACES)] = 1.0
    moves: Array = np.log(table / table.sum(1, keepdims=True)).astype(np.float32)
    return moves


def count_bars(evidence: Array) -> Count:
    """Find the most likely way through the bars.

    `evidence` (beats, COUNTED) holds the log likelihood of each state.
    """
    moves, best = _transitions(), evidence[0].copy()
    back = np.zeros(evidence.shape, np.int64)
    for beat in range(1, len(evidence)):
        scores = best[:, None] + moves
        back[beat] = scores.argmax(0)
        best = scores.max(0) + evidence[beat]
    state = int(best.argmax())
    path = np.empty(len(evidence), np.int64)
    for beat in range(len(evidence) - 1, -1, -1):
        path[beat] = state
        state = int(back[beat, state])
    return Count(PLACES[path], SIZES[path])
