"""Timing and weight as people play them: feel, drift, scatter, strums; never across the bar line.

Feel is where a player tends to sit against the beat, in ms. The whole band drifts slowly, as
people who listen to each other do; what one player strikes together scatters together; each stroke
of a drummer scatters for itself. Drummers' lateness by piece and place, and all their scatter, are
those of their school (`drumming`), learned from people.
"""

from __future__ import annotations

import math
from functools import lru_cache
from operator import attrgetter

from scband.agents.chance import Dice, dice
from scband.agents.context import Context
from scband.agents.drum_kit import PIECES
from scband.agents.drumming import GRAIN, School, school
from scband.agents.style import Style
from scband.score import Note

_TOGETHER = 1e-4
_SHORTEST = 0.02
_FAINT = 0.02
_DEFAULT_SPREAD = 4.0
_VELOCITY_SPREAD = 0.07
_DRUM_SCATTER = 0.11
_GHOST_SCATTER = 0.065
_GHOST_LOOSE = 1.6
"""How much looser ghost notes lie than strokes that are meant to be heard."""
_KNOT = 2
"""Bars from one turn of the drift to the next."""


def humanise(
    player: str,
    notes: tuple[Note, ...],
    context: Context,
    *,
    style: Style,
    seed: int,
    amount: float,
) -> tuple[Note, ...]:
    """Return the notes as a person would play them; `amount` 0 leaves all as written, 1 is usual.

    Notes stay within the bar: nothing starts before its first beat or sounds past its end.
    """
    if amount <= 0 or not notes:
        return notes
    taught = school(style.drums.school)
    drift = _drift(seed, context.chorus, context.bar.index) * taught.drift
    rng = dice(seed, "humanise", player, context.chorus, context.bar.index)
    if player == "drums":
        return _struck(notes, context, style, taught=taught, drift=drift, rng=rng, amount=amount)
    beats_per_ms = context.tempo / 60000 * amount
    spread = style.feel.get("spread", _DEFAULT_SPREAD)
    feel = style.feel.get(player, 0.0) + drift
    strum = style.guitar.strum_ms if player == "guitar" else 0.0
    played: list[Note] = []
    beats = context.beats
    onset, late, string = -1.0, 0.0, 0
    for note in notes:
        if abs(note.start - onset) > _TOGETHER:
            onset, string = note.start, 0
            late = rng.gauss(spread)
        start = note.start + (feel + late) * beats_per_ms
        if string and strum:
            start += string * strum * _speed(note) * beats_per_ms
        string += 1
        weight = 1 + rng.gauss(_VELOCITY_SPREAD * amount)
        played.append(_placed(note, start, beats, note.velocity * weight))
    played.sort(key=_start)
    return tuple(played)


def _struck(
    notes: tuple[Note, ...],
    context: Context,
    style: Style,
    *,
    taught: School,
    drift: float,
    rng: Dice,
    amount: float,
) -> tuple[Note, ...]:
    """Play the kit as the school does: late by piece and place, each hand with its own scatter."""
    beats_per_ms = context.tempo / 60000 * amount
    played: list[Note] = []
    beats, shared, own, rows, feels = (
        context.beats, taught.shared, taught.own, taught.late, _feels(style)
    )  # fmt: skip
    onset, together = -1.0, 0.0
    for note in notes:
        pitch = note.pitch
        if note.start - onset > _TOGETHER:
            onset = note.start
            together = drift + rng.gauss(shared)
        row = rows.get(pitch)
        late = row[round(note.start * GRAIN) % len(row)] if row else 0.0
        scatter, hand = taught.scatter.get(pitch, _DRUM_SCATTER), own
        if note.articulation == "ghost":
            scatter, hand = min(scatter, _GHOST_SCATTER), _GHOST_LOOSE * own
        late += feels.get(pitch, 0.0) + together + rng.gauss(hand)
        velocity = note.velocity + rng.gauss(scatter * amount) * min(1.0, 2 * note.velocity)
        played.append(_placed(note, note.start + late * beats_per_ms, beats, velocity))
    played.sort(key=_start)
    return tuple(played)


_start = attrgetter("start")


@lru_cache(maxsize=64)
def _feels_of(feel: tuple[tuple[str, float], ...]) -> dict[int, float]:
    """Return by pitch how late a style wants pieces of the kit, beside what the school does."""
    return {PIECES[name]: late for name, late in feel if name in PIECES}


def _feels(style: Style) -> dict[int, float]:
    return _feels_of(tuple(style.feel.items()))


@lru_cache(maxsize=1024)
def _drift(seed: int, chorus: int, bar: int) -> float:
    """Return how late (+) the whole band is in a bar, in standard deviations: a slow wave."""
    knot, between = divmod(bar, _KNOT)
    one, two = (dice(seed, "drift", chorus, knot + step).gauss(1.0) for step in (0, 1))
    share = between / _KNOT
    return (one + (two - one) * share) / math.sqrt(share**2 + (1 - share) ** 2)


def _speed(note: Note) -> float:
    """Strum hard strokes and dead ones faster."""
    return 0.6 if note.articulation in ("accent", "mute", "staccato") else 1.0


def _placed(note: Note, start: float, beats: float, velocity: float) -> Note:
    start = max(start, 0.0)
    if start > beats - _SHORTEST:
        start = max(note.start, beats - _SHORTEST)
    length = note.length
    if start + length > beats:
        length = max(beats - start, _SHORTEST / 2)
    if not _FAINT < velocity < 1.0:
        velocity = 1.0 if velocity > _FAINT else _FAINT
    return Note(start, length, note.pitch, velocity, note.articulation)
