"""From probabilities to beats: the most likely way through bars of changing tempo and meter.

A bar pointer model (Whiteley, Cemgil and Godsill 2006) with the state space and observations of
Krebs, Böck and Widmer ("An efficient state-space model for joint tempo and meter tracking",
ISMIR 2015): the pointer moves at a tempo through a bar, and tempo changes only on beats. As
nothing can happen between two beats, the search goes from beat to beat (a semi-Markov chain):
the best score of a beat in a frame follows from those one beat length earlier. Frames closer
together than the shortest beat do not depend on each other and are worked out at once.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from scband.analysis.beat.features import FRAMES_PER_SECOND

Array = NDArray[np.float32]
Grid = NDArray[np.int64]

FINER = 2
"""The search looks at so many places between two frames of the network."""
STEPS_PER_SECOND = FINER * FRAMES_PER_SECOND
SLOWEST_BPM, FASTEST_BPM = 48, 240
BAR_LENGTHS = (2, 3, 4)
"""Beats in a bar, for each meter that is looked for: 6/8, 3/4 and 4/4."""
_BAR_PRIOR = (0.05, 0.3, 0.65)
_PAIR_DOUBT = 4.0
"""How unlikely a bar of two is, as halves of 4/4 look like it: exp(-this)."""
_METER_CHANGE = 1e-4
_TEMPO_STIFFNESS = 100.0
"""How unlikely a change of tempo is: exp(-this * the change as a share)."""
_BEAT_STEPS = 5
"""A beat takes so many steps, as wide as the network's peaks; it stands in their middle."""
_REST_ODDS = 6.0
"""A beat is taken for one where it is more likely than 1 in (this + 1)."""
_USUAL_BPM, _UNUSUAL = 120.0, 2.0
"""How unlikely another tempo than the usual is: exp(-UNUSUAL * octaves ** 2) a beat."""
_REACH = 8
"""How many tempos up or down a change may go."""
_LEAST = 0.003
_KEEP_SECONDS, _LAG_SECONDS = 180, 40
"""What is known for sure is written down every KEEP seconds, but for the last LAG."""


@dataclass(frozen=True, slots=True)
class Pulse:
    """A beat: step of the search, place in the bar from 0, beats of the bar."""

    step: int
    place: int
    bar: int


def decode(beat: Array, down: Array, *, pairs: bool = False) -> list[Pulse]:
    """Find the beats that explain these probabilities best.

    `beat` and `down` hold, for every frame, how likely a beat and a downbeat are.
    `pairs` takes bars of two beats for as likely as others, where beats fall into three.
    """
    if len(beat) < 2:
        return []
    beat, down = _finer(beat), _finer(down)
    return _Search(beat, down, pairs).run()


def _finer(values: Array) -> Array:
    count = (len(values) - 1) * FINER + 1
    return np.interp(np.arange(count) / FINER, np.arange(len(values)), values).astype(np.float32)


@lru_cache(maxsize=1)
def _intervals() -> Grid:
    """Return the beat lengths in steps: each one where short, every other where long."""
    shortest = STEPS_PER_SECOND * 60 // FASTEST_BPM
    longest = STEPS_PER_SECOND * 60 // SLOWEST_BPM
    middle = min(60, longest)
    return np.concatenate([np.arange(shortest, middle), np.arange(middle, longest + 1, 2)])


@lru_cache(maxsize=1)
def _changes() -> Array:
    """Return log P(interval i follows interval i + k - REACH), as an array [k, i]."""
    lengths = _intervals().astype(np.float64)
    raw = np.exp(-_TEMPO_STIFFNESS * np.abs(lengths[None, :] / lengths[:, None] - 1))
    with np.errstate(divide="ignore"):
        table = np.log(raw / raw.sum(1, keepdims=True))
    count = len(lengths)
    changes = np.full((2 * _REACH + 1, count), -np.inf, np.float32)
    for k in range(2 * _REACH + 1):
        source = np.arange(count) + k - _REACH
        inside = (source >= 0) & (source < count)
        changes[k, inside] = table[source[inside], np.arange(count)[inside]]
    octaves = np.log2(60 * STEPS_PER_SECOND / lengths / _USUAL_BPM)
    changes -= (_UNUSUAL * octaves**2).astype(np.float32)
    return changes


class _Places:
    """The places in bars of every meter, laid out one after another."""

    bars = np.concatenate([np.full(n, n) for n in BAR_LENGTHS])
    place = np.concatenate([np.arange(n) for n in BAR_LENGTHS])
    first = np.flatnonzero(place == 0)
    last = np.flatnonzero(place == bars - 1)
    count = len(bars)


@lru_cache(maxsize=2)
def _meter_changes(pairs: bool) -> Array:
    """Return log P(meter j after meter i) at a bar line; `pairs` trusts bars of two."""
    count = len(BAR_LENGTHS)
    table = np.full((count, count), _METER_CHANGE)
    np.fill_diagonal(table, 1 - _METER_CHANGE * (count - 1))
    changes: Array = np.log(table).astype(np.float32)
    if not pairs:
        changes[:, 0] -= _PAIR_DOUBT
    return changes


@dataclass(frozen=True, slots=True)
class _Back:
    """Where the best ways came from, for the steps of a block.

    `change` [step, interval, place] is the change of tempo plus REACH, -1 where a way begins;
    `meter` [step, interval, meter] the meter before a bar line.
    """

    first: int
    change: NDArray[np.int8]
    meter: NDArray[np.int8]


class _Search:
    """Viterbi over beats.

    `best[t, i, p]` scores a beat at step t (modulo what is held), with interval i to the next and
    at place p, by all that came before it. Scores count what beats explain better than no beats.
    """

    def __init__(self, beat: Array, down: Array, pairs: bool) -> None:
        self.meters = _meter_changes(pairs)
        self.intervals = _intervals()
        self.block = int(self.intervals[0])
        self.reach = int(self.intervals[-1])
        self.steps = len(beat)
        beat = np.clip(beat, _LEAST, 1 - _LEAST)
        down = np.clip(down, _LEAST / 2, beat)
        rest = np.log((1 - beat) / _REST_ODDS)
        gains = (np.log(down) - rest, np.log(np.maximum(beat - down, _LEAST / 2)) - rest)
        self.sums = np.stack([_summed(gain, self.reach) for gain in gains])
        held = self.reach + self.block
        self.best = np.full((held, len(self.intervals), _Places.count), -np.inf, np.float32)
        heard = np.flatnonzero(beat > 0.2)
        self.start = (int(heard[0]) if len(heard) else 0) + self.reach
        self.back: deque[_Back] = deque()
        self.found: list[Pulse] = []

    def run(self) -> list[Pulse]:
        """Search through all steps and return the beats in order."""
        written = 0
        for first in range(0, self.steps, self.block):
            self._advance(first, min(self.block, self.steps - first))
            if first - written >= _KEEP_SECONDS * STEPS_PER_SECOND:
                written = first - _LAG_SECONDS * STEPS_PER_SECOND
                self._write(first, written)
                while self.back[0].first < written - 2 * self.reach:
                    self.back.popleft()
        self._write(self.steps, self.steps)
        return self.found

    def _advance(self, first: int, count: int) -> None:
        """Work out the scores of beats at steps `first` to `first + count`."""
        now = first + np.arange(count)
        before = now[:, None] - self.intervals
        lengths = np.arange(len(self.intervals))
        arriving = self.best[before % len(self.best), lengths] + self._gain(before)
        arriving[before < 0] = -np.inf
        left, change = _tempo_step(arriving)
        best, change, meter = _next_place(left, change, self.meters)
        begin = np.where(now[:, None] <= self.start, _beginnings(), -np.inf)[:, None, :]
        change[begin > best] = -1
        self.best[now % len(self.best)] = np.maximum(best, begin)
        self.back.append(_Back(first, change, meter))

    def _gain(self, step: Grid) -> Array:
        """Return what a beat at a step [t, i] explains, for every place: [t, i, place]."""
        first = np.maximum(step - _BEAT_STEPS // 2, 0)
        gained = self.sums[:, first + _BEAT_STEPS] - self.sums[:, first]
        spread: Array = gained[(_Places.place > 0).astype(np.int64)].transpose(1, 2, 0)
        return spread

    def _write(self, end: int, until: int) -> None:
        """Follow the best way back from `end` and keep its beats before `until`."""
        step, interval, place = self._last(end)
        way = []
        after = self.found[-1].step + self.block // 2 if self.found else -1
        while step > after:
            if step < until:
                bar, at = int(_Places.bars[place]), int(_Places.place[place])
                way.append(Pulse(step, at, bar))
            back = self.back[(step - self.back[0].first) // self.block]
            row = step - back.first
            change = int(back.change[row, interval, place])
            if change < 0:
                break
            place = _before(place, back.meter[row, interval])
            interval += change - _REACH
            step -= int(self.intervals[interval])
        self.found += reversed(way)

    def _last(self, end: int) -> tuple[int, int, int]:
        """Return the best state whose next beat falls beyond `end`."""
        steps = np.arange(max(0, end - self.reach), end)
        lengths = np.arange(len(self.intervals))
        tiled = np.repeat(steps[:, None], len(lengths), 1)
        scores = self.best[tiled % len(self.best), lengths] + self._gain(tiled)
        scores[tiled + self.intervals < end] = -np.inf
        row, interval, place = np.unravel_index(int(scores.argmax()), scores.shape)
        return int(steps[row]), int(interval), int(place)


def _summed(values: Array, more: int) -> Array:
    """Return the sums up to each step, the last one held for `more` steps."""
    sums = np.concatenate([[0], np.cumsum(values, dtype=np.float64)])
    return np.pad(sums, (0, more), mode="edge").astype(np.float32)


def _beginnings() -> Array:
    """Return log P(a way begins at a place)."""
    prior = np.repeat(np.log(_BAR_PRIOR), BAR_LENGTHS) - np.log(_Places.bars)
    begin: Array = prior.astype(np.float32)
    return begin


def _tempo_step(arriving: Array) -> tuple[Array, NDArray[np.int8]]:
    """Choose for each interval the best one before it: scores and changes, [t, i, place]."""
    changes = _changes()
    count = arriving.shape[1]
    padded = np.pad(arriving, ((0, 0), (_REACH, _REACH), (0, 0)), constant_values=-np.inf)
    best = np.full_like(arriving, -np.inf)
    chosen = np.zeros(arriving.shape, np.int8)
    for k in range(len(changes)):
        scores = padded[:, k : k + count] + changes[k][:, None]
        np.putmask(chosen, scores > best, k)
        np.maximum(best, scores, out=best)
    return best, chosen


def _next_place(
    left: Array, change: NDArray[np.int8], meters: Array
) -> tuple[Array, NDArray[np.int8], NDArray[np.int8]]:
    """Move every way on by one place in its bar, or into the first of the next bar."""
    best, moved = np.roll(left, 1, axis=2), np.roll(change, 1, axis=2)
    over = left[:, :, _Places.last, None] + meters
    meter = over.argmax(2).astype(np.int8)
    best[:, :, _Places.first] = over.max(2)
    moved[:, :, _Places.first] = np.take_along_axis(
        change[:, :, _Places.last], meter.astype(np.int64), 2
    )
    return best, moved, meter


def _before(place: int, meter: NDArray[np.int8]) -> int:
    """Return the place before this one."""
    if _Places.place[place] > 0:
        return place - 1
    number = int(np.flatnonzero(_Places.first == place)[0])
    return int(_Places.last[int(meter[number])])
