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

_NEWS = 0.25
"""What is new in what a beat says of its place: the beats around it are judged by the same bars."""
_SLIP = 8.0
"""What it costs, as a log likelihood, to cut a bar short or to add a beat."""
_METER_CHANGE = 20.0
_SIZE_DOUBT = 8.0
"""No beat is surer than this of how long its bar is, as a log likelihood."""

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


def bar_lengths(evidence: Array) -> NDArray[np.int64]:
    """Give the length in beats of the bar that each beat is in, whatever its place there.

    `evidence` (beats, COUNTED) holds the log likelihood of each state. A bar of four that is
    certain but for its half would lose to bars of two, were lengths and places found together.
    """
    sizes = np.array(BAR_LENGTHS)
    each = [np.logaddexp.reduce(evidence[:, np.equal(SIZES, size)], axis=1) for size in sizes]
    likely = np.stack(each, 1)
    likely = np.maximum(likely - likely.max(axis=1, keepdims=True), -_SIZE_DOUBT)
    moves = -_METER_CHANGE * (1 - np.eye(len(sizes)))
    return sizes[_best_way(_NEWS * likely, moves)]


def count_bars(evidence: Array) -> Count:
    """Find the most likely way through the bars.

    `evidence` (beats, COUNTED) holds the log likelihood of each state.
    """
    lengths = bar_lengths(evidence)
    inside = np.where(np.equal(SIZES, lengths[:, None]), _NEWS * evidence, -np.inf)
    same = np.equal(SIZES[:, None], SIZES)
    follows = same & ((PLACES[:, None] + 1) % SIZES[:, None] == PLACES)
    path = _best_way(inside, np.where(follows, 0.0, -_SLIP))
    return Count(PLACES[path], SIZES[path])


def _best_way(scores: Times, moves: Times) -> NDArray[np.int64]:
    """Find the states (beats,) whose scores (beats, states) and moves (from, to) sum to most."""
    best, back = scores[0], np.zeros(scores.shape, np.int64)
    for beat in range(1, len(scores)):
        ways = best[:, None] + moves
        back[beat] = ways.argmax(0)
        best = ways.max(0) + scores[beat]
    path, state = np.empty(len(scores), np.int64), int(best.argmax())
    for beat in range(len(scores) - 1, -1, -1):
        path[beat] = state
        state = int(back[beat, state])
    return path
