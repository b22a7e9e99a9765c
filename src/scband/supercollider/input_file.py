"""Look at an audio file before the server streams it, and rewrite one that it could not stream."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import soundfile

from scband.errors import AudioFileError

_STREAMED = frozenset({"WAV", "WAVEX", "AIFF", "RF64", "W64", "CAF", "AU"})
"""Containers in which every build of SuperCollider can stream; others depend on its libsndfile."""
_BLOCK_FRAMES = 65_536


@dataclass(frozen=True, slots=True)
class InputFile:
    """An audio file: `frames` a channel at `sample_rate` in hertz."""

    path: Path
    channels: int
    sample_rate: int
    frames: int
    container: str

    @property
    def seconds(self) -> float:
        """Give the length in seconds."""
        return self.frames / self.sample_rate

    @property
    def can_be_streamed(self) -> bool:
        """Tell whether the server can stream this file as it is."""
        return self.channels <= 2 and self.container in _STREAMED


def probe(path: Path) -> InputFile:
    """Read a file's header.

    Raises AudioFileError where it is missing, broken, empty or not audio.
    """
    if not path.is_file():
        raise AudioFileError(f"there is no audio file {path}: look at its name and folder")
    try:
        info = soundfile.info(str(path))
    except (soundfile.LibsndfileError, OSError, RuntimeError) as error:
        raise AudioFileError(
            f"{path} cannot be read as audio ({error}): convert it to WAV or FLAC"
        ) from error
    if info.frames <= 0 or info.channels <= 0 or info.samplerate <= 0:
        raise AudioFileError(f"{path} holds no sound")
    return InputFile(path, info.channels, info.samplerate, info.frames, info.format)


def streamable(file: InputFile, folder: Path, *, least_frames: int = 0) -> InputFile:
    """Return the file, or a copy of it in `folder` that the server can stream.

    Two channels at most stay as they are; more are mixed to one. The sample rate stays. A file of
    fewer than `least_frames` is repeated as a whole until it has as many. Raises AudioFileError
    where the file breaks off or the copy cannot be written.
    """
    if file.can_be_streamed and file.frames >= least_frames:
        return file
    copy = folder / f"{file.path.stem}.wav"
    times = -(-least_frames // file.frames) or 1
    try:
        frames = _copy(file.path, copy, times)
    except (soundfile.LibsndfileError, OSError, RuntimeError) as error:
        raise AudioFileError(f"{file.path} cannot be converted to {copy}: {error}") from error
    if frames == 0:
        raise AudioFileError(f"{file.path} holds no sound")
    channels = file.channels if file.channels <= 2 else 1
    return InputFile(copy, channels, file.sample_rate, frames, "WAV")


def _copy(path: Path, copy: Path, times: int) -> int:
    frames = 0
    with soundfile.SoundFile(str(path)) as source:
        channels = source.channels if source.channels <= 2 else 1
        with soundfile.SoundFile(
            str(copy), "w", samplerate=source.samplerate, channels=channels, subtype="FLOAT"
        ) as target:
            for _ in range(times):
                source.seek(0)
                for block in source.blocks(_BLOCK_FRAMES, dtype="float32", always_2d=True):
                    target.write(block if channels == source.channels else block.mean(axis=1))
                    frames += len(block)
    return frames
