"""A performer's beat at one moment, from which the beats to come are foreseen."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Pulse:
    """Where the performer's beat is at `time` (seconds).

    `beat` counts quarter notes with a fraction, `tempo` is in quarter notes a minute, and
    `confidence` is the probability, 0-1, of beat and tempo as they were last heard.

    >>> Pulse(time=10.0, beat=4.5, tempo=120.0, confidence=0.9).time_of(6.0)
    10.75
    """

    time: float
    beat: float
    tempo: float
    confidence: float

    def at(self, time: float) -> Pulse:
        """Return the pulse at another time, at the same tempo."""
        return replace(self, time=time, beat=self.beat + (time - self.time) * self.tempo / 60)

    def time_of(self, beat: float) -> float:
        """Return the time in seconds at which a beat falls, at the same tempo."""
        return self.time + (beat - self.beat) * 60 / self.tempo
