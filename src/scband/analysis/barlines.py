"""Where the bars begin, as the chords have it: harmony changes at bar lines.

A beat tracker hears accents and may take the backbeat, or the middle of the bar, for its one. Where
the chords fit another count of the same beats clearly better, that count is taken.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from scband.analysis.chord_decoder import Prices, change_prices

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from scband.analysis.grid import Grid

_MARGIN = 12.0
"""Log likelihood by which another count must be better where nothing is known of its odds."""
_TRUST = 0.1
"""What the odds of a beat tracker weigh beside those of the chords."""


def recounted(
    scores: NDArray[np.float32], grid: Grid, prices: Prices, doubts: Sequence[float] = ()
) -> Grid:
    """Shift the count of beats to where the chords (cells, states) change most willingly.

    `doubts` are the log odds against bars that begin 0, 1, 2, … beats later, as beats and
    accents have it (`BeatTrack.doubts`).
    """
    known = grid.positions >= 0
    found = grid
    best = _total(scores, change_prices(grid.positions, prices, grid.size))
    for shift in range(1, grid.size // 2):
        positions = np.where(known, (grid.positions - 2 * shift) % grid.size, -1)
        odds = _TRUST * doubts[shift] if 2 * len(doubts) == grid.size else _MARGIN
        total = _total(scores, change_prices(positions, prices, grid.size)) - odds
        if total > best:
            best, found = total, replace(grid, positions=positions)
    return found


def _total(scores: NDArray[np.float32], costs: NDArray[np.float64]) -> float:
    """Give the score of the best path of chords; a change costs `costs[cell]`."""
    total = scores[0].astype(np.float64)
    for cell in range(1, len(scores)):
        total = np.maximum(total, total.max() - costs[cell]) + scores[cell]
    return float(total.max())


def downbeats_of(grid: Grid, beats: Sequence[float]) -> tuple[float, ...]:
    """List the beats that are a bar's one in a grid that was laid on them."""
    ones = grid.edges[:-1][grid.positions == 0]
    if not len(ones):
        return ()
    return tuple(float(beat) for beat in beats if np.abs(ones - beat).min() < 1e-6)
