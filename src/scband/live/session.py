"""A live session: the band boots, counts in and plays, under your hands while it plays."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

from scband.agents import Band, Style, load
from scband.agents.choice import style_for
from scband.agents.form import Form
from scband.chart import SongMap, read
from scband.errors import ScbandError, SessionError
from scband.live.answers import Answering, Decide
from scband.live.conductor import BarPlan, Conductor, FollowMode
from scband.live.control import ControlThread
from scband.live.ears import Ears, Heard
from scband.live.harmony import harmony_of
from scband.live.log import SessionLog
from scband.live.options import engine_options
from scband.live.playable import Playable
from scband.live.player import Player
from scband.live.status import Status, heard_by, place_of
from scband.settings import CountIn, Settings
from scband.supercollider.channels import MASTER_TRIM
from scband.supercollider.engine import BeatReport, Engine, EngineEvent
from scband.supercollider.jack import JackState
from scband.supercollider.mixer import Strip
from scband.supercollider.patterns import PatternController
from scband.supercollider.recorder import file_format
from scband.supercollider.sounds import sound_of

_LEAD_SECONDS = 0.25  # from the start message to beat 0: the first bars are out by then
_TOO_NEAR_SECONDS = 0.06  # a bar that begins so soon is left as it was sent
_RING_SECONDS = 1.5  # the last notes and the reverb
_SWITCH_INTERVAL = 0.0005  # so that a deciding thread never holds a hearing one for Python's 5 ms


class Session:
    """A band that plays a chart through supernova.

    `song` is what `scband.chart` returns, a SongMap, or the text or path of a chart. `style` and
    `tempo` override the chart's. `choruses` 0 goes round until `stop`. `input` is an audio file
    that plays in the performer's place; else the card is listened to, unless `sound_card_input` is
    False; `monitor` says how loud it is heard. `record` is a file for the mix; `stems` writes one
    beside it for each player. A log of all that was heard and decided goes beside the recording
    (or to `log`). `on_heard(Heard)`, where it is set, is called for every frame (100 a second) and
    onset of the input, in the listening thread. A context manager:

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
        follow: FollowMode | str = FollowMode.CLICK,
        input: str | Path | None = None,  # noqa: A002  # the word a musician uses
        sound_card_input: bool = True,
        monitor: float = 0.0,
        record: str | Path | None = None,
        stems: bool = False,
        log: str | Path | None = None,
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
        speed = _checked_tempo(tempo if tempo is not None else self.song.tempo)
        form = Form(self.song, choruses=choruses, count_in=self.settings.count_in is CountIn.BAND)
        self.conductor = Conductor(
            form,
            band,
            tempo=speed,
            intensity=self.settings.intensity,
            temperature=self.settings.temperature,
            mode=follow,
        )
        self.players: dict[str, Player] = {name: Player(self, name) for name in band.players}
        self.finished = threading.Event()
        self.error: ScbandError | None = None
        self._input = None if input is None else Path(input)
        self._card = sound_card_input
        self._monitor = monitor
        self._record = None if record is None else _checked_record(Path(record))
        self._stems = stems
        self._log_path = None if log is None else _checked_folder(Path(log))
        self._log: SessionLog | None = None
        self._on_event = on_event
        self.on_boot: Callable[[str], None] | None = None
        self.on_heard: Callable[[Heard], None] | None = None
        self._link = link
        self._ears: Ears | None = None
        self._beat: BeatReport | None = None
        self._control = ControlThread(self._went_wrong)
        self._started = False
        self._interval = sys.getswitchinterval()
        self.engine = Engine(
            engine_options(self.settings, link=link), on_beat=self._on_beat, on_event=self._said
        )
        if self._input is not None and not self._input.is_file():
            raise SessionError(f"the input file {self._input} is not there")

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
            self._listen()
            self._control.start()
            self._control.ask(self._begin)
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
        self._tell_feel()

    def _sound(self, player: str) -> str:
        return sound_of(player, self.conductor.style.sounds)

    def _tell_feel(self) -> None:
        self.patterns.set_intensity(self.conductor.intensity)
        self.patterns.set_swing(max(1.0, min(self.conductor.swing_ratio, 4.0)))
        self.engine.mixer.set_delay_tempo(self.conductor.tempo)

    def _listen(self) -> None:
        if self._input is None and not self._card:
            return
        self._ears = Ears(self.jack.sample_rate, self._heard)
        analysis = self.engine.listen()
        analysis.start(self._ears.hear_frame, self._ears.hear_onset)
        monitor = self._monitor / MASTER_TRIM  # 1 is as loud as it came in
        if self._input is not None:
            analysis.play(self._input, monitor=monitor)
        else:
            analysis.listen(monitor=monitor)

    def _heard(self, heard: Heard) -> None:
        if self._log is not None:
            self._log.heard(heard)
        if self.on_heard is not None:
            self.on_heard(heard)

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
            },
        )

    def stop(self) -> None:
        """End the song, the recording and every process. Safe to call twice; never hangs."""
        self._control.stop()
        self.engine.quit()
        if self._log is not None:
            self._log.close(xruns=self.engine.jack.xruns, late=self.late)
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
    def patterns(self) -> PatternController:
        """The pattern-control messages, for what has no handle here."""
        return self.engine.patterns

    @property
    def jack(self) -> JackState:
        """The JACK server in use."""
        state = self.engine.jack.state
        if state is None:
            raise SessionError("the session is not running")
        return state

    @property
    def tempo(self) -> float:
        """Quarter notes a minute; a new tempo holds at once."""
        return self.conductor.tempo

    @tempo.setter
    def tempo(self, value: float) -> None:
        self._control.ask(lambda: self._set_tempo(_checked_tempo(value)))

    @property
    def style(self) -> str:
        """Name of the style; another one is played from the next bar on."""
        return str(self.conductor.style.name)

    @style.setter
    def style(self, name: str) -> None:
        style = load(name, self._style_folders)  # StyleError here, before anything changes
        self._control.ask(lambda: self._set_style(style))

    @property
    def intensity(self) -> float:
        """How hard the band plays, 0 to 1; from the next bar on."""
        return self.conductor.intensity

    @intensity.setter
    def intensity(self, value: float) -> None:
        if not 0 <= value <= 1:
            raise SessionError(f"intensity must be between 0 and 1, not {value!r}")
        self._control.ask(lambda: self._set_intensity(float(value)))

    @property
    def temperature(self) -> float:
        """How far the players stray, 0 (the most likely) to 2 (wild); from the next bar on."""
        return self.conductor.temperature

    @temperature.setter
    def temperature(self, value: float) -> None:
        if not 0 <= value <= 2:
            raise SessionError(f"temperature must be between 0 and 2, not {value!r}")
        self._control.ask(lambda: self._set_temperature(float(value)))

    def set_mix(self, player: str, control: str, value: float) -> None:
        """Set one control of a player's channel; raises SuperColliderError by name and range."""
        checked = self.engine.mixer.check(player, control, value)
        self.patterns.mix(player, control, checked)

    def set_level(self, player: str, level: float) -> None:
        """Set a player's level: 1 is as usual in the mix, 0 silence; raises like `set_mix`."""
        usual = self.engine.mixer.strip(player).controls["gain"]
        self.set_mix(player, "gain", usual * level)

    def nudge(self, seconds: float, beats: float = 2.0) -> None:
        """Be `seconds` earlier (negative: later), reached over `beats` beats."""
        self.patterns.nudge(seconds, beats)

    def answer(self, player: str, decide: Decide | None) -> None:
        """Let a player answer every onset of the input at once; None ends it.

        `decide(onset)` returns notes whose starts are beats from now. It is called in the thread
        that listens, so it must be quick. Raises SessionError where nothing is listened to.
        """
        if self._ears is None:
            raise SessionError("nothing is listened to: give the session an input")
        if player not in self.players:
            raise SessionError(f"no player {player!r} (there are: {', '.join(self.players)})")
        if decide is None:
            self._ears.on_onset = None
            return
        self.answer_in(self.engine.mixer.strip(player), self._sound(player), decide)

    def answer_in(self, strip: Strip, sound: str, decide: Decide) -> None:
        """Answer onsets in a channel of its own with any sound; raises as `answer`."""
        if self._ears is None:
            raise SessionError("nothing is listened to: give the session an input")
        answering = Answering(self.engine.server, strip, sound, decide)
        self._ears.on_onset = lambda onset: answering.answer(onset, self.conductor.tempo)

    def status(self) -> Status:
        """Return where the session is now."""
        report, form = self._beat, self.conductor.form
        place = place_of(form, report)
        heard, level, onsets = heard_by(self._ears)
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

    def _begin(self) -> None:
        for plan in self.conductor.first():
            self._send(plan)
        self.patterns.start(self.conductor.tempo, _LEAD_SECONDS)

    def _send(self, plan: BarPlan) -> None:
        slot = plan.slot
        for player, notes in plan.notes.items():
            self.patterns.send_bar(player, slot.number, slot.start, slot.beats, notes)
        for beat, tempo in self.conductor.slowings(slot.number) if not self._link else ():
            self.patterns.post("tempo", tempo, beat)
        if self._log is not None:
            self._log.bar(plan, str(self.conductor.style.name))

    def _on_beat(self, report: BeatReport) -> None:
        self._beat = report
        self.patterns.resend()
        if self._log is not None:
            self._log.beat(report)
        if report.in_bar == 0:
            self._control.post(lambda: self._at_bar(report.bar))

    def _at_bar(self, number: int) -> None:
        if self._link and self._beat is not None:
            self.conductor.tempo = self._beat.tempo  # a peer may have changed it
        if self._ears is not None:
            self.conductor.performer = self._ears.performer(self.conductor.tempo)
        if self.conductor.over(number):
            if not self.finished.is_set():
                self.patterns.stop()
                threading.Timer(_RING_SECONDS, self.finished.set).start()
            return
        for plan in self.conductor.at_bar(number):
            self._send(plan)

    def _now(self) -> int:
        return self._beat.bar if self._beat is not None else -1

    def _again(self) -> None:
        """Decide the bars that are out already anew, but for one that is about to begin."""
        report, number = self._beat, self._now()
        if report is not None:
            left = (report.bar_beats - report.in_bar) * 60 / report.tempo
            begun = time.time() - (report.time - self.settings.latency)
            number += left - begun < _TOO_NEAR_SECONDS
        for plan in self.conductor.again(number):
            self._send(plan)
        self._tell_feel()

    def _set_tempo(self, tempo: float) -> None:
        self.patterns.set_tempo(tempo)
        self.conductor.tempo = tempo
        self._again()

    def _set_style(self, style: Style) -> None:
        self.conductor.change_style(style)
        for name in self.players:
            self.engine.add_player(name, self._sound(name))
        self._again()

    def _set_intensity(self, value: float) -> None:
        self.conductor.intensity = value
        self._again()

    def _set_temperature(self, value: float) -> None:
        self.conductor.temperature = value
        self._again()

    def _said(self, event: EngineEvent) -> None:
        if self._log is not None:
            self._log.event(event)
        if event.kind == "exit" and self.engine.boot_seconds and not self.finished.is_set():
            self.error = SessionError(f"{event.text}: the session has ended")
            self.finished.set()
        if event.kind == "boot":
            if self.on_boot is not None:
                self.on_boot(event.text)
        elif self._on_event is not None:
            self._on_event(event)


def _checked_tempo(tempo: Any) -> float:
    if not isinstance(tempo, int | float) or not 20 <= tempo <= 400:
        raise SessionError(f"the tempo must be between 20 and 400 a minute, not {tempo!r}")
    return float(tempo)


def _checked_folder(path: Path) -> Path:
    try:
        path.expanduser().parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SessionError(f"cannot write to {path}: {error.strerror}") from error
    return path.expanduser()


def _checked_record(path: Path) -> Path:
    file_format(path)  # SuperColliderError for an ending that is no .wav or .flac
    return _checked_folder(path)
