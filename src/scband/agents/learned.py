"""Playing what was learned: a groove for a section, a bar of it, a fill at its end."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from functools import lru_cache

from scband.agents.chance import choose, dice
from scband.agents.context import Context
from scband.agents.drumming import Cell, LearnedFill, LearnedGroove, school
from scband.agents.rhythm import STRAIGHT, Swing, fitted, starts
from scband.agents.style_parts import Kit
from scband.score import Note

HANDS = 2
"""Pieces that hands can strike at once."""

_FEET = ("kick", "hat_pedal")
_ONE_HAND = ("hat_closed", "hat_open", "ride", "ride_bell", "crash")
_STEADY = 0.6
"""Part of the strokes that are decided for a whole section, not for each bar."""

_REACH = 0.18
"""How far, in energy, the grooves lie that an intensity chooses from (standard deviation)."""

_LIKELY = 0.5
_RING = {"ride": 1.0, "ride_bell": 1.0, "crash": 2.0, "hat_open": 0.5}


def suits(kit: Kit, context: Context) -> bool:
    """Tell whether what was learned can be played in this meter."""
    lengths = context.pulses
    if lengths[0] == 1.5:
        return school(kit.school).grid == 3
    return all(length == 1.0 for length in lengths[:-1]) and lengths[-1] in (1.0, 1.5)


def groove_of(kit: Kit, context: Context, seed: int) -> LearnedGroove:
    """Choose the groove of a section: near in energy to the intensity, clear, as often as people.

    Only grooves that strike what the style `needs` are taken, if there are any.
    """
    grooves = _fitting(kit.school, kit.needs)
    since = context.bar.index - context.bar.section_bar
    # The same section comes back with the same groove unless the band is wild.
    rng = dice(seed, "learned groove", context.bar.section, since if context.temperature > 1 else 0)
    weights = [
        (
            groove,
            groove.weight
            * groove.clarity**4
            * math.exp(-0.5 * ((groove.energy - context.intensity) / _REACH) ** 2),
        )
        for groove in grooves
    ]
    return choose(rng, weights, context.temperature)


@lru_cache(maxsize=64)
def _fitting(
    name: str, needs: tuple[tuple[str, tuple[float, ...]], ...]
) -> Sequence[LearnedGroove]:
    taught = school(name)
    found = [
        groove
        for groove in taught.grooves
        if all(
            groove.strikes(piece.split("|"), round(beat * taught.grid)) >= _LIKELY
            for piece, beats in needs
            for beat in beats
        )
    ]
    return found or taught.grooves


def bar_of(
    groove: LearnedGroove, kit: Kit, context: Context, swing: Swing, seed: int
) -> list[Note]:
    """Play a bar of a groove: what is sure always, what is likely mostly, ghosts now and then."""
    taught = school(kit.school)
    since = context.bar.index - context.bar.section_bar
    steady = _habits(seed, context.chorus, since, len(groove.cells))
    fresh = dice(seed, "learned bar", context.chorus, context.bar.index).random
    heat = context.temperature
    kept = _kept(groove, kit.needs, taught.grid)
    struck = []
    for place, (cell, habit) in enumerate(zip(groove.cells, steady, strict=True)):
        at = habit if habit < 1 else fresh()
        chance = cell.chance if heat == 1.0 else _heated(cell.chance, heat)
        if at < chance or place in kept:
            struck.append(cell)
    gain = loudness(context.intensity) * kit.level / 0.88 * (taught.mean / groove.mean) ** 0.5
    notes = _all_notes(groove, taught.grid, context.pulses, swing, round(gain, 3))
    return [note for cell in _playable(struck) for note in notes[cell.step, cell.piece]]


@lru_cache(maxsize=256)
def _all_notes(
    groove: LearnedGroove, grid: int, lengths: tuple[float, ...], swing: Swing, gain: float
) -> dict[tuple[int, str], list[Note]]:
    """Return the notes that each cell is in a bar with pulses of these lengths."""
    order = _pulses(len(lengths))
    return {
        (cell.step, cell.piece): list(_notes((cell,), grid, order, lengths, swing=swing, gain=gain))
        for cell in groove.cells
    }


@lru_cache(maxsize=512)
def _kept(
    groove: LearnedGroove, needs: tuple[tuple[str, tuple[float, ...]], ...], grid: int
) -> frozenset[int]:
    """Return the cells that are always struck: the likeliest of each need, and of the first beat.

    Without something on the first beat nobody would know where the bar begins.
    """
    wanted = [(piece.split("|"), round(beat * grid)) for piece, beats in needs for beat in beats]
    wanted.append((["kick", "snare", "ride", "hat_closed", "hat_open", "side_stick", "crash"], 0))
    found = set()
    for pieces, step in wanted:
        able = [
            (cell.chance, -place)
            for place, cell in enumerate(groove.cells)
            if cell.step == step and cell.piece in pieces
        ]
        if able:
            found.add(-max(able)[1])
    return frozenset(found)


@lru_cache(maxsize=256)
def _habits(seed: int, chorus: int, since: int, count: int) -> tuple[float, ...]:
    """Draw what is decided for a section at once; 2 stands for what each bar decides anew."""
    rng = dice(seed, "habits", chorus, since)
    return tuple(rng.random() if rng.random() < _STEADY else 2.0 for _ in range(count))


@lru_cache(maxsize=4096)
def _heated(chance: float, temperature: float) -> float:
    """Sharpen (towards 0) or flatten (towards 2) a probability by a temperature."""
    if temperature < 0.01:
        return float(chance >= _LIKELY)
    chance = min(max(chance, 1e-3), 1 - 1e-3)
    return 1 / (1 + math.exp(math.log((1 - chance) / chance) / temperature))


def loudness(intensity: float) -> float:
    """Return the gain on learned velocities: 1 in the middle, where the data stands."""
    return 0.6 + 0.8 * intensity


def _playable(struck: Iterable[Cell]) -> list[Cell]:
    """Leave on each step what two hands can strike, one of them on the cymbals."""
    found: list[Cell] = []
    step, hands, cymbal, snare = -1, 0, False, False
    for cell in struck:
        if cell.step != step:
            step, hands, cymbal, snare = cell.step, 0, False, False
        if cell.piece in _FEET:
            found.append(cell)
            continue
        ours, drum = cell.piece in _ONE_HAND, cell.piece in ("snare", "ghost", "side_stick")
        if hands == HANDS or (ours and cymbal) or (drum and snare):
            continue
        hands, cymbal, snare = hands + 1, cymbal or ours, snare or drum
        found.append(cell)
    return found


@lru_cache(maxsize=16)
def _pulses(count: int) -> tuple[int, ...]:
    """Return which of the four learned pulses are played in a bar of another length."""
    return tuple(map(int, fitted(("0", "1", "2", "3"), count)))


def _notes(
    cells: Sequence[Cell],
    grid: int,
    order: tuple[int, ...],
    lengths: tuple[float, ...],
    *,
    swing: Swing,
    gain: float,
    begins: int = 0,
) -> Iterable[Note]:
    """Place cells in time: pulse by pulse, with swing, from pulse `begins` of the bar on."""
    offsets = _offsets(grid, STRAIGHT if lengths[0] == 1.5 else swing)
    by_pulse: dict[int, list[Cell]] = {}
    for cell in cells:
        by_pulse.setdefault(cell.step // grid, []).append(cell)
    begin, beats = starts(lengths), sum(lengths)
    for place, pulse in enumerate(order, start=begins):
        start, length = begin[place], lengths[place]
        for cell in by_pulse.get(pulse, ()):
            velocity = min(1.0, max(0.02, cell.velocity * gain))
            beat = start + offsets[cell.step % grid] * length
            ring = min(_RING.get(cell.piece, 0.25), beats - beat)
            kind = "ghost" if cell.piece == "ghost" else ("accent" if velocity > 0.8 else "")
            yield Note(beat, ring, cell.pitch, velocity, kind)


@lru_cache(maxsize=256)
def _offsets(grid: int, swing: Swing) -> tuple[float, ...]:
    """Return where the steps of a beat lie: triplets bend with the swing ratio, sixteenths too."""
    if grid == 3:
        late = swing.ratio / (1 + swing.ratio) if swing.ratio > 1 else 2 / 3
        return (0.0, late / 2, late)
    return tuple(swing.warp(step / grid) for step in range(grid))


def fill_of(kit: Kit, context: Context, seed: int, *, short: bool) -> LearnedFill | None:
    """Choose a fill near in energy to the intensity; `short` ones within a phrase."""
    taught = school(kit.school)
    room = min(4, len(context.pulses))
    fills = [fill for fill in taught.fills if fill.beats <= room]
    if not fills:
        return None
    rng = dice(seed, "learned fill", context.chorus, context.bar.index)
    weights = [
        (
            fill,
            math.exp(-0.5 * ((fill.energy - context.intensity) / _REACH) ** 2)
            / fill.beats ** (2.0 if short else 1.0),
        )
        for fill in fills
    ]
    return choose(rng, weights, context.temperature)


def fill_notes(fill: LearnedFill, kit: Kit, context: Context, swing: Swing) -> list[Note]:
    """Play a fill at the end of the bar."""
    taught = school(kit.school)
    count = len(context.pulses)
    gain = loudness(context.intensity) * kit.level / 0.88 * (taught.mean / fill.mean) ** 0.3
    order = tuple(range(fill.beats))
    begins = count - fill.beats
    cells = _playable(fill.cells)
    return list(
        _notes(cells, taught.grid, order, context.pulses, swing=swing, gain=gain, begins=begins)
    )
