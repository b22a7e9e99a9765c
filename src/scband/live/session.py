"""A live session: the band boots, counts in and plays, under your hands while it plays."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from scband.agents import Band, Style, load, names
from scband.agents.choice import style_for
from scband.agents.form import Form
from scband.chart import SongMap, read
from scband.errors import ScbandError, SessionError
from scband.live.answers import Answering, Decide
from scband.live.bus import Bus, Event
from scband.live.conductor import Conductor
from scband.live.control import ControlThread
from scband.live.countin import checked_count_in
from scband.live.ears import Heard
from scband.live.events import is_analysis
from scband.live.follow import ControlLaw, FollowMode
from scband.live.following import Following
from scband.live.hands import Hands, checked_tempo
from scband.live.harmony import harmony_of
from scband.live.listening import Listening
from scband.live.log import LogWriter, SessionLog
from scband.live.midi.options import midi_options
from scband.live.midi.rig import MidiRig
from scband.live.options import engine_options, follow_latency
from scband.live.playable import Playable
from scband.live.player import Player
from scband.live.playing import Playing
from scband.live.status import Status, heard_by, place_of
from scband.live.timekeeper import check_time_keeper
from scband.live.whereabouts import Whereabouts
from scband.settings import CountIn, Settings
from scband.supercollider.engine import BeatReport, Engine, EngineEvent
from scband.supercollider.jack import JackState
from scband.supercollider.mixer import Strip
from scband.supercollider.recorder import file_format
from scband.supercollider.sounds import sound_of

_RING_SECONDS = 1.5  # the last notes and the reverb
_SWITCH_INTERVAL = 0.0005  # so that a deciding thread never holds a hearing one for Python's 5 ms


class Session(Hands):
    """A band that plays a chart through supernova.

    `song` is what `scband.chart` returns, a SongMap, or the text or path of a chart. `style` and
    `tempo` override the chart's. `choruses` 0 goes round until `stop`. `input` is an audio file
    that plays in the performer's place; else the card is listened to, unless `sound_card_input` is
    False; `monitor` says how loud it is heard. `record` is a file for the mix; `stems` writes one
    beside it for each player. A log of all that was heard and decided goes beside the recording (or
    to `log`; `log_whole` keeps every frame). `follow` (`click`, `adaptive`, `free`) and `strength`
    (0-1) say how the band follows the performer's tempo, `count_in` who counts in; where they are
    not given, the settings do. A band that is `cued` waits for `enter`. `dynamics` lets the band be
    as loud as the performer is; where it is not given, it does so when it follows. `by_ear` takes
    the chords from what the performer plays, as while the pedal is held. `bus` carries all events;
    subscribe to it for a copy. `midi` is what is open of MIDI; the settings say which ports, and
    whether another's clock keeps the time. `on_heard(Heard)`, where it is set, is called for every
    frame (100 a second) and onset of the input, in the listening thread. A context manager:

        with Session(song) as band:
            band.bass.mute(); band.intensity = 0.8; band.style = "rock"; band.wait()

    Raises ChartError, StyleError, BandError and SessionError at once for what cannot be played,
    and SuperColliderError from `start` for what cannot be booted.
    """

    def __init__(
        self,
        song: Playable | SongMap | str | Path,
        *,
        style: str | Style | None = None,
        tempo: float | None = None,
        choruses: int = 0,
        follow: FollowMode | str | None = None,
        strength: float | None = None,
        count_in: CountIn | str | None = None,
        cued: bool = False,
        dynamics: bool | None = None,
        by_ear: bool = False,
        input: str | Path | None = None,  # noqa: A002  # the word a musician uses
        sound_card_input: bool = True,
        monitor: float = 0.0,
        record: str | Path | None = None,
        stems: bool = False,
        log: str | Path | None = None,
        log_whole: bool = False,
        link: bool = False,
        settings: Settings | None = None,
        on_event: Callable[[EngineEvent], None] | None = None,
    ) -> None:
        if not isinstance(song, SongMap | str | Path):
            style, tempo = style or song.style, tempo if tempo is not None else song.tempo
            settings = settings or Settings.load(
                players=",".join(song.players),
                seed=song.seed,
                intensity=song.intensity,
                temperature=song.temperature,
            )
            song = song.map
        self.settings = settings or Settings.load()
        self._clocked = self.settings.midi_clock in {"in", "both"}
        self._count_in = checked_count_in(count_in or self.settings.count_in)
        if self._clocked:
            self._count_in = CountIn.NONE  # the clock's Start is the song's top
        self.song = song if isinstance(song, SongMap) else read(song)
        folders = [Path(self.settings.styles)] if self.settings.styles else []
        self._style_folders = folders
        chosen = style if isinstance(style, Style) else style_for(self.song, style, folders)
        self._reread = self.song.style if style is None and chosen != self.song.style else ""
        band = Band(
            load(chosen, folders) if isinstance(chosen, str) else chosen,
            self.settings.player_names(),
            self.settings.seed,
            self.settings.humanise,
        )
        speed = checked_tempo(tempo if tempo is not None else self.song.tempo)
        form = Form(self.song, choruses=choruses, count_in=self._count_in is CountIn.BAND)
        self.conductor = Conductor(
            form,
            band,
            tempo=speed,
            intensity=self.settings.intensity,
            temperature=self.settings.temperature,
            mode=follow if follow is not None else self.settings.follow,
            strength=strength if strength is not None else self.settings.strength,
        )
        check_time_keeper(self.conductor.mode, link=link, clocked=self._clocked)
        self.players: dict[str, Player] = {name: Player(self, name) for name in band.players}
        self.midi = self._made_midi()
        self.finished = threading.Event()
        self.error: ScbandError | None = None
        self._input = None if input is None else Path(input)
        self._card = sound_card_input
        self._monitor = monitor
        self._record = None if record is None else _checked_record(Path(record))
        self._stems = stems
        self._log_path = None if log is None else _checked_folder(Path(log))
        self._log_whole = log_whole
        self._log: SessionLog | None = None
        self._log_writer: LogWriter | None = None
        self._on_event = on_event
        self.on_boot: Callable[[str], None] | None = None
        self.on_heard: Callable[[Heard], None] | None = None
        self._link = link
        self._cued = cued or self._clocked
        self.bus = Bus(analysis=is_analysis)
        self._control = ControlThread(self.bus, self._handle, self._went_wrong, self._died)
        self._started = False
        self._interval = sys.getswitchinterval()
        self.engine = Engine(
            engine_options(self.settings, link=link), on_beat=self._on_beat, on_event=self._said
        )
        self._listening = Listening(self.engine, self.settings, self._put, self._heard)
        self._playing = self._made_playing()
        if dynamics is not None:
            self._playing.shapes = dynamics
        self._playing.chords.held = by_ear
        if self._input is not None and not self._input.is_file():
            raise SessionError(f"the input file {self._input} is not there")

    def _made_playing(self) -> Playing:
        conductor, meter = self.conductor, self.conductor.form.bars[0].meter
        unit = 1.5 if meter.compound else 1.0
        law = ControlLaw(conductor.mode, conductor.strength, conductor.tempo, unit)
        following = Following(
            self.patterns,
            law,
            meter,
            conductor.swing_ratio,
            later=self._control.post,
            tell=self.bus.tell,
            whereabouts=Whereabouts(conductor.form, unit),
        )
        return Playing(
            conductor,
            self.patterns,
            following,
            count_in=self._count_in,
            tell=self.bus.tell,
            over=lambda: self._control.later(_RING_SECONDS, self.finished.set),
            later=self._control.later,
            link=self._link or self._clocked,
            cued=self._cued,
        )

    def _made_midi(self) -> MidiRig:
        styles = tuple(names(self._style_folders))
        return MidiRig(
            self,
            midi_options(self.settings, styles, tuple(self.players)),
            self.conductor.form,
            players=tuple(self.players),
            styles=styles,
            jack=lambda: self.engine.jack.state.name if self.engine.jack.state else "",
            say=lambda text: self._said(EngineEvent("note", text, time.time())),
        )

    # --- life --------------------------------------------------------------------------------

    def __enter__(self) -> Session:
        return self if self._control.running else self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def __getattr__(self, name: str) -> Player:
        players = self.__dict__.get("players", {})
        if name in players:
            return players[name]  # type: ignore[no-any-return]
        raise AttributeError(f"a session has no {name!r}; its players are {', '.join(players)}")

    def start(self) -> Session:
        """Boot everything and begin to play; on failure nothing is left running."""
        if self._started:
            raise SessionError("this session has been started already; make another one")
        self._started = True
        sys.setswitchinterval(_SWITCH_INTERVAL)
        try:
            self.engine.boot()
            self._open_log()
            if self._reread:
                text = f"the chart says {self._reread!r}: playing it as {self.conductor.style.name}"
                self._said(EngineEvent("note", text, time.time()))
            self._make_players()
            if self._record is not None:
                self.engine.recorder.start(self._record, stems=self._stems)
            if self._log is not None:
                self._log.begin()
            latency, nearer = self._latencies()
            self.patterns.set_latency(latency)
            self._control.start()
            self.midi.start(self.bus)
            if self._input is not None or self._card:
                self._playing.ears = self._listening.start(self._input, self._monitor)
            self._control.ask(lambda: self._playing.begin(latency, nearer))
        except BaseException:
            self.stop()
            raise
        return self

    def _make_players(self) -> None:
        for name in self.players:
            self.engine.add_player(name, self._sound(name))
        self.patterns.set_harmonic_progression(
            harmony_of(self.conductor.form), self.conductor.form.lead, self.conductor.form.beats
        )
        meter = self.conductor.form.bars[0].meter
        self.patterns.set_meter(meter.numerator, meter.denominator, 0)
        self._playing.tell_feel()
        self.engine.mixer.set_delay_tempo(self.conductor.tempo)

    def _sound(self, player: str) -> str:
        return sound_of(player, self.conductor.style.sounds)

    def _latencies(self) -> tuple[float, float]:
        """Return how far ahead notes are sent, and how far where the performer is answered."""
        nearer = min(self.settings.latency, follow_latency(self.settings, self.jack))
        far = self.conductor.mode is FollowMode.CLICK
        return (self.settings.latency if far else nearer, nearer)

    def _open_log(self) -> None:
        path = self._log_path
        if path is None and self._record is not None:
            path = self._record.with_suffix(".jsonl")
        if path is None:
            return
        self._log = SessionLog(
            path,
            {
                "title": self.song.title,
                "style": self.conductor.style.name,
                "tempo": self.conductor.tempo,
                "seed": self.settings.seed,
                "players": list(self.players),
                "sample_rate": self.jack.sample_rate,
                "period": self.jack.period,
                "input": None if self._input is None else self._input.name,
                "follow": str(self.conductor.mode),
                "strength": self.conductor.strength,
            },
            whole=self._log_whole,
        )
        self._log_writer = LogWriter(self._log, self.bus)

    def stop(self) -> None:
        """End the song, the recording and every process. Safe to call twice; never hangs."""
        self.midi.stop()
        self._control.stop()
        self.engine.quit()
        if self._log_writer is not None:
            self._log_writer.close(
                xruns=self.engine.jack.xruns, late=self.late, dropped=self.bus.lost
            )
        self.bus.end()
        sys.setswitchinterval(self._interval)
        self.finished.set()

    def wait(self, seconds: float | None = None) -> bool:
        """Wait until the song is over, `seconds` at most; says whether it is.

        Raises the error that ended the session, where one did.
        """
        over = self.finished.wait(seconds)
        if self.error is not None:
            raise self.error
        return over

    # --- under a user's hands ------------------------------------------------------------------

    @property
    def jack(self) -> JackState:
        """The JACK server in use."""
        state = self.engine.jack.state
        if state is None:
            raise SessionError("the session is not running")
        return state

    def time_of(self, samples: float) -> float:
        """Return the Unix time, as notes are timed, of a sample of the input's count."""
        return self._listening.clock.time_of(samples)

    def samples_at(self, when: float) -> float:
        """Return which sample of the input's count sounds at a Unix time, as notes are timed."""
        return self._listening.clock.samples_at(when)

    @property
    def latency(self) -> float:
        """How far ahead of sounding notes are sent, in seconds; less once somebody is followed."""
        return self._playing.following.latency

    def answer(self, player: str, decide: Decide | None) -> None:
        """Let a player answer every onset of the input at once; None ends it.

        `decide(onset)` returns notes whose starts are beats from now. It is called in the thread
        that listens, so it must be quick. Raises SessionError where nothing is listened to.
        """
        if player not in self.players:
            raise SessionError(f"no player {player!r} (there are: {', '.join(self.players)})")
        if decide is None:
            self._listening.answer(None)
            return
        self.answer_in(self.engine.mixer.strip(player), self._sound(player), decide)

    def answer_in(self, strip: Strip, sound: str, decide: Decide) -> None:
        """Answer onsets in a channel of its own with any sound; raises as `answer`."""
        answering = Answering(self.engine.server, strip, sound, decide)
        self._listening.answer(lambda onset: answering.answer(onset, self.conductor.tempo))

    def status(self) -> Status:
        """Return where the session is now."""
        report, form = self._playing.beat, self.conductor.form
        place = place_of(form, report)
        heard, level, onsets = heard_by(self._listening.ears)
        pulse, chords = self._playing.following.pulse, self._playing.chords
        return Status(
            running=self._control.running and not self.finished.is_set(),
            bar=place.bar,
            beat=place.beat,
            section=place.section,
            chord=place.chord,
            next_chord=place.next_chord,
            tempo=report.tempo if report is not None else self.conductor.tempo,
            chorus=place.chorus,
            heard=heard,
            input_db=level,
            onsets=onsets,
            xruns=self.engine.jack.xruns,
            late=self.late,
            events=len(self.engine.events),
            follow=self.follow,
            strength=self.strength,
            intensity=self.intensity,
            heard_tempo=pulse.tempo if pulse is not None else None,
            confidence=pulse.confidence if pulse is not None else 0.0,
            waiting=self._playing.waiting,
            heard_chord=str(chords.heard.chord) if chords.heard is not None else "",
            by_ear=chords.held,
        )

    @property
    def late(self) -> int:
        """Bundles and bars that came too late to sound in time."""
        if self.engine.jack.state is None:
            return self.engine.late_bars
        return self.engine.server.late + self.engine.late_bars

    # --- the control thread --------------------------------------------------------------------

    def _went_wrong(self, error: ScbandError) -> None:
        self.error = error
        self._said(EngineEvent("fault", str(error), time.time()))

    def _died(self, error: ScbandError) -> None:
        self._went_wrong(error)
        self.finished.set()

    def _handle(self, event: Event) -> None:
        self._playing.handle(event)

    def _on_beat(self, report: BeatReport) -> None:
        self._put(report)

    def _put(self, event: Event) -> None:
        """Put an event on the bus, in a thread that must go on receiving whatever happens."""
        try:
            self.bus.put(event)
        except SessionError as error:
            self._went_wrong(error)

    def _heard(self, heard: Heard) -> None:
        if self.on_heard is not None:
            self.on_heard(heard)

    def _now(self) -> int:
        return self._playing.beat.bar if self._playing.beat is not None else -1

    def _said(self, event: EngineEvent) -> None:
        self.bus.tell(event)
        if event.kind == "exit" and self.engine.boot_seconds and not self.finished.is_set():
            self.error = SessionError(f"{event.text}: the session has ended")
            self.finished.set()
        if event.kind == "boot":
            if self.on_boot is not None:
                self.on_boot(event.text)
        elif self._on_event is not None:
            self._on_event(event)


def _checked_folder(path: Path) -> Path:
    try:
        path.expanduser().parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SessionError(f"cannot write to {path}: {error.strerror}") from error
    return path.expanduser()


def _checked_record(path: Path) -> Path:
    file_format(path)  # SuperColliderError for an ending that is no .wav or .flac
    return _checked_folder(path)
