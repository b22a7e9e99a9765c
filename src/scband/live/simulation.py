"""Following without sound and in no time: the law, the line and a clock like sclang's.

For tests and for tuning. The clock here means the same as `sc/patterns/clock.scd` and shares no
code with what foresees it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from scband.analysis.follow import Pulse
from scband.live.clockline import ClockLine
from scband.live.follow import ControlLaw, within_octave
from scband.live.follower import Follower
from scband.live.recount import Recount
from scband.live.whereabouts import Whereabouts

_FRAME_SECONDS = 0.01


@dataclass(slots=True)
class SimulatedClock:
    """The clock of the patterns: moved by tempo and nudges, it counts every beat as it passes.

    Times are those at which things sound. `sounded` holds (beat, time) of all whole beats so far.
    """

    tempo: float
    time: float = 0.0
    beat: float = 0.0
    factor: float = 1.0
    end: float = 0.0
    seconds: float = 0.0
    beats: float = 1.0
    counted: int = 0
    sounded: list[tuple[int, float]] = field(default_factory=list)

    def advance(self, time: float) -> list[tuple[int, float]]:
        """Run on to a time and return the beats that sounded on the way."""
        passed = []
        while True:
            stop = self._next_stop()
            arrival = self.time + (stop - self.beat) * 60 / (self.tempo * self.factor)
            if arrival > time:
                break
            self.beat, self.time = stop, arrival
            if self.factor != 1.0 and self.beat >= self.end - 1e-9:
                self.factor = 1.0
            if self.beat >= self.counted + 1:
                self.counted += 1
                passed.append((self.counted, arrival))
        self.beat += (time - self.time) * self.tempo * self.factor / 60
        self.time = time
        self.sounded += passed
        return passed

    def _next_stop(self) -> float:
        whole = float(self.counted + 1)
        return min(whole, self.end) if self.factor != 1.0 and self.end > self.beat else whole

    def set_tempo(self, tempo: float) -> None:
        """Take another tempo now; a nudge under way goes on."""
        self.tempo = tempo

    def nudge(self, seconds: float, beats: float) -> None:
        """Be so many seconds earlier after so many beats, and what an earlier nudge had left."""
        if self.factor != 1.0 and self.end > self.beat:
            seconds += self.seconds * (self.end - self.beat) / self.beats
        plain = beats * 60 / self.tempo
        if not plain / 3 <= plain - seconds <= plain * 3:
            raise ValueError(f"{seconds} s cannot be spread over {beats} beats")
        self.factor = plain / (plain - seconds)
        self.end, self.seconds, self.beats = self.beat + beats, seconds, beats


def simulate(
    law: ControlLaw,
    hear: Callable[[float], None],
    pulse: Callable[[float], Pulse | None],
    *,
    tempo: float,
    seconds: float,
    start: float = 0.0,
    latency: float = 0.04,
    recount: Recount | None = None,
    whereabouts: Whereabouts | None = None,
) -> SimulatedClock:
    """Let a band follow for so many seconds; beat 0 sounds at `start`.

    `hear(time)` lets the ears catch up to a time, `pulse` is asked as a tracker is. `latency` is
    how far ahead of sounding notes leave, `recount` hears the onsets, `whereabouts` the chords.
    """
    clock, line = SimulatedClock(tempo, time=start), ClockLine(tempo)
    clock.sounded.append((0, start))
    line.pin(0.0, start)
    follower = Follower(law, line, latency, recount, whereabouts)
    for frame in range(round(seconds / _FRAME_SECONDS)):
        now = start + frame * _FRAME_SECONDS
        hear(now)
        for beat, time in clock.advance(now + latency):
            line.pin(float(beat), time)
        move = follower.step(now, pulse)
        if move is not None:
            clock.set_tempo(move.correction.tempo)
            clock.nudge(move.seconds, move.correction.beats)
            line.set_tempo(move.correction.tempo, clock.beat)
            line.set_nudge(move.seconds, move.correction.beats, clock.beat)
    return clock


class IntervalHearing:
    """A listener who knows the beats heard so far and no more: tempo of the last interval or two.

    A stand-in for a tracker where the law alone is looked at. `beats` are the performer's times.
    """

    def __init__(self, beats: Sequence[float], tempo: float) -> None:
        self._beats = beats
        self._heard = 0
        self._tempo = tempo

    def hear(self, time: float) -> None:
        """Hear every beat up to a time."""
        while self._heard < len(self._beats) and self._beats[self._heard] <= time:
            self._heard += 1
            if self._heard > 1:
                last = self._beats[self._heard - 1] - self._beats[self._heard - 2]
                found = within_octave(60 / last, self._tempo)
                change = abs(found / self._tempo - 1)
                self._tempo += (found - self._tempo) * (0.3 if change < 0.08 else 1.0)

    def pulse(self, time: float) -> Pulse | None:
        """Return where the beat is by what was heard."""
        if not self._heard:
            return None
        last = self._beats[self._heard - 1]
        beat = self._heard - 1 + (time - last) * self._tempo / 60
        return Pulse(time, beat, self._tempo, 0.9)
