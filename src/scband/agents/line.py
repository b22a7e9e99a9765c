"""Single lines that know where they are going: a random walk over pitches with a fixed aim.

Each step has candidates with weights (how well a pitch sits there), each interval has a weight
(how a player moves), and the aim pulls the whole line: the chance of a pitch counts every way from
it to the aim, so that the last note leads into the next bar instead of stumbling on it. This is
sampling from a Markov chain with both ends fixed, by backward messages.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

from scband.agents.chance import Dice, tempered

Candidates = tuple[tuple[int, float], ...]
"""MIDI pitches and how well each sits at one step."""

Moves = tuple[float, ...]
"""How likely a move is, by its size in semitones from 0 to 127."""


_INSIST = 0.12
"""How much a wish counts: a third away from it costs two thirds of the chance."""


def moves(*weights: float) -> Moves:
    """Return the weights of moves of 0, 1, 2 … semitones; larger ones do not happen."""
    return weights + (0.0,) * (128 - len(weights))


@lru_cache(maxsize=4096)
def backward(
    steps: tuple[Candidates, ...], aim: int | None, tables: tuple[Moves, ...]
) -> tuple[dict[int, float], ...]:
    """Return, for each step, how well its candidates lead on to the end and to the aim.

    `tables` has the moves into each step, and into the aim.
    """
    into = tables[-1]
    after = {pitch: 1.0 if aim is None else into[abs(aim - pitch)] for pitch, _ in steps[-1]}
    messages = [after]
    for number in range(len(steps) - 1, 0, -1):
        into = tables[number]
        ahead = [(pitch, weight * after[pitch]) for pitch, weight in steps[number]]
        after = {
            pitch: sum([weight * into[abs(goal - pitch)] for goal, weight in ahead])
            for pitch, _ in steps[number - 1]
        }
        messages.append(after)
    messages.reverse()
    return tuple(messages)


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
    for candidates, leads, into in zip(steps, backward(steps, aim, tables), tables, strict=False):
        wish = next(wanted, None)
        here = line[-1]
        before = line[-2] if len(line) > 1 else here
        weights = []
        for pitch, weight in candidates:
            chance = weight * into[abs(pitch - here)] * leads[pitch]
            if (pitch - here) * (here - before) > 0:
                chance *= onward
            elif pitch == before != here:
                chance *= repeat
            if wish is not None:
                chance *= math.exp(-_INSIST * (pitch - here - wish) ** 2)
            weights.append((pitch, chance))
        if temperature != 1.0:
            weights = tempered(weights, temperature)
        line.append(_drawn(rng, weights, here))
    return line[1:]


def _drawn(rng: Dice, weights: list[tuple[int, float]], here: int) -> int:
    """Draw by weight; where nothing is possible, the candidate that lies nearest."""
    at = rng.random() * sum(chance for _, chance in weights)
    for pitch, chance in weights:
        at -= chance
        if at < 0:
            return pitch
    return min((pitch for pitch, _ in weights), key=lambda pitch: abs(pitch - here))
