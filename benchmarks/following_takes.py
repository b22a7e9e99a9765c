"""Make what the following network learns from: cues of takes as the live analysis hears them.

    python benchmarks/beat_takes.py TAKES --charts BILLBOARD --groove GROOVE --count 600
    python benchmarks/following_takes.py TAKES CUES

Each take (.flac or .wav with .json of `beats` and `places`) is heard by the analysis SynthDef in a
server without a card. Its frames are then looked at three times: as they are, and twice with time
bent, for a follower must stand changes of tempo: another tempo, and steps of up to a quarter.
"""

from __future__ import annotations

import argparse
import json
import zlib
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray
from offline_listening import SAMPLE_RATE, Heard, listen

from scband.analysis.follow.cues import CUES, Listening
from scband.analysis.frames import FRAMES_PER_SECOND, Frame, decode_frame, decode_onset
from scband.supercollider.synthdefs import compiled_synthdefs

VIEWS = 3
Times = NDArray[np.float64]


def bend(seconds: float, dice: np.random.Generator) -> tuple[Times, Times]:
    """Draw a course of time: knots in the take, and the seconds at which they are to fall."""
    knots, rates = [0.0], [float(np.exp(dice.uniform(np.log(0.78), np.log(1.28))))]
    while dice.random() < 0.7:
        place = knots[-1] + dice.uniform(5, 14)
        if place > seconds - 3:
            break
        step = dice.choice([0.8, 1.2]) if dice.random() < 0.5 else dice.uniform(0.8, 1.25)
        knots.append(place)
        rates.append(float(np.clip(rates[-1] * step, 0.65, 1.5)))
    knots.append(seconds)
    return np.array(knots), np.concatenate([[0.0], np.cumsum(np.diff(knots) / np.array(rates))])


def view(
    heard: Heard, dice: np.random.Generator | None
) -> tuple[NDArray[np.float16], Times, Times]:
    """Return the cues of a take, and the course of time that they have been given."""
    frames = [decode_frame(row) for row in heard.frames]
    onsets = [decode_onset(row) for row in heard.onsets]
    seconds = len(frames) / FRAMES_PER_SECOND
    knots, placed = (np.array([0, seconds]),) * 2 if dice is None else bend(seconds, dice)
    tilt = np.zeros(6) if dice is None else dice.normal(0, 4, 6)
    listening, cues = Listening(), []
    for number in range(int(placed[-1] * FRAMES_PER_SECOND)):
        moment = float(np.interp(number / FRAMES_PER_SECOND, placed, knots))
        while onsets and onsets[0].samples / SAMPLE_RATE <= moment:
            listening.hear_onset(onsets.pop(0))
        cues.append(_between(frames, moment * FRAMES_PER_SECOND, tilt, listening))
    found = np.array(cues, np.float16).reshape(-1, CUES)
    return found, knots, placed


def _between(
    frames: list[Frame], place: float, tilt: Times, listening: Listening
) -> NDArray[np.float32]:
    """Return the cues between two frames, with an equaliser's `tilt` in dB over the bands."""
    first = min(int(place), len(frames) - 2)
    one, two, part = frames[first], frames[first + 1], min(place - first, 1.0)
    spectrum = np.array(one.spectrum) * (1 - part) + np.array(two.spectrum) * part
    bands = np.arange(len(spectrum))
    gain = 10 ** (np.interp(bands, np.linspace(0, len(bands) - 1, len(tilt)), tilt) / 20)
    return listening.cues(
        (spectrum * gain).astype(np.float32),
        one.amplitude * (1 - part) + two.amplitude * part,
        max(one.onset_strength * (1 - part), two.onset_strength * part),
        one.centroid_hz * (1 - part) + two.centroid_hz * part,
    )


def hear(path: Path, definitions: Path) -> Heard:
    """Let the server hear a recording of any rate."""
    sound, rate = soundfile.read(path, always_2d=True, dtype="float32")
    with TemporaryDirectory(prefix="scband-takes-") as name:
        file = Path(name, "take.wav")
        mono = soxr.resample(sound.mean(1), rate, SAMPLE_RATE)
        soundfile.write(file, mono, SAMPLE_RATE, subtype="FLOAT")
        return listen(file, definitions, server="scsynth")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("takes", type=Path)
    parser.add_argument("out", type=Path)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    definitions = compiled_synthdefs()
    for about in sorted(options.takes.glob("*.json")):
        sound = next(
            p for p in (about.with_suffix(".flac"), about.with_suffix(".wav")) if p.exists()
        )
        truth, heard = json.loads(about.read_text()), hear(sound, definitions)
        dice = np.random.default_rng(zlib.crc32(about.stem.encode()))
        arrays = {}
        for number in range(VIEWS):
            cues, knots, placed = view(heard, dice if number else None)
            arrays[f"cues{number}"] = cues
            arrays[f"beats{number}"] = np.interp(truth["beats"], knots, placed)
        np.savez(options.out / about.stem, places=np.array(truth["places"]), **arrays)


if __name__ == "__main__":
    main()
