"""A small recurrent network that says, a moment after, how likely a beat was.

Two layers of gated recurrent units (Cho et al., EMNLP 2014) look at the cues of `STRIDE` frames at
a time and answer for as many frames, `LATENESS` frames in the past: what follows an attack tells
a beat from a passing sound. `benchmarks/train_following.py` makes the weights.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from scband.analysis.follow.cues import CUES
from scband.analysis.follow.gru import GatedLayer, sigmoid
from scband.analysis.follow.weights import read_weights

Array = NDArray[np.float32]

STRIDE = 4
LATENESS = 7
"""Frames between a sound and what the network says of it."""
_FILE = Path(__file__).with_name("weights.npz")
_LAYERS = 2


@dataclass(frozen=True, slots=True)
class _Weights:
    mean: Array
    scale: Array
    layers: tuple[GatedLayer, ...]
    out: Array
    out_bias: Array


class BeatNetwork:
    """Listens to cues; holds what it has heard so far."""

    def __init__(self) -> None:
        self._weights = _weights()
        self._states = [layer.begin() for layer in self._weights.layers]

    def hear(self, cues: Array) -> Array:
        """Return how likely a beat and a downbeat were, (STRIDE, 2), for cues (STRIDE, CUES)."""
        weights = self._weights
        flow = (cues.reshape(STRIDE * CUES) - weights.mean) * weights.scale
        for number, layer in enumerate(weights.layers):
            flow = self._states[number] = layer.step(flow, self._states[number])
        likely: Array = sigmoid(weights.out @ flow + weights.out_bias).reshape(STRIDE, 2)
        return likely


@lru_cache(maxsize=1)
def _weights() -> _Weights:
    held = read_weights(_FILE)
    layers = tuple(GatedLayer.of(held, "gru", number) for number in range(_LAYERS))
    return _Weights(
        held["mean"], np.float32(1) / held["std"], layers, held["out.weight"], held["out.bias"]
    )
