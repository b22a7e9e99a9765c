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

    downbeat: float = 0.7
    half: float = 3.0  # the middle of a bar of four
    beat: float = 5.5
    offbeat: float = 8.5
    key: float = 0.7
    habit: float = 0.85  # what the kinds of chords that this music uses gain


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
    scores: NDArray[np.float64],
    costs: NDArray[np.float64],
    key_scores: NDArray[np.float64] | None = None,
) -> NDArray[np.int_]:
    """Find the best path of states (Viterbi); a change costs `costs[cell]`.

    `key_scores` (cells, states) is what a chord gains by being entered there.
    """
    cells, count = scores.shape
    back = np.zeros((cells, count), dtype=np.int32)
    stay = np.arange(count)
    total = scores[0] + (0.0 if key_scores is None else key_scores[0])
    for cell in range(1, cells):
        best = int(total.argmax())
        entered = total[best] - costs[cell]
        entry = entered if key_scores is None else entered + key_scores[cell]
        keeps = total >= entry
        back[cell] = np.where(keeps, stay, best)
        total = np.where(keeps, total, entry) + scores[cell]
    path = np.zeros(cells, dtype=int)
    path[-1] = int(total.argmax())
    for cell in range(cells - 1, 0, -1):
        path[cell - 1] = back[cell, path[cell]]
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


def key_gain(beliefs: NDArray[np.float64], prices: Prices) -> NDArray[np.float64]:
    """Turn beliefs in keys (cells, 24) into what each state gains (cells, states)."""
    return np.asarray(prices.key * (beliefs @ _fits()))
