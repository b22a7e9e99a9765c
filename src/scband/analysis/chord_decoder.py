"""The most likely chords on the beat grid, with meter, key and repeats as what is known before."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from scband.analysis.chord_model import KINDS, State, states
from scband.theory import Chord
from scband.theory.harmony import KEYS, fit
from scband.theory.pitch import FLAT_NAMES

if TYPE_CHECKING:
    from numpy.typing import NDArray


_DOUBT = 0.3  # how much of a habit is taken as chance


@dataclass(frozen=True, slots=True)
class Prices:
    """What a change of chord costs by where in the bar it falls, and what a key is worth."""

    downbeat: float = 0.6
    half: float = 4.2  # the middle of a bar of four
    beat: float = 5.2
    offbeat: float = 10.3
    key: float = 0.76
    habit: float = 0.5  # what the kinds of chords that this music uses gain


def chord_of(state: State, flats: bool = True) -> Chord:
    """Spell a state as a chord."""
    if state.root < 0:
        return Chord("N.C.")
    name = FLAT_NAMES[state.root]
    tones = frozenset(KINDS[state.kind].tones)
    return Chord.of(name, tones, FLAT_NAMES[state.bass]).respelled(flats=flats)


@lru_cache(maxsize=1)
def _fits() -> NDArray[np.float64]:
    """Score every state in every key (24, states), centred on the common chord."""
    found = [Chord("N.C.") if s.root < 0 else chord_of(s) for s in states()]
    return np.array([[fit(chord, key) for chord in found] for key in KEYS])


def change_prices(positions: NDArray[np.int_], prices: Prices, size: int) -> NDArray[np.float64]:
    """Give each cell's price of a change; `positions` are half beats in a bar of `size` of them.

    -1 stands for a place in the bar that is not known.
    """
    cost = np.where(positions % 2 == 0, prices.beat, prices.offbeat)
    cost = np.where(positions < 0, prices.beat, cost)
    if size % 4 == 0:
        cost = np.where(positions == size // 2, prices.half, cost)
    return np.asarray(np.where(positions == 0, prices.downbeat, cost))


def decode(
    scores: NDArray[np.float32],
    costs: NDArray[np.float64],
    gains: NDArray[np.float64] | None = None,
    keys: NDArray[np.int_] | None = None,
) -> NDArray[np.int_]:
    """Find the best path of states (Viterbi); a change costs `costs[cell]`.

    `gains` (keys, states) is what a chord gains by being entered in a key, `keys` each cell's key.
    """
    cells, count = scores.shape
    table = np.zeros((1, count)) if gains is None else gains
    which = np.zeros(cells, dtype=int) if keys is None else keys
    # a chord goes on, or begins after the best one of all: a bit a state tells which
    stays = np.zeros((cells, -(-count // 8)), dtype=np.uint8)
    before = np.zeros(cells, dtype=int)
    total = scores[0] + table[which[0]]
    for cell in range(1, cells):
        best = int(total.argmax())
        entry = total[best] - costs[cell] + table[which[cell]]
        keeps = total >= entry
        stays[cell], before[cell] = np.packbits(keeps), best
        total = np.where(keeps, total, entry) + scores[cell]
    path = np.zeros(cells, dtype=int)
    path[-1] = int(total.argmax())
    for cell in range(cells - 1, 0, -1):
        state = int(path[cell])
        stayed = stays[cell, state // 8] >> (7 - state % 8) & 1
        path[cell - 1] = state if stayed else before[cell]
    return path


def habit_gain(
    path: NDArray[np.int_], edges: NDArray[np.float64], prices: Prices
) -> NDArray[np.float64]:
    """Give what each state gains by being of a kind that the music has shown to use (states,)."""
    kinds = np.array([state.kind for state in states()])
    lengths = np.diff(edges)
    counts = np.array([lengths[kinds[path] == kind].sum() for kind in range(len(KINDS))])
    share = (counts + _DOUBT / len(KINDS) * counts.sum()) / ((1 + _DOUBT) * counts.sum() + 1e-9)
    gain = np.log(share * len(KINDS) + 1e-9) if counts.sum() > 0 else np.zeros(len(KINDS))
    return np.asarray(prices.habit * np.where(kinds < 0, 0.0, gain[kinds]))


def key_gain(prices: Prices) -> NDArray[np.float64]:
    """Give what each state gains in each key (24, states)."""
    return np.asarray(prices.key * _fits())
