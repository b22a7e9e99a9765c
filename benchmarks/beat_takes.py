"""Make the takes that the beat network learns from, as frames with the times of their beats.

    python benchmarks/beat_takes.py OUT --charts BILLBOARD --groove GROOVE --count 900 --seed 1

BILLBOARD is a folder of the McGill Billboard corpus' texts (CC0), GROOVE the Groove MIDI Dataset
(CC BY 4.0). Each take is written as one .npz: `views` (views, frames, bands) in half precision,
`spacings` seconds between frames in each view, `beats` in seconds, `places` in the bar from 0.
About 1.5 seconds a take on one core.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from random import Random

import numpy as np
from beat_inventions import drummer_piece, invented_piece
from beat_material import RATE, Piece, band_piece, in_time, midi, produced, progressions, rendered

from scband.analysis.beat.features import FRAMES_PER_SECOND, level_gain, look
from scband.theory import Chord

SECONDS = 36.0


def piece(chords: list[list[Chord]], grooves: list[Path], dice: Random) -> Piece:
    """Draw the kind of a piece and make it."""
    kind = dice.random()
    if kind < 0.5:
        return band_piece(dice.choice(chords), dice, SECONDS)
    if kind < 0.85 or not grooves:
        return invented_piece(dice.choice(chords), dice, SECONDS)
    return drummer_piece(dice.choice(grooves), dice.choice(chords), dice, SECONDS)


def save_take(path: Path, made: Piece, dice: Random) -> None:
    """Render a piece and write what the network sees of it, at three speeds."""
    timed = in_time(made, dice)
    samples = produced(rendered(midi(timed, dice), dice), dice)
    samples = samples[: int((timed.beats[-1] + 0.3) * RATE)]
    gain = level_gain(samples)
    spacings = [1.0, dice.uniform(0.78, 0.97), dice.uniform(1.03, 1.28)]
    views = []
    for factor in spacings:
        spacing = factor / FRAMES_PER_SECOND
        count = int(len(samples) / RATE / spacing)
        views.append(look(samples, RATE, 0, count, gain=gain, spacing=spacing).astype(np.float16))
    arrays = {f"view{i}": view for i, view in enumerate(views)}
    np.savez(
        path,
        name=made.name,
        spacings=np.array(spacings) / FRAMES_PER_SECOND,
        beats=timed.beats,
        places=timed.places,
        **arrays,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--charts", type=Path, required=True)
    parser.add_argument("--groove", type=Path, required=True)
    parser.add_argument("--count", type=int, default=900)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    chords = progressions(options.charts)
    grooves = sorted(options.groove.rglob("*_beat_*.mid"))
    for number in range(options.count):
        dice = Random(options.seed * 1_000_003 + number)
        made = piece(chords, grooves, dice)
        if made.notes and len(made.pulses) > 8:
            save_take(options.out / f"{options.seed}-{number:04d}.npz", made, dice)


if __name__ == "__main__":
    main()
