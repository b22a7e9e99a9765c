"""Let the analysis SynthDef hear files faster than real time, through a server without a card."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import soundfile

from scband.analysis.frames import FRAME_FIELDS, FRAMES_PER_SECOND, ONSET_FIELDS
from scband.supercollider.osc_score import BLOCK, OfflineServer, OscScore

SAMPLE_RATE = 48_000
FRAME_VALUES = sum(count for _, count in FRAME_FIELDS)
ONSET_VALUES = sum(count for _, count in ONSET_FIELDS)
_MOST_ONSETS = 4096


@dataclass(frozen=True, slots=True)
class Heard:
    """The arguments of every message that a live server would have sent for a file."""

    frames: tuple[tuple[float, ...], ...]
    onsets: tuple[tuple[float, ...], ...]


def listen(path: Path, definitions: Path, *, server: str = "supernova", pre: float = 1.0) -> Heard:
    """Play a mono 48 kHz file to `analysis_log` on `server` ("supernova" or "scsynth")."""
    seconds = soundfile.info(path).duration
    with TemporaryDirectory(prefix="scband-listening-") as name:
        folder = Path(name)
        score = _score(path, definitions, folder, seconds, pre)
        (folder / "score.osc").write_bytes(score.encode(seconds + 0.1))
        renderer = OfflineServer(program=server, sample_rate=SAMPLE_RATE, channels=1)
        renderer.run(folder / "score.osc", folder / "output.wav", timeout=300)
        return Heard(_rows(folder / "frames.wav"), _rows(folder / "onsets.wav"))


def _score(path: Path, definitions: Path, folder: Path, seconds: float, pre: float) -> OscScore:
    rows = int(seconds * FRAMES_PER_SECOND) + 8
    score = OscScore()
    score.add(0, "/b_allocRead", 0, str(path))
    score.add(0, "/b_alloc", 1, rows, FRAME_VALUES)
    score.add(0, "/b_alloc", 2, _MOST_ONSETS, ONSET_VALUES)
    score.add(0, "/d_load", str(definitions / "analysis_log.scsyndef"))
    score.add(0, "/d_recv", _player())
    begin = BLOCK / SAMPLE_RATE
    score.add(begin, "/s_new", "player", 1000, 1, 0)
    settings = ("in", 16, "channels", 1, "frames", 1, "onsets", 2, "pre", pre)
    score.add(begin, "/s_new", "analysis_log", 1001, 1, 0, *settings)
    for buffer, name in ((1, "frames.wav"), (2, "onsets.wav")):
        score.add(seconds, "/b_write", buffer, str(folder / name), "wav", "float", -1, 0, 0)
    return score


def _player() -> bytes:
    """Compile a SynthDef that plays buffer 0 once on bus 16."""
    from supriya import SynthDefBuilder
    from supriya.ugens import Out, PlayBuf

    with SynthDefBuilder() as builder:
        Out.ar(bus=16, source=PlayBuf.ar(buffer_id=0, channel_count=1))
    return bytes(builder.build(name="player").compile())


def _rows(path: Path) -> tuple[tuple[float, ...], ...]:
    """Read a log: row 0 is scratch, rows never written are all zero; add SendReply's two ids."""
    values, _ = soundfile.read(path, always_2d=True, dtype="float32")
    written = values[1 : 1 + int(np.any(values[1:] != 0, axis=1).nonzero()[0].max(initial=-1)) + 1]
    return tuple((0, 0, *map(float, row)) for row in written)
