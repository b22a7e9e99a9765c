"""Let the analysis SynthDef hear files faster than real time, through a server without a card."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import soundfile
from pythonosc.osc_bundle import OscBundle
from pythonosc.osc_bundle_builder import OscBundleBuilder
from pythonosc.osc_message import OscMessage
from pythonosc.osc_message_builder import OscMessageBuilder

from scband.analysis.frames import FRAME_FIELDS, FRAMES_PER_SECOND, ONSET_FIELDS
from scband.supercollider import programs

SAMPLE_RATE = 48_000
BLOCK = 64
FRAME_VALUES = sum(count for _, count in FRAME_FIELDS)
ONSET_VALUES = sum(count for _, count in ONSET_FIELDS)
_MOST_ONSETS = 4096
_NTP_EPOCH = 2_208_988_800
"""Seconds between the epoch of OSC's time tags (1900), where offline scores begin, and Unix'."""


@dataclass(frozen=True, slots=True)
class Heard:
    """The arguments of every message that a live server would have sent for a file."""

    frames: tuple[tuple[float, ...], ...]
    onsets: tuple[tuple[float, ...], ...]


def listen(path: Path, definitions: Path, *, server: str = "supernova", pre: float = 1.0) -> Heard:
    """Play a mono 48 kHz file to `analysis_log` on `server` ("supernova" or "scsynth")."""
    seconds = soundfile.info(path).duration
    with TemporaryDirectory(prefix="scband-listening-") as folder:
        frames, onsets = Path(folder, "frames.wav"), Path(folder, "onsets.wav")
        rows = int(seconds * FRAMES_PER_SECOND) + 8
        score = _score(path, definitions, frames, onsets, rows, seconds, pre)
        Path(folder, "score.osc").write_bytes(score)
        command = [str(programs.find(server)), "-N", f"{folder}/score.osc", "_", "/dev/null"]
        options = ["-o", "1", "-i", "0", "-m", "65536", "-z", str(BLOCK)]
        options += ["-T", "1"] if server == "supernova" else []
        subprocess.run(
            [*command, str(SAMPLE_RATE), "WAV", "int16", *options],
            check=True, capture_output=True, timeout=300,
        )  # fmt: skip
        return Heard(_rows(frames), _rows(onsets))


def _score(
    path: Path, definitions: Path, frames: Path, onsets: Path, rows: int, seconds: float, pre: float
) -> bytes:
    begin: list[OscMessage] = [
        _message("/b_allocRead", 0, str(path)),
        _message("/b_alloc", 1, rows, FRAME_VALUES),
        _message("/b_alloc", 2, _MOST_ONSETS, ONSET_VALUES),
        _message("/d_load", str(definitions / "analysis_log.scsyndef")),
        _message("/d_recv", _player()),
    ]
    play = [
        _message("/s_new", "player", 1000, 1, 0),
        _message(
            "/s_new", "analysis_log", 1001, 1, 0,
            "in", 16, "channels", 1, "frames", 1, "onsets", 2, "pre", pre,
        ),
    ]  # fmt: skip
    end = [
        _message("/b_write", 1, str(frames), "wav", "float", -1, 0, 0),
        _message("/b_write", 2, str(onsets), "wav", "float", -1, 0, 0),
    ]
    last = [_message("/sync", 1)]
    times = (0.0, BLOCK / SAMPLE_RATE, seconds, seconds + 0.1)
    return b"".join(map(_bundle, times, (begin, play, end, last)))


def _player() -> bytes:
    """Compile a SynthDef that plays buffer 0 once on bus 16."""
    from supriya import SynthDefBuilder
    from supriya.ugens import Out, PlayBuf

    with SynthDefBuilder() as builder:
        Out.ar(bus=16, source=PlayBuf.ar(buffer_id=0, channel_count=1))
    return bytes(builder.build(name="player").compile())


def _message(address: str, *arguments: str | int | float | bytes) -> OscMessage:
    builder = OscMessageBuilder(address)
    for argument in arguments:
        builder.add_arg(argument)
    return builder.build()


def _bundle(seconds: float, messages: Iterable[OscMessage]) -> bytes:
    builder = OscBundleBuilder(seconds - _NTP_EPOCH)
    for message in messages:
        builder.add_content(message)
    bundle: OscBundle = builder.build()
    return len(bundle.dgram).to_bytes(4, "big") + bundle.dgram


def _rows(path: Path) -> tuple[tuple[float, ...], ...]:
    """Read a log: row 0 is scratch, rows never written are all zero; add SendReply's two ids."""
    values, _ = soundfile.read(path, always_2d=True, dtype="float32")
    written = values[1 : 1 + int(np.any(values[1:] != 0, axis=1).nonzero()[0].max(initial=-1)) + 1]
    return tuple((0, 0, *map(float, row)) for row in written)
