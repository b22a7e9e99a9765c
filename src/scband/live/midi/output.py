"""What the band sends: MIDI clock with start, stop and position, and its notes."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Sequence

from scband.live.conductor import BarPlan
from scband.live.midi.clock import PULSES
from scband.live.midi.scheduler import BeatScheduler
from scband.score import CHANNELS, Note
from scband.supercollider.engine import BeatReport

Send = Callable[[list[int]], None]

_CLOCK, _START, _CONTINUE, _STOP, _POSITION = 0xF8, 0xFA, 0xFB, 0xFC, 0xF2
_NOTES_OFF = 123
_LAST_POSITION = 0x3FFF
_FREE_CHANNELS = tuple(n for n in range(16) if n not in set(CHANNELS.values()))


def channels_of(players: Sequence[str]) -> dict[str, int]:
    """Return each player's channel; one that has no usual one gets the next that is free."""
    free = iter(_FREE_CHANNELS)
    return {p: CHANNELS[p] if p in CHANNELS else next(free, 15) for p in players}


class ClockOut:
    """Sends 24 pulses a beat, and Start where the song's top sounds.

    `lead` is the band's beat of the song's top, after the count-in, so that a sequencer starts with
    the song. One that is plugged in later is told the position and continues (`resume`).
    """

    def __init__(self, scheduler: BeatScheduler, send: Send, lead: float = 0.0) -> None:
        self._scheduler = scheduler
        self._send = send
        self._lead = lead
        self._next = 0  # pulse that has not been scheduled yet, counted from the band's beat 0
        self._resume = False
        self._epoch = 0  # how often the band's clock has begun anew
        self.playing = False

    def on_beat(self, report: BeatReport) -> None:
        """Schedule the pulses of the beat that is about to sound."""
        first = math.ceil(report.beat * PULSES - 1e-6)
        if self._next < first or self._next > first + PULSES:
            self._next = first  # the clock has begun, or begun anew elsewhere
            self._epoch += 1
            self._resume = report.beat > self._lead
        last = math.ceil((report.beat + min(1.0, report.bar_beats - report.in_bar)) * PULSES - 1e-6)
        for pulse in range(self._next, last):
            self._transport(pulse)
            self._at(pulse, lambda: self._send([_CLOCK]))
        self._next = max(self._next, last)

    def _at(self, pulse: int, call: Callable[[], None]) -> None:
        """Schedule something, unless the band's clock is begun anew meanwhile."""
        epoch = self._epoch
        self._scheduler.at(pulse / PULSES, lambda: call() if epoch == self._epoch else None)

    def _transport(self, pulse: int) -> None:
        beats = pulse / PULSES - self._lead
        if pulse == round(self._lead * PULSES):
            self._at(pulse, self._start)
        elif self._resume and pulse % PULSES == 0 and beats > 0:
            self._resume = False
            self._at(pulse, lambda: self._continue(beats))

    def _start(self) -> None:
        self.playing = True
        self._send([_START])

    def _continue(self, beats: float) -> None:
        sixteenths = round(beats * 4)
        if sixteenths <= _LAST_POSITION:
            self._send([_POSITION, sixteenths & 0x7F, sixteenths >> 7])
        self.playing = True
        self._send([_CONTINUE])

    def resume(self) -> None:
        """Tell the position, and Continue, on the next beat: somebody new listens."""
        self._resume = True

    def stop(self) -> None:
        """Say that the song stands."""
        if self.playing:
            self.playing = False
            self._send([_STOP])


class NotesOut:
    """Sends the band's notes: a bar at a time, replaced where it is decided anew.

    `audible(player)` says whether a player is to be heard when its note is due.
    """

    def __init__(
        self,
        scheduler: BeatScheduler,
        send: Send,
        players: Sequence[str],
        audible: Callable[[str], bool],
    ) -> None:
        self._scheduler = scheduler
        self._send = send
        self._audible = audible
        self._channels = channels_of(players)
        self._edition: dict[int, int] = {}  # of each bar: how often it was decided
        self._sounding: dict[tuple[int, int], int] = {}  # (channel, pitch): notes that sound
        self._epoch = 0  # how often all was silenced
        self._lock = threading.Lock()

    def on_bar(self, plan: BarPlan) -> None:
        """Schedule the notes of a bar; those of an earlier edition of it are not sent any more."""
        number = plan.slot.number
        with self._lock:
            edition = self._edition[number] = self._edition.get(number, 0) + 1
            for old in [n for n in self._edition if n < number - 4]:
                del self._edition[old]
        for player, notes in plan.notes.items():
            for note in notes:
                self._at(plan.slot.start + note.start, player, note, (number, edition))

    def _at(self, beat: float, player: str, note: Note, bar: tuple[int, int]) -> None:
        self._scheduler.at(beat, lambda: self._strike(beat, player, note, bar))

    def _strike(self, beat: float, player: str, note: Note, bar: tuple[int, int]) -> None:
        place = (self._channels[player], note.pitch)
        with self._lock:
            current = self._edition.get(bar[0]) == bar[1]
            if not current or not self._audible(player):
                return
            self._sounding[place] = self._sounding.get(place, 0) + 1
            epoch = self._epoch
        velocity = min(127, max(1, round(note.velocity * 127)))
        self._send([0x90 | place[0], note.pitch, velocity])
        end = beat + note.length
        self._scheduler.at(end, lambda: self._release(place, epoch), however_late=True)

    def _release(self, place: tuple[int, int], epoch: int) -> None:
        """End a note, unless the same pitch was struck again or all was silenced meanwhile."""
        with self._lock:
            if epoch != self._epoch:
                return
            left = self._sounding.get(place, 0) - 1
            if left > 0:
                self._sounding[place] = left
            else:
                self._sounding.pop(place, None)
        if left <= 0:
            self._send([0x80 | place[0], place[1], 0])

    def silence(self) -> None:
        """End every note that sounds."""
        with self._lock:
            places, self._sounding = list(self._sounding), {}
            self._epoch += 1
        for channel, pitch in places:
            self._send([0x80 | channel, pitch, 0])
        for channel in {place[0] for place in places}:
            self._send([0xB0 | channel, _NOTES_OFF, 0])
