"""The band as the slave of a MIDI clock: which tempo, and how much of a nudge, beat by beat."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass

from scband.agents.form import Form
from scband.live.countin import Entry
from scband.live.midi.clock import ClockReader
from scband.supercollider.engine import BeatReport

_SLOWEST, _FASTEST = 20.0, 400.0
_ENTRY_SECONDS = 0.4  # within which the first bars are decided and out
_TEMPO_STEP = 0.0002  # of the tempo; smaller changes are jitter
_NUDGE_BEATS = 2.0
_STEEPEST = 0.25  # of a beat's time that a nudge may move the phase by, a beat
_LEAST_SECONDS = 0.0005
_SMALL_SECONDS = 0.01  # errors below are jitter in part: half of one is made up for at a time
_MOST_SECONDS = 0.9  # in one nudge, sclang's limit being one; the next goes on


@dataclass(frozen=True, slots=True)
class Steering:
    """What moves the band to the clock: `tempo` None leaves it, `seconds` 0 leaves the phase.

    `seconds` is how much earlier the band is to be after `beats` beats; `error` how many seconds
    it is behind the clock now, None where the clock has no position.
    """

    tempo: float | None = None
    seconds: float = 0.0
    beats: float = _NUDGE_BEATS
    error: float | None = None


class ClockSlave:
    """Compares the band's beats with the clock's and says how to get to them without a jump.

    `lead` is the band's beat at which the song's top lies (the count-in's length). The band comes
    to the clock's place in the bar, not only in the beat. Not safe for several threads at once.
    """

    def __init__(self, reader: ClockReader, lead: float = 0.0) -> None:
        self._reader = reader
        self._lead = lead
        self._tempo = 0.0
        self._quiet_until = float("-inf")

    def begin(self) -> None:
        """Forget what was steered: the band comes in, maybe elsewhere."""
        self._tempo = 0.0
        self._quiet_until = float("-inf")

    def steer(self, report: BeatReport) -> Steering:
        """Return what to do, as of a beat of the band that is about to sound."""
        tempo = self._reader.tempo
        if tempo is None or not _SLOWEST <= tempo <= _FASTEST:
            return Steering()
        changed = abs(tempo - self._tempo) > _TEMPO_STEP * tempo
        if changed:
            self._tempo = tempo
        error = self.error(report, tempo)
        new = tempo if changed else None
        if error is None or report.beat < self._quiet_until or abs(error) < _LEAST_SECONDS:
            return Steering(new, error=error)
        wanted = error if abs(error) > _SMALL_SECONDS else error / 2
        seconds = min(max(wanted, -_MOST_SECONDS), _MOST_SECONDS)
        beats = max(_NUDGE_BEATS, abs(seconds) * tempo / 60 / _STEEPEST)
        self._quiet_until = report.beat + beats
        return Steering(new, seconds, beats, error)

    def error(self, report: BeatReport, tempo: float) -> float | None:
        """Return how many seconds the band is behind the clock, within half a bar of it."""
        heard = self._reader.beat_at(report.time)
        if heard is None:
            return None
        bar = report.bar_beats
        behind = heard - (report.beat - self._lead)
        behind -= bar * round(behind / bar)
        return behind * 60 / tempo


class ClockMaster:
    """The one MIDI clock that the band obeys: that of the first port that sends one.

    While it is silent another port's is taken. Safe for several threads.
    """

    def __init__(self, lead: float = 0.0) -> None:
        self.reader = ClockReader()
        self.steering = Steering()
        self._slave = ClockSlave(self.reader, lead)
        self._port = ""
        self._lock = threading.Lock()

    def message(self, port: str, message: Sequence[int], when: float) -> None:
        """Take a system message of a port in; raises IndexError for one that is cut short."""
        with self._lock:
            if self._port != port:
                if self.reader.alive(when):
                    return
                self._port = port
            match message[0]:
                case 0xF8:
                    self.reader.pulse(when)
                case 0xFA:
                    self.reader.start()
                case 0xFB:
                    self.reader.resume()
                case 0xFC:
                    self.reader.stop()
                case 0xF2:
                    self.reader.song_position(message[1] | message[2] << 7)

    def steer(self, report: BeatReport) -> Steering:
        """Return what brings the band to the clock, as of a beat that is about to sound."""
        with self._lock:
            self.steering = self._slave.steer(report)
            return self.steering

    def entry(self, form: Form, now: float) -> Entry | None:
        """Return where a band that stands comes in: on the next bar line, in the clock's bar.

        None while the clock stands, or is not known well enough.
        """
        with self._lock:
            reader, tempo = self.reader, self.reader.tempo
            if tempo is None or not (reader.running and reader.settled):
                return None
            if not _SLOWEST <= tempo <= _FASTEST:
                return None
            heard = reader.beat_at(now + _ENTRY_SECONDS)
        if heard is None:
            return None
        number = int(form.count_in)
        while (slot := form.slot(number)) is not None:
            ahead = slot.start - form.lead - heard
            if ahead >= 0:
                self._slave.begin()
                return Entry(now + _ENTRY_SECONDS + ahead * 60 / tempo, tempo, number)
            number += 1
        return None
