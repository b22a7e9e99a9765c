"""On which foot: whether beats fall where they are taken to fall, or half a beat away.

Whoever strums off the beat, anticipates, or plays sixteenths throughout, sounds much the same half
a beat later, and a network that listens moment by moment may take the one for the other. What was
heard in the four quarters of beat after beat, in order, tells them apart: the bass and the kick
drum, the change of kick and snare drum, which of two notes is the pick-up and which is held. A
layer of gated recurrent units (Cho et al., EMNLP 2014) goes from beat to beat and says what the
beats that it is shown are. `benchmarks/train_footing.py` makes the weights.
"""

from __future__ import annotations

import math
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from scband.analysis.follow.cues import CUES
from scband.analysis.follow.gru import GatedLayer
from scband.analysis.follow.pulse import Pulse
from scband.analysis.follow.weights import read_weights
from scband.analysis.frames import FRAMES_PER_SECOND

Array = NDArray[np.float32]

PARTS = 4
"""Parts of a beat, each a quarter of it, the first one about the beat."""
FEWEST = 4
"""Beats before which nothing is said."""
USUAL_FRAMES = 55
"""Frames of a beat at a usual tempo."""
_AFTER = 1
"""Frames from a sound to the frame in which it is heard."""
_KEPT = 3 * FRAMES_PER_SECOND
_RISES = 36
_ON, _OFF = 0, 1
"""What the network says first: beats are where they are shown, or half a beat away."""
_FILE = Path(__file__).with_name("footing_weights.npz")


class Footing:
    """Remembers what was heard, and goes with a pulse from beat to beat."""

    def __init__(self) -> None:
        self._cues = np.zeros((2 * _KEPT, CUES), np.float32)
        self._filled = _KEPT
        self._last = -math.inf
        self._number: int | None = None
        self.forget()

    def forget(self) -> None:
        """Begin a new account."""
        self._state = _judge().begin()
        self._odds = 0.0
        self._beats = 0

    def hear(self, cues: Array, time: float) -> None:
        """Take in the cues (CUES,) of a frame and the second at which it happened."""
        if self._filled == len(self._cues):
            self._cues[:_KEPT] = self._cues[-_KEPT:]
            self._filled = _KEPT
        self._cues[self._filled] = cues
        self._filled += 1
        self._last = time

    def follow(self, pulse: Pulse, unit: float) -> None:
        """Weigh the last felt beat that was heard entirely.

        A pulse that has leapt since begins a new account. `unit` is the felt beat in quarters.
        """
        heard = pulse.at(self._last - 2 * _AFTER / FRAMES_PER_SECOND).beat / unit
        number = math.floor(heard - 1 + 0.5 / PARTS)
        if number == self._number:
            return
        if self._number is not None and number != self._number + 1:
            self.forget()
        self._number = number
        length = FRAMES_PER_SECOND * 60 * unit / pulse.tempo
        back = (self._last - pulse.time_of(number * unit)) * FRAMES_PER_SECOND
        first = self._filled - 1 + _AFTER - back
        if first > length / (2 * PARTS):
            self._weigh(parts_of(self._cues[: self._filled], np.array([first]), length)[0])

    def _weigh(self, beat: Array) -> None:
        """Let the network hear a beat."""
        weights = _weights()
        seen = (beat - weights["mean"]) / weights["std"]
        inner = np.tanh(weights["a.weight"] @ seen + weights["a.bias"])
        self._state = _judge().step(inner, self._state)
        said = weights["o.weight"] @ self._state + weights["o.bias"]
        self._odds = float(said[_ON] - said[_OFF])
        self._beats += 1

    def odds(self) -> float | None:
        """Return the log odds that beats fall where they are said to; None before enough."""
        return self._odds if self._beats >= FEWEST else None


def parts_of(cues: Array, beats: NDArray[np.float64], length: float) -> Array:
    """Return what beats of about `length` frames tell, (beats, PARTS * cues + 1).

    `cues` is (frames, CUES), `beats` the frames on which they fall: the highest of each cue in
    each quarter of a beat, with fewer bands, and how long the beat is.
    """
    lengths = np.append(np.diff(beats), length)
    middles = (beats[:, None] + lengths[:, None] * np.arange(PARTS) / PARTS).ravel()
    half = length / (2 * PARTS)
    edges = np.append(middles - half, middles[-1] + half).round().astype(np.int64)
    edges = np.maximum.accumulate(np.clip(edges, 0, len(cues) - 1))
    highest = np.maximum.reduceat(cues, edges, axis=0)[:-1]
    fewer = highest[:, :_RISES].reshape(len(highest), -1, 3).sum(2)
    told = np.concatenate([fewer, highest[:, _RISES:]], 1).reshape(len(beats), -1)
    tempo = 2 * np.log2(lengths[:, None] / USUAL_FRAMES)
    found: Array = np.concatenate([told, tempo], 1).astype(np.float32)
    return found


@lru_cache(maxsize=1)
def _weights() -> dict[str, Array]:
    return read_weights(_FILE)


@lru_cache(maxsize=1)
def _judge() -> GatedLayer:
    return GatedLayer.of(_weights(), "g")
