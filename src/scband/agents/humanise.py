"""Timing and weight as people play them: feel, scatter, strums; never across the bar line.

Feel is where a player tends to sit against the beat, in ms; scatter is drawn for each onset, with
a slow drift that a bar shares, since people's errors follow one another. Velocities scatter by a
few per cent of their size.
"""

from __future__ import annotations

from scband.agents.chance import dice
from scband.agents.context import Context
from scband.agents.style import Style
from scband.agents.style_parts import PIECES
from scband.score import Note

_NAMES = {pitch: piece for piece, pitch in PIECES.items()}
_TOGETHER = 1e-4
_SHORTEST = 0.02
_DEFAULT_SPREAD = 4.0
_VELOCITY_SPREAD = {"drums": 0.11}
_DEFAULT_VELOCITY_SPREAD = 0.07


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
    rng = dice(seed, "humanise", player, context.chorus, context.bar.index)
    beats_per_ms = context.tempo / 60000 * amount
    spread = style.feel.get("spread", _DEFAULT_SPREAD)
    weight = _VELOCITY_SPREAD.get(player, _DEFAULT_VELOCITY_SPREAD) * amount
    drift = rng.gauss(spread / 2)
    strum = style.guitar.strum_ms if player == "guitar" else 0.0
    played = []
    onset, late, string = -1.0, 0.0, 0
    for note in notes:
        if player == "drums" or abs(note.start - onset) > _TOGETHER:
            onset, string = note.start, 0
            late = drift + rng.gauss(spread)
        feel = style.feel.get(_NAMES.get(note.pitch, "drums") if player == "drums" else player, 0.0)
        start = note.start + (feel + late + string * strum * _speed(note)) * beats_per_ms
        string += 1
        played.append(_placed(note, start, context.beats, 1 + rng.gauss(weight)))
    return tuple(sorted(played, key=lambda note: note.start))


def _speed(note: Note) -> float:
    """Strum hard strokes and dead ones faster."""
    return 0.6 if note.articulation in ("accent", "mute", "staccato") else 1.0


def _placed(note: Note, start: float, beats: float, weight: float) -> Note:
    start = min(max(start, 0.0), max(note.start, beats - _SHORTEST))
    length = max(min(note.length, beats - start), _SHORTEST / 2)
    velocity = min(1.0, max(0.02, note.velocity * weight))
    return Note(start, length, note.pitch, velocity, note.articulation)
