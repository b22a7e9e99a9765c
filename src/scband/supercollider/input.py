"""The band's ear on the server: a source on a bus, and the synth that listens to it."""

from __future__ import annotations

import itertools
import logging
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from supriya.enums import BootStatus

from scband.errors import ScbandError, SuperColliderError
from scband.supercollider.input_file import InputFile, probe, streamable

if TYPE_CHECKING:
    import supriya
    from supriya.osc import OscCallback, OscMessage

Values = tuple[object, ...]
"""The arguments of one message from the analysis synth, as they came."""

Handler = Callable[[Values], None]

COUNT_UNIT = 2**20
"""Samples in one unit of the first of the two parts in which a sample count is sent."""

_IDS = itertools.count(1)
_CUE_FRAMES = 65_536
_ANSWER_SECONDS = 5.0


class InputAnalysis:
    """Feed a bus from the sound card or a file, and hand on what the analysis synth hears there.

    Everything lives in one group of its own inside `group`, which must come before the players.
    `bus` is the first of the two audio buses that are heard, `monitor_bus` the first of the two
    on which the source can be heard along with the band. The compiled SynthDefs must be loaded.
    """

    def __init__(
        self, server: supriya.Server, group: int, bus: int, *, monitor_bus: int = 0
    ) -> None:
        self.bus = bus
        self._id = next(_IDS)
        self._monitor_bus = monitor_bus
        self._server = server
        self._target = group
        self._callbacks: list[OscCallback] = []
        self._group: supriya.Group | None = None
        self._source: supriya.Group | None = None
        self._clock: supriya.BusGroup | None = None
        self._buffer: supriya.Buffer | None = None
        self._folder: tempfile.TemporaryDirectory[str] | None = None

    @property
    def clock_bus(self) -> int:
        """The first of two control buses that always hold the sample count, in two parts."""
        self._running()
        assert self._clock is not None
        return int(self._clock)

    def start(
        self,
        on_frame: Handler,
        on_onset: Handler,
        *,
        on_begun: Callable[[int], None] | None = None,
        on_ended: Callable[[], None] | None = None,
        on_error: Callable[[ScbandError], None] | None = None,
        rate: float = 100.0,
        pre: float = 1.0,
    ) -> None:
        """Begin to listen (emits `/s_new analysis`): `rate` frames a second after a gain of `pre`.

        `on_frame` gets the arguments of each `/scband/frame`, `on_onset` those of each
        `/scband/onset` (scband.analysis.frames reads both); `on_begun` gets the sample count at
        which a file's first sample is heard, `on_ended` nothing, after its last. They are called
        in the thread in which supriya receives, and must return soon; what they raise of scband's
        own errors goes to `on_error`, or else to the log. Raises SuperColliderError where it
        listens already.
        """
        if self._group is not None:
            raise SuperColliderError("the input analysis runs already: stop it first")
        handlers: dict[str, Handler] = {"/scband/frame": on_frame, "/scband/onset": on_onset}
        if on_begun is not None:
            handlers["/scband/input/begun"] = lambda values: on_begun(_count(values))
        if on_ended is not None:
            handlers["/scband/input/ended"] = lambda values: on_ended()
        server = self._server
        self._callbacks = [
            # SendReply answers every client; the id tells this analysis' messages from others'
            server.register_osc_callback([address], self._guarded(handler, on_error or _log))
            for address, handler in handlers.items()
        ]
        with server.at():
            self._clock = server.add_bus_group("control", 2)
            self._group = server.add_group(target_node=self._target)
            self._source = server.add_group(target_node=self._group)
        settings = {"in": self.bus, "clock": self.clock_bus, "id": self._id}
        self._new("analysis", self._group, to_tail=True, channels=2, rate=rate, pre=pre, **settings)

    def stop(self) -> None:
        """End source and analysis (emits `/n_free`), and give back buses and buffer.

        A server that has ended meanwhile has nothing left to give back.
        """
        if self._group is None:
            return
        server = self._server
        for callback in self._callbacks:
            server.unregister_osc_callback(callback)
        if server.boot_status == BootStatus.ONLINE:
            self._empty_source()
            with server.at():
                server.free_group_children(self._group)
                server.free_node(self._group)
                assert self._clock is not None
                server.free_bus_group(self._clock)
        self._remove_folder()
        self._callbacks, self._group, self._source, self._buffer = [], None, None, None

    def listen(self, *, first: int = 0, stereo: bool = False, monitor: float = 0.0) -> None:
        """Take the sound card's input channel `first`, and the next one where `stereo`.

        `monitor` is the gain at which it can be heard (emits `/s_new input_audio`).
        """
        source = self._empty_source()
        self._new(
            "input_audio",
            source,
            out=self.bus,
            channel=first,
            mono=int(not stereo),
            monitor_out=self._monitor_bus,
            monitor=monitor,
        )

    def play(self, path: Path | str, *, loop: bool = False, monitor: float = 0.0) -> InputFile:
        """Play an audio file into the bus, from its beginning, at its own pitch.

        Any rate and number of channels that libsndfile reads (more than two are mixed to one).
        Returns what the file is. Raises AudioFileError where it is missing, broken or empty — what
        played before then goes on — and SuperColliderError where the server does not answer (emits
        `/b_alloc`, `/b_read`, `/s_new input_stream`).
        """
        folder = tempfile.TemporaryDirectory(prefix="scband-input-")
        try:
            file = probe(Path(path))
            # the server fills its buffer once only from a file that is shorter, loop or not
            least_frames = _CUE_FRAMES if loop else 0
            streamed = streamable(file, Path(folder.name), least_frames=least_frames)
            source = self._empty_source()
        except BaseException:
            folder.cleanup()
            raise
        self._folder = folder
        buffer = self._cue(streamed)
        self._new(
            "input_stream" if streamed.channels == 2 else "input_stream_mono",
            source,
            out=self.bus,
            buffer=buffer,
            rate=streamed.sample_rate / self._sample_rate(),
            loop=int(loop),
            frames=streamed.frames,
            clock=self.clock_bus,
            id=self._id,
            monitor_out=self._monitor_bus,
            monitor=monitor,
        )
        return file

    def set_monitor(self, gain: float) -> None:
        """Set how loud the source can be heard, 0-1 (emits `/n_set`)."""
        self._server.send(["/n_set", int(self._running()), "monitor", float(gain)])

    def set_pre(self, gain: float) -> None:
        """Set the gain before the analysis, 0-8 (emits `/n_set`)."""
        self._server.send(["/n_set", int(self._running()), "pre", float(gain)])

    def silence(self) -> None:
        """End the source; the analysis goes on, on silence."""
        self._empty_source()

    def _empty_source(self) -> supriya.Group:
        """Free what plays into the bus, and what it played from."""
        self._running()
        assert self._source is not None
        with self._server.at():
            self._server.free_group_children(self._source)
            if self._buffer is not None:
                self._server.close_buffer(self._buffer)
                self._server.free_buffer(self._buffer)
        self._buffer = None
        self._remove_folder()
        return self._source

    def _remove_folder(self) -> None:
        # the server may still have a file open in there; that keeps it readable to the end
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None

    def _cue(self, file: InputFile) -> int:
        """Open a file for streaming; return the number of its buffer."""
        server = self._server
        with server.at():
            self._buffer = server.add_buffer(channel_count=file.channels, frame_count=_CUE_FRAMES)
        self._sync()
        with server.at():
            server.read_buffer(self._buffer, file.path, frame_count=_CUE_FRAMES, leave_open=True)
        self._sync()
        return int(self._buffer)

    def _new(
        self, name: str, group: supriya.Group, *, to_tail: bool = False, **settings: float
    ) -> None:
        """Start a synth by its name alone: supriya knows no SynthDef with plugins' UGens."""
        pairs = [value for pair in settings.items() for value in pair]
        self._server.send(["/s_new", name, -1, int(to_tail), int(group), *pairs])

    def _running(self) -> supriya.Group:
        if self._group is None:
            raise SuperColliderError("the input analysis does not run: start it first")
        return self._group

    def _sample_rate(self) -> float:
        status = self._server.status
        if status is None:
            raise SuperColliderError("the server has not told its sample rate yet")
        return float(status.target_sample_rate)

    def _sync(self) -> None:
        try:
            self._server.sync(timeout=_ANSWER_SECONDS)
        except TimeoutError as error:
            raise SuperColliderError(
                f"the server did not answer within {_ANSWER_SECONDS:g} s while an input file was"
                " opened"
            ) from error

    def _guarded(
        self, handler: Handler, on_error: Callable[[ScbandError], None]
    ) -> Callable[[OscMessage], None]:
        def receive(message: OscMessage) -> None:
            values: Values = tuple(message.contents)
            if len(values) > 1 and values[1] != self._id:
                return
            try:
                handler(values)
            except ScbandError as error:
                on_error(error)

        return receive


def _log(error: ScbandError) -> None:
    logging.getLogger(__name__).error("%s", error)


def _count(values: Values) -> int:
    """Join the two parts of a sample count, which follow SendReply's two ids."""
    high, low = values[2:4]
    assert isinstance(high, (int, float))
    assert isinstance(low, (int, float))
    return int(high) * COUNT_UNIT + int(low)
