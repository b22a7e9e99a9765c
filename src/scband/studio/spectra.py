"""What a signal is made of: energy by auditory band and moment, and its stereo image.

Bands are one Cam wide on the ERB-rate scale of Glasberg and Moore (Hearing Research 47, 1990),
where every band counts alike for the ear.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from scband.studio.stems import RATE

if TYPE_CHECKING:
    from numpy.typing import NDArray

WINDOW = 4096
HOP = 2048
FRAMES_PER_SECOND = RATE / HOP
_LOWEST, _HIGHEST = 30.0, 16_000.0
_FLOOR = 1e-12
_BASS_HZ = 150.0

REGIONS: dict[str, tuple[float, float]] = {
    "sub": (20, 60), "bass": (60, 200), "mud": (200, 500), "mid": (500, 2000),
    "presence": (2000, 5000), "brilliance": (5000, 10_000), "air": (10_000, 20_000),
}  # fmt: skip
"""Regions of the spectrum as mixers name them, in Hz."""


def erb_rate(hz: float) -> float:
    """Return the number of auditory bands below a frequency."""
    return 21.4 * math.log10(1 + 0.00437 * hz)


def erb_hz(cams: float) -> float:
    """Return the frequency that has so many auditory bands below it."""
    return float((10 ** (cams / 21.4) - 1) / 0.00437)


@lru_cache(maxsize=1)
def edges() -> NDArray[np.float64]:
    """Return the edges of the bands in Hz, one more than there are bands."""
    low, high = erb_rate(_LOWEST), erb_rate(_HIGHEST)
    return np.array([erb_hz(low + step) for step in range(math.floor(high - low) + 1)])


@lru_cache(maxsize=1)
def centres() -> NDArray[np.float64]:
    """Return the middle of each band in Hz."""
    cut = np.array([erb_rate(float(edge)) for edge in edges()])
    return np.array([erb_hz(float(middle)) for middle in (cut[1:] + cut[:-1]) / 2])


@lru_cache(maxsize=1)
def _weights() -> NDArray[np.float32]:
    """Return how much of each bin's energy each band takes, (bins, bands): edges share a bin."""
    bins = np.arange(WINDOW // 2 + 1) * RATE / WINDOW
    half = RATE / WINDOW / 2
    low, high = edges()[:-1], edges()[1:]
    inside = np.minimum(bins[:, None] + half, high) - np.maximum(bins[:, None] - half, low)
    return np.asarray(np.clip(inside / (2 * half), 0, 1), dtype=np.float32)


@dataclass(frozen=True, slots=True)
class Image:
    """Where a signal stands between left and right.

    `correlation` of both sides, -1 to 1 (1 for mono), over all and below 150 Hz; `width` the share
    of energy in the difference of both sides, 0 to 1; `balance_db` right over left.
    """

    correlation: float = 1.0
    low_correlation: float = 1.0
    width: float = 0.0
    balance_db: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Spectrum:
    """Energy by moment and band, (frames, bands), FRAMES_PER_SECOND frames a second.

    `tonal` is the share of energy in partials that hold on, 0 to 1.
    """

    energy: NDArray[np.float32]
    image: Image
    tonal: float

    @property
    def mean(self) -> NDArray[np.float64]:
        """Mean energy of each band over the moments that sound."""
        total = self.energy.sum(axis=1)
        heard = total > 1e-4 * total.max(initial=0.0)
        if not heard.any():
            return np.zeros(self.energy.shape[1])
        return np.asarray(self.energy[heard].mean(axis=0, dtype=np.float64))

    def regions(self) -> dict[str, float]:
        """Return each region's share of the energy in dB (-120 at least)."""
        mean = self.mean
        total = mean.sum()
        if total <= 0:
            return dict.fromkeys(REGIONS, -120.0)
        shares = {name: share_of(mean, low, high) for name, (low, high) in REGIONS.items()}
        return {name: 10 * math.log10(max(share, _FLOOR)) for name, share in shares.items()}


def share_of(mean: NDArray[np.float64], low: float, high: float) -> float:
    """Return the share of energy between two frequencies, 0 to 1."""
    total = float(mean.sum())
    inside = (centres() >= low) & (centres() < high)
    return float(mean[inside].sum()) / total if total > 0 else 0.0


def spectrum_of(blocks: Iterable[NDArray[np.float32]]) -> Spectrum:
    """Measure a signal at RATE that comes in blocks (frames, 1 or 2)."""
    from scipy.fft import rfft  # noqa: PLC0415  # single precision, unlike numpy's

    window = np.hanning(WINDOW).astype(np.float32)[None, :, None]
    rows: list[NDArray[np.float32]] = []
    sides = _Sides()
    steady = _Steady()
    for frames in _windows(blocks):
        spectra = rfft(frames * window, axis=1)
        power = (np.abs(spectra) ** 2).sum(axis=2)
        rows.append((power @ _weights()).astype(np.float32))
        steady.add(np.sqrt(power))
        if spectra.shape[2] == 2:
            sides.add(spectra)
    energy = np.concatenate(rows) if rows else np.zeros((0, len(centres())), dtype=np.float32)
    return Spectrum(energy, sides.image(), steady.share())


def _windows(blocks: Iterable[NDArray[np.float32]]) -> Iterable[NDArray[np.float32]]:
    """Cut blocks into overlapping windows, (count, WINDOW, channels)."""
    rest: NDArray[np.float32] | None = None
    for block in blocks:
        # half a window of silence before the first sample, so that it too is in a window's middle
        before = np.zeros((HOP, block.shape[1]), dtype=np.float32) if rest is None else rest
        whole = np.concatenate([before, block])
        if len(whole) < WINDOW:
            rest = whole
            continue
        view = np.lib.stride_tricks.sliding_window_view(whole, WINDOW, axis=0)[::HOP]
        yield view.transpose(0, 2, 1)
        rest = whole[len(view) * HOP :]
    if rest is not None and len(rest):
        last = np.zeros((WINDOW, rest.shape[1]), dtype=np.float32)
        last[: len(rest)] = rest
        yield last[None]


class _Sides:
    """Sums what the stereo image needs."""

    def __init__(self) -> None:
        self._sums = np.zeros((3, WINDOW // 2 + 1))

    def add(self, spectra: NDArray[np.complex64]) -> None:
        left, right = spectra[:, :, 0], spectra[:, :, 1]
        self._sums[0] += (np.abs(left) ** 2).sum(axis=0)
        self._sums[1] += (np.abs(right) ** 2).sum(axis=0)
        self._sums[2] += (left * right.conj()).real.sum(axis=0)

    def image(self) -> Image:
        low = int(_BASS_HZ * WINDOW / RATE)
        left, right, cross = self._sums[:, 1:].sum(axis=1)
        if left + right <= _FLOOR:
            return Image()
        return Image(
            correlation=_correlation(left, right, cross),
            low_correlation=_correlation(*self._sums[:, 1 : low + 1].sum(axis=1)),
            width=float((left + right - 2 * cross) / (2 * (left + right))),
            balance_db=float(10 * np.log10((right + _FLOOR) / (left + _FLOOR))),
        )


def _correlation(left: float, right: float, cross: float) -> float:
    size = math.sqrt(left * right)
    return float(np.clip(cross / size, -1, 1)) if size > _FLOOR else 1.0


class _Steady:
    """Finds the share of energy in partials that hold on for some frames."""

    _HELD = 4

    def __init__(self) -> None:
        self._partials = self._all = 0.0

    def add(self, magnitudes: NDArray[np.float32]) -> None:
        low = magnitudes[:, 3:800]
        if len(low) < self._HELD:
            return
        held = np.lib.stride_tricks.sliding_window_view(low, self._HELD, axis=0).min(axis=2)
        around = 0.5 * (np.roll(held, 3, axis=1) + np.roll(held, -3, axis=1))
        self._partials += float((np.where(held > 2 * around, held, 0.0) ** 2).sum())
        self._all += float((low[self._HELD - 1 :] ** 2).sum())

    def share(self) -> float:
        return math.sqrt(self._partials / self._all) if self._all > 0 else 0.0
