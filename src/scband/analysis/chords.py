"""Chords, keys and sections of a recording from what the networks heard on its beats."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from scband.analysis import chord_decoder as decoder
from scband.analysis import chord_model as model
from scband.analysis.keys import key_of
from scband.analysis.repeats import read_together
from scband.analysis.successions import follows
from scband.theory import Chord, Key
from scband.theory.harmony import KEYS, find_modulations
from scband.theory.pitch import simplest

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from scband.analysis.grid import Grid
    from scband.analysis.repeats import Links


@dataclass(frozen=True, slots=True)
class ChordSpan:
    """A chord from `start` to `end` (seconds); `confidence` 0-1 is its share of belief."""

    start: float
    end: float
    chord: Chord
    confidence: float

    @property
    def label(self) -> str:
        """The chord in Harte's notation."""
        return self.chord.harte()


@dataclass(frozen=True, slots=True)
class KeyStretch:
    """A stretch of the recording in one key (seconds)."""

    start: float
    end: float
    key: Key


@dataclass(frozen=True, slots=True)
class Harmony:
    """Chords, the key of the whole with its confidence, and the keys that it goes through."""

    chords: tuple[ChordSpan, ...]
    key: Key | None
    key_confidence: float
    keys: tuple[KeyStretch, ...]


SILENT = Harmony((), None, 0.0, ())
"""No harmony at all."""
PRICES = decoder.Prices()
_MODULATION = 14.0  # a heard key changes less readily than a written one
_ALTERED = 0.55


def harmonise(evidence: model.Evidence, grid: Grid, links: Links = ()) -> Harmony:
    """Find chords and keys; the cells of `links` are the same music and are read together."""
    if not evidence.has_pitch:
        nothing = ChordSpan(float(evidence.edges[0]), float(evidence.edges[-1]), Chord("N.C."), 1.0)
        return Harmony((nothing,), None, 0.0, ())
    together = read_together(evidence, links)
    scores = model.scores(together)
    runs = _runs(best_path(scores, together.under, grid))
    return _spelled(runs, scores, evidence)


def best_path(
    scores: NDArray[np.float32],
    under: NDArray[np.float32],
    grid: Grid,
    prices: decoder.Prices = PRICES,
) -> NDArray[np.int_]:
    """Decode freely, then again knowing the keys and the kinds of chords of the first pass."""
    costs = decoder.change_prices(grid.positions, prices, grid.size)
    basses = decoder.first_basses(under, prices)
    custom = prices.custom * follows()
    entries = replace(decoder.Entries.at_price(costs), basses=basses)
    path = decoder.decode(scores, entries, custom)
    keys = _cell_keys(_runs(path), grid.edges)
    if keys is None:
        return path
    gains = decoder.key_gain(prices) + decoder.habit_gain(path, grid.edges, prices)
    return decoder.decode(scores, decoder.Entries(costs, gains, keys, basses), custom)


Run = tuple[int, int, int]  # first cell, end, state


def _runs(path: NDArray[np.int_]) -> list[Run]:
    changes = [0, *(np.flatnonzero(np.diff(path)) + 1).tolist(), len(path)]
    return [(a, b, int(path[a])) for a, b in pairwise(changes)]


def _weighted(runs: list[Run], edges: NDArray[np.float64]) -> list[tuple[Chord, float]]:
    found = model.states()
    return [
        (decoder.chord_of(found[state]), float(edges[end] - edges[first]))
        for first, end, state in runs
    ]


def _cell_keys(runs: list[Run], edges: NDArray[np.float64]) -> NDArray[np.int_] | None:
    """Find the key of each cell, numbered as in `KEYS`; None where no chord sounds."""
    weighted = _weighted(runs, edges)
    if not any(chord for chord, _ in weighted):
        return None
    keys = np.zeros(len(edges) - 1, dtype=int)
    for span in find_modulations(weighted, change=_MODULATION):
        keys[runs[span.start][0] : runs[span.end - 1][1]] = next(
            number
            for number, key in enumerate(KEYS)
            if key.tonic == span.key.tonic and key.minor == span.key.minor
        )
    return keys


def _spelled(runs: list[Run], scores: NDArray[np.float32], evidence: model.Evidence) -> Harmony:
    """Name the chords in their key, with extensions and confidences."""
    edges = evidence.edges
    weighted = _weighted(runs, edges)
    if not any(chord for chord, _ in weighted):
        spans = tuple(
            ChordSpan(float(edges[a]), float(edges[b]), Chord("N.C."), 1.0) for a, b, _ in runs
        )
        return Harmony(spans, None, 0.0, ())
    whole, sure = key_of(weighted) or (Key("C"), 0.0)
    keys = _keys(runs, weighted, whole)
    stretches = tuple(
        KeyStretch(float(edges[runs[a][0]]), float(edges[runs[b - 1][1]]), key)
        for a, b, key in keys
    )
    chords = []
    for begin, end, key in keys:
        for run in runs[begin:end]:
            chord = _named(run, evidence, key)
            belief = _confidence(run, scores)
            chords.append(ChordSpan(float(edges[run[0]]), float(edges[run[1]]), chord, belief))
    return Harmony(tuple(chords), whole, sure, stretches)


def _keys(
    runs: list[Run], weighted: list[tuple[Chord, float]], whole: Key
) -> list[tuple[int, int, Key]]:
    """Split the runs where the key changes: first run, end, key."""
    spans = find_modulations(weighted, change=_MODULATION)
    if len(spans) == 1:
        return [(0, len(runs), whole)]
    found: list[tuple[int, int, Key]] = []
    for span in spans:
        heard = key_of(weighted[span.start : span.end])
        key = heard[0] if heard is not None else span.key
        if found and found[-1][2] == key:
            found[-1] = (found[-1][0], span.end, key)
        else:
            found.append((span.start, span.end, key))
    return found


def _confidence(run: Run, scores: NDArray[np.float32]) -> float:
    """Give the share of belief that a chord's root and third have against all other chords."""
    first, end, state = run
    total = scores[first:end].mean(axis=0)
    beliefs = np.exp(total - total.max())
    return float(beliefs[_kin()[state]].sum() / beliefs.sum())


_KIN: list[NDArray[np.bool_]] = []


def _kin() -> list[NDArray[np.bool_]]:
    """Give for each state the states of the same root and third, whatever else sounds."""
    if not _KIN:
        found = model.states()
        marks = [(s.root, -1 if s.root < 0 else _third(model.KINDS[s.kind].tones)) for s in found]
        _KIN.extend(np.array([other == mark for other in marks]) for mark in marks)
    return _KIN


def _third(tones: tuple[int, ...]) -> int:
    return 4 if 4 in tones else 3 if 3 in tones else 0


def _named(run: Run, evidence: model.Evidence, key: Key) -> Chord:
    """Spell a chord in its key, with the ninths and thirteenths that were clearly heard."""
    first, end, number = run
    state = model.states()[number]
    if state.root < 0:
        return Chord("N.C.")
    kind = model.KINDS[state.kind]
    tones = set(kind.tones)
    ninth, thirteenth = (
        np.exp(part[first:end]).mean(axis=0) for part in (evidence.ninth, evidence.thirteenth)
    )
    if kind.name in ("7", "maj7", "min7", "maj6", "min6") and ninth[1] > _ALTERED:
        tones.add(2)
    if kind.name == "7":
        tones |= {1} if ninth[3] > _ALTERED else {3} if ninth[2] > _ALTERED else set()
        tones |= {9} if thirteenth[1] > _ALTERED else set()
    root = _plain(key.spell(state.root))
    bass = root if state.bass == state.root else _plain(key.spell(state.bass))
    return Chord.of(root, frozenset(tones), bass)


def _plain(name: str) -> str:
    """Respell double accidentals, and the white keys that players call by their plain names."""
    if len(name) > 2 or name in ("Cb", "Fb", "E#", "B#"):
        return simplest(name)
    return name
