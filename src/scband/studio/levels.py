"""How loud a signal is: loudness, true peak, crest factor, dynamics, offset, silence.

Loudness and true peak after ITU-R BS.1770-4 (pyloudnorm's K-weighting, fourfold oversampling).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from scband.analysis.decoder_child import Loudness
from scband.analysis.decoding import integrated_loudness
from scband.studio.stems import RATE

if TYPE_CHECKING:
    from numpy.typing import NDArray

OVERSAMPLING = 4
_PIECE = 4096
_MARGIN = 64  # samples on both sides of a piece, so that the filter is filled
_CANDIDATE = 0.5  # between samples a peak rises less than twofold above them in music
_SILENT_LUFS = -60.0
_STEPS = 4  # of 100 ms: a momentary loudness


@dataclass(frozen=True, slots=True)
class Level:
    """A signal's levels.

    `loudness_lufs` is integrated, `true_peak_dbtp` and `peak_dbfs` the largest values between and
    at the samples; `crest_db` is the true peak over the RMS level of what sounds; `range_lu` the
    distance from the 10th to the 95th percentile of momentary loudness (400 ms) where it sounds;
    `offset` the mean (1.0 is full scale); `sounding` the share of the time louder than -60 LUFS.
    Silence is -inf.
    """

    loudness_lufs: float
    true_peak_dbtp: float
    peak_dbfs: float
    crest_db: float
    range_lu: float
    offset: float
    sounding: float

    @property
    def silent(self) -> bool:
        """Whether nothing is heard."""
        return not math.isfinite(self.loudness_lufs) or self.loudness_lufs < _SILENT_LUFS


def decibels(ratio: float) -> float:
    """Return an amplitude ratio in dB, -inf for 0."""
    return 20 * math.log10(ratio) if ratio > 0 else -math.inf


def linear(decibel: float) -> float:
    """Return the amplitude ratio of so many dB."""
    return float(10 ** (decibel / 20))


def level_of(blocks: Iterable[NDArray[np.float32]], channels: int) -> Level:
    """Measure a signal at RATE that comes in blocks (frames, channels)."""
    meter = Loudness(RATE, channels)
    peaks = _TruePeak(channels)
    sums, frames = np.zeros(channels), 0
    for block in blocks:
        meter.add(block.astype(np.float64))
        peaks.add(block)
        sums += block.sum(axis=0, dtype=np.float64)
        frames += len(block)
    momentary = _momentary(meter.energies)
    heard = momentary[momentary > _SILENT_LUFS]
    true_peak = decibels(peaks.finish())
    return Level(
        loudness_lufs=integrated_loudness(meter.energies),
        true_peak_dbtp=true_peak,
        peak_dbfs=decibels(peaks.sample_peak),
        crest_db=true_peak - _rms_db(peaks, channels) if heard.size else 0.0,
        range_lu=float(np.subtract(*np.percentile(heard, [95, 10]))) if heard.size else 0.0,
        offset=float(np.abs(sums / max(frames, 1)).max(initial=0.0)),
        sounding=heard.size / max(momentary.size, 1),
    )


def _momentary(energies: list[float]) -> NDArray[np.float64]:
    """Return the loudness of every 400 ms, a value each 100 ms."""
    steps = np.array(energies if len(energies) >= _STEPS else [0.0] * _STEPS)
    mean = np.convolve(steps, np.full(_STEPS, 1 / _STEPS), "valid")
    return np.asarray(-0.691 + 10 * np.log10(np.maximum(mean, 1e-12)))


def _rms_db(peaks: _TruePeak, channels: int) -> float:
    """Return the RMS level of the pieces that sound, of the loudest channel's kind, in dBFS."""
    energies = np.array(peaks.energies)
    heard = energies[energies > 1e-6]  # -60 dBFS
    return decibels(math.sqrt(float(heard.mean()) / channels)) if heard.size else -math.inf


class _TruePeak:
    """Finds the largest value between samples, oversampling only where it may lie."""

    def __init__(self, channels: int) -> None:
        self._rest = np.zeros((0, channels), dtype=np.float32)
        self.sample_peak = 0.0
        self.peak = 0.0
        self.energies: list[float] = []

    def add(self, block: NDArray[np.float32]) -> None:
        """Take a block; what is at its end waits for what follows."""
        whole = np.concatenate([self._rest, block])
        self.energies += [
            float((block[at : at + _PIECE].astype(np.float64) ** 2).sum(axis=1).mean())
            for at in range(0, len(block), _PIECE)
        ]
        self.sample_peak = max(self.sample_peak, float(np.abs(block).max(initial=0.0)))
        self._search(whole)
        self._rest = whole[-2 * _MARGIN :]

    def _search(self, whole: NDArray[np.float32]) -> None:
        from scipy.signal import resample_poly  # noqa: PLC0415

        for begin in range(0, len(whole), _PIECE):
            piece = whole[max(0, begin - _MARGIN) : begin + _PIECE + _MARGIN]
            if np.abs(piece).max(initial=0.0) >= _CANDIDATE * max(self.sample_peak, 1e-9):
                finer = resample_poly(piece, OVERSAMPLING, 1, axis=0)
                self.peak = max(self.peak, float(np.abs(finer).max(initial=0.0)))

    def finish(self) -> float:
        """Return the true peak, at least the largest sample."""
        return max(self.peak, self.sample_peak)
