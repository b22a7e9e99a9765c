"""Performances to follow, with exactly known beats: one player or a band, and what players do.

Pieces come from `scband.agents` (`beat_material.py`), their time from here: steady, drifting, a
sudden step of 20 %, a ramp of 20 % over 8 beats, rests of 2 to 8 beats in which nobody plays,
wrong and missing notes. Every choice comes from the seed. Needs FluidSynth and a sound font.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

import numpy as np
import soundfile
from beat_material import RATE, Piece, Struck, Timed, band_piece, produced, rendered
from numpy.typing import NDArray

from scband.theory import Chord

KINDS = ("steady", "drift", "step up", "step down", "ramp up", "ramp down", "rests", "wrong notes")
INPUTS = ("guitar", "keys", "bass", "drums", "band")
STEP = 0.2
_SECONDS = 40.0
_RAMP_BEATS = 8
_SOUNDED = 1.0
"""Seconds a clip goes on after its last beat."""
_PROGRESSIONS = (
    "C Am F G", "Dm7 G7 Cmaj7 A7", "G D Em C", "Am F C G", "E7 A7 E7 B7", "Fmaj7 Em7 Dm7 C6",
)  # fmt: skip
Times = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Performance:
    """What one player or a band does: the piece in time, and at which second the tempo changes."""

    name: str
    timed: Timed
    tempo: float
    pulse: float
    changes: float | None
    factor: float


def performance(kind: str, heard: str, dice: Random) -> Performance:
    """Make a performance of one kind, of which only `heard` sounds: a role, or the band."""
    chords = [Chord.parse(name) for name in dice.choice(_PROGRESSIONS).split()]
    while True:
        piece = band_piece(chords * 8, dice, _SECONDS)
        notes = tuple(n for n in piece.notes if heard in (n.role, "band"))
        if len(notes) > piece.end / 2 and len(piece.pulses) > 24:
            break
    piece = replace(piece, notes=notes)
    pulse = float(piece.pulses[1] - piece.pulses[0])
    if kind == "rests":
        piece = replace(piece, notes=_rested(piece, pulse, dice))
    if kind == "wrong notes":
        piece = replace(piece, notes=_mistaken(piece, dice))
    curve, change = _tempo_curve(kind, piece, pulse, dice)
    seconds = 0.5 + np.concatenate([[0.0], np.cumsum(60 / (piece.tempo * curve))])
    timed = _timed(piece, seconds, dice)
    at = None if change is None else float(np.interp(change, np.arange(len(seconds)), seconds))
    name = f"{piece.name.removeprefix('band ')}, {heard}, {kind}"
    return Performance(name, timed, piece.tempo, pulse, at, float(curve[-1]))


def _tempo_curve(kind: str, piece: Piece, pulse: float, dice: Random) -> tuple[Times, float | None]:
    """Return the tempo of each quarter note as a factor, and the quarter where it changes."""
    count = int(piece.end) + 9
    curve = np.ones(count)
    middle = round(count * 0.45 / (4 * pulse)) * 4 * pulse
    place = int(middle)
    factor = 1 + STEP if kind.endswith("up") else 1 - STEP
    if kind.startswith("step"):
        curve[place:] = factor
    elif kind.startswith("ramp"):
        span = np.linspace(1, factor, _RAMP_BEATS + 1)
        curve[place : place + len(span)] = span[: count - place]
        curve[place + len(span) :] = factor
    else:
        depth = 0.0 if kind == "steady" else 0.04
        knots = np.array([dice.gauss(0, 1) for _ in range(max(3, count // 12))])
        curve += depth * np.interp(np.linspace(0, 1, count), np.linspace(0, 1, len(knots)), knots)
        return np.clip(curve, 0.8, 1.25), None
    return curve, float(place)


def _rested(piece: Piece, pulse: float, dice: Random) -> tuple[Struck, ...]:
    """Leave out everything for 2 to 8 beats, twice."""
    notes = piece.notes
    for share in (0.4, 0.75):
        first = round(piece.end * share / pulse) * pulse
        last = first + dice.choice((2, 4, 6, 8)) * pulse
        notes = tuple(
            replace(n, length=min(n.length, first - n.start)) if n.start < first else n
            for n in notes
            if not first - 0.1 <= n.start < last - 0.1
        )
    return notes


def _mistaken(piece: Piece, dice: Random) -> tuple[Struck, ...]:
    """Forget a tenth of the notes, and play a tenth where and what nobody wrote."""
    kept = [note for note in piece.notes if dice.random() > 0.1]
    extra = [
        replace(
            note,
            start=min(max(note.start + dice.uniform(-0.5, 0.5), 0.0), piece.end),
            pitch=note.pitch if note.role == "drums" else note.pitch + dice.choice((-1, 1, 6)),
        )
        for note in dice.sample(list(piece.notes), len(piece.notes) // 10)
    ]
    return tuple(kept + extra)


def _timed(piece: Piece, seconds: Times, dice: Random) -> Timed:
    """Put a piece on the clock, with a player's scatter."""
    quarters = np.arange(len(seconds))
    scatter = dice.choice((0.004, 0.008, 0.014))
    notes = []
    for note in piece.notes:
        start, end = np.interp((note.start, note.start + note.length), quarters, seconds)
        start = max(float(start) + dice.gauss(0, scatter), 0.0)
        velocity = min(max(round(note.velocity * 127), 1), 127)
        notes.append((start, max(float(end), start + 0.03), note.pitch, velocity, note.role))
    beats = np.interp(piece.pulses, quarters, seconds)
    return Timed(piece.name, tuple(sorted(notes)), beats, piece.places)


def write(folder: Path, kinds: Sequence[str], inputs: Sequence[str], seed: int) -> None:
    """Write a clip for every kind and input: .wav, .beats and .json with what is true of it."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, kind in enumerate(kinds):
        dice = Random(seed * 1_000_003 + number)
        made = [performance(kind, heard, dice) for heard in inputs]
        sounds = rendered([one.timed for one in made], dice)
        for heard, one, samples in zip(inputs, made, sounds, strict=True):
            path = folder / f"{kind}-{heard}-{seed}".replace(" ", "-")
            length = int((one.timed.beats[-1] + _SOUNDED) * RATE)
            sound = produced(samples[:length], dice)
            soundfile.write(path.with_suffix(".wav"), sound, RATE)
            rows = np.stack([one.timed.beats, one.timed.places + 1], 1)
            np.savetxt(path.with_suffix(".beats"), rows, ["%.6f", "%d"], "\t")
            facts = {
                "name": one.name, "kind": kind, "heard": heard, "tempo": one.tempo,
                "pulse": one.pulse, "changes": one.changes, "factor": one.factor,
            }  # fmt: skip
            path.with_suffix(".json").write_text(json.dumps(facts))
