"""Messages that come in, sorted: notes are the performance, controllers conduct, clocks drive."""

from __future__ import annotations

import threading
from collections import defaultdict
from typing import Protocol

from scband.live.midi.control import MidiControl
from scband.live.midi.hotplug import OnMessage
from scband.live.midi.mapping import MidiMap

_SYSTEM = 0xF0
_NOTE_OFF, _NOTE_ON, _CONTROLLER, _PROGRAM = 0x80, 0x90, 0xB0, 0xC0


class Hearer(Protocol):
    """Who follows the performer's notes."""

    def play_note(self, pitch: int, velocity: float, when: float | None = None) -> None:
        """Take a note in: MIDI pitch, velocity 0-1 (0: released), Unix seconds."""


class MidiListener:
    """Sorts what the ports send; `clock(port, message, time)` gets the system's, None nobody.

    May be called from several ports' threads. `malformed` counts what was cut short.
    """

    def __init__(
        self, band: Hearer, mapping: MidiMap, control: MidiControl, clock: OnMessage | None
    ) -> None:
        self.malformed = 0
        self._band = band
        self._map = mapping
        self._control = control
        self._clock = clock
        self._held: defaultdict[str, set[int]] = defaultdict(set)  # pitches by port
        self._lock = threading.Lock()

    def receive(self, port: str, message: list[int], when: float) -> None:
        """Take the bytes of one message in, with its time of arrival in Unix seconds."""
        try:
            if message[0] < _SYSTEM:
                self._channel_message(port, message, when)
            elif self._clock is not None:
                self._clock(port, message, when)
        except IndexError:
            self.malformed += 1

    def _channel_message(self, port: str, message: list[int], when: float) -> None:
        kind = message[0] & 0xF0
        if not self._map.hears(message[0] & 0x0F):
            return
        if kind in (_NOTE_ON, _NOTE_OFF):
            if self._map.notes:
                velocity = message[2] / 127 if kind == _NOTE_ON else 0.0
                self._note(port, message[1], velocity, when)
        elif kind == _CONTROLLER:
            self._control.controller(message[1], message[2], when)
        elif kind == _PROGRAM:
            self._control.program(message[1], when)

    def _note(self, port: str, pitch: int, velocity: float, when: float) -> None:
        with self._lock:
            (self._held[port].add if velocity else self._held[port].discard)(pitch)
        self._band.play_note(pitch, velocity, when)

    def unplugged(self, port: str, when: float) -> None:
        """Let go of all that was held on a port that has gone: its notes and the pedal."""
        with self._lock:
            held = self._held.pop(port, set())
        for pitch in sorted(held):
            self._band.play_note(pitch, 0.0, when)
        self._control.let_go(when)
