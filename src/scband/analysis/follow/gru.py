"""A layer of gated recurrent units, one step at a time (Cho et al., EMNLP 2014)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class GatedLayer:
    """Weights of the input and of the state before, for the gates reset, update and new."""

    input: Array
    state: Array
    input_bias: Array
    state_bias: Array

    @classmethod
    def of(cls, held: Mapping[str, Array], name: str, number: int = 0) -> GatedLayer:
        """Take a layer out of weights that are named as PyTorch names them."""
        kinds = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        return cls(*(held[f"{name}.{kind}_l{number}"] for kind in kinds))

    def begin(self) -> Array:
        """Return the state of who has heard nothing."""
        return np.zeros(self.state.shape[1], np.float32)

    def step(self, seen: Array, before: Array) -> Array:
        """Return the state after one more input."""
        size = len(before)
        given = self.input @ seen + self.input_bias
        kept = self.state @ before + self.state_bias
        gates = sigmoid(given[: 2 * size] + kept[: 2 * size])
        reset, update = gates[:size], gates[size:]
        new = np.tanh(given[2 * size :] + reset * kept[2 * size :])
        after: Array = new + update * (before - new)
        return after


def sigmoid(values: Array) -> Array:
    """Squeeze values into 0 to 1."""
    result: Array = 0.5 * np.tanh(0.5 * values) + np.float32(0.5)
    return result
