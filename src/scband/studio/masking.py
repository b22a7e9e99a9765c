"""How much of each track is covered by the others, where, and by whom.

In each auditory band and moment, a track's energy E stands against what the others' energies M
excite there. Partial loudness is that of Moore, Glasberg and Baer ("A model for the prediction of
thresholds, loudness, and partial loudness", J. Audio Eng. Soc. 45, 1997), without their threshold
in quiet: (E + M) ** 0.2 - M ** 0.2 * (K * M / E) ** 0.3, with K * M the least that is heard beside
M. A track's masked share is one minus its partial loudness over its loudness alone, both summed
over bands and moments.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from scband.studio.spectra import Spectrum, centres, edges

if TYPE_CHECKING:
    from numpy.typing import NDArray

_POWER = 0.2
_THRESHOLD = 0.5  # K: the energy that is just heard, of the masker's in the band
_RECRUITMENT = 0.3
_BELOW_DB, _ABOVE_DB = 27.0, 12.0  # how excitation falls off, a band down and up
_QUIETEST = 1e-4  # of a track's loudest moment: what is fainter is not missed


@dataclass(frozen=True, slots=True)
class Covering:
    """One track covering another: where most (`low_hz` to `high_hz`), and by how much.

    `share` is the part of the covered track's loudness that this masker takes; `excess_db` how far
    the masker stands above it there, on the mean.
    """

    masker: int
    masked: int
    share: float
    low_hz: float
    high_hz: float
    excess_db: float

    @property
    def centre_hz(self) -> float:
        """The middle of the place."""
        return math.sqrt(self.low_hz * self.high_hz)

    @property
    def q(self) -> float:
        """The Q of a bell that spans the place."""
        return min(6.0, max(0.7, self.centre_hz / (self.high_hz - self.low_hz)))


@dataclass(frozen=True, slots=True)
class Masking:
    """Each track's masked share (0 to 1), and the pairs that make it, the worst first."""

    shares: tuple[float, ...]
    pairs: tuple[Covering, ...]


def masking(spectra: Sequence[Spectrum], gains_db: Sequence[float] | None = None) -> Masking:
    """Measure who covers whom among tracks that sound together, through faders of `gains_db`."""
    energies = _aligned(spectra, gains_db or [0.0] * len(spectra))
    excited = [energy @ _spreading() for energy in energies]
    everything = np.sum(excited, axis=0) if excited else np.zeros((0, len(centres())))
    shares: list[float] = []
    pairs: list[Covering] = []
    for number, own in enumerate(energies):
        masker = np.maximum(everything - excited[number], 0.0)
        lost, whole = _lost(own, masker)
        shares.append(float(lost.sum()) / whole if whole > 0 else 0.0)
        if whole <= 0:
            continue
        for other in range(len(energies)):
            if other != number:
                part = excited[other] / np.maximum(masker, 1e-20)
                pair = _pair(other, number, (lost * part).sum(axis=0) / whole, energies)
                pairs += [pair] if pair is not None else []
    return Masking(tuple(shares), tuple(sorted(pairs, key=lambda pair: -pair.share)))


def _aligned(spectra: Sequence[Spectrum], gains_db: Sequence[float]) -> list[NDArray[np.float64]]:
    length = max((len(spectrum.energy) for spectrum in spectra), default=0)
    found = []
    for spectrum, gain in zip(spectra, gains_db, strict=True):
        whole = np.zeros((length, len(centres())))
        whole[: len(spectrum.energy)] = spectrum.energy
        found.append(whole * 10 ** (gain / 10) * _ear())
    return found


@lru_cache(maxsize=1)
def _ear() -> NDArray[np.float64]:
    """Return the A-weighting's energy gain of each band (IEC 61672-1): how well it is heard."""
    square = centres() ** 2
    top = 12194.0**2 * square**2
    low = (square + 20.6**2) * np.sqrt((square + 107.7**2) * (square + 737.9**2))
    return np.asarray((1.2589 * top / (low * (square + 12194.0**2))) ** 2)


@lru_cache(maxsize=1)
def _spreading() -> NDArray[np.float64]:
    """Return how each band (row) excites every other, as energy."""
    band = np.arange(len(centres()))
    distance = band[None, :] - band[:, None]
    fall = np.where(distance < 0, -distance * _BELOW_DB, distance * _ABOVE_DB)
    return np.asarray(10 ** (-fall / 10))


def _lost(
    own: NDArray[np.float64], masker: NDArray[np.float64]
) -> tuple[NDArray[np.float64], float]:
    """Return the loudness that a track loses by moment and band, and all that it has alone."""
    heard = own > _QUIETEST * own.max(initial=0.0)
    alone = np.where(heard, own, 0.0) ** _POWER
    recruited = (_THRESHOLD * masker / np.where(heard, own, 1.0)) ** _RECRUITMENT
    left = (own + masker) ** _POWER - masker**_POWER * recruited
    return alone - np.where(heard, np.clip(left, 0.0, alone), 0.0), float(alone.sum())


def _pair(
    masker: int, masked: int, by_band: NDArray[np.float64], energies: Sequence[NDArray[np.float64]]
) -> Covering | None:
    """Find the stretch of bands where one track takes most from another."""
    if by_band.sum() <= 0:
        return None
    peak = int(by_band.argmax())
    first = last = peak
    while first > 0 and by_band[first - 1] > 0.5 * by_band[peak]:
        first -= 1
    while last < len(by_band) - 1 and by_band[last + 1] > 0.5 * by_band[peak]:
        last += 1
    here = slice(first, last + 1)
    sounding = energies[masked][:, here].sum(axis=1) > 0
    over = energies[masker][sounding, here].sum() / energies[masked][sounding, here].sum()
    return Covering(
        masker=masker,
        masked=masked,
        share=float(by_band.sum()),
        low_hz=float(edges()[first]),
        high_hz=float(edges()[last + 1]),
        excess_db=float(10 * np.log10(max(over, 1e-12))),
    )
