"""A recording made ready to be a performer: silence to boot in, and clicks that count in."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from scband.errors import AudioFileError

_QUIET_SECONDS = 2.5
_CLICK_SECONDS = 0.03
_CLICK_HZ = 1500.0
_CLICK_LEVEL = 0.5


@dataclass(frozen=True, slots=True)
class Performance:
    """A file to play: its own second 0 comes `pad` seconds after the file's beginning."""

    path: Path
    pad: float
    seconds: float


def make_performance(
    source: Path, target: Path, *, first_beat: float, gap: float, clicks: int
) -> Performance:
    """Write the recording behind silence and so many clicks, `gap` seconds apart, up to beat 1.

    `first_beat` is when that falls in the recording. Raises AudioFileError where the recording
    cannot be read.
    """
    try:
        samples, rate = soundfile.read(str(source), dtype="float32", always_2d=True)
    except (soundfile.LibsndfileError, OSError, RuntimeError) as error:
        raise AudioFileError(f"{source} cannot be read as audio: {error}") from error
    mono = samples.mean(axis=1)
    pad = max(_QUIET_SECONDS + clicks * gap - first_beat, _QUIET_SECONDS)
    whole = np.concatenate([np.zeros(round(pad * rate), np.float32), mono])
    click = _click(rate)
    for number in range(1, clicks + 1):
        at = round((pad + first_beat - number * gap) * rate)
        whole[at : at + click.size] += click
    soundfile.write(str(target), whole, rate, subtype="PCM_24")
    return Performance(target, round(pad * rate) / rate, mono.size / rate)


def _click(rate: int) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    seconds = np.arange(round(_CLICK_SECONDS * rate)) / rate
    shape = np.exp(-seconds * 180) * np.cos(2 * np.pi * _CLICK_HZ * seconds)
    return (_CLICK_LEVEL * shape).astype(np.float32)
