"""How far a recording's pitches lie from A = 440 Hz: found first, as the chord models need it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_WINDOW = 8192
_HOP = 4096
_LOW_HZ, _HIGH_HZ = 90.0, 2000.0
_CLEAR = 4.0  # how far a peak stands above its surroundings
_BLOCK_FRAMES = 128
_MOST_FRAMES = 2048  # six minutes tell the tuning of two hours, spread over all of them
NEGLIGIBLE_CENTS = 2.0


def tuning_cents(samples: NDArray[np.float32], rate: int) -> float:
    """Give the mean distance of spectral peaks from the tempered scale, -50 to 50 cents.

    The circular mean of all peaks, each weighted by its height (K. Dressler, M. Streich, "Tuning
    frequency estimation using circular statistics", ISMIR 2007). 0 where nothing has a pitch.
    """
    count = 1 + max(0, (len(samples) - _WINDOW) // _HOP)
    chosen = np.unique(np.linspace(0, count - 1, min(count, _MOST_FRAMES)).astype(int))
    total = 0j
    for begin in range(0, len(chosen), _BLOCK_FRAMES):
        starts = chosen[begin : begin + _BLOCK_FRAMES] * _HOP
        total += _phasor(_frames(samples, starts), rate)
    return math.degrees(math.atan2(total.imag, total.real)) / 3.6 if abs(total) > 0 else 0.0


def _frames(samples: NDArray[np.float32], starts: NDArray[np.int_]) -> NDArray[np.float32]:
    frames = np.zeros((len(starts), _WINDOW), dtype=np.float32)
    for row, start in enumerate(starts):
        piece = samples[start : start + _WINDOW]
        frames[row, : len(piece)] = piece
    return frames


def _phasor(frames: NDArray[np.float32], rate: int) -> complex:
    """Sum the peaks of frames as vectors that turn once a semitone."""
    spectrum = np.abs(np.fft.rfft(frames * np.hanning(_WINDOW).astype(np.float32), axis=1))
    low, high = (int(hz * _WINDOW / rate) for hz in (_LOW_HZ, _HIGH_HZ))
    high = min(high, spectrum.shape[1] - 2)
    level = np.log(spectrum[:, low - 1 : high + 2] + 1e-9)
    left, middle, right = level[:, :-2], level[:, 1:-1], level[:, 2:]
    floor = np.median(middle, axis=1, keepdims=True)
    loudest = middle.max(axis=1, keepdims=True)
    peak = (middle > left) & (middle >= right) & (middle > floor + _CLEAR) & (middle > loudest - 5)
    row, column = np.nonzero(peak)
    a, b, c = left[row, column], middle[row, column], right[row, column]
    bins = column + low + 0.5 * (a - c) / (a - 2 * b + c - 1e-12)
    semitones = 12 * np.log2(bins * rate / _WINDOW / 440.0)
    weights = np.exp(0.5 * b)
    return complex((weights * np.exp(2j * np.pi * semitones)).sum())


def retuned(samples: NDArray[np.float32], cents: float) -> tuple[NDArray[np.float32], float]:
    """Resample so that the music stands at A = 440 Hz; also give the stretch of its time."""
    if abs(cents) < NEGLIGIBLE_CENTS:
        return np.asarray(samples), 1.0
    import soxr  # noqa: PLC0415  # light, but not needed to import scband

    stretch = 2.0 ** (cents / 1200.0)
    return soxr.resample(np.asarray(samples), 1.0, stretch, quality="MQ"), stretch
