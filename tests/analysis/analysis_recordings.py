"""Recordings with known contents, made of sines and noise."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import soundfile

from scband.theory import Chord

RATE = 44_100


def tone(midi: float, seconds: float, rate: int = RATE) -> np.ndarray:
    """A plucked tone with six partials."""
    times = np.arange(round(seconds * rate)) / rate
    hz = 440 * 2 ** ((midi - 69) / 12)
    partials = [np.sin(2 * np.pi * hz * n * times) / n**1.3 for n in range(1, 7)]
    return np.sum(partials, axis=0) * np.exp(-1.2 * times) * np.minimum(1, times / 0.005)


def band(
    chords: Sequence[str],
    *,
    tempo: float = 120.0,
    beats: int = 4,
    cents: float = 0.0,
    rate: int = RATE,
    seed: int = 7,
) -> np.ndarray:
    """A chord a bar: bass on one and three, the chord on every beat, kick, snare and hat."""
    rng = np.random.default_rng(seed)
    beat = 60 / tempo
    sound = np.zeros(round((len(chords) * beats * beat + 1.0) * rate))

    def put(seconds: float, what: np.ndarray) -> None:
        start = round(seconds * rate)
        sound[start : start + len(what)] += what[: len(sound) - start]

    hat = rng.normal(size=rate // 20) * np.exp(-np.arange(rate // 20) / (0.01 * rate))
    snare = rng.normal(size=rate // 8) * np.exp(-np.arange(rate // 8) / (0.03 * rate))
    kick_times = np.arange(rate // 8) / rate
    kick = np.sin(2 * np.pi * 60 * kick_times) * np.exp(-25 * kick_times)
    for bar, name in enumerate(chords):
        chord = Chord(name)
        for at in range(beats):
            time = (bar * beats + at) * beat
            put(time, 0.08 * hat)
            put(time + beat / 2, 0.05 * hat)
            put(time, 0.8 * kick if at in (0, 2) else 0.3 * snare)
            if chord.root is None or chord.bass is None:
                continue
            for pitch_class in chord.pitch_classes:
                midi = 55 + (pitch_class - 55) % 12 + cents / 100
                put(time, 0.12 * tone(midi, beat * 0.95, rate))
            if at in (0, 2):
                put(time, 0.35 * tone(36 + chord.bass + cents / 100, beat * 1.9, rate))
    return sound / np.abs(sound).max() * 0.7


def speech(seconds: float, rate: int = RATE, seed: int = 5) -> np.ndarray:
    """Syllables at no beat: gliding pitch under formants, with breath before it."""
    rng = np.random.default_rng(seed)
    sound = np.zeros(round(seconds * rate))
    at = 0.1
    while at < seconds - 0.5:
        length = rng.uniform(0.09, 0.28)
        times = np.arange(round(length * rate)) / rate
        glide = np.linspace(rng.uniform(-0.2, 0.3), rng.uniform(-0.4, 0.1), len(times))
        phase = 2 * np.pi * np.cumsum(rng.uniform(95, 150) * 2**glide) / rate
        formants = rng.uniform((300, 900, 2300), (750, 2100, 2900))
        levels = [np.exp(-(((120 * n - formants) / 130) ** 2)).sum() for n in range(1, 26)]
        voice = sum(level * np.cos(n * phase) for n, level in enumerate(levels, 1))
        breath = rng.normal(size=len(times)) * np.exp(-times / 0.03)
        start = round(at * rate)
        sound[start : start + len(times)] += np.hanning(len(times)) * voice + 0.6 * breath
        at += length + rng.choice((0.02, 0.05, 0.4), p=(0.5, 0.35, 0.15))
    return 0.5 * sound / np.abs(sound).max()


def write(path: Path, sound: np.ndarray, rate: int = RATE, **options: str) -> Path:
    """Write in blocks, as codecs like it."""
    channels = 1 if sound.ndim == 1 else sound.shape[1]
    with soundfile.SoundFile(path, "w", rate, channels, **options) as file:
        for start in range(0, len(sound), 1 << 15):
            file.write(sound[start : start + (1 << 15)])
    return path
