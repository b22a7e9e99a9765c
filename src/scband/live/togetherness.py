"""How together a band and a performer were: figures out of two lists of beats, and no more.

An asynchrony is the band's beat less the performer's, in seconds: positive where the band is late.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise

import numpy as np

CLOSE_SECONDS = 0.03
"""So near is together: people who play together are 20 to 40 ms apart."""
_LOCKED_BEATS = 4
_STEADY_BEATS = 3
_WINDOW = 3
_STEP = 0.08
_SETTLING_BEATS = 8


@dataclass(frozen=True, slots=True)
class Sounding:
    """One beat of the performer's and what the band did.

    `time` is the performer's, in seconds of the recording; `beat` and `bar` where it is in the
    performance; `asynchrony` None where the band had not come in, or had ended.
    """

    time: float
    beat: float
    bar: int
    asynchrony: float | None


@dataclass(frozen=True, slots=True)
class Adaptation:
    """How the band took a step of the performer's tempo, at a beat of the performance.

    `beats` counts the performer's beats until the band was within 30 ms and stayed there, None
    for never. `overshoot` is how far the band then went past the performer, in percent of a beat,
    `tempo_overshoot` how far its tempo went past the new one, in percent.
    """

    beat: float
    before: float
    after: float
    beats: int | None
    overshoot: float
    tempo_overshoot: float


@dataclass(frozen=True, slots=True)
class Together:
    """The figures of one rehearsal; milliseconds, over the beats from when the band had locked.

    `steady_` leaves out the eight beats after each step of tempo. `lock_beats` counts from the
    band's entry to the first of four beats within 30 ms. `bars_out` counts the bars on whose first
    beat the band was somewhere else by half a beat and more.
    """

    beats: int
    mean_ms: float
    sd_ms: float
    worst_ms: float
    steady_mean_ms: float
    steady_sd_ms: float
    steady_worst_ms: float
    lock_beats: int | None
    lock_seconds: float | None
    bars: int
    bars_out: int
    adaptations: tuple[Adaptation, ...]

    def as_dict(self) -> dict[str, object]:
        """Return all of it as plain values, for JSON."""
        return asdict(self)


def figures(beats: Sequence[Sounding], tempos: Sequence[tuple[float, float]] = ()) -> Together:
    """Work out how together the band was; `tempos` are (beat, quarters a minute) it was set to."""
    played = [b for b in beats if b.asynchrony is not None]
    lock = _locked(played)
    kept = played[lock:] if lock is not None else played
    steps = _steps(beats)
    near = {n for step in steps for n in range(step, step + _SETTLING_BEATS)}
    numbered = {id(b): n for n, b in enumerate(beats)}
    steady = [b for b in kept if numbered[id(b)] not in near]
    every, calm = _spread(kept), _spread(steady)
    first_beats = [b for a, b in pairwise(played) if a.bar != b.bar]
    return Together(
        len(kept),
        *every,
        *calm,
        lock_beats=lock,
        lock_seconds=None if lock is None else played[lock].time - played[0].time,
        bars=len(first_beats),
        bars_out=sum(_out(b, beats) for b in first_beats),
        adaptations=tuple(_adaptation(beats, step, tempos) for step in steps),
    )


def _off(beat: Sounding) -> float:
    return beat.asynchrony if beat.asynchrony is not None else math.inf


def _spread(beats: Sequence[Sounding]) -> tuple[float, float, float]:
    """Return mean, standard deviation and greatest amount in milliseconds."""
    if not beats:
        return (math.nan, math.nan, math.nan)
    off = np.array([_off(b) for b in beats]) * 1000
    return (float(off.mean()), float(off.std()), float(np.abs(off).max()))


def _locked(played: Sequence[Sounding]) -> int | None:
    for number in range(len(played) - _LOCKED_BEATS + 1):
        if all(abs(_off(b)) <= CLOSE_SECONDS for b in played[number : number + _LOCKED_BEATS]):
            return number
    return None


def _out(beat: Sounding, beats: Sequence[Sounding]) -> bool:
    gaps = [b.time - a.time for a, b in pairwise(beats) if a.time <= beat.time]
    return abs(_off(beat)) > (gaps[-1] if gaps else 0.5) / 2


def _steps(beats: Sequence[Sounding]) -> list[int]:
    """Return the beats from which the performer's tempo is another, and stays so."""
    if len(beats) < 2 * _WINDOW + 1:
        return []
    gaps = np.diff([b.time for b in beats]) / np.diff([b.beat for b in beats])
    found: list[int] = []
    for n in range(_WINDOW, len(gaps) - _WINDOW + 1):
        before, after = gaps[n - _WINDOW : n], gaps[n : n + _WINDOW]
        change = abs(math.log(after.mean() / before.mean()))
        even = max(np.ptp(before) / before.mean(), np.ptp(after) / after.mean()) < _STEP / 2
        if change > _STEP and even and (not found or n - found[-1] > _SETTLING_BEATS):
            found.append(n)
    return found


def _adaptation(
    beats: Sequence[Sounding], step: int, tempos: Sequence[tuple[float, float]]
) -> Adaptation:
    gaps = np.diff([b.time for b in beats]) / np.diff([b.beat for b in beats])
    before = 60 / float(gaps[max(step - _WINDOW, 0) : step].mean())
    after = 60 / float(gaps[step : step + _WINDOW].mean())
    later = beats[step + 1 : step + 1 + _SETTLING_BEATS + _STEADY_BEATS]
    sign = 1.0 if after > before else -1.0  # of the asynchrony of a band that lags behind
    back = _back(later)
    beyond = [-sign * _off(b) for b in later[(back or 1) - 1 :]] if back else [math.nan]
    reached = [
        sign * (tempo / after - 1)
        for beat, tempo in tempos
        if beats[step].beat <= beat <= beats[step].beat + _SETTLING_BEATS
    ]
    return Adaptation(
        beat=beats[step].beat,
        before=before,
        after=after,
        beats=back,
        overshoot=max(0.0, *beyond) * after / 60 * 100 if back else math.nan,
        tempo_overshoot=100 * max(0.0, *reached, 0.0),
    )


def _back(later: Sequence[Sounding]) -> int | None:
    for number in range(len(later) - _STEADY_BEATS + 1):
        if all(abs(_off(b)) <= CLOSE_SECONDS for b in later[number : number + _STEADY_BEATS]):
            return number + 1
    return None
