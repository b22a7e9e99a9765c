"""Performances made for tests: strummed strings with known beats, levels and tempos."""

from pathlib import Path

import numpy as np
import soundfile

RATE = 48_000


def beats(tempos: list[float], start: float = 0.5) -> list[float]:
    """Return the times of beats, each as long as its tempo (a minute) says."""
    return [float(t) for t in start + np.concatenate([[0.0], np.cumsum(60 / np.array(tempos))])]


def pluck(hz: float, level: float, seconds: float = 0.35) -> np.ndarray:
    """Make one plucked note whose first sample is its loudest."""
    time = np.arange(round(seconds * RATE)) / RATE
    tones = sum(np.cos(2 * np.pi * hz * k * time) / k for k in range(1, 6))
    return level * np.exp(-time * 9) * np.asarray(tones) / 2.3


def perform(
    path: Path,
    times: list[float],
    levels: list[float] | float = 0.4,
    *,
    tail: float = 1.0,
    counted: int = 0,
) -> Path:
    """Write a performance: a pluck on each beat, after those that count in a softer one between."""
    loud = [levels] * len(times) if isinstance(levels, float) else levels
    samples = np.zeros(round((times[-1] + tail) * RATE) + RATE)
    hertz = (110.0, 164.8, 130.8, 164.8)
    for number, (time, level) in enumerate(zip(times, loud, strict=True)):
        places = [(time, level)]
        if counted <= number < len(times) - 1:
            places.append(((time + times[number + 1]) / 2, 0.4 * level))
        for at, strength in places:
            note = pluck(hertz[number % 4], strength)
            begin = round(at * RATE)
            samples[begin : begin + note.size] += note
    soundfile.write(path, samples[: round((times[-1] + tail) * RATE)], RATE, subtype="PCM_24")
    return path


def truth(path: Path, times: list[float], in_bar: int = 4) -> Path:
    """Write the beats as a rehearsal reads them."""
    path.write_text("".join(f"{t:.6f}\t{n % in_bar + 1}\n" for n, t in enumerate(times)))
    return path
