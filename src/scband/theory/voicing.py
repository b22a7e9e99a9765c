"""Voice leading that is optimal over the whole phrase, not chord by chord.

Dynamic programming (Viterbi) over the candidates of each chord: the sum of all voices' movement,
of common tones that leave their place, and of the distance from the middle of the range is least
over the phrase.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from scband.theory.chord import Chord
from scband.theory.shapes import DEFAULT_RANGES, Pitches, Shape, placed

Matrix = NDArray[np.float32]
_COMMON_TONE = 3.0
_CENTRE = 0.02


@lru_cache(maxsize=2048)
def _candidates(chord: Chord, shape: Shape, low: int, high: int) -> Pitches:
    return placed(chord, shape, low, high)


def _movement(before: Pitches, after: Pitches) -> Matrix:
    """Total movement in semitones between all pairs of voicings, best pairing of voices."""
    first, second = before.shape[1], after.shape[1]
    if first == second:
        same: Matrix = np.abs(before[:, None, :] - after[None, :, :]).sum(axis=2, dtype=np.float32)
        return same
    small, large = (before, after) if first < second else (after, before)
    gaps = np.abs(small[:, None, :, None] - large[None, :, None, :]).min(axis=2).sum(axis=2)
    total: Matrix = (gaps if first < second else gaps.T).astype(np.float32)
    return total


def _lost_common(before: Pitches, after: Pitches) -> Matrix:
    """Count the pitch classes in both voicings that do not stay where they are."""
    held = (before[:, None, :, None] == after[None, :, None, :]).any(axis=3).sum(axis=2)
    classes = (
        (before[:, None, :, None] % 12 == after[None, :, None, :] % 12).any(axis=3).sum(axis=2)
    )
    lost: Matrix = (classes - held).astype(np.float32)
    return lost


@lru_cache(maxsize=8192)
def _cost(first: Chord, second: Chord, shape: Shape, low: int, high: int) -> Matrix:
    before = _candidates(first, shape, low, high)
    after = _candidates(second, shape, low, high)
    if not before.shape[1] or not after.shape[1]:
        return np.zeros((len(before), len(after)), dtype=np.float32)
    return _movement(before, after) + _COMMON_TONE * _lost_common(before, after)


def voice(
    chords: Sequence[Chord],
    shape: Shape | str = Shape.CLOSE,
    *,
    low: int | None = None,
    high: int | None = None,
    previous: Sequence[int] = (),
) -> tuple[tuple[int, ...], ...]:
    """Voice a phrase: ascending MIDI pitches for each chord, an empty tuple for N.C.

    `low` and `high` bound the pitches (the shape's own range by default); `previous` is the
    voicing that sounded before. Raises ValueError for an unknown shape.
    """
    kind = Shape(shape)
    default_low, default_high = DEFAULT_RANGES[kind]
    low, high = (default_low if low is None else low), (default_high if high is None else high)
    sounding = [chord for chord in chords if chord.root is not None]
    if not sounding:
        return tuple(() for _ in chords)
    options = [_candidates(chord, kind, low, high) for chord in sounding]
    middle = (low + high) / 2
    total = _CENTRE * np.abs(options[0].mean(axis=1) - middle)
    if previous:
        before = np.array([sorted(previous)], dtype=np.int16)
        total = (
            total
            + (_movement(before, options[0]) + _COMMON_TONE * _lost_common(before, options[0]))[0]
        )
    back: list[NDArray[np.intp]] = []
    for index in range(1, len(sounding)):
        step = total[:, None] + _cost(sounding[index - 1], sounding[index], kind, low, high)
        best = step.argmin(axis=0)
        back.append(best)
        total = step[best, np.arange(step.shape[1])]
    choice = int(total.argmin())
    chosen = [choice]
    for best in reversed(back):
        choice = int(best[choice])
        chosen.append(choice)
    chosen.reverse()
    voiced = iter(
        tuple(int(p) for p in option[i]) for option, i in zip(options, chosen, strict=True)
    )
    return tuple(next(voiced) if chord.root is not None else () for chord in chords)
