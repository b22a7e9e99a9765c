"""How well each chord explains a stretch of a recording: the two networks' evidence joined.

Chords are states: a root, a kind, a bass. The chord network speaks of triad, bass and seventh; the
note network's keys are folded to pitch classes, where each chord expects some to sound and the
rest to be silent, and to a bass. Between the strokes of a band often only its bass goes on, by way
of notes that are no chord's: a cell counts for more the more sounds together in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_TRIADS = {"maj": 0, "min": 1, "sus4": 2, "sus2": 3, "dim": 4, "aug": 5}


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of chord: its tones, and its places in the network's answers."""

    name: str
    tones: tuple[int, ...]
    triad: int
    seventh: int
    sixth: bool = False


KINDS = (
    Kind("maj", (0, 4, 7), 0, 0),
    Kind("min", (0, 3, 7), 1, 0),
    Kind("7", (0, 4, 7, 10), 0, 2),
    Kind("maj7", (0, 4, 7, 11), 0, 1),
    Kind("min7", (0, 3, 7, 10), 1, 2),
    Kind("maj6", (0, 4, 7, 9), 0, 0, True),
    Kind("min6", (0, 3, 7, 9), 1, 0, True),
    Kind("sus4", (0, 5, 7), 2, 0),
    Kind("sus4(b7)", (0, 5, 7, 10), 2, 2),
    Kind("sus2", (0, 2, 7), 3, 0),
    Kind("dim", (0, 3, 6), 4, 0),
    Kind("hdim7", (0, 3, 6, 10), 4, 2),
    Kind("dim7", (0, 3, 6, 9), 4, 3),
    Kind("aug", (0, 4, 8), 5, 0),
    Kind("minmaj7", (0, 3, 7, 11), 1, 1),
)
_INVERTED = {
    "maj": (4, 7, 10, 2), "min": (3, 7, 10), "7": (4, 7, 10), "maj7": (4, 7, 11),
    "min7": (3, 7, 10), "maj6": (4, 7), "sus4(b7)": (7,), "dim": (3, 6),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class State:
    """A chord that can be heard; `root` and `bass` are pitch classes, -1 for no chord."""

    root: int
    kind: int
    bass: int


@lru_cache(maxsize=1)
def states() -> tuple[State, ...]:
    """List every chord that can be heard; the first one is no chord."""
    found = [State(-1, -1, -1)]
    for number, kind in enumerate(KINDS):
        for root in range(12):
            basses = (0, *_INVERTED.get(kind.name, ()))
            found += [State(root, number, (root + bass) % 12) for bass in basses]
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Weights:
    """What each kind of evidence counts; found on generated clips of two kinds."""

    chords: float = 0.6  # the chord network as a whole, a cell
    bass: float = 0.45  # its bass within it
    seventh: float = 0.36  # its seventh
    notes: float = 1.8  # the note network
    note_bass: float = 0.1
    third_sounds: float = 0.7  # how likely a chord's tones sound: root and third,
    fifth_sounds: float = 0.88
    seventh_sounds: float = 0.66
    other_sounds: float = 0.098  # and what is not in it
    rare: float = 0.9  # how much rarer kinds are held back
    inverted: float = 0.19  # what an inversion must bring
    thin: float = 0.4  # what a cell counts in which nothing but a bass sounds,
    full: float = 3.7  # beside one of so many loud pitch classes


_RARITY = {
    "maj": 0.0, "min": 0.0, "7": 0.15, "maj7": 0.35, "min7": 0.42, "maj6": 1.3, "min6": 1.4,
    "sus4": 0.8, "sus4(b7)": 0.8, "sus2": 1.1, "dim": 1.1, "hdim7": 0.8, "dim7": 1.0, "aug": 1.1,
    "minmaj7": 1.3,
}  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """What was heard in each cell of the grid, (cells, …), with the cells' edges in seconds.

    `under` (cells, 12) is how loud each pitch class is in the bass, about 0 to 1, `fullness`
    (cells, 1) how many pitch classes sound. `clarity` is how sure the note network is of its
    loudest key in most cells, 0 to 1.
    """

    edges: NDArray[np.float64]
    triad: NDArray[np.float32]
    bass: NDArray[np.float32]
    seventh: NDArray[np.float32]
    ninth: NDArray[np.float32]
    eleventh: NDArray[np.float32]
    thirteenth: NDArray[np.float32]
    treble: NDArray[np.float32]
    low: NDArray[np.float32]
    under: NDArray[np.float32]
    fullness: NDArray[np.float32]
    clarity: float = 1.0

    @property
    def cells(self) -> int:
        """How many cells there are."""
        return len(self.edges) - 1

    @property
    def has_pitch(self) -> bool:
        """Whether there are notes at all: drums come to 0.2, noise to 0.3, speech to 0.45."""
        if self.clarity > _SPOKEN:
            return True
        no_chord = float(np.exp(self.triad[:, 0]).mean()) if self.cells else 1.0
        return self.clarity > _UNPITCHED and no_chord < _NO_CHORD


def pooled(
    values: NDArray[np.float32], seconds: float, edges: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Average rows that lie `seconds` apart over the cells between edges."""
    at = np.clip(np.ceil(edges / seconds).astype(int), 0, len(values))
    sums = np.concatenate([np.zeros((1, values.shape[1])), np.cumsum(values, axis=0, dtype=float)])
    begin, end = at[:-1], np.maximum(at[1:], at[:-1] + 1)
    begin, end = np.minimum(begin, len(values) - 1), np.minimum(end, len(values))
    return np.asarray((sums[end] - sums[begin]) / (end - begin)[:, None])


_UNPITCHED, _SPOKEN, _NO_CHORD = 0.38, 0.5, 0.3
_TOGETHER = 1024  # cells scored at a time
_LOWEST_KEY = 21
_TREBLE_FROM, _TREBLE_TO = 46, 84
_BASS_TO = 55
_UNDER_FROM, _UNDER_TO = 26, 52
_HUM = 0.2  # what the note network hears where nothing sounds


def folded(keys: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Fold 88 keys to pitch classes: what sounds in the middle (0-1), and the bass' shares."""
    midi = np.arange(88) + _LOWEST_KEY
    treble = _middle(keys)
    low = np.zeros((len(keys), 12), dtype=np.float32)
    reach = np.where(midi < _BASS_TO, 1.0, np.exp((_BASS_TO - midi) / 3.0)) * (midi >= 28)
    sounding = keys > 0.25
    under: NDArray[np.int_] = np.cumsum(sounding, axis=1) - sounding
    weighted = keys**2 * reach * np.where(under == 0, 1.0, 0.35)
    for pitch_class in range(12):
        own = midi % 12 == pitch_class
        low[:, pitch_class] = weighted[:, own].sum(axis=1)
    return treble, low / (low.sum(axis=1, keepdims=True) + 0.02)


def _middle(keys: NDArray[np.float32]) -> NDArray[np.float32]:
    midi = np.arange(88) + _LOWEST_KEY
    treble = np.zeros((len(keys), 12), dtype=np.float32)
    for pitch_class in range(12):
        own = (midi % 12 == pitch_class) & (midi >= _TREBLE_FROM) & (midi < _TREBLE_TO)
        middle = keys[:, own] ** 0.8
        treble[:, pitch_class] = 0.75 * middle.max(axis=1) + 0.25 * middle.sum(axis=1)
    level = np.percentile(treble.max(axis=1), 80) + 1e-6
    return np.asarray(np.clip(treble / level, 0, 1))


def fullness(keys: NDArray[np.float32]) -> NDArray[np.float32]:
    """Count the pitch classes that sound in the middle by their loudness (cells, 1)."""
    heard = np.clip((keys - _HUM) / (1 - _HUM), 0, 1)
    return np.asarray(_middle(heard).sum(axis=1, keepdims=True))


def undertone(keys: NDArray[np.float32]) -> NDArray[np.float32]:
    """Say how loud each pitch class is among the lowest keys, 1 as the bass mostly is."""
    midi = np.arange(88) + _LOWEST_KEY
    reach = np.where(midi < _UNDER_TO, 1.0, np.exp((_UNDER_TO - midi) / 3.0))
    weighted = keys * (reach * (midi >= _UNDER_FROM)).astype(np.float32)
    found = np.stack([weighted[:, midi % 12 == n].max(axis=1) for n in range(12)], axis=1)
    return np.asarray(found / (np.percentile(found.max(axis=1), 80) + 1e-6))


@lru_cache(maxsize=8)
def _expected(weights: Weights) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Give for each state how likely each pitch class sounds, and the bass' distribution."""
    found = states()
    sounds = np.full((len(found), 12), weights.other_sounds)
    bass = np.full((len(found), 12), 0.03)
    for row, state in enumerate(found):
        if state.root < 0:
            bass[row] = 1 / 12
            continue
        for tone in KINDS[state.kind].tones:
            place = (state.root + tone) % 12
            sounds[row, place] = (
                weights.fifth_sounds
                if tone in (6, 7, 8)
                else weights.seventh_sounds
                if tone >= 9
                else weights.third_sounds
            )
            bass[row, place] = 0.1 if tone == 7 else 0.08
        bass[row, state.bass] = 0.6
        bass[row] /= bass[row].sum()
    return sounds, bass


@lru_cache(maxsize=1)
def _places() -> tuple[NDArray[np.int_], ...]:
    """Give each state's column in the network's answers."""
    found = states()
    triad = [0 if s.root < 0 else 1 + 12 * KINDS[s.kind].triad + s.root for s in found]
    bass = [0 if s.root < 0 else 1 + s.bass for s in found]
    seventh = [-1 if s.root < 0 else KINDS[s.kind].seventh for s in found]
    sixth = [-1 if s.root < 0 or KINDS[s.kind].seventh else int(KINDS[s.kind].sixth) for s in found]
    return tuple(np.array(column) for column in (triad, bass, seventh, sixth))


def scores(evidence: Evidence, weights: Weights = Weights()) -> NDArray[np.float32]:
    """Score every state in every cell (cells, states) as a log likelihood."""
    result = np.zeros((evidence.cells, len(states())), dtype=np.float32)
    share = np.minimum(1.0, evidence.fullness / weights.full)
    counts = weights.thin + (1.0 - weights.thin) * share
    counts = counts / counts.mean()
    for begin in range(0, evidence.cells, _TOGETHER):
        cells = slice(begin, begin + _TOGETHER)
        below, heard = _scored(evidence, cells, weights)
        result[cells] = below + counts[cells] * heard
    return result


def _scored(
    evidence: Evidence, cells: slice, weights: Weights
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Score what the bass tells, and all the rest."""
    triad, bass, seventh, sixth = _places()
    heard = evidence.triad[cells, triad] + weights.bass * evidence.bass[cells, bass]
    known = seventh >= 0
    heard[:, known] += weights.seventh * evidence.seventh[cells, seventh[known]]
    plain = sixth >= 0
    heard[:, plain] += 0.5 * weights.seventh * evidence.thirteenth[cells, sixth[plain]]
    sounds, lows = _expected(weights)
    treble = evidence.treble[cells]
    noted = treble @ np.log(sounds).T + (1 - treble) @ np.log(1 - sounds).T
    below = evidence.low[cells] @ np.log(lows).T
    rest = weights.chords * heard + weights.notes * noted - _prior(weights)
    return np.asarray(weights.note_bass * below), np.asarray(rest)


@lru_cache(maxsize=8)
def _prior(weights: Weights) -> NDArray[np.float64]:
    """Give what a state must bring: rarer kinds, inversions."""
    return np.array(
        [
            0.0
            if s.root < 0
            else weights.rare * _RARITY[KINDS[s.kind].name]
            + (weights.inverted if s.bass != s.root else 0.0)
            for s in states()
        ]
    )
