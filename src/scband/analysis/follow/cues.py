"""What a frame tells of beats, whatever the input's level: rises by band, levels, onsets."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from scband.analysis.frames import BAND_COUNT, FRAMES_PER_SECOND, Frame, Onset, OnsetKind

Array = NDArray[np.float32]

_FORGET = np.float32(np.exp(-1 / (8 * FRAMES_PER_SECOND)))
"""The loudest that was heard counts e times less after 8 seconds."""
_FAINTEST = np.float32(0.004)
_COMPRESSION = np.float32(100.0)
_GROUP = 6
CUES = BAND_COUNT // 2 + 2 * BAND_COUNT // _GROUP + 7
"""Values a frame: rises in pairs of bands, rises over 30 ms and levels by half octave, others."""


class Listening:
    """Turns frames into cues, one after another, with the few frames before in mind."""

    def __init__(self) -> None:
        self._loudest = _FAINTEST
        self._levels = np.zeros((4, BAND_COUNT), np.float32)
        self._amplitude = np.float32(0)
        self._centroid = np.float32(0)
        self._onsets = np.zeros(3, np.float32)

    def hear_onset(self, onset: Onset) -> None:
        """Keep an onset for the frame to come."""
        sharp = onset.kind is OnsetKind.SHARP
        rise = np.log(max(onset.rise, 1.0)) / 3
        self._onsets = np.maximum(self._onsets, (sharp, not sharp, min(rise, 2.0)))

    def hear_frame(self, frame: Frame) -> Array:
        """Return a frame's cues, an array (CUES,)."""
        return self.cues(frame.spectrum, frame.amplitude, frame.onset_strength, frame.centroid_hz)

    def cues(
        self, spectrum: Sequence[float] | Array, amplitude: float, strength: float, centroid: float
    ) -> Array:
        """Return the cues of one frame's values, an array (CUES,)."""
        levels, loudest = self._levels, max(self._loudest * _FORGET, np.float32(amplitude))
        levels[1:] = levels[:-1]
        levels[0] = np.log1p(np.asarray(spectrum, np.float32) * (_COMPRESSION / loudest))
        level = np.log1p(_COMPRESSION * np.float32(amplitude) / loudest)
        height = np.log1p(np.float32(max(centroid, 0.0)) / 500)
        found = np.empty(CUES, np.float32)
        half = BAND_COUNT // 2
        rise = np.maximum(levels[0] - levels[1], 0)
        slow = np.maximum(levels[0] - levels[3], 0)
        found[:half] = rise.reshape(half, 2).sum(1)
        groups = BAND_COUNT // _GROUP
        found[half : half + groups] = slow.reshape(groups, _GROUP).mean(1)
        found[half + groups : half + 2 * groups] = levels[0].reshape(groups, _GROUP).mean(1)
        found[-7] = 2 * (level - self._amplitude)
        found[-6] = level / 4
        found[-5] = np.log1p(np.float32(max(strength, 0.0)))
        found[-4] = 2 * (height - self._centroid)
        found[-3:] = self._onsets
        self._loudest, self._amplitude, self._centroid = loudest, level, height
        self._onsets = np.zeros(3, np.float32)
        return found
