"""All MIDI of a session: what comes in conducts, is followed or sets the time; what goes out."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from scband.agents.form import Form
from scband.errors import ScbandError
from scband.live.bus import Bus, Event, Mailbox
from scband.live.clockline import nudged
from scband.live.countin import Entry
from scband.live.events import Followed, Planned
from scband.live.midi.clock import PULSES
from scband.live.midi.control import Conducted, MidiControl
from scband.live.midi.hotplug import HotPlug
from scband.live.midi.listener import Hearer, MidiListener
from scband.live.midi.mapping import MidiMap
from scband.live.midi.output import ClockOut, NotesOut
from scband.live.midi.ports import Door
from scband.live.midi.scheduler import BeatScheduler
from scband.live.midi.slave import ClockMaster
from scband.supercollider.engine import BeatReport

_PULSE, _STOP = 0xF8, 0xFC
_STOP_SECONDS = 2.0
_WAIT_SECONDS = 60.0
_PATIENT_PULSES = 8 * PULSES  # without Start, after which the master is asked for it


@dataclass(frozen=True, slots=True)
class MidiOptions:
    """Which ports are used, and for what; `delay` seconds shift all that goes out."""

    inputs: str = "all"
    outputs: str = "none"
    doors: tuple[Door, ...] = (Door.SYSTEM,)
    clock_in: bool = False
    clock_out: bool = True
    notes_out: bool = True
    delay: float = 0.0
    mapping: MidiMap = field(default_factory=MidiMap)

    @property
    def sends(self) -> bool:
        """Whether anything may go out."""
        return self.outputs not in ("", "none")


class MidiBand(Conducted, Hearer, Protocol):
    """The session as MIDI sees it."""

    def steer(self, tempo: float | None, seconds: float | None, beats: float) -> None:
        """Go at a tempo and be `seconds` earlier after `beats` beats; None leaves it as it is."""

    def enter(self, entry: Entry) -> None:
        """Begin to play at a time, in a tempo, with a bar."""

    def stand(self) -> None:
        """Stop playing until the next `enter`."""


class MidiRig:
    """MIDI in and out of one session.

    It calls the session's setters, and takes beats, plans and corrections from its bus. `players`
    are the names of those who play, `jack()` is the name of the JACK server in use. With
    `clock_in` the band stands until a clock's Start, and with its Stop.
    """

    def __init__(
        self,
        band: MidiBand,
        options: MidiOptions,
        form: Form,
        *,
        players: Sequence[str],
        styles: tuple[str, ...],
        jack: Callable[[], str],
        say: Callable[[str], None],
    ) -> None:
        self.options = options
        self.master = ClockMaster(form.lead)
        self.control = MidiControl(band, options.mapping, styles, say)
        on_clock = self._on_clock if options.clock_in else None
        self.listener = MidiListener(band, options.mapping, self.control, on_clock)
        self.scheduler = BeatScheduler(options.delay)
        self._clock = ClockOut(self.scheduler, self._send, form.lead)
        self._notes = NotesOut(self.scheduler, self._send, players, self._audible)
        self.ports = HotPlug(
            options.doors,
            options.inputs,
            options.outputs,
            on_message=self.listener.receive,
            on_output=self._clock.resume,
            on_unplugged=self.listener.unplugged,
            jack=jack,
            say=say,
        )
        self._band = band
        self._form = form
        self._say = say
        self._beat = float("-inf")
        self._playing = not options.clock_in
        self._pulses = 0
        self._mailbox: Mailbox | None = None
        self._thread: threading.Thread | None = None

    # --- life --------------------------------------------------------------------------------

    def start(self, bus: Bus) -> None:
        """Open the ports and begin."""
        self.control.start()
        if self.options.sends:
            self.scheduler.start()
        if self.options.sends or self.options.clock_in:
            self._mailbox = bus.subscribe()
            self._thread = threading.Thread(
                target=self._take, args=(self._mailbox,), name="scband-midi", daemon=True
            )
            self._thread.start()
        self.ports.start()

    def stop(self) -> None:
        """Stop whoever listens to us, end every note, close the ports; safe to call twice."""
        if self._mailbox is not None:
            self._mailbox.close()
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.join(timeout=_STOP_SECONDS)
        self.scheduler.stop()
        self._rest()
        self.ports.stop()
        self.control.stop()

    def _send(self, message: list[int]) -> None:
        self.ports.send(message)

    def _rest(self) -> None:
        self._clock.stop()
        self._notes.silence()

    # --- what the band does ------------------------------------------------------------------

    def _take(self, mailbox: Mailbox) -> None:
        while not mailbox.closed:
            event = mailbox.wait(_WAIT_SECONDS)
            try:
                self._go_on(event)
            except ScbandError as error:
                self._say(f"MIDI: {error}")

    def _go_on(self, event: Event | None) -> None:
        if isinstance(event, BeatReport):
            self.on_beat(event)
        elif isinstance(event, Planned) and self.options.sends and self.options.notes_out:
            self._notes.on_bar(event.plan)
        elif isinstance(event, Followed):
            tempo = nudged(event.tempo, event.seconds, event.beats)
            self.scheduler.bend(event.beat, tempo)

    def on_beat(self, report: BeatReport) -> None:
        """Take a beat that is about to sound: send on it, and go with the clock that comes in."""
        if self.options.sends:
            if report.beat <= self._beat:  # the band's clock was started anew
                self._notes.silence()
            self.scheduler.anchor(report.beat, report.time, report.tempo)
            if self.options.clock_out:
                self._clock.on_beat(report)
        self._beat = report.beat
        if self.options.clock_in:
            steering = self.master.steer(report)
            if steering.tempo is not None or steering.seconds:
                self._band.steer(steering.tempo, steering.seconds or None, steering.beats)

    def _audible(self, player: str) -> bool:
        handle = self._band.players.get(player)
        return handle is None or (handle.playing and not handle.muted)

    # --- the clock that comes in -------------------------------------------------------------

    def _on_clock(self, port: str, message: Sequence[int], when: float) -> None:
        self.master.message(port, message, when)
        try:
            self._go_with(message, when)
        except ScbandError as error:
            self._say(f"MIDI clock: {error}")

    def _go_with(self, message: Sequence[int], when: float) -> None:
        running = self.master.reader.running
        if self._playing and message[0] == _STOP:
            self._playing = False
            self._band.stand()
            self._rest()
        elif not self._playing and running:
            entry = self.master.entry(self._form, when)
            if entry is not None:
                self._playing = True
                self._band.enter(entry)
        elif not running:
            self._ask_for_start(message)

    def _ask_for_start(self, message: Sequence[int]) -> None:
        """Say once that a clock comes and the band waits for its Start."""
        self._pulses += message[0] == _PULSE
        if self._pulses == _PATIENT_PULSES and not self._playing:
            self._say("a MIDI clock comes, but no Start: start the sequencer that sends it")
