"""Where notes and strokes begin: rises of the spectrum that no vibrato makes.

SuperFlux (S. Böck, G. Widmer, "Maximum filter vibrato suppression for onset detection", DAFx 2013):
each band is compared with the loudest of its neighbours a moment before.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_PER_SECOND = 100  # frames
_WINDOW = 1024
_PER_OCTAVE, _LOWEST_HZ = 12, 40.0
_LAG = 2  # frames back
_BLOCK = 1000  # frames in memory at once
_COMPRESSION = 1000.0 / _WINDOW
_PEAK = 3  # frames to either side without a higher one
_BEFORE, _AFTER = 12, 7  # frames whose mean a peak must stand above
_CLEAR, _ABOVE = 0.045, 0.4
_APART = 0.03  # seconds
_LATE = 0.007  # seconds from the beginning of a sound to its steepest rise


@lru_cache(maxsize=4)
def _bands(rate: int) -> NDArray[np.int_]:
    """Give the bounds of bands of a semitone, or of a bin of the spectrum where those are wider."""
    top = int(np.log2(0.45 * rate / _LOWEST_HZ) * _PER_OCTAVE)
    hz = _LOWEST_HZ * 2.0 ** (np.arange(top + 1) / _PER_OCTAVE)
    return np.unique(np.round(hz * _WINDOW / rate).astype(int))


def _rises(samples: NDArray[np.float32], rate: int) -> NDArray[np.float64]:
    """Sum the rises of all bands, a frame every hundredth of a second."""
    count = 1 + len(samples) * _PER_SECOND // rate
    bounds, window = _bands(rate), np.hanning(_WINDOW).astype(np.float32)
    found = np.zeros(count)
    for first in range(0, count, _BLOCK):
        begin, end = first - _LAG, min(first + _BLOCK, count)
        centres = np.arange(begin, end) * rate // _PER_SECOND
        start = int(centres[0]) - _WINDOW // 2
        stop = int(centres[-1]) + _WINDOW // 2
        inside = samples[max(0, start) : min(stop, len(samples))]
        padded = np.pad(inside, (max(0, -start), max(0, stop - len(samples))))
        frames = padded[(centres - centres[0])[:, None] + np.arange(_WINDOW)] * window
        spectrum = np.abs(np.fft.rfft(frames, axis=1))
        level = np.log1p(_COMPRESSION * np.add.reduceat(spectrum, bounds[:-1], axis=1))
        wide = np.maximum(level, np.maximum(_beside(level, 1), _beside(level, -1)))
        rise = np.maximum(level[_LAG:] - wide[:-_LAG], 0.0).mean(axis=1)
        found[first:end] = rise
    return found


def _beside(level: NDArray[np.float64], step: int) -> NDArray[np.float64]:
    """Shift the bands by one, the outermost ones doubled."""
    columns = np.clip(np.arange(level.shape[1]) + step, 0, level.shape[1] - 1)
    return np.asarray(level[:, columns])


def find_onsets(samples: NDArray[np.float32], rate: int) -> NDArray[np.float64]:
    """Find the onsets of mono samples, in seconds."""
    rise = _rises(samples, rate)
    if len(rise) < 2 * _PEAK or rise.max() <= 0:
        return np.zeros(0)
    around = np.lib.stride_tricks.sliding_window_view(np.pad(rise, _PEAK), 2 * _PEAK + 1)
    padded = np.pad(rise, (_BEFORE, _AFTER))
    sums = np.cumsum(np.concatenate([[0.0], padded]))
    mean = (sums[_BEFORE + _AFTER + 1 :] - sums[: -_BEFORE - _AFTER - 1]) / (_BEFORE + _AFTER + 1)
    peak = (rise >= around.max(axis=1)) & (rise > (1 + _ABOVE) * mean + _CLEAR)
    kept: list[float] = []
    for frame in np.flatnonzero(peak).tolist():
        time = max(0.0, frame / _PER_SECOND - _LATE)
        if not kept or time - kept[-1] > _APART:
            kept.append(time)
    return np.array(kept)
