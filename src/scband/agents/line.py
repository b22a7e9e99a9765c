"""Single lines that know where they are going: a random walk over pitches with a fixed aim.

Each step has candidates with weights (how well a pitch sits there), each interval has a weight
(how a player moves), and the aim pulls the whole line: the chance of a pitch counts every way from
it to the aim, so that the last note leads into the next bar instead of stumbling on it. This is
sampling from a Markov chain with both ends fixed, by backward messages.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from scband.agents.chance import Dice, choose, tempered


class Candidates(tuple[tuple[int, float], ...]):
    """MIDI pitches and how well each sits at one step; equal only to itself, so quickly found."""

    __slots__ = ()
    __hash__ = object.__hash__
    __eq__ = object.__eq__


@dataclass(frozen=True, slots=True, eq=False)
class Moves:
    """How likely a move is, by its size in semitones from 0 to 127; equal only to itself."""

    weights: tuple[float, ...]


_INSISTING = tuple(math.exp(-0.12 * away**2) for away in range(256))
"""How much a wish counts: a third away from it costs two thirds of the chance."""

_NOTHING = 1e-12
_HOPELESS = 0.01
"""Of the best candidate's weight: what weighs less is not worth looking at."""


def moves(*weights: float) -> Moves:
    """Return the weights of moves of 0, 1, 2 … semitones; larger ones do not happen."""
    return Moves(weights + (0.0,) * (128 - len(weights)))


@lru_cache(maxsize=1024)
def leading(
    steps: tuple[Candidates, ...], aim: int | None, tables: tuple[Moves, ...]
) -> tuple[Candidates, ...]:
    """Return the candidates of each step, weighed also by how well they lead on to the aim.

    `tables` has the moves into each step, and into the aim.
    """
    into = tables[-1]
    found = [steps[-1] if aim is None else _led(steps[-1], _at(aim), into)]
    for number in range(len(steps) - 1, 0, -1):
        found.append(_led(steps[number - 1], found[-1], tables[number]))
    found.reverse()
    return tuple(found)


@lru_cache(maxsize=1024)
def _led(candidates: Candidates, ahead: Candidates, into: Moves) -> Candidates:
    """Weigh the candidates of a step by all ways to those of the next."""
    likely = into.weights
    found = [
        (pitch, own * sum([weight * likely[abs(goal - pitch)] for goal, weight in ahead]))
        for pitch, own in candidates
    ]
    least = _HOPELESS * max(weight for _, weight in found)
    return Candidates([choice for choice in found if choice[1] > least] or found)


@lru_cache(maxsize=128)
def _at(pitch: int) -> Candidates:
    return Candidates(((pitch, 1.0),))


def draw_line(
    rng: Dice,
    start: int,
    steps: tuple[Candidates, ...],
    aim: int | None,
    tables: tuple[Moves, ...],
    *,
    onward: float = 1.0,
    repeat: float = 0.5,
    temperature: float = 1.0,
    wishes: Sequence[int] = (),
) -> list[int]:
    """Draw the pitches of the steps between `start` and `aim` (None: wherever the line ends).

    `tables` has the moves into each step, and into the aim. `onward` weighs moves that keep their
    direction, `repeat` those back to the note before last. `wishes` are moves in semitones that the
    line would like to make, step by step: a motif, bent to what fits. `temperature` 0 takes the
    likeliest pitch every time.
    """
    if not steps:
        return []
    line = [start]
    wanted = iter(wishes)
    for candidates, into in zip(leading(steps, aim, tables), tables, strict=False):
        wish = next(wanted, None)
        likely = into.weights
        here = line[-1]
        before = line[-2] if len(line) > 1 else here
        way = here - before
        weights = []
        for pitch, weight in candidates:
            chance = weight * likely[abs(pitch - here)]
            if chance < _NOTHING:
                continue
            if (pitch - here) * way > 0:
                chance *= onward
            elif pitch == before != here:
                chance *= repeat
            if wish is not None:
                chance *= _INSISTING[abs(pitch - here - wish)]
            weights.append((pitch, chance))
        if not weights:
            weights = [(min(candidates, key=lambda c: abs(c[0] - here))[0], 1.0)]
        if temperature != 1.0:
            weights = tempered(weights, temperature)
        line.append(choose(rng, weights))
    return line[1:]
