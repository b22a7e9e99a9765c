"""What a grid of beats sounds like, beat by beat: rhythm, harmony and their repetitions.

Seen from the beats themselves, music of every tempo looks alike, and a few numbers a beat show
many bars. Pitches are only compared with one another, so the key does not matter. The cues are
those of Durand, Bello, David and Richard ("Robust downbeat tracking using an ensemble of
convolutional networks", TASLP 2017): rhythm by bands, changes of harmony, the bass, similarity.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from scband.analysis.beat.features import ATTACK_BANDS, BASS, HARMONY, chroma

Array = NDArray[np.float32]
Places = NDArray[np.float64]

PARTS = 12
"""A beat is looked at in so many parts: halves, thirds and quarters fall on them."""
LAGS = (1, 2, 3, 4, 6, 8)
"""Beats apart that are compared with each other."""
SPANS = (1, 2, 4)
"""Beats before and after that are compared to see harmony change."""
_EDGES = (0, 4, 12, 26, ATTACK_BANDS)
"""Kick, low, middle and high among the attack bands."""
GROUPS = len(_EDGES) - 1
TRACE = 2 * GROUPS + 24 + 2
"""Values a frame after `trace`: rises, levels, pitch classes of bass and harmony, their rises."""
CELL = GROUPS * PARTS + GROUPS + 4 + 2 * len(SPANS) + 2 + 3 * len(LAGS) + 12 + 1
"""Values a beat."""


def trace(frames: Array) -> Array:
    """Return what cells are made of from frames (count, bands) of `look`: (count, TRACE)."""
    attack = frames[:, :ATTACK_BANDS]
    rise = np.maximum(np.diff(attack, axis=0, prepend=attack[:1]), 0)
    padded = np.pad(frames, ((4, 5), (0, 0)), mode="edge")
    swell = np.maximum(padded[9:] - padded[:-9], 0)
    parts = [
        _grouped(rise),
        _grouped(attack),
        chroma(frames[:, BASS]),
        chroma(frames[:, HARMONY]),
        swell[:, BASS].mean(1, keepdims=True),
        swell[:, HARMONY].mean(1, keepdims=True),
    ]
    return np.hstack(parts).astype(np.float32)


def beat_cells(traced: Array, beats: Places, second: float) -> Array:
    """Return what each beat sounds like, as an array (beats, CELL).

    `traced` (count, TRACE) is of the whole recording, `beats` are their places among its frames in
    rising order, at least two; `second` is the number of frames in a second.
    """
    beats = np.asarray(beats, dtype=np.float64)
    ends = np.append(beats[1:], 2 * beats[-1] - beats[-2])
    rhythm = _parts(traced[:, :GROUPS], beats, ends)
    sums = _Sums(traced)
    bass, harmony = (sums.mean(part, beats, ends) for part in ("bass", "harmony"))
    lengths = ((ends - beats) / second).astype(np.float32)
    cues: list[Array] = [
        rhythm,
        sums.mean("level", beats, ends) / np.float32(3) - np.float32(1),
        _onsets(traced[:, -2:], beats, ends),
        *_changes(sums, beats, ends),
        *_similarities((harmony, bass, rhythm)),
        _relation(sums, beats, ends),
        np.log2(np.maximum(lengths, 0.05) / 0.5)[:, None],
    ]
    return np.hstack(cues).astype(np.float32)


class _Sums:
    """Running sums of a trace, to take means between any two places."""

    def __init__(self, traced: Array) -> None:
        self.count = len(traced)
        starts = {"level": GROUPS, "bass": 2 * GROUPS, "harmony": 2 * GROUPS + 12}
        widths = {"level": GROUPS, "bass": 12, "harmony": 12}
        self.sums = {
            name: np.concatenate(
                [
                    np.zeros((1, widths[name])),
                    np.cumsum(traced[:, at : at + widths[name]], 0, dtype=float),
                ]
            )
            for name, at in starts.items()
        }

    def mean(self, name: str, low: Places, high: Places) -> Array:
        """Return the means of the frames between places; zeros outside of the recording."""
        first = np.clip(np.round(low).astype(np.int64), 0, self.count)
        last = np.clip(np.round(high).astype(np.int64), 0, self.count)
        total = self.sums[name][last] - self.sums[name][first]
        mean: Array = (total / np.maximum(last - first, 1)[:, None]).astype(np.float32)
        return mean


def _grouped(bands: Array) -> Array:
    """Return the means of attack bands by group: (count, GROUPS)."""
    groups = [bands[:, a:b].mean(1) for a, b in pairwise(_EDGES)]
    return np.stack(groups, 1)


def _parts(rises: Array, beats: Places, ends: Places) -> Array:
    """Return the strongest rise near each part of each beat: (beats, GROUPS * PARTS)."""
    at = beats[:, None] + (ends - beats)[:, None] * np.arange(PARTS) / PARTS
    middle = np.round(at).astype(np.int64)
    near = np.clip(middle[:, :, None] + np.arange(-1, 2), 0, len(rises) - 1)
    found: Array = rises[near].max(2)
    return found.reshape(len(beats), -1)


def _onsets(swells: Array, beats: Places, ends: Places) -> Array:
    """Return how bass and harmony rise at each beat and at its middle: (beats, 4)."""
    found = [
        swells[np.clip(np.round(at).astype(np.int64), 0, len(swells) - 1)]
        for at in (beats, beats + 0.5 * (ends - beats))
    ]
    return np.hstack(found)


def _distance(before: Array, after: Array) -> Array:
    """Return 1 less the cosine between rows; 0 where one is silent."""
    sizes = np.linalg.norm(before, axis=1) * np.linalg.norm(after, axis=1)
    across = (before * after).sum(1) / np.maximum(sizes, 1e-6)
    distance: Array = np.where(sizes > 1e-6, 1 - across, 0)
    return distance


def _changes(sums: _Sums, beats: Places, ends: Places) -> list[Array]:
    """Return how harmony and bass change at each beat over `SPANS`, and at its middle."""
    length = ends - beats
    found = []
    for name in ("harmony", "bass"):
        for span in SPANS:
            before = sums.mean(name, beats - span * length, beats)
            after = sums.mean(name, beats, beats + span * length)
            found.append(_distance(before, after)[:, None])
        middle = beats + length / 2
        before = sums.mean(name, middle - length, middle)
        found.append(_distance(before, sums.mean(name, middle, middle + length))[:, None])
    return found


def _similarities(sides: tuple[Array, ...]) -> list[Array]:
    """Return how like each beat is to those `LAGS` later, of each side; 0 beyond the end."""
    found = []
    for values in sides:
        for lag in LAGS:
            like = np.zeros((len(values), 1), np.float32)
            if lag < len(values):
                like[:-lag, 0] = 1 - _distance(values[:-lag], values[lag:])
            found.append(like)
    return found


def _relation(sums: _Sums, beats: Places, ends: Places) -> Array:
    """Return which tones of harmony lie above the bass, by semitones: (beats, 12)."""
    bass = sums.mean("bass", beats, ends)
    harmony = sums.mean("harmony", beats, 2 * ends - beats)
    above = [(bass * np.roll(harmony, -step, 1)).sum(1) for step in range(12)]
    relation: Array = 4 * np.stack(above, 1)
    return relation
