"""Where the band's beat is and will be: what Python knows of the clock that sclang keeps.

A line of beats against the times at which they sound, bent where the tempo changes. It is pinned
to every beat that sclang reports, so nothing adds up over a song.
"""

from __future__ import annotations

from dataclasses import dataclass

_KEPT_BENDS = 16


@dataclass(frozen=True, slots=True)
class Bend:
    """From a beat on the clock runs at `tempo`, in quarter notes a minute."""

    beat: float
    tempo: float


@dataclass(frozen=True, slots=True)
class Nudge:
    """A shift of the phase under way: `seconds` earlier in all, from beat `start` to `end`."""

    seconds: float
    start: float
    end: float

    def left(self, beat: float) -> float:
        """Return how many seconds have yet to be moved at a beat."""
        share = (self.end - beat) / (self.end - self.start)
        return self.seconds * min(max(share, 0.0), 1.0)


class ClockLine:
    """Foresees at which time (Unix seconds) a beat sounds, and which beat sounds at a time.

    `tempo` is the one that was asked for; while a nudge is under way the clock runs faster or
    slower than that.
    """

    def __init__(self, tempo: float) -> None:
        self.tempo = tempo
        self.nudge: Nudge | None = None
        self._pin: tuple[float, float] | None = None
        self._bends: list[Bend] = [Bend(float("-inf"), tempo)]

    @property
    def known(self) -> bool:
        """Whether a beat has been reported."""
        return self._pin is not None

    def pin(self, beat: float, time: float) -> None:
        """Know that a beat sounds at a time."""
        self._pin = (beat, time)
        while len(self._bends) > 1 and self._bends[1].beat <= beat:
            del self._bends[0]

    def sound_earlier(self, seconds: float) -> None:
        """Know that every beat sounds so much earlier than it was told."""
        assert self._pin is not None
        self._pin = (self._pin[0], self._pin[1] - seconds)

    def set_tempo(self, tempo: float, beat: float) -> None:
        """Know that the clock takes another tempo at a beat; a nudge goes on as it was."""
        left = self.left(beat)
        end = self.nudge.end if self.nudge is not None and left else beat
        factor = self._factor_at(beat)
        self.tempo = tempo
        self._bend(beat, tempo * factor)
        if end > beat:
            self._bends.append(Bend(end, tempo))

    def set_nudge(self, seconds: float, beats: float, beat: float) -> None:
        """Know that the clock moves its phase: `seconds` more than what is left of the last."""
        whole = seconds + self.left(beat)
        self.nudge = Nudge(whole, beat, beat + beats)
        self._bend(beat, nudged(self.tempo, whole, beats))
        self._bends.append(Bend(beat + beats, self.tempo))

    def left(self, beat: float) -> float:
        """Return how many seconds the nudge under way has yet to move at a beat."""
        return self.nudge.left(beat) if self.nudge is not None else 0.0

    def _factor_at(self, beat: float) -> float:
        if self.nudge is None or not self.nudge.start <= beat < self.nudge.end:
            return 1.0
        return self._tempo_at(beat) / self.tempo

    def _tempo_at(self, beat: float) -> float:
        found = self._bends[0]
        for bend in self._bends:
            if bend.beat <= beat:
                found = bend
        return found.tempo

    def _bend(self, beat: float, tempo: float) -> None:
        """Run at another tempo from a beat on; what was to come after it is void."""
        self._bends = [bend for bend in self._bends if bend.beat < beat][-_KEPT_BENDS:]
        self._bends.append(Bend(beat, tempo))

    def time_of(self, beat: float) -> float:
        """Return when a beat sounds; only once a beat is known."""
        assert self._pin is not None
        at, time = self._pin
        return time + self._seconds(at, beat) if beat >= at else time - self._seconds(beat, at)

    def _seconds(self, start: float, end: float) -> float:
        """Return how long the clock takes from one beat to a later one."""
        seconds, ends = 0.0, [*(bend.beat for bend in self._bends[1:]), float("inf")]
        for bend, until in zip(self._bends, ends, strict=True):
            inside = min(until, end) - max(bend.beat, start)
            seconds += max(inside, 0.0) * 60 / bend.tempo
        return seconds

    def beat_at(self, time: float) -> float:
        """Return the beat that sounds at a time; only once a beat is known."""
        assert self._pin is not None
        beat, left = self._pin[0], time - self._pin[1]
        if left < 0:
            return beat + left * self._tempo_at(beat) / 60
        ends = [*(bend.beat for bend in self._bends[1:]), float("inf")]
        for bend, until in zip(self._bends, ends, strict=True):
            if until <= beat:
                continue
            takes = (until - beat) * 60 / bend.tempo
            if left < takes:
                return beat + left * bend.tempo / 60
            beat, left = until, left - takes
        raise AssertionError("the last bend has no end")


def nudged(tempo: float, seconds: float, beats: float) -> float:
    """Return the tempo at which so many beats take so many `seconds` less."""
    plain = beats * 60 / tempo
    return tempo * plain / (plain - seconds)
