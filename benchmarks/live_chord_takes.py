"""Make the takes that the live chord network learns from, as frames with the chords that sound.

    python benchmarks/live_chord_takes.py OUT --charts BILLBOARD --count 160 --seed 1

BILLBOARD is a folder of the McGill Billboard corpus' texts (CC0). The library's band plays its
progressions in any of its styles: keys, guitar or pad alone, or with a bass or a lead; FluidSynth
renders it with any instruments, tuning, room and noise, and the analysis SynthDef hears it, faster
than real time. Each take is one .npz: `spectra` (frames, 72), 100 frames a second; `changes`, the
second at which each chord begins, and the end; `chords`, their Harte labels.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import numpy as np
import soundfile
import soxr
from beat_material import (
    RATE,
    Piece,
    Struck,
    Timed,
    in_time,
    produced,
    progressions,
    rendered,
    song_of,
)
from numpy.typing import NDArray
from offline_listening import SAMPLE_RATE, listen

from scband.agents import Band
from scband.agents import style as styles
from scband.agents.form import Form
from scband.analysis.frames import BAND_COUNT
from scband.score import Meter
from scband.studio.performance import Performance
from scband.supercollider.synthdefs import compiled_synthdefs
from scband.theory import Chord

Sound = NDArray[np.float32]

SECONDS = 24.0
TOGETHER = 8
"""Takes rendered with one sound font and room."""
ENSEMBLES = (
    ("keys",), ("keys",), ("guitar",), ("guitar",), ("guitar",), ("pad",), ("keys", "bass"),
    ("guitar", "bass"), ("keys", "lead"), ("guitar", "lead"),
)  # fmt: skip


def piece(chords: Sequence[Chord], dice: Random) -> tuple[Piece, list[Chord]]:
    """Let a player or two play a song; the pulses of the piece are where its chords begin."""
    style = styles.load(dice.choice(styles.names()))
    meter = Meter.parse(style.meters[0])
    tempo = min(max(style.tempo * dice.uniform(0.75, 1.3), 55), 220)
    bars = max(4, round(SECONDS * tempo / 60 / meter.beats))
    song = song_of(chords, meter, bars, dice).transposed(dice.choice(("P1", "M2", "m3", "P4")))
    form = Form(song, choruses=1, count_in=False, ends=False)
    band = Band(style, dice.choice(ENSEMBLES), dice.randrange(1 << 30))
    played = Performance(form, band, tempo, dice.uniform(0.2, 0.9), dice.uniform(0.5, 1.5))
    notes = tuple(
        Struck(max(n.start, 0.0), n.length, n.pitch, n.velocity, player)
        for player, part in played.parts().items()
        for n in part
    )
    spans = [(bar.start + item.beat, item.chord) for bar in form.bars for item in bar.chords]
    ends = np.array([start for start, _ in spans] + [form.beats])
    made = Piece(f"{style.name} {meter}", notes, ends, np.zeros(len(ends), dtype=int), tempo)
    return made, [chord for _, chord in spans]


def save_take(path: Path, timed: Timed, spans: list[Chord], samples: Sound, folder: Path) -> None:
    """Let the server hear a take, and write that."""
    samples = samples[: int(timed.beats[-1] * RATE)]
    with TemporaryDirectory(prefix="scband-chords-") as name:
        wave = Path(name, "take.wav")
        soundfile.write(wave, soxr.resample(samples, RATE, SAMPLE_RATE), SAMPLE_RATE, "FLOAT")
        heard = listen(wave, folder, server="scsynth")
    np.savez(
        path,
        name=timed.name,
        spectra=np.array(heard.frames, dtype=np.float32)[:, -BAND_COUNT:],
        changes=timed.beats,
        chords=[chord.harte() for chord in spans],
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--charts", type=Path, required=True)
    parser.add_argument("--count", type=int, default=160)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    songs = progressions(options.charts)
    definitions = compiled_synthdefs()
    for first in range(0, options.count, TOGETHER):
        dice = Random(options.seed * 1_000_003 + first)
        pieces = [piece(dice.choice(songs), dice) for _ in range(TOGETHER)]
        pieces = [(made, spans) for made, spans in pieces if made.notes]
        timed = [in_time(made, dice) for made, _ in pieces]
        sounds = rendered(timed, dice)
        for number, (take, (_, spans), sound) in enumerate(zip(timed, pieces, sounds, strict=True)):
            path = options.out / f"{options.seed}-{first + number:04d}.npz"
            save_take(path, take, spans, produced(sound, dice), definitions)


if __name__ == "__main__":
    main()
