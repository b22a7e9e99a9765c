"""When the clock is moved, and what it is told: the law, the line and the pulse brought together.

No clock and no socket: the shell that sends, and the simulation, both drive this.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from scband.analysis.follow import Pulse
from scband.live.clockline import ClockLine
from scband.live.follow import ControlLaw, Correction, off_by
from scband.live.recount import Recount
from scband.live.whereabouts import Whereabouts

_EVERY = 0.5
_AT_ONCE = 0.125
"""Beats between two decisions: as a rule, and where the performer surprises."""
_SURPRISE = 0.025
"""Seconds by which what is heard differs from what was decided upon, that are a surprise."""
_COUNT_SECONDS = 0.1
_MADE_GOOD, _MOST_OWED = 0.3, 2.5
"""Felt beats: less has been made good, and more is not believed unless the chart says so."""
_DOUBTFUL = 0.5
"""A pulse less likely than this may have lost the count."""
_CALM_BEATS = 32.0
"""Felt beats after which a doubt is forgotten."""
_LEAST_TEMPO = 0.0005  # of the tempo: less is not worth a message
_LEAST_SECONDS = 0.0005


@dataclass(frozen=True, slots=True)
class Move:
    """A correction as two messages to the clock: set `tempo`, then nudge by `seconds`.

    `seconds` is what has to be added to what is left of the last nudge. `pulse` is the performer
    who was followed, `beat` the band's at which it was decided.
    """

    correction: Correction
    seconds: float
    pulse: Pulse
    beat: float


class Follower:
    """Decides twice a beat, sooner where the performer surprises, how the clock moves.

    `ahead` is how long (seconds) after it was decided a move begins to sound. `recount` tells
    where beats were lost or gained while the performer's tempo changed, `whereabouts` where the
    chords say that they were: they are made good.
    """

    def __init__(
        self,
        law: ControlLaw,
        line: ClockLine,
        ahead: float,
        recount: Recount | None = None,
        whereabouts: Whereabouts | None = None,
    ) -> None:
        self.law = law
        self.line = line
        self.ahead = ahead
        self.recount = recount or Recount(law.unit)
        self.whereabouts = whereabouts
        self.coasting = False
        self.doubted = 0.0
        """Quarter notes for which what is heard was not believed, on end."""
        self._error = 0.0
        self._owing = False
        self._shaken: float | None = None  # the band's felt beat at the last doubt, or at first
        self._offset = 0  # felt beats between the performer's count and the band's
        self._counted = float("-inf")
        self._decided = float("-inf")
        self._tempo = 0.0

    def step(self, now: float, pulse: Callable[[float], Pulse | None]) -> Move | None:
        """Return how the clock should move, None where it goes on as it does.

        `pulse(time)` says where the performer's beat is; times are Unix seconds.
        """
        if not (self.law.follows and self.line.known):
            return None
        self._count(now, pulse)
        sounding = now + self.ahead
        beat = self.line.beat_at(sounding)
        since = beat - self._decided
        if since < _AT_ONCE * self.law.unit:
            return None
        heard = pulse(sounding)
        if heard is None:
            return None
        if since < _EVERY * self.law.unit and not self._surprised(heard, beat):
            return None
        self._decided = beat
        return self._move(heard, beat, min(since, 1.0))

    def _surprised(self, heard: Pulse, beat: float) -> bool:
        """Say whether the performer is elsewhere than the band will have come to."""
        error = off_by(heard.beat, beat, self.law.unit) * 60 / self.line.tempo
        return abs(error - self.line.left(beat)) > _SURPRISE

    def _count(self, now: float, pulse: Callable[[float], Pulse | None]) -> None:
        """Look now and then whether the count of beats is still right."""
        if now - self._counted < _COUNT_SECONDS:
            return
        self._counted = now
        heard = pulse(now)
        if heard is None:
            return
        lost = self.recount.see(heard)
        band = self.line.beat_at(now) / self.law.unit
        apart = band - self.recount.count
        if self._shaken is None or heard.confidence < _DOUBTFUL or self.recount.leapt:
            self._shaken = band
        if lost or self.recount.leapt:
            self._offset += lost
            owed = self._offset - apart
            self._owing = _MADE_GOOD < abs(owed) < _MOST_OWED
            self._error = owed * self.law.unit
            self._begin_account()
        elif self.recount.calm and not self._owing:
            self._offset = round(apart)  # all is well: this is where the performer is
        if not self._owing:
            self._look_at_the_chart(round(apart), calm=band - self._shaken > _CALM_BEATS)

    def _look_at_the_chart(self, apart: int, *, calm: bool) -> None:
        """Make good what the chords say that the count has lost; `apart` as it is counted."""
        if self.whereabouts is None:
            return
        lost = self.whereabouts.lost(self.line, calm=calm)
        if lost:
            self._offset = apart + lost
            self._error = lost * self.law.unit
            self._owing = True

    def _begin_account(self) -> None:
        if self.whereabouts is not None:
            self.whereabouts.forget()

    def _off(self, heard: Pulse, beat: float) -> float:
        """Return how many quarters the band is behind: to the nearest beat, or to the right one."""
        unit = self.law.unit
        error = off_by(heard.beat, beat, unit)
        if self._owing:
            error = self._error + off_by(error, self._error, unit)
            self._owing = abs(error) > _MADE_GOOD * unit
            self._begin_account()  # what was heard on the way tells of no one place
        self._error = error
        return error

    def _move(self, heard: Pulse, beat: float, since: float) -> Move | None:
        error = self._off(heard, beat)
        correction = self.law.correct(heard, error, self.line.tempo, since, counted=self._owing)
        self.coasting = correction is None
        if correction is None:
            self.doubted += since
            return None
        self.doubted = 0.0
        left = self.line.left(beat)
        small = (
            abs(correction.tempo / self.line.tempo - 1) < _LEAST_TEMPO
            and abs(correction.seconds) < _LEAST_SECONDS
            and abs(left) < _LEAST_SECONDS
        )
        return None if small else Move(correction, correction.seconds - left, heard, beat)
