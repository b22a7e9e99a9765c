"""When a beat of the band sounds: the line through the last two beats that sclang reported."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Anchor:
    """A beat that sounds at a `time` (seconds of any clock) and the tempo from there on."""

    beat: float
    time: float
    tempo: float


@dataclass(frozen=True, slots=True)
class BeatTimes:
    """Turns beats into times: between two known beats by their distance, beyond by the tempo."""

    here: Anchor
    before: Anchor | None = None

    def then(self, anchor: Anchor) -> BeatTimes:
        """Return the same with one beat more that is known."""
        return BeatTimes(anchor, self.here)

    def time_of(self, beat: float) -> float:
        """Return when a beat sounds."""
        if self.before is not None and self.before.beat < self.here.beat and beat < self.here.beat:
            span = self.here.beat - self.before.beat
            seconds = (self.here.time - self.before.time) / span
            return self.here.time + (beat - self.here.beat) * seconds
        return self.here.time + (beat - self.here.beat) * 60 / self.here.tempo
