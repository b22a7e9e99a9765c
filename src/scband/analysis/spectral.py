"""What a recording's spectrum is like on the whole, its onsets, and whether it has pitches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from scband.analysis.onsets import find_onsets

if TYPE_CHECKING:
    from numpy.typing import NDArray

_WINDOW = 2048
_HOP = 512
_HANN = np.hanning(_WINDOW).astype(np.float32)
_BLOCK_FRAMES = 512
_ROLLOFF = 0.85
_COMPRESSION = 1000.0
_BANDS = 40
_STEADY = 8  # frames that a partial lasts
_SILENT_RMS = 1e-4
_PITCHED = 0.35


@dataclass(frozen=True, slots=True)
class Spectral:
    """Means over all frames that are not silent.

    Centroid, bandwidth and rolloff (85 % of the energy lies below) in Hz, RMS level (1.0 is full
    scale), zero crossings a sample, flatness (1 for white noise). `tonal` is the share of energy
    in steady partials, 0 to 1.
    """

    centroid_mean: float = 0.0
    bandwidth_mean: float = 0.0
    rolloff_mean: float = 0.0
    rms_mean: float = 0.0
    zero_crossing_rate_mean: float = 0.0
    flatness_mean: float = 0.0
    tonal: float = 0.0

    @property
    def material(self) -> str:
        """Say what it is: `silence`, `pitched` or `drums` (or other noise)."""
        if self.rms_mean < _SILENT_RMS:
            return "silence"
        return "pitched" if self.tonal > _PITCHED else "drums"


@dataclass(frozen=True, slots=True, eq=False)
class Surface:
    """The spectral means, the times of onsets in seconds, and frames every `hop` seconds.

    `bands` (frames, 8) are log energies of an octave each, for what a section sounds like.
    """

    spectral: Spectral
    onsets: NDArray[np.float64]
    bands: NDArray[np.float32]
    hop: float


def unheard(rate: int) -> Surface:
    """Give the surface of silence, which nobody need look at."""
    return Surface(Spectral(), np.zeros(0), np.zeros((0, 8), dtype=np.float32), _HOP / rate)


def _filters(rate: int) -> NDArray[np.float32]:
    """Give overlapping triangles, evenly spaced by ear (mel)."""
    top = 2595 * np.log10(1 + rate / 2 / 700)
    centres = 700 * (10 ** (np.linspace(0, top, _BANDS + 2) / 2595) - 1)
    hz = np.fft.rfftfreq(_WINDOW, 1 / rate)
    rise = (hz[None] - centres[:-2, None]) / (centres[1:-1] - centres[:-2])[:, None]
    fall = (centres[2:, None] - hz[None]) / (centres[2:] - centres[1:-1])[:, None]
    return np.asarray(np.clip(np.minimum(rise, fall), 0, None), dtype=np.float32)


def survey(samples: NDArray[np.float32], rate: int) -> Surface:
    """Measure mono samples in blocks."""
    frames_in_all = 1 + max(0, (len(samples) - _WINDOW) // _HOP)
    filters = _filters(rate)
    sums = np.zeros(8)
    bands = []
    for begin in range(0, frames_in_all, _BLOCK_FRAMES):
        count = min(_BLOCK_FRAMES, frames_in_all - begin)
        piece = np.zeros((count - 1) * _HOP + _WINDOW, dtype=np.float32)
        source = samples[begin * _HOP : begin * _HOP + len(piece)]
        piece[: len(source)] = source
        frames = np.lib.stride_tricks.sliding_window_view(piece, _WINDOW)[::_HOP]
        spectrum = np.abs(np.fft.rfft(frames * _HANN, axis=1))
        sums += _sums(frames, spectrum, rate)
        power = spectrum @ filters.T
        heard = np.log1p(_COMPRESSION * power / _WINDOW)
        bands.append(heard.reshape(count, 8, -1).mean(axis=2))
    means = sums / max(sums[7], 1.0)
    times = find_onsets(samples, rate)
    return Surface(
        Spectral(*(float(mean) for mean in means[:7])), times, np.concatenate(bands), _HOP / rate
    )


def _sums(
    frames: NDArray[np.float32], spectrum: NDArray[np.float32], rate: int
) -> NDArray[np.float64]:
    """Sum each measure over the frames that sound; the last number counts them."""
    rms = np.sqrt((frames.astype(np.float64) ** 2).mean(axis=1))
    sounding = rms > _SILENT_RMS
    if not sounding.any():
        return np.zeros(8)
    kept, magnitudes = frames[sounding], spectrum[sounding].astype(np.float64)
    hz = np.fft.rfftfreq(_WINDOW, 1 / rate)
    total = magnitudes.sum(axis=1) + 1e-12
    centroid = magnitudes @ hz / total
    bandwidth = np.sqrt(np.maximum(magnitudes @ hz**2 / total - centroid**2, 0))
    summed = np.cumsum(magnitudes, axis=1)
    rolloff = hz[(summed >= _ROLLOFF * summed[:, -1:]).argmax(axis=1)]
    crossings = (np.diff(np.signbit(kept), axis=1)).mean(axis=1)
    power = magnitudes**2 + 1e-12
    flatness = np.exp(np.log(power).mean(axis=1)) / power.mean(axis=1)
    measures = (centroid, bandwidth, rolloff, rms[sounding], crossings, flatness)
    tonal = _tonal(magnitudes) * len(kept)
    return np.array([*(measure.sum() for measure in measures), tonal, len(kept)])


def _tonal(spectrum: NDArray[np.float64]) -> float:
    """Give the share of energy that stays in its bin: the minimum over some frames."""
    if len(spectrum) < _STEADY:
        return 0.0
    low = spectrum[:, 4:400]
    held = np.lib.stride_tricks.sliding_window_view(low, _STEADY, axis=0).min(axis=2)
    around = 0.5 * (np.roll(held, 3, axis=1) + np.roll(held, -3, axis=1))
    partials = np.where(held > 2 * around, held, 0.0) ** 2
    return float(np.sqrt(partials.sum() / ((low**2).sum() * len(held) / len(low) + 1e-12)))
