"""Make the takes that the beat networks learn from: sound, with the times of its beats.

    python benchmarks/beat_takes.py OUT --charts BILLBOARD --groove GROOVE --count 900 --seed 1

BILLBOARD is a folder of the McGill Billboard corpus' texts (CC0), GROOVE the Groove MIDI Dataset
(CC BY 4.0). Each take is written as .flac with a .json beside it: `name`, `beats` in seconds,
`places` in the bar from 0. About 1.5 seconds a take on one core.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from random import Random

import soundfile
from beat_inventions import drummer_piece, invented_piece
from beat_loud import loud_drummer_piece, loud_piece, mastered
from beat_material import (
    FONTS,
    RATE,
    Piece,
    band_piece,
    in_time,
    produced,
    progressions,
    rendered,
    thinned,
)

from scband.theory import Chord

SECONDS = 36.0
TOGETHER = 12
"""Takes rendered in one go."""


def piece(chords: list[list[Chord]], grooves: list[Path], dice: Random, loud: float = 0.0) -> Piece:
    """Draw the kind of a piece and make it; so large a share is loud."""
    if loud and dice.random() < loud:
        rock = [path for path in grooves if "_rock" in path.name or "_punk" in path.name]
        rock = [path for path in rock if path.stem.endswith("4-4")]
        if rock and dice.random() < 0.12:
            return loud_drummer_piece(rock, dice.choice(chords), dice, SECONDS)
        return thinned(loud_piece(dice.choice(chords), dice, SECONDS), dice)
    kind = dice.random()
    if kind < 0.45:
        made = band_piece(dice.choice(chords), dice, SECONDS)
    elif kind < 0.87 or not grooves:
        made = invented_piece(dice.choice(chords), dice, SECONDS)
    else:
        made = drummer_piece(dice.choice(grooves), dice.choice(chords), dice, SECONDS)
    return thinned(made, dice)


def save_takes(names: list[Path], made: list[Piece], dice: Random) -> None:
    """Render pieces together and write each with its truth."""
    timed = [in_time(one, dice) for one in made]
    fonts = FONTS if dice.random() < 0.5 else FONTS[:2]  # the third takes long to load
    for path, take, samples in zip(names, timed, rendered(timed, dice, fonts), strict=True):
        sound = samples[: int((take.beats[-1] + 0.3) * RATE)]
        if take.programs and dice.random() < 0.75:
            sound = mastered(sound, dice)
        sound = produced(sound, dice)
        soundfile.write(path.with_suffix(".flac"), sound, RATE, subtype="PCM_16")
        truth = {"name": take.name, "beats": take.beats.tolist(), "places": take.places.tolist()}
        path.with_suffix(".json").write_text(json.dumps(truth))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--charts", type=Path, required=True)
    parser.add_argument("--groove", type=Path, required=True)
    parser.add_argument("--count", type=int, default=900)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--loud", type=float, default=0.0, help="share of loud music, 0-1")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    chords = progressions(options.charts)
    grooves = sorted(options.groove.rglob("*_beat_*.mid"))
    for first in range(0, options.count, TOGETHER):
        dice = Random(options.seed * 1_000_003 + first)
        made = [piece(chords, grooves, dice, options.loud) for _ in range(TOGETHER)]
        made = [one for one in made if one.notes and len(one.pulses) > 8]
        names = [options.out / f"{options.seed}-{first + n:04d}" for n in range(len(made))]
        save_takes(names, made, dice)


if __name__ == "__main__":
    main()
