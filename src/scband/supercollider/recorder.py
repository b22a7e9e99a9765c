"""Recording on the server while it plays: the mix and each player's stem, to WAV or FLAC."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from scband.errors import SuperColliderError
from scband.supercollider.mixer import Group, Mixer

if TYPE_CHECKING:
    from scband.supercollider.server import SoundServer

_FRAMES = 131072  # 2.7 s at 48 kHz: what the disk may be late by
_FIRST_TAP = 400
_FORMATS = {".wav": ("wav", "int24"), ".flac": ("flac", "int24")}


@dataclass(frozen=True, slots=True)
class Take:
    """One file that is being written: its path, node and buffer."""

    path: Path
    node: int
    buffer: int


def file_format(path: Path) -> tuple[str, str]:
    """Return header and sample format for a path; raises SuperColliderError for another ending."""
    try:
        return _FORMATS[path.suffix.lower()]
    except KeyError:
        raise SuperColliderError(
            f"{path}: recordings are .wav or .flac, not {path.suffix or 'without an ending'}"
        ) from None


class Recorder:
    """Writes the master's output, and the players' channels if asked, to files of 24 bits.

    All files of one recording begin with the same sample.
    """

    def __init__(self, server: SoundServer, mixer: Mixer) -> None:
        self._server = server
        self._mixer = mixer
        self.takes: list[Take] = []

    def start(self, path: Path, *, stems: bool = False) -> list[Path]:
        """Begin recording to `path`; stems go beside it as `NAME.PLAYER.wav`.

        Returns the paths. Raises SuperColliderError where the folder cannot be written, the file
        ending is unknown or a recording already runs.
        """
        path = path.expanduser().absolute()
        wanted = {path: 0}
        if stems:
            for name, strip in self._mixer.strips.items():
                wanted[path.with_name(f"{path.stem}.{name}{path.suffix}")] = strip.bus
        return self.record(wanted)

    def record(self, buses: Mapping[Path, int]) -> list[Path]:
        """Begin recording stereo buses, each to a file; returns the paths, raises as `start`."""
        if self.takes:
            raise SuperColliderError(f"already recording to {self.takes[0].path}")
        formats = {path: file_format(path) for path in buses}
        for path in buses:
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.unlink(missing_ok=True)
                path.touch()
            except OSError as error:
                raise SuperColliderError(f"cannot record to {path}: {error.strerror}") from error
        self._open(buses, formats)
        return list(buses)

    def _open(self, wanted: Mapping[Path, int], formats: Mapping[Path, tuple[str, str]]) -> None:
        server = self._server.server
        for number, path in enumerate(wanted):
            buffer = int(server.add_buffer(channel_count=2, frame_count=_FRAMES).id_)
            self.takes.append(Take(path, _FIRST_TAP + number, buffer))
        self._server.sync()
        for take in self.takes:
            # -1 frames, left open: DiskOut goes on writing to it
            form = formats[take.path]
            self._server.send("/b_write", take.buffer, str(take.path), *form, 0, 0, 1)
        self._server.sync()
        taps = zip(self.takes, wanted.values(), strict=True)
        self._server.send_together(
            *(
                ("/s_new", "tap", t.node, 1, int(Group.RECORDERS), "in", bus, "buffer", t.buffer)
                for t, bus in taps
            )
        )
        self._server.sync()

    def stop(self) -> list[Path]:
        """End the recording, close the files and return their paths."""
        takes, self.takes = self.takes, []
        for take in takes:
            self._server.send("/n_free", take.node)
        self._server.sync()
        for take in takes:
            self._server.send("/b_close", take.buffer)
        self._server.sync()
        for take in takes:
            self._server.send("/b_free", take.buffer)
        self._server.sync()
        return [take.path for take in takes]
