"""The constant-Q transform that the chord network was trained on: 84 semitones in thirds.

Magnitudes as of librosa's `hybrid_cqt` (McFee et al., SciPy 2015; Schörkhuber and Klapuri, SMC
2010), computed by plain filters on a signal that is halved octave by octave, so that neither
librosa nor its just-in-time compiler need be loaded.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

RATE = 22_050
HOP = 512
"""Samples from one frame to the next."""
BINS = 252
"""Seven octaves in 36 steps, from C1 up."""
LOWEST_HZ = 32.703_195_66

_PER_OCTAVE = 36
_ALPHA = (4 ** (1 / _PER_OCTAVE) - 1) / (4 ** (1 / _PER_OCTAVE) + 1)  # a bin's relative width
_FFT = 1024
_HALVINGS = (6, 5, 4, 3, 2, 1)  # of the sample rate, for the octaves from C1 to C7


def frequencies() -> NDArray[np.float64]:
    """Give the centres of the bins in Hz."""
    return LOWEST_HZ * 2.0 ** (np.arange(BINS) / _PER_OCTAVE)


def _lengths(rate: float) -> NDArray[np.float64]:
    return rate / (_ALPHA * frequencies())


@lru_cache(maxsize=1)
def _coarse_from() -> int:
    """Find the first bin whose filter is shorter than half a hop's window: phases are dropped."""
    powers = 2.0 ** np.ceil(np.log2(_lengths(RATE)))
    return int(BINS - (powers < 2 * HOP).sum())


def _filter(length: float, hz: float, rate: float) -> NDArray[np.complex128]:
    """Give one complex filter whose window sums to one."""
    reach = np.arange(-length // 2, length // 2)
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(len(reach)) / len(reach))
    return np.asarray(np.exp(2j * np.pi * hz / rate * reach) * window / window.sum())


@lru_cache(maxsize=8)
def _octave(octave: int) -> tuple[int, NDArray[np.complex64]]:
    """Give the filters of an octave at its halved rate, centred in rows, with their reach."""
    rate = RATE / 2 ** _HALVINGS[min(octave, 5)]
    lengths = _lengths(rate)
    first, last = octave * _PER_OCTAVE, min((octave + 1) * _PER_OCTAVE, _coarse_from())
    half = int(np.ceil(lengths[first] / 2)) + 1
    bank = np.zeros((last - first, 2 * half), dtype=np.complex64)
    for row, number in enumerate(range(first, last)):
        taps = _filter(lengths[number], frequencies()[number], rate)
        begin = half + int(-lengths[number] // 2)
        # the energy of a filter, not its gain, is what stays equal over the octaves
        bank[row, begin : begin + len(taps)] = np.conj(taps) * np.sqrt(_lengths(RATE)[number])
    return half, bank


@lru_cache(maxsize=1)
def _coarse_basis() -> NDArray[np.float32]:
    first = _coarse_from()
    lengths = _lengths(RATE)
    rows = np.zeros((BINS - first, _FFT), dtype=complex)
    for row, number in enumerate(range(first, BINS)):
        taps = _filter(lengths[number], frequencies()[number], RATE)
        begin = (_FFT - len(taps)) // 2
        rows[row, begin : begin + len(taps)] = taps * lengths[number] / _FFT
    spectrum = np.abs(np.fft.fft(rows, axis=1))[:, : _FFT // 2 + 1]
    return np.asarray(spectrum / np.sqrt(_FFT), dtype=np.float32)


def _framed(samples: NDArray[np.float32], reach: int, hop: int, count: int) -> NDArray[np.float32]:
    """Cut windows of twice `reach` around every hop, silence beyond the ends."""
    padded = np.zeros(count * hop + 2 * reach, dtype=np.float32)
    kept = min(len(samples), len(padded) - reach)
    padded[reach : reach + kept] = samples[:kept]
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * reach)
    return np.asarray(windows[: count * hop : hop])


def magnitudes(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Transform mono samples at 22.05 kHz to magnitudes (frames, 252), a frame every 512."""
    import soxr  # noqa: PLC0415  # light, but not needed to import scband

    count = 1 + len(samples) // HOP
    out = np.zeros((count, BINS), dtype=np.float32)
    halved: dict[int, Any] = {0: np.ascontiguousarray(samples, dtype=np.float32)}
    for step in range(1, max(_HALVINGS) + 1):
        halved[step] = soxr.resample(halved[step - 1], 2, 1)
    for octave in range(-(-_coarse_from() // _PER_OCTAVE)):
        step = _HALVINGS[min(octave, 5)]
        half, bank = _octave(octave)
        frames = np.ascontiguousarray(_framed(halved[step], half, HOP >> step, count))
        response = np.hypot(frames @ bank.real.T, frames @ bank.imag.T)
        out[:, octave * _PER_OCTAVE : octave * _PER_OCTAVE + len(bank)] = response
    window = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(_FFT) / _FFT)).astype(np.float32)
    spectrum = np.abs(np.fft.rfft(_framed(halved[0], _FFT // 2, HOP, count) * window, axis=1))
    out[:, _coarse_from() :] = spectrum.astype(np.float32) @ _coarse_basis().T
    return out
