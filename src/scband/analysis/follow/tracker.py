"""The performer's beat, causally: fed with what was heard, asked where the beat is."""

from __future__ import annotations

import numpy as np

from scband.analysis.follow.bar_pointer import STEPS_PER_SECOND, Array, BarPointer
from scband.analysis.follow.pulse import Pulse
from scband.analysis.frames import Frame, Onset

_SPREAD = 0.3
_HEARD = 0.07
"""A beat is heard in the steps of its first 7 %."""
_LOCKED = 0.4


class BeatTracker:
    """Follows a performer's beat and tempo.

    Times are in seconds and say when a thing happened; `tempo` is in quarter notes a minute.
    `pulse` is the felt beat in quarter notes (1.5 in compound meters), `swing` how the eighths
    divide (1: straight). `tempo` is believed within `spread` octaves, give or take; without one
    every tempo from 40 to 240 is looked for.
    """

    def __init__(
        self,
        *,
        tempo: float | None = None,
        meter_beats: float = 4.0,
        pulse: float = 1.0,
        swing: float = 1.0,
        spread: float = _SPREAD,
    ) -> None:
        self._pointer = BarPointer()
        self._beats = self._pointer.phase < _HEARD
        self._start: float | None = None
        self._steps = 0
        self._before: Array | None = None
        self._pulse: Pulse | None = None
        self.expect(tempo, meter_beats=meter_beats, pulse=pulse, swing=swing, spread=spread)
        self._pointer.forget()

    def expect(
        self,
        tempo: float | None,
        *,
        meter_beats: float = 4.0,
        pulse: float = 1.0,
        swing: float = 1.0,
        spread: float = _SPREAD,
    ) -> None:
        """Take the tempo and the meter of a chart or style for likely from now on."""
        self._unit, self._meter_beats, self._swing = pulse, meter_beats, swing
        lengths = self._pointer.lengths
        middle = 60 * STEPS_PER_SECOND * pulse / tempo if tempo else 50.0
        width = spread if tempo else 0.6
        octaves = np.log2(lengths / middle)
        self._pointer.believe(np.exp(-0.5 * (octaves / width) ** 2).astype(np.float32) + 1e-6)

    def place(self, time: float, beat: float, tempo: float) -> None:
        """Know from outside where the beat is: a count-in, a tap, the band's own clock."""
        self._advance(time)
        units = beat / self._unit
        self._pointer.set(60 * STEPS_PER_SECOND * self._unit / tempo, units % 1)
        self._pulse = Pulse(time, beat, tempo, 1.0)

    def hear_frame(self, frame: Frame, time: float) -> None:
        """Take in one frame of the server's analysis; `time` is when it happened."""
        spectrum = np.log1p(100 * np.array(frame.spectrum, np.float32))
        rise = 0.0 if self._before is None else float(np.maximum(spectrum - self._before, 0).mean())
        self._before = spectrum
        self._advance(time - 1 / STEPS_PER_SECOND)
        self._weigh(time, min(rise * 10, 1.0))

    def hear_onset(self, onset: Onset, time: float) -> None:
        """Take in the beginning of a sound; `time` is when it began."""

    def hear_note(self, time: float, velocity: float, pitch: float | None = None) -> None:
        """Take in a note of a MIDI performance; velocity 0-1, pitch a MIDI number."""
        self._advance(time - 1 / STEPS_PER_SECOND)
        self._weigh(time, 0.3 + 0.5 * velocity)

    def pulse(self, time: float) -> Pulse | None:
        """Return where the beat is at `time` by all that was heard; None until it is known."""
        return None if self._pulse is None else self._pulse.at(time)

    def _advance(self, time: float) -> None:
        """Move on to `time` with nothing heard."""
        if self._start is None:
            self._start = time
        while self._start + self._steps / STEPS_PER_SECOND < time - 0.5 / STEPS_PER_SECOND:
            self._pointer.step()
            self._steps += 1

    def _weigh(self, time: float, beat: float) -> None:
        self._pointer.step(np.where(self._beats, 0.05 + beat, 0.15).astype(np.float32))
        self._steps += 1
        self._read(time)

    def _read(self, time: float) -> None:
        pointer = self._pointer
        by_length = np.add.reduceat(pointer.state, pointer.first)
        best = int(by_length.argmax())
        near = np.abs(np.log(pointer.length / pointer.lengths[best])) < 0.1
        mass = pointer.state * near
        sure = abs(complex(np.sum(mass * np.exp(2j * np.pi * pointer.phase))))
        if self._pulse is None and sure < _LOCKED:
            return
        phase = float(np.angle(np.sum(mass * np.exp(2j * np.pi * pointer.phase))) / (2 * np.pi))
        length = float(np.sum(mass * pointer.length) / mass.sum())
        foreseen = 0.0 if self._pulse is None else self._pulse.at(time).beat / self._unit
        units = foreseen + (phase - foreseen + 0.5) % 1 - 0.5
        tempo = 60 * STEPS_PER_SECOND / length * self._unit
        self._pulse = Pulse(time, units * self._unit, tempo, min(sure, 1.0))
