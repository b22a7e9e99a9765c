"""Where the music stops: a tracker goes on counting while the last chord dies away."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from scband.analysis.beat.cells import GROUPS
from scband.analysis.beat.features import FRAMES_PER_SECOND

Array = NDArray[np.float32]
Times = NDArray[np.float64]

_STRUCK = 0.4
"""Something is struck where attacks reach this share of what they were on the beats before."""
_SOUNDING = 0.85
"""The music goes on where it is as loud as before but for this share, on the attacks' scale."""
_BEFORE = 16
"""Beats that say what is usual: a quiet ending goes by its own measure."""
_FAINT = 0.1
"""And this share of what is usual in the whole is the least that counts."""
_NEAR = 2
_AFTER = FRAMES_PER_SECOND // 4
"""Frames around a beat in which it is struck, and after it in which it sounds."""


def beats_until_end(traced: Array, beats: Times) -> int:
    """Count the beats (seconds) up to the last one that is struck or sounds on.

    `traced` (frames, TRACE) is what `cells.trace` makes of the whole recording. Beats within the
    music may be silent; after the last one that is not, nothing is a beat.
    """
    if not len(beats):
        return 0
    frames = np.round(beats * FRAMES_PER_SECOND).astype(np.int64)
    attacks = _highest(traced[:, :GROUPS].max(axis=1), frames, -_NEAR, _NEAR + 1)
    levels = _highest(traced[:, GROUPS : 2 * GROUPS].mean(axis=1), frames, 0, _AFTER)
    heard = (attacks > _STRUCK * _usual(attacks)) | (levels > _SOUNDING * _usual(levels))
    return int(np.flatnonzero(heard)[-1]) + 1 if heard.any() else 0


def _usual(values: Array) -> Array:
    """Give the median of the values up to each beat, never far below that of them all."""
    padded = np.pad(values, (_BEFORE - 1, 0), mode="edge")
    usual = np.median(np.lib.stride_tricks.sliding_window_view(padded, _BEFORE), axis=1)
    return np.maximum(usual, _FAINT * np.median(values)).astype(np.float32)


def _highest(values: Array, frames: NDArray[np.int64], low: int, high: int) -> Array:
    """Give the highest of the values from so many frames before each place to so many after."""
    near = np.clip(frames[:, None] + np.arange(low, high), 0, len(values) - 1)
    found: Array = values[near].max(axis=1)
    return found
