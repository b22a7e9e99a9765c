"""Which chord one spectrum could be: a small network that looks from each of the twelve roots.

Looking from each root with the same weights makes it deaf to the key: what it learns of one chord
holds for all twelve. Trained by `benchmarks/train_live_chords.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

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


@dataclass(frozen=True, slots=True)
class ChordNetwork:
    """Two hidden layers; the weights are (out, in), the biases (out,)."""

    layers: tuple[tuple[NDArray[np.float32], NDArray[np.float32]], ...]

    def beliefs(self, spectrum: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the log probabilities (12, KINDS) of the chords that 72 levels could be."""
        flow = aligned(seen(spectrum))
        for number, (weight, bias) in enumerate(self.layers):
            flow = flow @ weight.T + bias
            if number < len(self.layers) - 1:
                flow = np.maximum(flow, 0)
        top = flow.max()
        return np.asarray(flow - top - np.log(np.exp(flow - top).sum()))


@lru_cache(maxsize=1)
def load() -> ChordNetwork:
    """Load the trained network; raises AnalysisError where the file is missing or damaged."""
    names = ("first", "second", "out")
    shapes = ((HIDDEN, INPUTS), (HIDDEN, HIDDEN), (len(KINDS), HIDDEN))
    try:
        with np.load(WEIGHTS) as found:
            layers = tuple(
                (found[f"{name}.weight"].astype(np.float32), found[f"{name}.bias"].astype("f4"))
                for name in names
            )
    except (OSError, ValueError, KeyError) as error:
        raise AnalysisError(f"the model file {WEIGHTS} cannot be read: reinstall scband") from error
    if tuple(weight.shape for weight, _ in layers) != shapes:
        raise AnalysisError(f"the model file {WEIGHTS} does not fit: reinstall scband")
    return ChordNetwork(layers)
