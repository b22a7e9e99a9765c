"""The performer's beat, causally: fed with what was heard, asked where the beat is."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from scband.analysis.follow.bar_pointer import STEPS_PER_SECOND, BarPointer, Guess
from scband.analysis.follow.count import BeatCount
from scband.analysis.follow.cues import Array, Listening
from scband.analysis.follow.footing import Footing
from scband.analysis.follow.habit import Habit
from scband.analysis.follow.network import LATENESS, STRIDE, BeatNetwork
from scband.analysis.follow.notes import TOGETHER, NoteEvidence
from scband.analysis.follow.pulse import Pulse
from scband.analysis.follow.register import Register
from scband.analysis.follow.rival import Rivals
from scband.analysis.frames import FRAMES_PER_SECOND, Frame, Onset

_STEP = 1 / STEPS_PER_SECOND
_LATE = LATENESS / FRAMES_PER_SECOND
_SPREAD = 0.4
_UNKNOWN_SPREAD = 0.7
_LOCKED = 0.5
"""A beat is known once it is more likely than not."""
_SWITCH = 2.0
"""Another tempo or place must be so many times as likely to be believed instead."""
_TOLD = 0.03
"""What is told from outside may be wrong by this share of a beat."""
_HELD = 0.94
"""Once the beat is known, nobody leaves it at the same tempo: what is left to that at each step."""
_SETTLED = 8.0
"""Beats after a leap of the tempo in which its count may turn out wrong."""
_AS_LONG = (0.94, 1.06)
"""Beats are as long as before while they change by less."""
_BELIEVED = 0.9
"""How far a rival is believed that explains the last attacks better."""
_FADE = math.exp(-_STEP / 0.8)
"""A rest says less and less of the beat: what was last heard counts e times less after 0.8 s."""
_REST = 0.03
"""A beat is this likely where no note is played, while others are."""
_ATTACK, _ATTACK_TOLD = 0.1, 0.8
"""What an attack in the sound weighs, where a note that is played weighs 1."""
_LEAP_TOLD = 0.12
"""How likely a leap of the tempo is once the beat is known: there is no other way to be wrong."""
_LATE_ATTACK = 0.006
"""Seconds from the beginning of a note to where its attack is heard in the sound."""
_SURE = 0.5
"""A habit is learnt only while the beat is this likely."""
_RESTS = 2.5
"""Beats without a sound after which a player rests, which teaches no habit."""
_SOUNDS = 0.2
"""How likely a beat is at least where something is played."""
_WRONG_FOOT = -2.0
"""Log odds from which on the beat is believed to be half a beat away."""
_RIGHT_FOOT = 2.0
"""Log odds from which on the beat counts as if it had been told."""
_GAP = 2.0
"""Seconds that may be missing in what is heard before they are not gone through step by step."""


class BeatTracker:
    """Follows a performer's beat and tempo.

    Times are in seconds and say when a thing happened; `tempo` is in quarter notes a minute.
    `pulse` is the felt beat in quarter notes (1.5 in compound meters). `tempo` is believed within
    `spread` octaves, give or take; without one every tempo from 40 to 240 is looked for.
    Frames and notes may both be heard, of one performer.
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
        self._listening = Listening()
        self._network = BeatNetwork()
        self._notes = NoteEvidence()
        self._count = BeatCount()
        self._habit = Habit.of_beats()
        self._strikes = Habit.of_attacks()
        self._footing = Footing()
        self._register = Register()
        self._rivals = Rivals(1)
        self._bar = 1
        self._told = self._placed = False
        self._frames: list[tuple[float, Array]] = []
        self._framed = -math.inf
        self._clock: float | None = None
        self._leapt = self._sounded = -math.inf
        self._lively = 0.0
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
        bar = max(1, round(meter_beats / pulse))
        if bar != self._bar:
            self._bar, self._rivals = bar, Rivals(bar)
        self._pointer.divide(_parts(pulse, swing))
        if tempo is None:
            self._pointer.expect(None, _UNKNOWN_SPREAD)
        else:
            self._pointer.expect(60 * STEPS_PER_SECOND * pulse / tempo, spread)

    def place(self, time: float, beat: float, tempo: float) -> None:
        """Know from outside where the beat is: a count-in, a tap, the band's own clock."""
        self._placed = True
        self._rivals.begin()
        self._put(Pulse(time, beat, tempo, 1.0))

    def _put(self, pulse: Pulse, spread: float = _TOLD) -> None:
        """Know where the beat is, place and tempo give or take a share."""
        time = pulse.time
        self._told = True
        self._pointer.leap(_LEAP_TOLD)
        self._pulse = pulse
        self._clock = time if self._clock is None else self._clock
        now = self._pulse.at(self._clock).beat / self._unit
        self._pointer.set(self._length(self._pulse), now % 1, spread)

    def hear_frame(self, frame: Frame, time: float) -> None:
        """Take in one frame of the server's analysis; `time` is when it happened."""
        cues = self._listening.hear_frame(frame)
        self._register.hear(frame.amplitude, frame.centroid_hz)
        self._frames.append((time, cues))
        self._framed = time
        if not self._placed:
            self._footing.hear(cues, time)
        if len(self._frames) < STRIDE:
            return
        likely = self._network.hear(np.stack([cues for _, cues in self._frames]))
        for (when, _), beat in zip(self._frames, likely[:, 0], strict=True):
            self._move(when - _LATE - self._register.late)
            self._weigh(float(beat))
        self._frames.clear()
        self._read()
        if self._told:
            self._compare()
        if not self._placed:
            self._find_foot()

    def _find_foot(self) -> None:
        """Move on by half a beat where that is where beats are heard to fall."""
        if self._pulse is None or self._clock is None:
            return
        self._footing.follow(self._pulse, self._unit)
        odds = self._footing.odds()
        if odds is None:
            return
        if odds < _WRONG_FOOT:
            now = self._pulse.at(self._clock)
            self._put(replace(now, beat=now.beat + self._unit / 2))
            self._footing.forget()
            self._count = BeatCount()
            self._rivals = Rivals(self._bar)
            self._habit, self._strikes = Habit.of_either_half(), Habit.of_attacks()
        elif odds > _RIGHT_FOOT and not self._told:
            self._put(self._pulse.at(self._clock))

    def _compare(self) -> None:
        """Go on at another tempo where that explains the last attacks better."""
        rival = self._rivals.better()
        if rival is None or self._clock is None:
            return
        tempo = 60 * rival.rate * self._unit
        pulse = Pulse(rival.time, rival.beat * self._unit, tempo, _BELIEVED).at(self._clock)
        self._put(pulse, 2 * _TOLD)
        self._leapt = self._clock
        self._count = BeatCount()

    def hear_onset(self, onset: Onset, time: float) -> None:
        """Take in the beginning of a sound; `time` is when it began."""
        self._listening.hear_onset(onset)
        began = time - _LATE_ATTACK - self._register.late
        self._notes.strike(began, _ATTACK_TOLD if self._told else _ATTACK)
        self._rivals.strike(began)

    def hear_note(self, time: float, velocity: float, pitch: float | None = None) -> None:
        """Take in a note of a MIDI performance; velocity 0-1, pitch a MIDI number."""
        self._notes.hear(time, velocity, pitch)
        self._rivals.strike(time)

    def pulse(self, time: float) -> Pulse | None:
        """Return where the beat is at `time` by all that was heard; None until it is known."""
        if self._notes.last > self._framed:  # frames, where there are any, lead
            self._move(time - TOGETHER)
            self._read()
            if self._told:
                self._compare()
        return None if self._pulse is None else self._pulse.at(time)

    def _move(self, time: float) -> None:
        """Let the pointer move on to `time`, past the notes that were played until then."""
        if self._clock is None or not -_GAP < time - self._clock < _GAP:
            self._clock = time if self._clock is None else self._skip(time)
        for _ in range(round((time - self._clock) * STEPS_PER_SECOND)):
            self._pointer.move()
            self._clock += _STEP
            weight = self._notes.at(self._clock)
            if weight > 0:
                self._sounded = self._clock
            if self._learns() and self._pulse is not None:
                self._strikes.hear(min(weight, 1.0), self._phase(self._pulse))
            if weight > 0:
                self._lively = 1.0 if self._notes.last > self._framed else self._lively
                self._pointer.strike(weight, self._strikes.usual, self._strikes.learnt)
            elif self._notes.last > self._framed:
                self._weigh(_REST)

    def _learns(self) -> bool:
        """Say whether what is heard tells of habits: the beat is known, and someone plays."""
        if not self._told or self._pulse is None or self._clock is None:
            return False
        rests = (self._clock - self._sounded) * self._pulse.tempo / 60 / self._unit
        return self._pulse.confidence > _SURE and rests < _RESTS

    def _phase(self, pulse: Pulse) -> float:
        """Return where in the felt beat, 0-1, the clock is by a pulse."""
        assert self._clock is not None
        return pulse.at(self._clock).beat / self._unit % 1

    def _skip(self, time: float) -> float:
        """Begin anew at `time` where the last pulse has led to, as nothing was heard so long."""
        if self._pulse is None:
            self._pointer.forget()
        else:
            pulse = self._pulse.at(time)
            self._pointer.set(self._length(pulse), pulse.beat / self._unit % 1, 2 * _TOLD)
        return time

    def _length(self, pulse: Pulse) -> float:
        """Return the steps of a felt beat at a pulse's tempo."""
        return 60 * STEPS_PER_SECOND * self._unit / pulse.tempo

    def _weigh(self, beat: float) -> None:
        """Weigh where the pointer may be by how likely a beat is now."""
        self._lively = max(beat, self._lively * _FADE)
        usual = None
        if beat > _SOUNDS and self._clock is not None:
            self._sounded = self._clock
        if self._learns() and self._pulse is not None:
            self._habit.hear(beat, self._phase(self._pulse))
        if self._habit.learnt > 0:
            usual = self._habit.usual
        self._pointer.hear(beat, self._lively, usual)

    def _read(self) -> None:
        """Bring the pulse up to what the pointer says."""
        if self._clock is None:
            return
        if self._pulse is None:
            guess = self._pointer.best()
            if guess.probability > _LOCKED:
                self._take(guess, guess.phase)
            return
        pulse = self._pulse.at(self._clock)
        foreseen = pulse.beat / self._unit
        if self._told and self._clock > self._leapt + _SETTLED * 60 / pulse.tempo * self._unit:
            self._pointer.hold(foreseen % 1, self._length(pulse), _HELD)
        near = self._pointer.near(foreseen % 1, self._length(pulse))
        guess = self._pointer.best()
        if guess.probability <= _SWITCH * near.probability:
            self._take(near, foreseen)
            return
        if not _AS_LONG[0] < guess.length / self._length(pulse) < _AS_LONG[1]:
            self._leapt = self._clock
        counted = self._count.recount(self._clock, guess.phase, guess.length * _STEP)
        self._take(guess, foreseen if counted is None else counted)

    def _take(self, guess: Guess, foreseen: float) -> None:
        """Let the pulse be as guessed, counting on from the beat that was foreseen."""
        assert self._clock is not None
        units = foreseen + (guess.phase - foreseen + 0.5) % 1 - 0.5
        tempo = 60 * STEPS_PER_SECOND * self._unit / guess.length
        self._pulse = Pulse(self._clock, units * self._unit, tempo, min(guess.probability, 1.0))
        self._rivals.follow(self._clock, units, tempo / 60 / self._unit, self._pulse.confidence)
        number = math.floor(units)
        self._count.passed(self._pulse.time_of(number * self._unit), number)


def _parts(pulse: float, swing: float) -> list[tuple[float, float]]:
    """Return where in a beat attacks fall, and how much rarer than on it."""
    if pulse > 1.25 or swing > 1.3:
        long = 2 / 3 if pulse > 1.25 else swing / (1 + swing)
        return [(0.0, 1.0), (long, 0.5), (1 / 3, 0.35 if pulse > 1.25 else 0.15)]
    return [(0.0, 1.0), (0.5, 0.45), (0.25, 0.2), (0.75, 0.2), (1 / 3, 0.1), (2 / 3, 0.12)]
