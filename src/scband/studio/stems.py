"""A track's audio as mixing needs it: two channels at most, at one rate, on disk until read."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from scband.analysis.decoding import decode_stereo
from scband.errors import AudioFileError
from scband.studio.roles import Role, role_by_name

if TYPE_CHECKING:
    from numpy.typing import NDArray

RATE = 48_000
"""Hertz at which stems are measured and mixed."""

MAX_SECONDS = 1200.0
"""No stem may last longer."""

MAX_TOTAL_SECONDS = 5400.0
"""All stems of a mix together last no longer: two channels of that are 2 GB on disk."""

MAX_STEMS = 64
"""No mix has more stems."""

BLOCK = 1 << 18
_CENTRE = math.sqrt(0.5)


@dataclass(frozen=True, slots=True, eq=False)
class Stem:
    """One track before its fader.

    `samples` are (frames, 1 or 2) float32 at RATE. Of the file before any conversion: its sample
    `peak` (1.0 is full scale), and the share of samples that are `clipped` (at full scale, or on
    flat tops at any level).
    """

    name: str
    samples: NDArray[np.float32]
    peak: float
    clipped: float
    role: Role | None = None
    file: str = ""
    fault: str = ""

    @property
    def seconds(self) -> float:
        """Length in seconds."""
        return len(self.samples) / RATE

    @property
    def stereo(self) -> bool:
        """Whether it has two channels."""
        return bool(self.samples.shape[1] == 2)


@dataclass(frozen=True, slots=True)
class Fader:
    """A track's place in the mix: `gain_db`, and `pan` from -1 (left) to 1 (right)."""

    gain_db: float = 0.0
    pan: float = 0.0

    def matrix(self, channels: int) -> NDArray[np.float32]:
        """Return the gains from a stem's channels (rows) to left and right (columns).

        A mono track is panned with equal power, 3 dB down in the middle; of a stereo track only
        the far side is turned down.
        """
        gain = 10 ** (self.gain_db / 20)
        angle = (self.pan + 1) * math.pi / 4
        left, right = math.cos(angle), math.sin(angle)
        if channels == 1:
            return np.array([[left, right]], dtype=np.float32) * np.float32(gain)
        sides = np.minimum(1.0, np.array([left, right]) / _CENTRE)
        return np.asarray(np.diag(sides * gain), dtype=np.float32)


def read_stem(path: str | Path, name: str | None = None, role: Role | None = None) -> Stem:
    """Decode a track in a child process; raises AudioFileError.

    Its role is the one given, or what the name says (the file's, where none is given).
    """
    path = Path(path)
    recording = decode_stereo(path, RATE, MAX_SECONDS)
    named = name if name is not None else path.stem
    return Stem(
        name=named,
        samples=recording.samples,
        peak=recording.peak,
        clipped=max(recording.clipped, recording.flat),
        role=role or role_by_name(named) or role_by_name(path.stem),
        file=path.name,
        fault=recording.fault,
    )


def check_total(stems: Sequence[Stem]) -> None:
    """Refuse more audio than is measured at once; raises AudioFileError."""
    if len(stems) > MAX_STEMS:
        raise AudioFileError(f"{len(stems)} tracks are more than the {MAX_STEMS} of a mix")
    total = sum(stem.seconds for stem in stems)
    if total > MAX_TOTAL_SECONDS:
        raise AudioFileError(
            f"{total / 60:.0f} minutes of tracks are more than the {MAX_TOTAL_SECONDS / 60:.0f} "
            "that are measured at once; send a part of the song"
        )


def mixed(stems: Sequence[Stem], faders: Sequence[Fader]) -> Iterator[NDArray[np.float32]]:
    """Give the sum of all stems through their faders, block by block, (frames, 2).

    All stems begin together; shorter ones end in silence.
    """
    length = max((len(stem.samples) for stem in stems), default=0)
    matrices = [
        fader.matrix(stem.samples.shape[1]) for stem, fader in zip(stems, faders, strict=True)
    ]
    for begin in range(0, length, BLOCK):
        total = np.zeros((min(BLOCK, length - begin), 2), dtype=np.float32)
        for stem, matrix in zip(stems, matrices, strict=True):
            piece = stem.samples[begin : begin + BLOCK]
            total[: len(piece)] += piece @ matrix
        yield total
