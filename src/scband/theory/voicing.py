"""Voice leading that is optimal over the whole phrase, not chord by chord.

Dynamic programming (Viterbi) over the candidates of each chord: the sum of all voices' movement,
of common tones that leave their place, and of the distance from the middle of the range is least
over the phrase.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from scband.errors import TheoryError
from scband.theory.chord import Chord
from scband.theory.key import Key
from scband.theory.shapes import DEFAULT_RANGES, Pitches, Shape, placed
from scband.theory.tones import colours

Matrix = NDArray[np.float32]

_COMMON_TONE = 4.0
_CENTRE = 0.02
_COLOURLESS = 1.0


class _Options(NamedTuple):
    """What a chord may be voiced with: shape, lowest and highest pitch, key."""

    shape: Shape
    low: int
    high: int
    key: Key | None


@lru_cache(maxsize=4096)
def _candidates(chord: Chord, options: _Options) -> Pitches:
    return placed(chord, *options)


@lru_cache(maxsize=4096)
def _weight(chord: Chord, options: _Options) -> Matrix:
    """Weigh each candidate by itself: distance from the middle of the range, missing colour."""
    pitches = _candidates(chord, options)
    middle = (options.low + options.high) / 2
    away: Matrix = _CENTRE * np.abs(pitches.mean(axis=1) - middle).astype(np.float32)
    named = {((chord.root or 0) + tone) % 12 for tone in colours(chord)}
    if named:
        away += _COLOURLESS * ~np.isin(pitches % 12, list(named)).any(axis=1)
    return away


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


def _bits(values: Pitches) -> NDArray[np.uint64]:
    """Give each voicing as a set of bits, one for each distinct value below 64."""
    shifted: NDArray[np.uint64] = np.left_shift(np.uint64(1), values.astype(np.uint64))
    bits: NDArray[np.uint64] = np.bitwise_or.reduce(shifted, axis=1)
    return bits


def _lost_common(before: Pitches, after: Pitches) -> Matrix:
    """Count the pitch classes in both voicings that do not stay where they are."""
    low = min(int(before.min()), int(after.min()))
    held = _bits(before - low)[:, None] & _bits(after - low)[None, :]
    classes = _bits(before % 12)[:, None] & _bits(after % 12)[None, :]
    folded = np.zeros_like(held)
    for octave in range(0, 60, 12):
        folded |= (held >> np.uint64(octave)) & np.uint64(0xFFF)
    lost: Matrix = np.bitwise_count(classes).astype(np.float32) - np.bitwise_count(folded)
    return lost


@lru_cache(maxsize=32768)
def _cost(first: Chord, second: Chord, options: _Options) -> Matrix:
    """Weigh every move from a voicing of one chord to a voicing of the next."""
    moves = _moves(_candidates(first, options), _candidates(second, options))
    return moves + _weight(second, options)


def _moves(before: Pitches, after: Pitches) -> Matrix:
    return _movement(before, after) + _COMMON_TONE * _lost_common(before, after)


def voice(
    chords: Sequence[Chord],
    shape: Shape | str = Shape.CLOSE,
    *,
    low: int | None = None,
    high: int | None = None,
    previous: Sequence[int] = (),
    key: Key | None = None,
) -> tuple[tuple[int, ...], ...]:
    """Voice a phrase: ascending MIDI pitches for each chord, an empty tuple for N.C.

    `low` and `high` bound the pitches (the shape's own range by default), `previous` is the
    voicing that sounded before, `key` decides which tensions fit. `rootless-a` and `rootless-b`
    say in which form the phrase begins. Raises TheoryError for an unknown shape or an empty range.
    """
    kind = _shape(shape)
    default_low, default_high = DEFAULT_RANGES[kind]
    low, high = (default_low if low is None else low), (default_high if high is None else high)
    if not 0 <= low < high <= 127:
        raise TheoryError(f"a range of pitches lies within 0-127, not {low}-{high}")
    sounding = [chord for chord in chords if chord.root is not None]
    if not sounding:
        return tuple(() for _ in chords)
    chosen = iter(_best_path(sounding, _Options(kind, low, high, key), previous))
    return tuple(next(chosen) if chord.root is not None else () for chord in chords)


def _shape(shape: Shape | str) -> Shape:
    try:
        return Shape(shape)
    except ValueError:
        raise TheoryError(f"unknown shape {shape!r}: use one of {', '.join(Shape)}") from None


def _best_path(
    chords: list[Chord], options: _Options, previous: Sequence[int]
) -> list[tuple[int, ...]]:
    """Find the voicings whose whole path costs least."""
    candidates = [_candidates(chords[0], options)]
    total = _weight(chords[0], options)
    if options.shape in (Shape.ROOTLESS_A, Shape.ROOTLESS_B):
        options = options._replace(shape=Shape.ROOTLESS_AB)
    if previous:
        total = total + _moves(np.array([sorted(previous)], dtype=np.int16), candidates[0])[0]
    back: list[NDArray[np.intp]] = []
    for number, second in enumerate(chords[1:]):
        following = _candidates(second, options)
        if number:
            cost = _cost(chords[number], second, options)
        else:
            cost = _moves(candidates[0], following) + _weight(second, options)
        candidates.append(following)
        step = total[:, None] + cost
        best = step.argmin(axis=0)
        back.append(best)
        total = step.min(axis=0)
    at = int(total.argmin())
    places = [at]
    for best in reversed(back):
        at = int(best[at])
        places.append(at)
    places.reverse()
    return [tuple(choice[place].tolist()) for choice, place in zip(candidates, places, strict=True)]
