"""What is measured of a note's samples: loudness, pitch, brightness, clicks, peaks."""

from __future__ import annotations

import numpy as np
from scipy.signal import lfilter, resample_poly

# The two stages of ITU-R BS.1770-4, annex 1, at 48 kHz.
_SHELF = (
    [1.53512485958697, -2.69169618940638, 1.19839281085285],
    [1, -1.69065929318241, 0.73248077421585],
)
_HIGH_PASS = ([1.0, -2.0, 1.0], [1, -1.99004745483398, 0.99007225036621])

SILENT = -120.0
"""Decibels that stand for nothing at all."""


def decibels(power: float) -> float:
    """Return 10 log10, floored at SILENT."""
    return max(SILENT, 10 * float(np.log10(max(power, 1e-30))))


def k_weighted(samples: np.ndarray) -> np.ndarray:
    """Filter samples (frames, channels) at 48 kHz as BS.1770 says."""
    return lfilter(*_HIGH_PASS, lfilter(*_SHELF, samples, axis=0), axis=0)


def momentary_loudness(samples: np.ndarray, rate: int = 48_000) -> float:
    """Return the loudest 400 ms, in LUFS (BS.1770-4: momentary), of samples (frames, 2)."""
    power = (k_weighted(samples) ** 2).sum(axis=1)
    width = round(0.4 * rate)
    total = np.concatenate([[0.0], np.cumsum(power)])
    if len(power) <= width:
        return -0.691 + decibels(total[-1] / width)
    return -0.691 + decibels(float(np.max(total[width:] - total[:-width])) / width)


def true_peak(samples: np.ndarray) -> float:
    """Return the peak in dBTP, four times oversampled."""
    return 2 * decibels(float(np.max(np.abs(resample_poly(samples, 4, 1, axis=0)))))


def centroid(samples: np.ndarray, rate: int = 48_000) -> float:
    """Return the spectral centroid in Hz of samples (frames,), weighted by magnitude."""
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return float(
        (spectrum * np.fft.rfftfreq(len(samples), 1 / rate)).sum() / (spectrum.sum() + 1e-30)
    )


def cents_off(samples: np.ndarray, freq: float, rate: int = 48_000, *, partials: int = 3) -> float:
    """Return how many cents the mean pitch of samples (frames,) lies above `freq`.

    Each of the first `partials` (those under 5 kHz) has the centre of power of its own narrow
    band, which is the mean of its instantaneous frequency weighted by power (Cohen 1995, ch. 2),
    so that vibrato and beating average out; their cents are averaged by power.
    """
    count = len(samples)
    power = np.abs(np.fft.rfft(samples * np.hanning(count))) ** 2
    hertz = np.arange(len(power)) * rate / count
    total = weight = 0.0
    for number in [n for n in range(1, partials + 1) if n == 1 or n * freq < 5000]:
        width = min(0.3 * freq, max(0.04 * freq * number, 5 * rate / count))
        low, high = np.searchsorted(hertz, [number * freq - width, number * freq + width])
        band = power[low:high]
        centre = float((band * hertz[low:high]).sum() / (band.sum() + 1e-30))
        total += float(band.sum()) * 1200 * float(np.log2(max(centre, 1e-9) / (number * freq)))
        weight += float(band.sum())
    return total / (weight + 1e-30)
