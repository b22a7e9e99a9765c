"""The most likely chords on the beat grid, with meter, bass, key and custom as what is known."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from scband.analysis.chord_model import KINDS, State, states
from scband.analysis.successions import groups
from scband.theory import Chord
from scband.theory.harmony import KEYS, fit
from scband.theory.pitch import FLAT_NAMES

if TYPE_CHECKING:
    from numpy.typing import NDArray


_DOUBT = 0.3  # how much of a habit is taken as chance
_PASSING = 0.05  # how often another note is heard where a chord's bass should be


@dataclass(frozen=True, slots=True)
class Prices:
    """What a change of chord costs by where in the bar it falls, and what a key is worth."""

    downbeat: float = 0.55
    half: float = 4.9  # the middle of a bar of four
    beat: float = 8.1
    offbeat: float = 10.6
    key: float = 0.62
    habit: float = 0.63  # what the kinds of chords that this music uses gain
    bass: float = 2.5  # what it costs not to begin over one's own bass
    custom: float = 0.8  # what it is worth to follow as chords usually follow


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


def first_basses(under: NDArray[np.float32], prices: Prices) -> NDArray[np.float64]:
    """Give what a chord over each bass has by beginning in each cell (cells, 12), 0 or less.

    `under` (cells, 12) is how loud each pitch class is in the bass. A bass may wander through its
    chord, but it says where a chord begins; where it is silent nothing is known.
    """
    beat = np.minimum(under, 1.0)
    beat[:-1] = (beat[:-1] + beat[1:]) / 2
    level = beat.max(axis=1, keepdims=True)
    share = beat**2 / ((beat**2).sum(axis=1, keepdims=True) + 1e-6)
    return np.asarray(prices.bass * level * np.log((share + _PASSING) / (1 + _PASSING)))


@dataclass(frozen=True, slots=True, eq=False)
class Entries:
    """What it brings to begin each chord in each cell.

    `costs` (cells,) is the price of any change, `gains` (keys, states) what chords gain by a key,
    `keys` (cells,) each cell's key, `basses` (cells, 12) as of `first_basses`.
    """

    costs: NDArray[np.float64]
    gains: NDArray[np.float64]
    keys: NDArray[np.int_]
    basses: NDArray[np.float64]

    @classmethod
    def at_price(cls, costs: NDArray[np.float64]) -> Entries:
        """Let any chord begin for the same price: nothing else is known."""
        nothing = np.zeros((1, len(states())))
        basses = np.zeros((len(costs), 12))
        return cls(costs, nothing, np.zeros(len(costs), dtype=int), basses)

    def of(self, cell: int) -> NDArray[np.float64]:
        """Give what beginning in a cell brings each state (states,)."""
        basses = np.append(self.basses[cell], 0.0)[_basses()]
        return np.asarray(self.gains[self.keys[cell]] + basses - self.costs[cell])


@lru_cache(maxsize=1)
def _basses() -> NDArray[np.int_]:
    return np.array([state.bass for state in states()])


def decode(
    scores: NDArray[np.float32], entries: Entries, follows: NDArray[np.float32]
) -> NDArray[np.int_]:
    """Find the best path of states (Viterbi): in each cell a chord goes on, or another begins.

    `follows` is what chords gain by what they follow, as of `successions.follows`.
    """
    cells, count = scores.shape
    group, members = groups()
    # a bit a state tells whether it goes on; for each group the state that it would begin after
    stays = np.zeros((cells, -(-count // 8)), dtype=np.uint8)
    before = np.zeros((cells, len(members)), dtype=np.uint16)
    total = scores[0] + entries.of(0)
    for cell in range(1, cells):
        value, before[cell] = _after(total, members, follows)
        entry = value[group] + entries.of(cell)
        keeps = total >= entry
        stays[cell] = np.packbits(keeps)
        total = np.where(keeps, total, entry) + scores[cell]
    path = np.zeros(cells, dtype=int)
    path[-1] = int(total.argmax())
    for cell in range(cells - 1, 0, -1):
        state = int(path[cell])
        stayed = stays[cell, state // 8] >> (7 - state % 8) & 1
        path[cell - 1] = state if stayed else before[cell, group[state]]
    return path


def _after(
    total: NDArray[np.float64], members: NDArray[np.int_], follows: NDArray[np.float32]
) -> tuple[NDArray[np.float64], NDArray[np.int_]]:
    """Give each group's best way in and the state that it comes from."""
    rows = np.arange(len(members))
    inside = np.append(total, -np.inf)[members]
    best = inside.argmax(axis=1)
    ways = follows + inside[rows, best].astype(np.float32)
    came = ways.argmax(axis=1)
    return inside[came, best[came]] + follows[rows, came], members[came, best[came]]


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
