"""Audio files decoded by a child process with limits, in blocks, to mono that lies on disk."""

from __future__ import annotations

import json
import math
import os
import select
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import psutil

from scband.analysis import decoder_child
from scband.errors import AudioFileError, AudioTooLongError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

RATE = 22_050
"""Hertz at which everything is analysed."""
MAX_SECONDS = 2 * 3600.0 + 60.0
"""No recording may last longer."""
MIN_SECONDS = 0.1
"""What is shorter is not analysed."""
MAX_FILE_BYTES = 16 << 30

_STALL_SECONDS = 10.0  # a block of 32,768 frames takes milliseconds, a cold start a second
_PATIENCE_SECONDS = 120.0
_LINE_BYTES = 4 << 20
_BLOCK_SAMPLES = 1 << 26
_CANCELLED = 0.01  # of the channels' energy: what is left when their phases oppose


@dataclass(frozen=True, slots=True, eq=False)
class Recording:
    """A decoded recording.

    `samples` are mono float32 at `RATE`, read from disk as they are needed; the rest tells of the
    file: its format, sample rate in Hz, channels, seconds, sample peak (1.0 is full scale), the
    share of samples that are clipped, how many were no numbers, what was wrong with it ("" for
    nothing), the share of samples on flat tops, whatever their level, and the largest of `samples`.
    """

    path: Path
    samples: NDArray[np.float32]
    format: str
    rate: int
    channels: int
    duration: float
    peak: float
    clipped: float
    nonfinite: int
    fault: str = ""
    flat: float = 0.0
    loudest: float = 1.0


def decode(path: str | Path) -> Recording:
    """Decode a file; raises AudioFileError where it is missing, no audio, or beyond the limits.

    A file that breaks off in the middle is read as far as it goes.
    """
    path = Path(path)
    with _opened(path) as file:
        samples, header, totals = _run(path, file, -1, RATE, MAX_SECONDS)
        energies = totals["energy"]
        if len(energies) > 1 and totals["mixed"] < _CANCELLED * max(energies):
            file.seek(0)
            loudest = energies.index(max(energies))
            samples, header, totals = _run(path, file, loudest, RATE, MAX_SECONDS)
    return _recording(path, samples, header, totals)


def decode_stereo(path: str | Path, rate: int, max_seconds: float) -> Recording:
    """Decode a file with its first two channels at another rate, as mixing needs them.

    `samples` are (frames, 1 or 2). Raises AudioFileError as `decode` does.
    """
    path = Path(path)
    with _opened(path) as file:
        samples, header, totals = _run(path, file, decoder_child.STEREO, rate, max_seconds)
    channels = min(int(header["channels"]), 2)
    return _recording(path, samples.reshape(-1, channels), header, totals)


def measure_loudness(path: str | Path) -> float:
    """Give the integrated loudness of a file in LUFS (ITU-R BS.1770-4), -inf for silence.

    Raises AudioFileError as `decode` does, beside which it may run: it has a child of its own.
    """
    path = Path(path)
    with _opened(path) as file, _child(file, decoder_child.LOUDNESS, RATE, MAX_SECONDS) as process:
        pipe = _Pipe(path, process)
        pipe.line()
        energies = [energy for block in pipe.blocks() for energy in memoryview(block).cast("f")]
        pipe.line()
        return integrated_loudness(energies)


def _opened(path: Path) -> IO[bytes]:
    try:
        # a pipe without a writer would block for ever
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise AudioFileError(f"{path}: {reason}; name an audio file") from error
    facts = os.fstat(descriptor)
    wrong = ""
    if not stat.S_ISREG(facts.st_mode):
        wrong = "this is not a regular file"
    elif facts.st_size == 0:
        wrong = "the file is empty"
    elif facts.st_size > MAX_FILE_BYTES:
        wrong = f"the file is larger than {MAX_FILE_BYTES >> 30} GiB"
    if wrong:
        os.close(descriptor)
        raise AudioFileError(f"{path}: {wrong}")
    return os.fdopen(descriptor, "rb")


Decoded = tuple["NDArray[np.float32]", dict[str, Any], dict[str, Any]]


def _run(path: Path, file: IO[bytes], channel: int, rate: int, max_seconds: float) -> Decoded:
    """Run the child once over an open file and gather what it says."""
    with _child(file, channel, rate, max_seconds) as process:
        return _gather(path, process)


@contextmanager
def _child(
    file: IO[bytes], channel: int, rate: int, max_seconds: float
) -> Iterator[subprocess.Popen[bytes]]:
    """Start the child over an open file; it is gone at the end."""
    argv = [sys.executable, "-I", str(decoder_child.__file__)]
    argv += [str(rate), str(max_seconds), str(channel)]
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    # what codecs write to stderr is for nobody, and a full pipe would block them
    process = subprocess.Popen(
        argv, stdin=file, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


class _Pipe:
    """Reads from a pipe with a time-out on every wait."""

    def __init__(self, path: Path, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout is not None
        self._path = path
        self._process = process
        self._descriptor = process.stdout.fileno()
        self._kept = b""

    def _more(self) -> None:
        begun, worked = time.monotonic(), self._cpu_seconds()
        while not select.select([self._descriptor], [], [], _STALL_SECONDS)[0]:
            # on a crowded machine a child may wait long for its turn: what it did counts
            starved = self._cpu_seconds() - worked < _STALL_SECONDS / 2
            if not starved or time.monotonic() - begun > _PATIENCE_SECONDS:
                raise AudioFileError(f"{self._path}: the decoder got stuck; it may be damaged")
        data = os.read(self._descriptor, 1 << 18)
        if not data:
            self._process.wait(timeout=5)
            raise AudioFileError(
                f"{self._path}: the decoder ended with status {self._process.returncode}; "
                "the file is damaged or beyond the limits"
            )
        self._kept += data

    def _cpu_seconds(self) -> float:
        try:
            times = psutil.Process(self._process.pid).cpu_times()
        except psutil.Error:
            return 0.0  # gone: the pipe's end tells
        return float(times.user + times.system)

    def take(self, count: int) -> bytes:
        """Read exactly so many bytes."""
        while len(self._kept) < count:
            self._more()
        data, self._kept = self._kept[:count], self._kept[count:]
        return data

    def blocks(self) -> Iterator[bytes]:
        """Read blocks of float32 values to the one that is empty."""
        while count := int.from_bytes(self.take(4), "little"):
            if count > _BLOCK_SAMPLES:
                raise AudioFileError(f"{self._path}: the decoder said something unreadable")
            yield self.take(4 * count)

    def line(self) -> dict[str, Any]:
        """Read a JSON line; an `error` in it is raised."""
        while b"\n" not in self._kept:
            if len(self._kept) > _LINE_BYTES:
                raise AudioFileError(f"{self._path}: the decoder said something unreadable")
            self._more()
        text, _, self._kept = self._kept.partition(b"\n")
        facts: dict[str, Any] = json.loads(text)
        if "error" in facts:
            kind = AudioTooLongError if facts.get("too_long") else AudioFileError
            raise kind(f"{self._path}: cannot be read as audio: {facts['error']}")
        return facts


def _gather(path: Path, process: subprocess.Popen[bytes]) -> Decoded:
    from scband.analysis.spool import mapped  # noqa: PLC0415  # numpy when it is needed

    pipe = _Pipe(path, process)
    header = pipe.line()
    with tempfile.TemporaryFile(prefix="scband-") as spool:
        total = 0
        for block in pipe.blocks():
            spool.write(block)
            total += len(block) // 4
        totals = pipe.line()
        if total == 0:
            fault = totals["fault"] or "there is no sound in it"
            raise AudioFileError(f"{path}: cannot be read as audio: {fault}")
        samples = mapped(spool, (total,))
    return samples, header, totals


def _recording(
    path: Path, samples: NDArray[np.float32], header: dict[str, Any], totals: dict[str, Any]
) -> Recording:
    seconds = totals["frames"] / header["rate"]
    if seconds < MIN_SECONDS:
        raise AudioFileError(f"{path}: {seconds:.2f} s are too short to be analysed")
    return Recording(
        path=path,
        samples=samples,
        format=header["format"],
        rate=header["rate"],
        channels=header["channels"],
        duration=seconds,
        peak=totals["peak"],
        clipped=totals["clipped"] / (totals["frames"] * header["channels"]),
        nonfinite=totals["nonfinite"],
        fault=totals["fault"],
        flat=totals["flat"] / (totals["frames"] * header["channels"]),
        loudest=totals.get("loudest", totals["peak"]),
    )


def integrated_loudness(steps: list[float]) -> float:
    """Gate the K-weighted energy of steps of 100 ms to LUFS, -inf where nothing passes.

    Blocks of 400 ms overlap by 75 %; gates at -70 LUFS and 10 LU below (ITU-R BS.1770-4).
    """
    blocks = [sum(steps[at : at + 4]) / 4 for at in range(max(0, len(steps) - 3))]
    loud = [energy for energy in blocks if _lufs(energy) > -70.0]
    if not loud:
        return -math.inf
    gate = _lufs(sum(loud) / len(loud)) - 10.0
    kept = [energy for energy in loud if _lufs(energy) > gate]
    return _lufs(sum(kept) / len(kept)) if kept else -math.inf


def _lufs(energy: float) -> float:
    return -0.691 + 10 * math.log10(energy) if energy > 0 else -math.inf
