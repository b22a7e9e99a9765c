"""What is wrong with the sum of all tracks: its peak, spectrum and stereo image."""

from __future__ import annotations

import math
from collections.abc import Iterator
from statistics import median
from typing import TYPE_CHECKING

import numpy as np

from scband.studio.advice import WHOLE_MIX, Kind, Suggestion
from scband.studio.mix_targets import (
    REGION_EXCESS_DB,
    SLOPE_DB,
    SLOPE_FROM_HZ,
    TRUE_PEAK_DBTP,
)
from scband.studio.mixing import Mix, Track
from scband.studio.roles import CENTRED, Role
from scband.studio.spectra import REGIONS, centres, edges

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SQUASHED_DB = 8.0
_LOPSIDED_DB = 2.0
_NARROW = 0.004


def headroom(mix: Mix) -> Iterator[Suggestion]:
    """Find sums that go over what a converter can play."""
    over = mix.level.true_peak_dbtp - TRUE_PEAK_DBTP
    if over > 0:
        yield Suggestion(
            kind=Kind.HEADROOM,
            track=WHOLE_MIX,
            message=f"Lower all tracks by {over + 2:.1f} dB.",
            reason=f"The sum's true peak is {mix.level.true_peak_dbtp:.1f} dBTP; "
            f"{TRUE_PEAK_DBTP:.0f} dBTP is the most.",
            severity=5 + 4 * over,
            measured={"true_peak_dbtp": mix.level.true_peak_dbtp},
            action={"gain_db": -(over + 2)},
        )
    if not mix.level.silent and 0 < mix.level.crest_db < _SQUASHED_DB:
        yield Suggestion(
            kind=Kind.COMPRESSION,
            track=WHOLE_MIX,
            message="Take limiting or compression off the mix bus.",
            reason=f"The sum peaks only {mix.level.crest_db:.1f} dB above its mean level; "
            f"mixes before mastering have {_SQUASHED_DB:.0f} dB and more.",
            severity=3 * (_SQUASHED_DB - mix.level.crest_db),
            measured={"crest_db": mix.level.crest_db},
            action={"process": "compressor", "ratio": 1.5, "threshold_change_db": 6.0},
        )


def region_excess(mix: Mix) -> dict[str, float]:
    """Return how far each region of the sum's spectrum rises over the usual slope, in dB.

    Zero is the median of all regions.
    """
    return _excess(mix.spectrum.mean)


def region_excess_without(mix: Mix, name: str, decibels: float) -> dict[str, float]:
    """Return the same with one track turned down by so many dB."""
    energy = mix.spectrum.energy.sum(axis=0, dtype=np.float64)
    for track in mix.audible:
        if track.name == name:
            gain = 10 ** (track.fader.gain_db / 10) * (1 - 10 ** (-decibels / 10))
            energy -= track.spectrum.energy.sum(axis=0, dtype=np.float64) * gain
    return _excess(np.maximum(energy, 0.0))


def _excess(mean: NDArray[np.float64]) -> dict[str, float]:
    octaves = np.log2(np.maximum(centres(), SLOPE_FROM_HZ) / SLOPE_FROM_HZ)
    levelled = mean / np.diff(edges()) * 10 ** (SLOPE_DB * octaves / 10)
    found = {}
    for name, (low, high) in REGIONS.items():
        inside = (centres() >= low) & (centres() < high)
        found[name] = 10 * math.log10(max(float(levelled[inside].mean()), 1e-20))
    middle = median(found.values())
    return {name: value - middle for name, value in found.items()}


def balance(mix: Mix) -> Iterator[Suggestion]:
    """Find regions of the spectrum with too much in them, and the track that it comes from."""
    if mix.level.silent or not mix.audible:
        return
    for name, excess in region_excess(mix).items():
        beyond = excess - REGION_EXCESS_DB[name]
        if beyond <= 0:
            continue
        low, high = REGIONS[name]
        track, hz = _source(mix, low, high)
        cut = -min(9.0, beyond + 2.0)
        q = max(0.7, hz / (high - low))
        yield Suggestion(
            kind=Kind.EQ,
            track=track.name,
            message=f"Cut {track.name} by {-cut:.1f} dB around {hz:.0f} Hz (Q {q:.1f}).",
            reason=f"The mix has {excess:.1f} dB too much {name} ({low:.0f}-{high:.0f} Hz) "
            f"against the usual slope, most of it from {track.name}.",
            severity=8.0 * beyond,
            measured={"excess_db": excess, "low_hz": low, "high_hz": high},
            action={
                "process": "eq", "type": "bell", "region": name,
                "frequency_hz": hz, "gain_db": cut, "q": q,
            },
        )  # fmt: skip


def _source(mix: Mix, low: float, high: float) -> tuple[Track, float]:
    """Return the track that gives most to a region, and where in it."""
    inside = (centres() >= low) & (centres() < high)

    def share(track: Track) -> float:
        gain = 10 ** (track.fader.gain_db / 10)
        return float(track.spectrum.mean[inside].sum()) * gain * track.level.sounding

    loudest = max(mix.audible, key=share)
    return loudest, float(centres()[inside][loudest.spectrum.mean[inside].argmax()])


def image(mix: Mix) -> Iterator[Suggestion]:
    """Find sums that lean to a side, or have none."""
    picture = mix.spectrum.image
    if abs(picture.balance_db) > _LOPSIDED_DB:
        side, other = ("right", "left") if picture.balance_db > 0 else ("left", "right")
        track = max(
            mix.audible, key=lambda each: _lean(each) * math.copysign(1, picture.balance_db)
        )
        yield Suggestion(
            kind=Kind.STEREO,
            track=track.name,
            message=f"Pan {track.name} further to the {other}.",
            reason=f"The mix is {abs(picture.balance_db):.1f} dB louder on the {side}; "
            f"{track.name} leans there most.",
            severity=4 * (abs(picture.balance_db) - _LOPSIDED_DB) + 4,
            measured={"balance_db": picture.balance_db},
            action={"pan": math.copysign(0.3, -picture.balance_db)},
        )
    movable = [t for t in mix.audible if t.role not in CENTRED]
    if picture.width < _NARROW and len(movable) > 1:
        names = " and ".join(track.name for track in movable[:2])
        yield Suggestion(
            kind=Kind.STEREO,
            track=WHOLE_MIX,
            message=f"Pan {names} to opposite sides, about 35 % each.",
            reason=f"Only {100 * picture.width:.2f} % of the mix's energy is between the sides.",
            severity=6.0,
            measured={"width": picture.width, "correlation": picture.correlation},
            action={"pan": 0.35, "process": "spread"},
        )


def _lean(track: Track) -> float:
    """Return how much energy a track puts more on the right than on the left."""
    if track.role is Role.EFFECTS:
        return 0.0
    image = track.spectrum.image
    energy = 10 ** (track.loudness / 10)
    if not track.stem.stereo:
        return energy * math.sin(track.fader.pan * math.pi / 2)
    ratio = 10 ** ((image.balance_db) / 10)
    return energy * (ratio - 1) / (ratio + 1)
