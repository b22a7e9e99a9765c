"""Which chord one spectrum could be: a small network, and how the tones fit.

The network looks from each of the twelve roots with the same weights, which makes it deaf to the
key: what it learns of one chord holds for all twelve. It was taught by players who add tensions
and leave out roots (`benchmarks/train_live_chords.py`), so it forgives too much; how many of a
chord's tones sound, and what sounds beside them, is weighed against that.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from scband.analysis.follow.weights import read_weights
from scband.analysis.frames import BAND_COUNT, LOWEST_BAND
from scband.errors import AnalysisError
from scband.theory import Chord

if TYPE_CHECKING:
    from numpy.typing import NDArray

WEIGHTS = Path(__file__).parent / "chord_weights.npz"
KINDS = ("", "m", "7", "maj7", "m7", "m7b5", "dim7", "sus4", "aug")
"""The kinds of chords that are told apart by ear; richer ones count as the kind they contain."""
INPUTS = BAND_COUNT + 12
HIDDEN = 56
_SHARPNESS = 30.0
_SPILT = 0.5
_OVERTONES = ((12, 0.6), (19, 0.6), (24, 0.5), (28, 0.4), (31, 0.4))  # semitones, share
_HIGHEST = 56
_INSIDE, _BESIDE = 7.0, 3.0
_LOWEST_IS_ROOT = 0.5
_LOW_SHARE = 0.35


@lru_cache(maxsize=1)
def _tones() -> tuple[frozenset[int], ...]:
    return tuple(frozenset(Chord(f"C{kind}").intervals) for kind in KINDS)


def kind_of(chord: Chord) -> int | None:
    """Return the number of the kind that a chord counts as; None for no chord or a bare fifth.

    The kind with which it shares most: what it lacks counts twice what it has beside.
    """
    tones = frozenset(chord.intervals)
    if chord.root is None or len(tones) < 3:
        return None
    costs = [2 * len(kind - tones) + len(tones - kind) for kind in _tones()]
    return int(np.argmin(costs))


def seen(spectrum: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the 72 levels as the network sees them, 0-1: loudness taken out, compressed.

    What a tone that is out of tune spills into the next semitone is taken off.
    """
    padded = np.pad(spectrum, 1)
    sharp = np.maximum(spectrum - _SPILT * np.maximum(padded[:-2], padded[2:]), 0)
    top = float(sharp.max())
    if top <= 0:
        return np.zeros(BAND_COUNT, dtype=np.float32)
    return np.asarray(np.log1p(_SHARPNESS * sharp / top) / np.log1p(_SHARPNESS))


@lru_cache(maxsize=1)
def _places() -> NDArray[np.int_]:
    """Give for each root the bands from the root's first octave up; BAND_COUNT is silence."""
    bands = np.arange(INPUTS) - 12
    first = (np.arange(12) - LOWEST_BAND) % 12
    places = first[:, None] + bands
    return np.where((places < 0) | (places >= BAND_COUNT), BAND_COUNT, places)


def aligned(levels: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return 72 levels as each root sees them (12, INPUTS): its own octaves in the same places."""
    return np.append(levels, np.float32(0))[_places()]


@lru_cache(maxsize=1)
def _templates() -> NDArray[np.bool_]:
    """Give the tones of each chord (12, KINDS, 12)."""
    kinds = np.zeros((len(KINDS), 12), dtype=bool)
    for number, tones in enumerate(_tones()):
        kinds[number, list(tones)] = True
    return np.array([np.roll(kinds, root, axis=1) for root in range(12)])


def tones_heard(levels: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return 72 levels without what is but an overtone of a lower one, up to D6."""
    left = levels.astype(np.float64)
    for above, share in _OVERTONES:
        left[above:] -= share * levels[:-above]
    left[_HIGHEST:] = 0
    return np.maximum(left, 0)


def tone_fit(levels: NDArray[np.float32]) -> NDArray[np.float64]:
    """Score how well each chord's tones (12, KINDS) fit what sounds, in natural logarithms."""
    heard = tones_heard(levels)
    top = heard.max()
    if top <= 0:
        return np.zeros((12, len(KINDS)))
    chroma = np.zeros(12)
    classes = (np.arange(BAND_COUNT) + LOWEST_BAND) % 12
    np.maximum.at(chroma, classes, heard / top)
    inside = _templates()
    scores = _INSIDE * (inside * chroma).sum(2) / inside.sum(2)
    scores -= _BESIDE * (~inside * chroma).sum(2)
    scores[classes[int((heard > _LOW_SHARE * top).argmax())]] += _LOWEST_IS_ROOT
    return np.asarray(scores)


@dataclass(frozen=True, slots=True)
class ChordNetwork:
    """Two hidden layers; the weights are (out, in), the biases (out,)."""

    layers: tuple[tuple[NDArray[np.float32], NDArray[np.float32]], ...]

    def beliefs(self, spectrum: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return how likely each chord (12, KINDS) is by 72 levels, in natural logarithms."""
        levels = seen(spectrum)
        flow = aligned(levels)
        for number, (weight, bias) in enumerate(self.layers):
            flow = flow @ weight.T + bias
            if number < len(self.layers) - 1:
                flow = np.maximum(flow, 0)
        top = flow.max()
        return np.asarray(flow - top - np.log(np.exp(flow - top).sum()) + tone_fit(levels))


@lru_cache(maxsize=1)
def load() -> ChordNetwork:
    """Load the trained network; raises AnalysisError where the file is missing or damaged."""
    names = ("first", "second", "out")
    shapes = ((HIDDEN, INPUTS), (HIDDEN, HIDDEN), (len(KINDS), HIDDEN))
    held = read_weights(WEIGHTS)
    found = {name: each.shape for name, each in held.items() if name.endswith(".weight")}
    if found != {f"{name}.weight": shape for name, shape in zip(names, shapes, strict=True)}:
        raise AnalysisError(f"the model file {WEIGHTS} does not fit: reinstall scband")
    return ChordNetwork(tuple((held[f"{name}.weight"], held[f"{name}.bias"]) for name in names))
