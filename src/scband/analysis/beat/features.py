"""What the beat networks look at: spectrograms for attacks, for the bass and for harmony.

All are logarithmic in frequency and level and independent of the sampling rate: windows are set
in seconds and filters in Hz. Attacks are seen through 46 ms in bands that are equal in mel
(Stevens, Volkmann and Newman 1937), harmony through 186 ms and the bass through 372 ms in
semitones, as changes of chord are what tells bars apart where no drum does.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]

FRAMES_PER_SECOND = 50
ATTACK_BANDS = 40
BASS_BANDS = 24
HARMONY_BANDS = 48
BANDS = ATTACK_BANDS + BASS_BANDS + HARMONY_BANDS
"""Values a frame: those for attacks, then semitones from E1 (41 Hz), then from A2 (110 Hz)."""
BASS = slice(ATTACK_BANDS, ATTACK_BANDS + BASS_BANDS)
HARMONY = slice(BASS.stop, BANDS)

SPANS = (FRAMES_PER_SECOND // 4, FRAMES_PER_SECOND // 2, FRAMES_PER_SECOND, 2 * FRAMES_PER_SECOND)
"""Frames before and after that are compared to see harmony change."""
CUES = ATTACK_BANDS + ATTACK_BANDS // 2 + (BASS_BANDS + HARMONY_BANDS) // 12 + 2 * len(SPANS)
"""Values a frame after `summarise`."""
LEVELS = slice(ATTACK_BANDS, ATTACK_BANDS + ATTACK_BANDS // 2)
"""Which of the cues are levels; silence is -1 there and 0 elsewhere."""

_ATTACK_SECONDS = 2048 / 44100
_HARMONY_SECONDS = 8192 / 44100
_BASS_SECONDS = 16384 / 44100
_HARMONY_EVERY = 4
"""Harmony is looked at every so many frames and interpolated between."""
_LOWEST_HZ, _HIGHEST_HZ = 30.0, 10000.0
_LOWEST_BASS, _LOWEST_HARMONY = 28, 45
_COMPRESSION = 1000.0
_BLOCK = 512
"""Frames transformed at a time: bounds the memory."""
LEVEL = 0.1
"""Root mean square to which a recording is brought before it is looked at."""


@dataclass(frozen=True, slots=True)
class _Bank:
    """A window with filters over the bins of its spectrum."""

    window: Array
    size: int
    filters: Array


def level_gain(samples: Array) -> float:
    """Return the factor that brings samples to `LEVEL`; 1 for silence."""
    total = 0.0
    for start in range(0, len(samples), 1 << 20):
        block = samples[start : start + (1 << 20)]
        total += float(np.dot(block, block))
    rms = (total / max(len(samples), 1)) ** 0.5
    return LEVEL / rms if rms > 1e-6 else 1.0


def frame_count(length: int, rate: int) -> int:
    """Return the number of frames that cover so many samples."""
    return length * FRAMES_PER_SECOND // rate + 1


def look(
    samples: Array,
    rate: int,
    first: int,
    count: int,
    *,
    gain: float = 1.0,
    spacing: float = 1 / FRAMES_PER_SECOND,
) -> Array:
    """Return the frames `first` to `first + count` as an array (count, BANDS).

    `samples` is mono; frame i is centred on second `i * spacing`; what lies outside of the
    recording counts as silence. A spacing other than the usual one makes a recording look slower
    or faster than it is, at the same pitch.
    """
    attack = _spectrum(samples, rate, (first + np.arange(count)) * spacing, _attack_bank(rate))
    low = first // _HARMONY_EVERY
    high = (first + count) // _HARMONY_EVERY + 2
    coarse = np.arange(low, high) * _HARMONY_EVERY
    tonal = [_spectrum(samples, rate, coarse * spacing, bank) for bank in _tonal_banks(rate)]
    fine = _between(np.hstack(tonal), coarse, first + np.arange(count))
    loud: Array = np.log1p(np.float32(_COMPRESSION * gain) * np.hstack([attack, fine]))
    return loud


def summarise(frames: Array) -> Array:
    """Return what marks beats and bars in frames (count, BANDS), as an array (count, CUES).

    In this order: rise of the level since the frame before in every attack band, level in pairs
    of them, rise over 120 ms by octave in bass and harmony, and for each of `SPANS` how far the
    pitch classes of the time to come are from those of the time before, in harmony and in the
    bass.
    """
    attack, tonal = frames[:, :ATTACK_BANDS], frames[:, ATTACK_BANDS:]
    rise = np.maximum(np.diff(attack, axis=0, prepend=attack[:1]), 0)
    new = np.maximum(tonal - np.pad(tonal, ((6, 0), (0, 0)), mode="edge")[:-6], 0)
    bass, harmony = (chroma(frames[:, part]) for part in (BASS, HARMONY))
    parts = [
        rise,
        attack.reshape(len(frames), -1, 2).mean(2) / 3 - 1,
        new.reshape(len(frames), -1, 12).mean(2),
        *(_change(classes, span) for classes in (harmony, bass) for span in SPANS),
    ]
    return np.hstack(parts).astype(np.float32)


def chroma(semitones: Array) -> Array:
    """Return the share that each pitch class has of semitones (count, whole octaves)."""
    classes = np.expm1(semitones).reshape(len(semitones), -1, 12).sum(1)
    shares: Array = classes / (classes.sum(1, keepdims=True) + 1e-3)
    return shares


def _change(classes: Array, span: int) -> Array:
    """Return how different the pitch classes of `span` frames are before and after: (count, 1)."""
    sums = np.cumsum(np.pad(classes, ((span + 1, span), (0, 0))), 0)
    middle = np.arange(len(classes)) + span
    before = sums[middle] - sums[middle - span]
    after = sums[middle + span] - sums[middle]
    across = (before * after).sum(1)
    sizes = np.sqrt((before**2).sum(1) * (after**2).sum(1))
    distance: Array = 1 - across / np.maximum(sizes, 1e-6)
    return np.where(sizes > 1e-6, distance, 0).astype(np.float32)[:, None]


def _between(values: Array, coarse: NDArray[np.int64], wanted: NDArray[np.int64]) -> Array:
    place = (wanted - coarse[0]) / _HARMONY_EVERY
    index = place.astype(np.int64)
    part = (place - index).astype(np.float32)[:, None]
    mixed: Array = values[index] * (1 - part) + values[index + 1] * part
    return mixed


def _spectrum(samples: Array, rate: int, centres: NDArray[np.floating], bank: _Bank) -> Array:
    """Return the filtered magnitudes of windows centred on these seconds."""
    width = len(bank.window)
    starts = np.round(centres * rate).astype(np.int64) - width // 2
    rows = np.empty((len(starts), bank.filters.shape[1]), np.float32)
    for begin in range(0, len(starts), _BLOCK):
        part = starts[begin : begin + _BLOCK]
        stretch = _stretch(samples, int(part[0]), int(part[-1]) + width)
        frames = stretch[(part - part[0])[:, None] + np.arange(width)] * bank.window
        magnitude = np.abs(np.fft.rfft(frames, bank.size)).astype(np.float32)
        rows[begin : begin + _BLOCK] = magnitude @ bank.filters
    return rows


def _stretch(samples: Array, start: int, stop: int) -> Array:
    """Cut out samples, with zeros where there are none."""
    inside = samples[max(start, 0) : max(stop, 0)]
    before = min(max(-start, 0), stop - start)
    return np.pad(inside, (before, stop - start - before - len(inside)))


@lru_cache(maxsize=8)
def _attack_bank(rate: int) -> _Bank:
    mel = np.linspace(_mel(_LOWEST_HZ), _mel(_HIGHEST_HZ), ATTACK_BANDS + 2)
    return _bank(rate, _ATTACK_SECONDS, 700 * (10 ** (mel / 2595) - 1))


@lru_cache(maxsize=8)
def _tonal_banks(rate: int) -> tuple[_Bank, _Bank]:
    """Return the banks of the bass and of harmony."""
    places = ((_BASS_SECONDS, _LOWEST_BASS, BASS_BANDS),
              (_HARMONY_SECONDS, _LOWEST_HARMONY, HARMONY_BANDS))  # fmt: skip
    bass, harmony = (
        _bank(rate, seconds, 440 * 2 ** ((lowest - 70 + np.arange(bands + 2)) / 12))
        for seconds, lowest, bands in places
    )
    return bass, harmony


def _mel(hz: float) -> float:
    return float(2595 * np.log10(1 + hz / 700))


def _bank(rate: int, seconds: float, edges: NDArray[np.float64]) -> _Bank:
    """Make triangular filters, each from its neighbour's centre to the next one's."""
    width = max(round(seconds * rate), 16)
    size = _fast_size(width)
    bin_hz = rate / size
    hz = np.arange(size // 2 + 1) * bin_hz
    filters = np.zeros((len(hz), len(edges) - 2), np.float32)
    for number, (low, centre, high) in enumerate(
        zip(edges[:-2], edges[1:-1], edges[2:], strict=True)
    ):
        # a filter is at least as wide as the window can tell
        rising = 1 + (hz - centre) / max(centre - low, rate / width)
        falling = 1 + (centre - hz) / max(high - centre, rate / width)
        filters[:, number] = np.clip(np.minimum(rising, falling), 0, None)
    window = np.hanning(width + 1)[:-1]
    return _Bank((2 * window / window.sum()).astype(np.float32), size, filters)


def _fast_size(width: int) -> int:
    """Return the next length whose only prime factors are 2, 3 and 5."""
    size = width
    while True:
        rest = size
        for prime in (2, 3, 5):
            while rest % prime == 0:
                rest //= prime
        if rest == 1:
            return size
        size += 1
