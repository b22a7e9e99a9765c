"""Everything that makes sound, booted together and ended together."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import TypeVar

from scband.errors import PatternError, ScbandError, SuperColliderError
from scband.supercollider import sounds
from scband.supercollider.input import InputAnalysis
from scband.supercollider.jack import AudioDriver, Jack, JackOptions, JackState
from scband.supercollider.language import Language, LanguageOptions
from scband.supercollider.mixer import Group, Mixer
from scband.supercollider.patterns import PatternController
from scband.supercollider.recorder import Recorder
from scband.supercollider.server import Complaint, ServerComplaint, ServerOptions, SoundServer
from scband.supercollider.synthdefs import compiled_synthdefs

_Part = TypeVar("_Part")


@dataclass(frozen=True, slots=True)
class EngineOptions:
    """How JACK, supernova and sclang are started.

    `sample_clock` None times by samples on the dummy device and by the system clock on a sound
    card, whose clock walks away from the system's by parts per million.
    """

    jack: JackOptions = field(default_factory=JackOptions)
    server: ServerOptions = field(default_factory=ServerOptions)
    language: LanguageOptions = field(default_factory=LanguageOptions)
    sample_clock: bool | None = None


@dataclass(frozen=True, slots=True)
class EngineEvent:
    """Something that JACK, supernova or sclang said.

    `kind` is one of: `complaint` (supernova printed), `late` (a bundle or a bar came too late),
    `missing` (a player goes on alone), `fault` (an error inside sclang), `refused` (sclang refused
    a message), `exit` (a process ended unasked), `boot` (what is being started), `note` (worth
    knowing). `time` is Unix seconds.
    """

    kind: str
    text: str
    time: float


@dataclass(frozen=True, slots=True)
class BeatReport:
    """One beat of the clock: `time` is when it sounds, in Unix seconds; bars count from 0."""

    beat: float
    bar: int
    in_bar: float
    bar_beats: float
    tempo: float
    time: float


class Engine:
    """JACK, supernova, sclang, mixer, recorder and input analysis as one instrument.

    `on_beat(BeatReport)` and `on_event(EngineEvent)` are called in reading threads.
    A context manager: `with Engine() as engine:` boots and ends it.
    """

    def __init__(
        self,
        options: EngineOptions | None = None,
        *,
        on_beat: Callable[[BeatReport], None] | None = None,
        on_event: Callable[[EngineEvent], None] | None = None,
    ) -> None:
        self.options = options or EngineOptions()
        self.events: list[EngineEvent] = []
        self.boot_seconds = 0.0
        self.late_bars = 0
        self._on_beat = on_beat
        self._on_event = on_event
        self._lock = threading.Lock()
        self.jack = Jack(
            self.options.jack, on_exit=lambda: self._say("exit", "jackd ended unasked")
        )
        self.language = Language(
            self.options.language,
            on_report=self._report,
            on_exit=lambda: self._say("exit", "sclang ended unasked"),
        )
        self.patterns = PatternController(self.language, on_refused=self._refused)
        self.language.on_answer = self.patterns.answered
        self._server: SoundServer | None = None
        self._mixer: Mixer | None = None
        self._recorder: Recorder | None = None
        self._input: InputAnalysis | None = None

    # --- boot and end ------------------------------------------------------------------------

    def boot(self) -> Engine:
        """Boot everything; raises one SuperColliderError, and leaves nothing running, on failure.

        sclang compiles its class library while JACK and supernova start.
        """
        begun = time.monotonic()
        try:
            with ThreadPoolExecutor(max_workers=1) as pool:
                definitions = pool.submit(compiled_synthdefs)
                self._say("boot", "JACK")
                self.language.start()
                state = self.jack.start()
                for note in self.jack.notes:
                    self._say("note", note)
                self._say("boot", "supernova")
                self._boot_server(state)
                self._say("boot", "SynthDefs")
                self._load(definitions.result())
            self._say("boot", "sclang")
            self.language.attach(self.server.port, self.options.server.max_logins)
            self._mixer = Mixer(self.server)
            self._mixer.build()
            self._recorder = Recorder(self.server, self._mixer)
            self._send_kit()
        except BaseException:
            self.quit()
            raise
        self.jack.mark_started()
        self.boot_seconds = time.monotonic() - begun
        return self

    def _boot_server(self, state: JackState) -> None:
        exact = self.options.sample_clock
        exact = state.driver is AudioDriver.DUMMY if exact is None else exact
        options = replace(self.options.server, period=state.period, sample_clock=exact)
        self._server = SoundServer(
            options,
            self.jack.environment,
            on_complaint=self._complaint,
            on_exit=lambda: self._say("exit", "supernova ended unasked"),
        )
        self._server.boot()

    def _load(self, folder: Path) -> None:
        """Load the SynthDefs; the plain ones where the server has no sc3-plugins for the others."""
        if missing := self.server.load_synthdefs(folder):
            self._say("note", f"plain sounds are played: {missing[0]} (install sc3-plugins-server)")
            self.server.load_synthdefs(compiled_synthdefs(plain=True))

    def _send_kit(self) -> None:
        self.patterns.set_kit(
            (pitch, drum.name, drum.pan, drum.sustain, drum.choke)
            for drum in sounds.DRUMS.values()
            for pitch in drum.pitches
        )

    def quit(self) -> None:
        """End everything in order; never raises, safe to call twice."""
        if self._server is not None and self._server.online:
            # a server that hangs must not keep the rest from ending: its process is ended below
            with contextlib.suppress(ScbandError):
                if self._recorder is not None and self._recorder.takes:
                    self._recorder.stop()
                if self._input is not None:
                    self._input.stop()
        self.language.quit()
        if self._server is not None:
            self._server.quit()
        self.jack.stop()
        self._input = None
        self._recorder = None
        self._mixer = None

    def __enter__(self) -> Engine:
        return self.boot()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.quit()

    # --- parts -------------------------------------------------------------------------------

    @property
    def server(self) -> SoundServer:
        """The running supernova; raises SuperColliderError before boot."""
        return self._part(self._server)

    @property
    def mixer(self) -> Mixer:
        """The mixer; raises SuperColliderError before boot."""
        return self._part(self._mixer)

    @property
    def recorder(self) -> Recorder:
        """The recorder; raises SuperColliderError before boot."""
        return self._part(self._recorder)

    @staticmethod
    def _part(part: _Part | None) -> _Part:
        if part is None:
            raise SuperColliderError("the engine has not been booted")
        return part

    def add_player(self, name: str, sound: str) -> None:
        """Make a player with its channel, its Pdef and its sound (`kit` for drums)."""
        strip = self.mixer.add_player(name)
        self.server.sync()
        self.patterns.make_player(
            name, group=strip.group, bus=strip.bus, channel=strip.channel, instrument=sound
        )

    def processes(self) -> dict[str, int]:
        """Return the process ids of the children, by name."""
        found = {}
        if self.jack.process is not None:
            found["jackd"] = self.jack.process.pid
        if self._server is not None:
            found["supernova"] = self._server.pid
        found["sclang"] = self.language.pid
        return found

    def listen(self) -> InputAnalysis:
        """Return the input analysis, made on first use in the input group."""
        if self._input is None:
            self._input = InputAnalysis(
                self.server.server,
                int(Group.INPUT),
                self.mixer.input_bus,
                monitor_bus=self.mixer.master_bus,
            )
        return self._input

    # --- what is heard of the processes --------------------------------------------------------

    def _say(self, kind: str, text: str) -> None:
        event = EngineEvent(kind, text, time.time())
        with self._lock:
            self.events.append(event)
            del self.events[:-500]
        if self._on_event is not None:
            self._on_event(event)

    def _complaint(self, complaint: ServerComplaint) -> None:
        self._say("late" if complaint.kind is Complaint.LATE else "complaint", complaint.line)

    def _refused(self, error: PatternError) -> None:
        self._say("refused", str(error))

    def _report(self, name: str, values: tuple[object, ...], when: float) -> None:
        if name == "beat" and len(values) == 5:
            beat, bar, in_bar, bar_beats, tempo = (float(str(v)) for v in values)
            report = BeatReport(beat, int(bar), in_bar, bar_beats, tempo, when)
            if self._on_beat is not None:
                self._on_beat(report)
        elif name == "late":
            player, number, cause = (str(v) for v in values)
            if cause == "arrived":
                self.late_bars += 1
                self._say("late", f"{player}'s bar {number} came after it had begun")
            else:
                self._say("missing", f"{player} goes on alone in bar {number}")
        elif name == "fault":
            self._say("fault", " ".join(str(v) for v in values))
        else:
            self._say("note", f"sclang says {name} {values}")
