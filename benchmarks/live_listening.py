"""Let the analysis SynthDef hear files as a live session does: supernova, JACK, real time."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from offline_listening import Heard

from scband.analysis.frames import COUNT_UNIT
from scband.supercollider.input import InputAnalysis
from scband.supercollider.jack import AudioDriver, Jack, JackOptions
from scband.supercollider.server import ServerOptions, SoundServer

PERIOD = 128


class LiveListener:
    """Plays files one after another into a running server; `xruns` says how clean that was."""

    def __init__(self, jack: Jack, server: SoundServer) -> None:
        self._jack = jack
        self._server = server.server
        with self._server.at():
            self._group = self._server.add_group()
            self._bus = self._server.add_bus_group("audio", 2)

    @property
    def xruns(self) -> int:
        """Give the drop-outs since the server was up."""
        return self._jack.xruns

    def listen(self, path: Path) -> Heard:
        """Play a file to its end; return all that was sent, counted from the file's beginning."""
        frames: list[tuple[float, ...]] = []
        onsets: list[tuple[float, ...]] = []
        begun: list[int] = []
        ended = threading.Event()
        analysis = InputAnalysis(self._server, int(self._group), int(self._bus))
        analysis.start(
            frames.append,  # type: ignore[arg-type]
            onsets.append,  # type: ignore[arg-type]
            on_begun=begun.append,
            on_ended=ended.set,
        )
        try:
            file = analysis.play(path)
            if not ended.wait(file.seconds + 5):
                raise TimeoutError(f"{path} did not end in {file.seconds + 5:.0f} s")
        finally:
            analysis.stop()
        return Heard(_counted_from(begun[0], frames), _counted_from(begun[0], onsets))


@contextmanager
def live_listener(definitions: Path) -> Iterator[LiveListener]:
    """Boot JACK on its dummy device and supernova, and end both after."""
    name = f"scband-listening-{os.getpid()}"
    jack = Jack(JackOptions(driver=AudioDriver.DUMMY, name=name, sample_rate=48_000, period=PERIOD))
    try:
        jack.start()
        server = SoundServer(ServerOptions(period=PERIOD), jack.environment)
        try:
            server.boot()
            server.load_synthdefs(definitions)
            jack.mark_started()
            yield LiveListener(jack, server)
        finally:
            server.quit()
    finally:
        jack.stop()


def _counted_from(begun: int, rows: list[tuple[float, ...]]) -> tuple[tuple[float, ...], ...]:
    """Move the sample counts of rows so that the file began at 0; drop what came before."""
    moved = []
    for row in rows:
        count = int(row[2]) * COUNT_UNIT + int(row[3]) - begun
        if count >= 0:
            moved.append((*row[:2], *map(float, divmod(count, COUNT_UNIT)), *row[4:]))
    return tuple(moved)
