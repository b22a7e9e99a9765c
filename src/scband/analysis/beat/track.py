"""Beats, downbeats, meter and tempo of samples: the way from sound to `BeatTrack`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scband.analysis.beat.decoder import STEPS_PER_SECOND, Pulse, decode
from scband.analysis.beat.features import (
    ATTACK_BANDS,
    FRAMES_PER_SECOND,
    frame_count,
    level_gain,
    look,
    summarise,
)
from scband.analysis.beat.network import SIGHT, listen, weights
from scband.errors import AudioFileError
from scband.score import Meter

Array = NDArray[np.float32]
Times = NDArray[np.float64]

LOWEST_RATE, HIGHEST_RATE = 4000, 384_000
_BLOCK = 6000
"""Frames that are looked at together, beside `SIGHT` more to either side."""
_AUDIBLE = 0.1
"""Nothing is a beat before and after the network was once so sure of one."""
_FEWEST = 4
_LEAST_SURE = 0.42
"""Below this confidence there is no beat: steady noise comes to 0.35, music to 0.6 and more."""
_THREE = 1.15
"""By how much thirds must be stronger than halves where beats fall into three."""
_SMOOTHING = 4
"""The tempo at a beat is that of so many beats to either side."""


@dataclass(frozen=True, slots=True)
class BeatTrack:
    """Where the beats of a recording are.

    `beat_times` and `downbeat_times` are seconds; beats are those that one taps (dotted quarters
    in 6/8). `meter` is the one that most bars are in. `tempo` is quarter notes a minute (a bar of
    6/8 has three), 0 where there is no beat; `tempo_curve` gives it at each beat as (seconds,
    quarter notes a minute). `confidence` is 0-1. `places` counts each beat in its bar from 1.
    """

    beat_times: tuple[float, ...]
    downbeat_times: tuple[float, ...]
    meter: Meter
    tempo: float
    tempo_curve: tuple[tuple[float, float], ...]
    confidence: float
    places: tuple[int, ...] = ()


NO_BEATS = BeatTrack((), (), Meter(4, 4), 0.0, (), 0.0)
"""The answer for silence, noise, and what is too short to have a beat."""


def track_beats(samples: Array, rate: int) -> BeatTrack:
    """Find beats, downbeats, meter and tempo in mono samples.

    `samples` holds floats of any level, `rate` is in Hz. Recordings without a beat (silence,
    steady noise, less than about two seconds) give `NO_BEATS`. Memory beyond the samples stays
    within some 100 MB. Raises AudioFileError for samples that are not one finite channel and for
    rates outside 4-384 kHz.
    """
    _check(samples, rate)
    heard = np.concatenate([np.zeros((0, 3), np.float32), *_heard(samples, rate)])
    pulses = decode(heard[:, 0], heard[:, 1])
    if _in_three(pulses, heard[:, 2]):
        pulses = decode(heard[:, 0], heard[:, 1], pairs=True)
    pulses = _audible(pulses, heard[:, 0])
    found = _track(pulses, heard) if len(pulses) >= _FEWEST else NO_BEATS
    return found if found.confidence >= _LEAST_SURE else NO_BEATS


def _check(samples: Array, rate: int) -> None:
    if samples.ndim != 1:
        raise AudioFileError(
            f"beats are looked for in one channel, not in an array of shape {samples.shape}: "
            "mix the channels first"
        )
    if not LOWEST_RATE <= rate <= HIGHEST_RATE:
        raise AudioFileError(
            f"a rate of {rate} Hz is outside of {LOWEST_RATE}-{HIGHEST_RATE} Hz: resample first"
        )
    for start in range(0, len(samples), 1 << 20):
        good = np.isfinite(samples[start : start + (1 << 20)])
        if not good.all():
            second = (start + int(good.argmin())) / rate
            raise AudioFileError(f"the sample at {second:.3f} s is not a finite number")


def _heard(samples: Array, rate: int) -> Iterator[Array]:
    """Give P(beat), P(downbeat) and the rise of the level, block by block.

    Each block is seen with its surroundings.
    """
    count, gain, model = frame_count(len(samples), rate), level_gain(samples), weights()
    for first in range(0, count, _BLOCK):
        low, high = max(0, first - SIGHT), min(count, first + _BLOCK + SIGHT)
        cues = summarise(look(samples, rate, low, high - low, gain=gain))
        rise = cues[:, : ATTACK_BANDS // 2].mean(1, keepdims=True)
        yield np.hstack([listen(cues, model), rise])[first - low : first - low + _BLOCK]


def _in_three(pulses: list[Pulse], rise: Array) -> bool:
    """Tell whether beats fall into three even parts: both thirds sound more than the half.

    Swing sounds on the second third alone.
    """
    if len(pulses) < _FEWEST:
        return False
    frames = np.array([pulse.step for pulse in pulses]) * FRAMES_PER_SECOND / STEPS_PER_SECOND

    def strength(part: float) -> float:
        at = np.round(frames[:-1] + part * np.diff(frames)).astype(np.int64)
        near = np.clip(at[:, None] + np.arange(-1, 2), 0, len(rise) - 1)
        return float(rise[near].max(1).mean())

    return min(strength(1 / 3), strength(2 / 3)) > _THREE * strength(1 / 2)


def _audible(pulses: list[Pulse], beat: Array) -> list[Pulse]:
    """Leave out beats before and after all music."""
    sure = np.flatnonzero(beat > _AUDIBLE)
    if not len(sure):
        return []
    low, high = (int(sure[i]) * STEPS_PER_SECOND // FRAMES_PER_SECOND for i in (0, -1))
    return [pulse for pulse in pulses if low - 4 <= pulse.step <= high + 4]


def _track(pulses: list[Pulse], heard: Array) -> BeatTrack:
    steps = np.array([pulse.step for pulse in pulses])
    times = _refined(steps, heard[:, 0])
    meter, quarters = _meter(pulses)
    curve = _tempos(times) * quarters
    places = tuple(pulse.place + 1 for pulse in pulses)
    down = tuple(float(t) for t, place in zip(times, places, strict=True) if place == 1)
    tempo = float(np.median(curve))
    sure = min(float(np.mean(_near(heard[:, 0], times))) / 0.8, 1.0)
    pairs = tuple((float(t), float(bpm)) for t, bpm in zip(times, curve, strict=True))
    return BeatTrack(tuple(map(float, times)), down, meter, tempo, pairs, sure, places)


def _refined(steps: NDArray[np.int64], beat: Array) -> Times:
    """Move beats to the network's peak close by, between its frames."""
    frames = np.clip(np.round(steps * FRAMES_PER_SECOND / STEPS_PER_SECOND), 2, len(beat) - 3)
    window = frames.astype(np.int64)[:, None] + np.arange(-2, 3)
    weight = beat[window].astype(np.float64) ** 2
    total = weight.sum(1)
    peak = (weight * window).sum(1) / np.maximum(total, 1e-9)
    coarse = steps / STEPS_PER_SECOND
    clear = beat[window].max(1) > _AUDIBLE
    return np.where(clear, peak / FRAMES_PER_SECOND, coarse)


def _meter(pulses: list[Pulse]) -> tuple[Meter, float]:
    """Return the prevailing meter, and the quarter notes of a beat in it."""
    bars = [pulse.bar for pulse in pulses]
    length = max(sorted(set(bars)), key=bars.count)
    return (Meter(6, 8), 1.5) if length == 2 else (Meter(length, 4), 1.0)


def _tempos(times: Times) -> Times:
    """Return the beats a minute around each beat: the slope of a line through its neighbours."""
    index = np.arange(len(times))
    low = np.maximum(index - _SMOOTHING, 0)
    high = np.minimum(index + _SMOOTHING, len(times) - 1)
    found = np.empty(len(times))
    for i, (a, b) in enumerate(zip(low, high, strict=True)):
        x = np.arange(a, b + 1) - (a + b) / 2
        found[i] = 60 / (float((x * times[a : b + 1]).sum()) / float((x * x).sum()))
    return found


def _near(beat: Array, times: Times) -> Array:
    """Return how sure the network is of each beat."""
    frames = np.clip(np.round(times * FRAMES_PER_SECOND).astype(np.int64), 1, len(beat) - 2)
    best: Array = beat[frames[:, None] + np.arange(-1, 2)].max(1)
    return best
