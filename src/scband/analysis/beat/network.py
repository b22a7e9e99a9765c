"""The network that hears beats and downbeats, run by numpy.

Dilated convolutions over time with 20 seconds of sight to either side, after Davies and Böck
("Temporal convolutional networks for musical audio beat tracking", EUSIPCO 2019), look at the
cues of `features.summarise`. The weights were trained by
`benchmarks/train_beats.py`; `weights.json` beside them says on what.
"""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from scband.errors import ScbandError

Array = NDArray[np.float32]
Weights = MappingProxyType[str, Array]

DILATIONS = (1, 2, 4, 8, 16, 32, 64, 128, 256)
SIGHT = 1090
"""Frames to either side on which an answer can depend."""


@lru_cache(maxsize=1)
def weights() -> Weights:
    """Read the weights that come with the library; raises ScbandError without them."""
    source = files("scband.analysis.beat") / "weights.npz"
    try:
        with source.open("rb") as stream, np.load(stream) as arrays:
            return MappingProxyType({k: arrays[k].astype(np.float32) for k in arrays.files})
    except (OSError, ValueError) as error:
        raise ScbandError(
            f"the beat network's weights ({source}) cannot be read: {error}; "
            "reinstall scband, or train them anew with benchmarks/train_beats.py"
        ) from error


def listen(cues: Array, model: Weights) -> Array:
    """Return P(beat) and P(downbeat) of every frame, as an array (frames, 2)."""
    flow = _relu(_convolved(cues, model, "join", 1))
    for number, dilation in enumerate(DILATIONS):
        wide = _relu(_convolved(flow, model, f"tcn.{number}.wide", dilation))
        flow = flow + _convolved(wide, model, f"tcn.{number}.mix", 1)
    heard = _convolved(flow, model, "out", 1)
    return (1 / (1 + np.exp(-np.clip(heard, -30, 30)))).astype(np.float32)


def _convolved(flow: Array, model: Weights, name: str, dilation: int) -> Array:
    """Convolve (time, channel) with a kernel (out, in, tap) whose taps lie `dilation` apart."""
    kernel, bias = model[f"{name}.weight"], model[f"{name}.bias"]
    taps = kernel.shape[2]
    reach = taps // 2 * dilation
    padded = np.pad(flow, ((reach, reach), (0, 0)))
    total = np.broadcast_to(bias, (len(flow), len(bias))).copy()
    for tap in range(taps):
        total += padded[tap * dilation : tap * dilation + len(flow)] @ kernel[:, :, tap].T
    return total


def _relu(values: Array) -> Array:
    positive: Array = np.maximum(values, 0)
    return positive
