"""Real recordings with their beats: the songs of Frets on Fire, as clips for `beats.py`.

    python benchmarks/beat_recordings.py OUT [--songs /usr/share/games/fretsonfire/data/songs]

Debian's `fretsonfire-songs-sectoid` and `fretsonfire-songs-muldjord` are rock and metal by real
bands, recorded to a click, with a `notes.mid` whose tempo is the recording's. The beats are those
of the click; a constant delay of the recording is measured by how well they fall on its onsets,
and taken out. Where bars begin is not told, so every place in the bar is written as 1 and only the
figures of beats mean anything. Songs whose onsets do not fit the click clearly are left out.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import mido
import numpy as np
import soundfile

RATE = 44_100
LONGEST = 90.0
"""Seconds of a song that are written, from its middle on either side."""
CLEAR = 1.3
"""Onsets on the click against onsets anywhere, below which a song is left out."""


def mixed(song: Path) -> np.ndarray:
    """Mix the tracks of a song to mono."""
    tracks = [soundfile.read(path, always_2d=True)[0].mean(1) for path in song.glob("*.ogg")]
    length = min(len(track) for track in tracks)
    return np.sum([track[:length] for track in tracks], axis=0)


def click(song: Path, length: float) -> np.ndarray:
    """Return the seconds of the click of a song's tempo map."""
    file = mido.MidiFile(song / "notes.mid")
    tempos = sorted(
        {
            (int(tick), message.tempo)
            for track in file.tracks
            for tick, message in zip(np.cumsum([m.time for m in track]), track, strict=True)
            if message.type == "set_tempo"
        }
    )
    beats, second, beat = [], 0.0, 0
    while second < length:
        beats.append(second)
        tempo = [t for tick, t in tempos if tick <= beat * file.ticks_per_beat][-1]
        second, beat = second + tempo / 1e6, beat + 1
    return np.array(beats)


def onsets(samples: np.ndarray, step: int) -> np.ndarray:
    """Return the rise of the spectrum every `step` samples."""
    frames = np.lib.stride_tricks.sliding_window_view(np.pad(samples, 512), 1024)[::step]
    rows = []
    for first in range(0, len(frames), 4096):
        part = frames[first : first + 4096] * np.hanning(1024)
        rows.append(np.log1p(50 * np.abs(np.fft.rfft(part, axis=1))).astype(np.float32))
    spectrum = np.concatenate(rows)
    rise = np.maximum(np.diff(spectrum, axis=0, prepend=spectrum[:1]), 0).sum(1)
    return rise / rise.mean()


def delay(rise: np.ndarray, beats: np.ndarray, frames: float) -> tuple[float, float]:
    """Return the delay in seconds at which beats meet the most onsets, and how many they meet."""
    lags = np.arange(-0.06, 0.06, 0.002)
    met = [
        rise[np.clip(np.round((beats + lag) * frames).astype(int), 0, len(rise) - 1)].mean()
        for lag in lags
    ]
    return float(lags[int(np.argmax(met))]), float(max(met))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path)
    parser.add_argument(
        "--songs", type=Path, default=Path("/usr/share/games/fretsonfire/data/songs")
    )
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    step = 88
    for song in sorted(path.parent for path in options.songs.rglob("notes.mid")):
        samples = mixed(song)
        beats = click(song, len(samples) / RATE)
        rise = onsets(samples, step)
        late, met = delay(rise, beats, RATE / step)
        halves = [
            delay(rise, part, RATE / step) for part in np.array_split(beats, 4)
        ]  # a wrong tempo would show as a delay that grows
        print(
            song.name,
            f"late {1000 * late:+.0f} ms, {met:.2f}",
            [f"{1000 * a:+.0f}" for a, _ in halves],
        )
        if met < CLEAR:
            continue
        first = max(0.0, len(samples) / RATE / 2 - LONGEST)
        for number in range(2):
            low = first + number * LONGEST
            part = samples[round(low * RATE) : round((low + LONGEST) * RATE)]
            inside = beats + late - low
            inside = inside[(inside >= 0) & (inside < len(part) / RATE - 0.1)]
            path = options.out / f"{song.name.replace(' ', '-').lower()}-{number}"
            soundfile.write(path.with_suffix(".wav"), 0.5 * part / np.abs(part).max(), RATE)
            rows = np.stack([inside, np.ones(len(inside))], 1)
            np.savetxt(path.with_suffix(".beats"), rows, ["%.6f", "%d"], "\t")
            path.with_suffix(".json").write_text(json.dumps({"name": song.name}))


if __name__ == "__main__":
    main()
