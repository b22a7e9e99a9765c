"""Where the bars begin, as beats and chords have it together: harmony changes at bar lines.

A beat tracker hears accents, and may take the backbeat or the middle of the bar for its one, or
lose count in a fill, or hear threes in a swing. Here the count is taken again together with the
chords: the most likely way through places in bars and chords at once (Viterbi), where a change of
chord costs what its place in the bar has it cost, and to lose count costs more than any single
surprise. Joint decoding of chords and bars is after Papadopoulos and Peeters ("Joint estimation of
chords and downbeats from an audio signal", TASLP 2011).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from scband.analysis.beat.counting import PLACES, SIZES, bar_lengths
from scband.analysis.chord_decoder import Prices, change_prices

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from scband.analysis.beat.track import BeatTrack
    from scband.analysis.grid import Grid

_TRUST = 0.35
"""What the odds of the beat tracker weigh beside the scores of the chords."""
_LEAST_LIKELY = -1.0
"""A place is held no less likely against the best: what misleads in one bar does so in all."""
_SLIP = 15.0
"""What it costs to go anywhere but to the next place of the bar."""
_METER_CHANGE = 30.0
"""And to go on in bars of another length."""
_PAIR = 2
"""Beats in a bar of 6/8; to chords, half a bar of four looks like it."""
_RARE = 0.1
"""Bars of pairs, or of others, that fewer beats than this share are in were miscounted."""
_FRESH = 128
"""Marks in the way back that a chord began."""


def recounted(
    scores: NDArray[np.float32], grid: Grid, prices: Prices, track: BeatTrack
) -> tuple[float, ...]:
    """Return the downbeats (seconds) that fit both chords (cells, states) and `track.odds`.

    `grid` is the one that was laid on the beats of `track`. A track without odds, or with no beat
    on the grid, keeps its downbeats. Beats that fall into three (bars of two) stay with the
    tracker; whether others make bars of three or four, the chords have a say in.
    """
    beats = np.asarray(track.beat_times, dtype=float)
    cells = np.searchsorted(grid.edges[:-1], beats + 1e-6, side="right") - 1
    inside = (cells == 0) | (np.abs(grid.edges[cells] - beats) < 1e-6)
    if len(track.odds) != len(beats) or not inside.any():
        return track.downbeat_times
    cells, beats = cells[inside], beats[inside]
    allowed = _allowed(track.odds[inside])
    bars = np.flatnonzero(allowed.any(axis=0))
    likely = _doubted(np.where(allowed, track.odds[inside], -np.inf)[:, bars])
    likely[~allowed[:, bars]] = -np.inf
    odds = np.zeros((cells[-1] - cells[0] + 1, len(bars)))
    odds[cells - cells[0]] = _TRUST * likely
    onset = np.isin(np.arange(len(odds)), cells - cells[0])
    way = _way(scores[cells[0] : cells[-1] + 1], odds, _steps(bars, onset, prices))
    return tuple(beats[PLACES[bars][way[onset]] == 0].tolist())


def _allowed(odds: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Say which states each beat may be in, as (beats, states): pairs, or threes and fours."""
    pairs = bar_lengths(odds) == _PAIR
    share = pairs.mean()
    if min(share, 1 - share) < _RARE:
        pairs[:] = share > 1 / 2
    return np.asarray(pairs[:, None] == np.equal(SIZES, _PAIR))


def _doubted(odds: NDArray[np.float32]) -> NDArray[np.float32]:
    """Bound how sure a single beat can be of its place: (beats, places), 0 for the likeliest."""
    return np.asarray(np.maximum(odds - odds.max(axis=1, keepdims=True), _LEAST_LIKELY))


@dataclass(frozen=True, slots=True, eq=False)
class _Steps:
    """What it costs to go from place to place into each cell, and to begin a chord there."""

    moves: tuple[NDArray[np.float64], ...]
    changes: tuple[NDArray[np.float64], ...]


def _steps(bars: NDArray[np.int_], onset: NDArray[np.bool_], prices: Prices) -> _Steps:
    """Count on at every beat; between beats the place stays and a chord rarely begins."""
    sizes, places = SIZES[bars], PLACES[bars]
    same = sizes[:, None] == sizes
    follows = same & ((places[:, None] + 1) % sizes[:, None] == places)
    on = np.where(follows, 0.0, np.where(same, _SLIP, _METER_CHANGE))
    between = np.where(np.eye(len(bars), dtype=bool), 0.0, np.inf)
    first = [
        change_prices(2 * place[None], prices, 2 * size)[0]
        for size, place in zip(sizes, places, strict=True)
    ]
    second = np.full(len(bars), prices.offbeat)
    return _Steps(
        tuple(on if beat else between for beat in onset),
        tuple(np.array(first) if beat else second for beat in onset),
    )


def _way(scores: NDArray[np.float32], odds: NDArray[np.float64], steps: _Steps) -> NDArray[np.int_]:
    """Find the best way through places and chords together; give the place of each cell."""
    cells, chords = scores.shape
    back = np.zeros((cells, odds.shape[1], chords), dtype=np.uint8)
    best = np.zeros((cells, odds.shape[1]), dtype=np.int_)
    total = scores[0] + odds[0][:, None]
    for cell in range(1, cells):
        moves, best[cell] = steps.moves[cell], total.argmax(1)
        kept = total[:, None, :] - moves[:, :, None]
        begun = total.max(1)[:, None] - moves
        entry = (begun.max(0) - steps.changes[cell])[:, None]
        goes_on = kept.max(0)
        fresh = entry > goes_on
        back[cell] = np.where(fresh, _FRESH + begun.argmax(0)[:, None], kept.argmax(0))
        total = np.where(fresh, entry, goes_on) + scores[cell] + odds[cell][:, None]
    return _traced(back, best, total)


def _traced(
    back: NDArray[np.uint8], best: NDArray[np.int_], total: NDArray[np.float64]
) -> NDArray[np.int_]:
    """Go the way back from the best end."""
    way = np.zeros(len(back), dtype=np.int_)
    place, chord = divmod(int(total.argmax()), total.shape[1])
    for cell in range(len(back) - 1, 0, -1):
        way[cell], mark = place, int(back[cell, place, chord])
        place = mark % _FRESH
        chord = int(best[cell, place]) if mark >= _FRESH else chord
    way[0] = place
    return way
