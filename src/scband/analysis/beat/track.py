"""Beats, downbeats, meter and tempo of samples: the way from sound to `BeatTrack`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from scband.analysis.beat.cells import beat_cells, trace
from scband.analysis.beat.counting import COUNTED, PLACES, belief, count_bars, grids
from scband.analysis.beat.decoder import STEPS_PER_SECOND, Pulse, decode
from scband.analysis.beat.ending import beats_until_end
from scband.analysis.beat.features import (
    FRAMES_PER_SECOND,
    frame_count,
    level_gain,
    look,
    summarise,
)
from scband.analysis.beat.network import SIGHT, judge, listen
from scband.analysis.beat.slips import one_phase
from scband.analysis.grid import bar_numbers
from scband.errors import AudioFileError
from scband.score import Meter

Array = NDArray[np.float32]
Times = NDArray[np.float64]

LOWEST_RATE, HIGHEST_RATE = 4000, 384_000
_BLOCK = 6000
"""Frames that are looked at together, beside `SIGHT` more to either side."""
_AUDIBLE = 0.1
"""Beats move to a peak of the network that is higher than this."""
_SURE = 0.4
"""Nothing is a beat before and after the network was once so sure of one."""
_FEWEST = 4
_LEAST_SURE, _LEAST_CLEAR = 0.3, 0.64
"""There is no beat below this confidence, nor where a tenth of the beats are not so clear: noise
has none, the clearest tenth of speech reaches 0.59, of unclear metal 0.7."""
_MARGIN = {"late": 1.0, "fast": 0.2, "slow": 0.2, "longer": 1.0, "shorter": 1.0}
"""By how much another grid must be more believable than the beats that were heard."""
_LEAST = 0.01
_SLOWEST_BPM, _FASTEST_BPM = 45, 250
_ACCENT = 0.3
"""What the first network's downbeats weigh beside the second's places."""
_SMOOTHING = 4
"""The tempo at a beat is that of so many beats to either side."""


def _no_odds() -> Array:
    return np.zeros((0, COUNTED), np.float32)


@dataclass(frozen=True, slots=True)
class BeatTrack:
    """Where the beats of a recording are.

    `beat_times` and `downbeat_times` are seconds; beats are those that one taps (dotted quarters
    in 6/8). `meter` is the one that most bars are in. `tempo` is quarter notes a minute (a bar of
    6/8 has three), 0 where there is no beat; `tempo_curve` gives it at each beat as (seconds,
    quarter notes a minute). `confidence` is 0-1. `places` counts each beat in its bar from 1;
    `odds` (beats, COUNTED) hold the log likelihood of every place in every kind of bar.
    """

    beat_times: tuple[float, ...]
    downbeat_times: tuple[float, ...]
    meter: Meter
    tempo: float
    tempo_curve: tuple[tuple[float, float], ...]
    confidence: float
    places: tuple[int, ...] = ()
    odds: Array = field(default_factory=_no_odds, compare=False, repr=False)

    def with_downbeats(self, downbeats: Sequence[float]) -> BeatTrack:
        """Count the bars from other downbeats (seconds): places, meter and tempo follow them."""
        numbers, size = bar_numbers(self.beat_times, downbeats)
        meter, quarters = _meter(size)
        scale = quarters / _meter(2 if self.meter == Meter(6, 8) else int(self.meter.beats))[1]
        return replace(
            self,
            downbeat_times=tuple(downbeats),
            meter=meter,
            tempo=self.tempo * scale,
            tempo_curve=tuple((time, bpm * scale) for time, bpm in self.tempo_curve),
            places=tuple(number + 1 for number in numbers),
        )


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
    heard = _heard(samples, rate)
    pulses = _audible(decode(heard.beat, heard.down), heard.beat)
    found = _track(pulses, heard) if len(pulses) >= _FEWEST else NO_BEATS
    return found if _is_clear(found, heard.beat) else NO_BEATS


def _is_clear(found: BeatTrack, beat: Array) -> bool:
    """Tell music from speech: some of its beats are beyond doubt."""
    if found.confidence < _LEAST_SURE:
        return False
    return bool(np.percentile(_near(beat, np.array(found.beat_times)), 90) >= _LEAST_CLEAR)


@dataclass(frozen=True, slots=True, eq=False)
class _Heard:
    """P(beat) and P(downbeat) of every frame, and what cells are made of."""

    beat: Array
    down: Array
    traced: Array


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


def _heard(samples: Array, rate: int) -> _Heard:
    """Look and listen block by block; each block is seen with its surroundings."""
    count, gain = frame_count(len(samples), rate), level_gain(samples)
    heard, traced = [np.zeros((0, 2), np.float32)], []
    for first in range(0, count, _BLOCK):
        low, high = max(0, first - SIGHT), min(count, first + _BLOCK + SIGHT)
        frames = look(samples, rate, low, high - low, gain=gain)
        own = slice(first - low, first - low + _BLOCK)
        heard.append(listen(summarise(frames))[own])
        traced.append(trace(frames)[own])
    both = np.concatenate(heard)
    return _Heard(both[:, 0], both[:, 1], np.concatenate(traced))


def _audible(pulses: list[Pulse], beat: Array) -> list[Pulse]:
    """Leave out beats before and after all music."""
    sure = np.flatnonzero(beat > _SURE)
    if not len(sure):
        return []
    low, high = (int(sure[i]) * STEPS_PER_SECOND // FRAMES_PER_SECOND for i in (0, -1))
    return [pulse for pulse in pulses if low - 4 <= pulse.step <= high + 4]


def _track(pulses: list[Pulse], heard: _Heard) -> BeatTrack:
    steps = np.array([pulse.step for pulse in pulses])
    grid, odds = _counted(_refined(steps / STEPS_PER_SECOND, heard.beat), heard)
    grid, odds = _in_phase(grid, odds, heard)
    until = beats_until_end(heard.traced, grid)
    if until < _FEWEST:
        return NO_BEATS
    grid, odds = grid[:until], odds[:until]
    times, count = _refined(grid, heard.beat), count_bars(odds)
    meter, quarters = _meter(int(np.bincount(count.bars).argmax()))
    curve = _tempos(times) * quarters
    places = tuple(int(place) + 1 for place in count.places)
    down = tuple(float(t) for t, place in zip(times, places, strict=True) if place == 1)
    tempo = float(np.median(curve))
    sure = min(float(np.mean(_near(heard.beat, times))) / 0.8, 1.0)
    pairs = tuple((float(t), float(bpm)) for t, bpm in zip(times, curve, strict=True))
    return BeatTrack(tuple(map(float, times)), down, meter, tempo, pairs, sure, places, odds)


def _counted(times: Times, heard: _Heard) -> tuple[Times, Array]:
    """Choose the grid that is most believable as the beats one taps; judge its places in bars."""
    best, chosen = -np.inf, times
    judged: Array = np.zeros((len(times), COUNTED), np.float32)
    for name, grid in grids(times).items():
        bpm = 60 / float(np.median(np.diff(grid))) if len(grid) >= _FEWEST else 0.0
        if name != "same" and not _SLOWEST_BPM <= bpm <= _FASTEST_BPM:
            continue
        logs = _judged(grid, heard)
        score = belief(logs) - _MARGIN.get(name.split()[0], 0.0)
        if score > best:
            best, chosen, judged = score, grid, logs
    return chosen, _evidence(chosen, judged, heard)


def _judged(grid: Times, heard: _Heard) -> Array:
    return judge(beat_cells(heard.traced, grid * FRAMES_PER_SECOND, FRAMES_PER_SECOND))


def _in_phase(times: Times, odds: Array, heard: _Heard) -> tuple[Times, Array]:
    """Where beats slipped by half, keep the phase that the first network hears more of."""
    steady = one_phase(times)
    if not steady:
        return times, odds
    grid = max(steady, key=lambda one: float(np.mean(_near(heard.beat, one))))
    return grid, _evidence(grid, _judged(grid, heard), heard)


def _evidence(grid: Times, logs: Array, heard: _Heard) -> Array:
    """Join what both networks say of each beat's place in its bar: (beats, COUNTED)."""
    beat, down = (_near(part, grid) for part in (heard.beat, heard.down))
    down = np.clip(down, _LEAST, None)
    other = np.clip(beat - down, _LEAST, None)
    odds = np.where(PLACES == 0, np.log(down)[:, None], np.log(other)[:, None])
    return (logs[:, :COUNTED] + _ACCENT * odds).astype(np.float32)


def _refined(times: Times, beat: Array) -> Times:
    """Move beats to the network's peak close by, between its frames."""
    frames = np.clip(np.round(times * FRAMES_PER_SECOND), 2, len(beat) - 3)
    window = frames.astype(np.int64)[:, None] + np.arange(-2, 3)
    weight = beat[window].astype(np.float64) ** 2
    total = weight.sum(1)
    peak = (weight * window).sum(1) / np.maximum(total, 1e-9)
    clear = beat[window].max(1) > _AUDIBLE
    return np.where(clear, peak / FRAMES_PER_SECOND, times)


def _meter(length: int) -> tuple[Meter, float]:
    """Return the meter of bars of so many beats, and the quarter notes of a beat in it."""
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
