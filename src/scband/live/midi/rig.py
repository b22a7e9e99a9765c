"""All MIDI of a session: what comes in conducts, is followed or sets the time; what goes out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from scband.live.conductor import BarPlan
from scband.live.midi.control import Conducted, MidiControl
from scband.live.midi.hotplug import HotPlug
from scband.live.midi.listener import Hearer, MidiListener
from scband.live.midi.mapping import MidiMap
from scband.live.midi.output import ClockOut, NotesOut
from scband.live.midi.ports import Door
from scband.live.midi.scheduler import BeatScheduler
from scband.live.midi.slave import ClockMaster
from scband.supercollider.engine import BeatReport


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


class MidiBand(Conducted, Hearer, Protocol):
    """The session as MIDI sees it."""

    def steer(self, tempo: float | None, seconds: float, beats: float) -> None:
        """Go at a tempo (None: as it is) and be `seconds` earlier after `beats` beats."""


class MidiRig:
    """MIDI in and out of one session.

    The session starts and stops it and tells it of beats and bars; it calls the session's setters.
    `lead` is the band's beat of the song's top, `jack()` the name of the JACK server in use.
    """

    def __init__(
        self,
        band: MidiBand,
        options: MidiOptions,
        *,
        players: Sequence[str],
        lead: float,
        styles: tuple[str, ...],
        jack: Callable[[], str],
        say: Callable[[str], None],
    ) -> None:
        self.options = options
        self.master = ClockMaster(lead) if options.clock_in else None
        self.control = MidiControl(band, options.mapping, styles, say)
        self.listener = MidiListener(band, options.mapping, self.control, self.master)
        self.scheduler = BeatScheduler(options.delay)
        self.ports = HotPlug(
            options.doors,
            options.inputs,
            options.outputs,
            on_message=self.listener.receive,
            on_output=self._plugged,
            on_unplugged=self.listener.unplugged,
            jack=jack,
            say=say,
        )
        self._band = band
        self._clock = ClockOut(self.scheduler, self.ports.send, lead)
        self._notes = NotesOut(self.scheduler, self.ports.send, players, self._audible)
        self._beat = float("-inf")

    @property
    def sends(self) -> bool:
        """Whether anything may go out."""
        return self.options.outputs not in ("", "none")

    def start(self) -> None:
        """Open the ports and begin."""
        self.control.start()
        if self.sends:
            self.scheduler.start()
        self.ports.start()

    def stop(self) -> None:
        """Stop whoever listens to us, end every note, close the ports; safe to call twice."""
        self.scheduler.stop()
        self.on_stop()
        self.ports.stop()
        self.control.stop()

    def on_beat(self, report: BeatReport) -> None:
        """Take a beat that is about to sound: send on it, and go with the clock that comes in."""
        if self.sends:
            if report.beat <= self._beat:  # the band's clock was started anew
                self._notes.silence()
            self.scheduler.anchor(report.beat, report.time, report.tempo)
            if self.options.clock_out:
                self._clock.on_beat(report)
        self._beat = report.beat
        if self.master is not None:
            steering = self.master.steer(report)
            if steering.tempo is not None or steering.seconds:
                self._band.steer(steering.tempo, steering.seconds, steering.beats)

    def on_bar(self, plan: BarPlan) -> None:
        """Take a bar that was decided, or decided anew."""
        if self.sends and self.options.notes_out:
            self._notes.on_bar(plan)

    def on_stop(self) -> None:
        """Take the end of the song."""
        self._clock.stop()
        self._notes.silence()

    def _audible(self, player: str) -> bool:
        handle = self._band.players.get(player)
        return handle is None or (handle.playing and not handle.muted)

    def _plugged(self) -> None:
        self._clock.resume()
