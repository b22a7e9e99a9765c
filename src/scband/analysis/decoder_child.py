"""Decode the audio file on standard input to mono on standard output: a program of its own.

Codecs meet hostile bytes here, in a process with limits, never in the caller's. Run as
`python -I decoder_child.py RATE MAX_SECONDS CHANNEL`, CHANNEL -1 for the mean of all, -2 for the
first two interleaved (one where there is one), -3 for the K-weighted energy of every 100 ms in
place of samples. Out come a JSON line with the file's format, then blocks (a little-endian count
and so many float32 samples at RATE), a count of 0, and a JSON line with totals; or one JSON line
with `error`. The file is
taken from an open descriptor, so that neither its name nor its ending is believed. The process ends
by itself when nobody reads it any more (a broken pipe) or when its CPU time is used up.
"""

from __future__ import annotations

import json
import resource
import sys
from typing import Any, BinaryIO

MEMORY_BYTES = 3 << 30
CPU_SECONDS = 240
BLOCK_FRAMES = 1 << 15
MOST_CHANNELS = 8
RATES = (1_000, 768_000)
FORMATS = ("WAV", "WAVEX", "RF64", "W64", "AIFF", "AU", "CAF", "FLAC", "OGG", "MPEG", "MP3")
CLIPPED = 0.999
STEREO = -2
LOUDNESS = -3
_FLAT_RUN = 5  # equal samples in a row: a 16-bit sine of 30 Hz has fewer on its crest
_FLAT_LEVEL = 0.05
_NO_COUNT = 1 << 40  # more frames than any file has: libsndfile's way to say that none are told
_PADDING = 4096  # frames that an encoder may add and a decoder leave out
_UNREAD = -3.0e38  # stands where a broken read left nothing
_SAID = {
    "Format not recognised.": "the format is not known",
    "File does not exist or is not a regular file (possibly a pipe?).": "the format is not known",
    "Supported file format but file is malformed.": "it is damaged from the start",
}
_LOUDEST = 1e4  # floats beyond 80 dB over full scale come of damage
# BS.1770 leaves out the subwoofer of six channels and lifts the surrounds; pairs count plainly
_SIX = (1.0, 1.0, 1.0, 0.0, 1.41, 1.41)


def limit() -> None:
    """Take away what a decoder does not need: memory without end, files, cores, CPU time."""
    for what, most in (
        (resource.RLIMIT_AS, MEMORY_BYTES),
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        hard = resource.getrlimit(what)[1]
        resource.setrlimit(what, (most if hard < 0 else min(most, hard),) * 2)


def say(out: BinaryIO, **facts: Any) -> None:
    """Write one JSON line."""
    out.write(json.dumps(facts).encode() + b"\n")
    out.flush()


class Loudness:
    """K-weighted energy of steps of 100 ms, with pyloudnorm's filters (ITU-R BS.1770-4)."""

    def __init__(self, rate: int, channels: int) -> None:
        import numpy as np  # noqa: PLC0415  # the file is opened before the slow imports
        import pyloudnorm  # noqa: PLC0415

        self._filters = [
            (stage.b, stage.a, stage.passband_gain, np.zeros((2, channels)))
            for stage in pyloudnorm.Meter(rate)._filters.values()
        ]
        self._step = max(1, round(rate / 10))
        self._rest = np.zeros((0, channels))
        self._weights = np.array(_SIX if channels == 6 else (1.0,) * channels)
        self._calm = False
        self.energies: list[float] = []

    def add(self, block: Any) -> None:
        """Take frames (n, channels)."""
        import numpy as np  # noqa: PLC0415
        from scipy.signal import lfilter  # noqa: PLC0415

        silent = not block.any()
        # what the filters still hold of a sound dies away within a block of silence
        filters = () if silent and self._calm else self._filters
        self._calm = silent
        for number, (b, a, gain, state) in enumerate(filters):
            block, moved = lfilter(b, a, block, axis=0, zi=state)
            block = block * gain  # one stage after the other
            self._filters[number] = (b, a, gain, moved)
        whole = np.concatenate([self._rest, block])
        steps = len(whole) // self._step
        used = whole[: steps * self._step].reshape(steps, self._step, len(self._weights))
        self.energies += (np.mean(used**2, axis=1) @ self._weights).tolist()
        self._rest = whole[steps * self._step :]


class Totals:
    """What is known of all frames at the end."""

    def __init__(self, channels: int) -> None:
        self.frames = self.nonfinite = self.clipped = self.flat = 0
        self.peak = 0.0
        self.energy = [0.0] * channels

    def take(self, block: Any) -> Any:
        """Count a block and return it with numbers only."""
        import numpy as np  # noqa: PLC0415

        self.frames += len(block)
        if not block.any():
            return block
        bad = ~(np.abs(block) < _LOUDEST)  # also true for what is no number
        if bad.any():
            self.nonfinite += int(bad.sum())
            block = np.where(bad, 0.0, block)
        size = np.abs(block)
        self.peak = max(self.peak, float(size.max(initial=0.0)))
        self.clipped += int((size >= CLIPPED).sum())
        self.flat += _flat_tops(block, size)
        self.energy = (np.asarray(self.energy) + (block.astype(float) ** 2).sum(axis=0)).tolist()
        return block


class Level:
    """Takes out a constant level (below 5 Hz), which would be loud and is no sound.

    A first difference with a pole near 1. It is summed up in rows so short that the pole's powers
    keep their digits, since SciPy's filter takes longer to import than most songs to decode.
    """

    def __init__(self, rate: int) -> None:
        import numpy as np  # noqa: PLC0415

        loss = 2 * np.pi * 5 / rate
        self._powers = (1 - loss) ** np.arange(1, 2 + min(1024, int(8 / loss)))
        self._before: tuple[float, float] | None = None
        self.loudest = 0.0

    def settle(self, samples: Any) -> Any:
        """Filter mono samples."""
        import numpy as np  # noqa: PLC0415

        came, went = self._before or (float(samples[0]), 0.0)
        rows = len(self._powers)
        steps = np.diff(samples.astype(float), prepend=came)
        settled = np.empty_like(steps)
        for begin in range(0, len(steps), rows):
            row = steps[begin : begin + rows]
            powers = self._powers[: len(row)]
            settled[begin : begin + rows] = powers * (went + np.cumsum(row / powers))
            went = float(settled[begin + len(row) - 1])
        self._before = float(samples[-1]), went
        self.loudest = max(self.loudest, float(np.abs(settled).max()))
        return settled


def _flat_tops(block: Any, size: Any) -> int:
    """Count samples on flat tops: clipped, though perhaps turned down afterwards."""
    import numpy as np  # noqa: PLC0415

    if len(block) <= _FLAT_RUN or size.max() < _FLAT_LEVEL:
        return 0
    high = size >= np.maximum(0.8 * size.max(axis=0), _FLAT_LEVEL)
    same = (np.diff(block, axis=0) == 0) & high[1:]
    runs = np.lib.stride_tricks.sliding_window_view(same, _FLAT_RUN - 1, axis=0).all(axis=2)
    return int(runs.sum())


def _open(out: BinaryIO) -> Any:
    import soundfile  # noqa: PLC0415

    try:
        file = _stream(soundfile)
    except (soundfile.LibsndfileError, TypeError, ValueError, RuntimeError) as error:
        text = str(error).rpartition(": ")[2]
        say(out, error=_SAID.get(text, text) or "the format is not known")
        return None
    wrong = ""
    if file.format not in FORMATS:
        wrong = f"{file.format} files are not read"
    elif not 1 <= file.channels <= MOST_CHANNELS:
        wrong = f"it has {file.channels} channels, not 1 to {MOST_CHANNELS}"
    elif not RATES[0] <= file.samplerate <= RATES[1]:
        wrong = f"its sample rate is {file.samplerate} Hz"
    if wrong:
        say(out, error=wrong)
        return None
    return file


def _stream(soundfile: Any) -> Any:
    """Open standard input to be read from its beginning to its end, without seeking on the way."""

    class Stream(soundfile.SoundFile):  # type: ignore[misc]  # soundfile has no types
        def seekable(self) -> bool:
            return False

    return Stream(0)


def _declared(file: Any) -> int:
    """Give the frames that the file says it has, 0 where it does not say."""
    return file.frames if 0 < file.frames < _NO_COUNT else 0


def decode(out: BinaryIO, rate: int, max_seconds: float, channel: int) -> None:
    """Decode standard input to `out`."""
    file = _open(out)
    if file is None:
        return
    if _declared(file) > max_seconds * file.samplerate:
        say(out, error=f"it is longer than {max_seconds:g} s", too_long=True)
        return
    say(out, format=file.format, rate=file.samplerate, channels=file.channels)
    heard = _Measured(out, file) if channel == LOUDNESS else _Sent(out, file, rate, channel)
    totals = Totals(file.channels)
    fault = ""
    while not fault:
        block, fault = _read(file)
        if not len(block):
            break
        if totals.frames > max_seconds * file.samplerate:
            out.write((0).to_bytes(4, "little"))
            say(out, error=f"it is longer than {max_seconds:g} s", too_long=True)
            return
        heard.take(totals.take(block))
    facts = {**vars(totals), **heard.finish()}
    out.write((0).to_bytes(4, "little"))
    say(out, fault=fault or _missing(file, totals.frames), **facts)


class _Measured:
    """Takes blocks for their loudness alone, and tells it as it goes on."""

    def __init__(self, out: BinaryIO, file: Any) -> None:
        self._out, self._file = out, file
        self._loudness: Loudness | None = None  # slow to import, and a damaged file needs none

    def take(self, block: Any) -> None:
        import numpy as np  # noqa: PLC0415

        self._loudness = self._loudness or Loudness(self._file.samplerate, self._file.channels)
        self._loudness.add(block)
        _send(self._out, np.array(self._loudness.energies))
        self._loudness.energies.clear()
        self._out.flush()  # whoever reads takes silence for being stuck

    def finish(self) -> dict[str, Any]:
        return {}


class _Sent:
    """Mixes blocks, resamples them and sends them on."""

    def __init__(self, out: BinaryIO, file: Any, rate: int, channel: int) -> None:
        import soxr  # noqa: PLC0415

        self._out, self._channel = out, channel
        self._kept = min(file.channels, 2) if channel == STEREO else 1
        self._resampler = soxr.ResampleStream(file.samplerate, rate, self._kept, dtype="float32")
        # whoever takes both channels measures them
        self._level = None if channel == STEREO else Level(file.samplerate)
        self._mixed = 0.0

    def take(self, block: Any) -> None:
        chosen = _chosen(block, self._channel, self._kept)
        self._mixed += float((chosen.astype(float) ** 2).sum())
        settled = self._level.settle(chosen) if self._level else chosen
        _send(self._out, self._resampler.resample_chunk(settled.astype("float32")))

    def finish(self) -> dict[str, Any]:
        _send(self._out, self._resampler.resample_chunk(_nothing(self._kept), last=True))
        facts = {"mixed": self._mixed}
        return {**facts, "loudest": self._level.loudest} if self._level else facts


def _missing(file: Any, frames: int) -> str:
    """Say what the header promises and the file does not hold."""
    if _declared(file) > frames + _PADDING:
        return f"it says that it lasts {_declared(file) / file.samplerate:.1f} s"
    # libsndfile corrects what a WAV's chunk says of its size, and notes it in its log
    log = file.extra_info
    return "its header promises more" if "data : " in log and "should be" in log else ""


def _chosen(block: Any, channel: int, kept: int) -> Any:
    if channel == STEREO and kept == 2:
        return block[:, :2]
    return block.mean(axis=1) if channel < 0 else block[:, channel]


def _nothing(channels: int) -> Any:
    """Return the empty block that flushes the resampler."""
    import numpy as np  # noqa: PLC0415

    return np.zeros(0 if channels == 1 else (0, channels), dtype=np.float32)


def _read(file: Any) -> tuple[Any, str]:
    """Read a block; also tell what broke it off."""
    import numpy as np  # noqa: PLC0415
    import soundfile  # noqa: PLC0415

    block = np.full((BLOCK_FRAMES, file.channels), _UNREAD, dtype=np.float32)
    try:
        return file.read(out=block), ""
    except (soundfile.LibsndfileError, RuntimeError) as error:
        unread = np.flatnonzero(block[:, 0] == np.float32(_UNREAD))
        return block[: unread[0] if len(unread) else None], str(error).rpartition(": ")[2]


def _send(out: BinaryIO, samples: Any) -> None:
    if len(samples):
        out.write(samples.size.to_bytes(4, "little"))
        out.write(samples.astype("<f4").tobytes())


def main() -> int:
    """Run the program."""
    limit()
    out = sys.stdout.buffer
    try:
        decode(out, int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3]))
        out.flush()
    except BrokenPipeError:
        return 1
    except MemoryError:
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main())
