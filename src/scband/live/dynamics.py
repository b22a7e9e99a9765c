"""How hard the performer plays, as the band's intensity; and whether there is anybody playing.

The level is that of the loudest note of the last beat, taken where it begins: neither rests nor
how long an instrument rings count.
It is taken relative to the performer's own range, and to what is usual in that place of the bar,
so that the accents of a groove are not taken for dynamics.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np

_REMEMBERED = 160
"""Beats from which the performer's range is taken."""
_LEAST_HALF_RANGE_DB = 9.0
_GATE_DB = -52.0
_GATE_BELOW_DB = 32.0
"""Silence: so far below full scale, or below the performer's loudest."""
_WINDOW_BEATS = 0.7
_ATTACK_BEATS = 0.2
_RISE_DB = 6.0
_RISE_FRAMES = 8
_SMOOTHING_BEATS = 0.12
_ACCENT_RATE = 0.08
_THIN_AFTER_BEATS = 4.0
_THINNING_BEATS = 4.0
_THIN = 0.4
"""Of the intensity is left when nobody plays."""


@dataclass(slots=True)
class _Strike:
    """A note's beginning: the band's beat, and how loud it got (without its usual accent)."""

    beat: float
    db: float = -120.0
    plain_db: float = -120.0


class Dynamics:
    """Turns levels (dB below full scale) into an intensity, 0-1, about the one that is `usual`.

    Give it every frame and every onset, with the band's beat at which it was heard.
    """

    def __init__(self, usual: float = 0.5) -> None:
        self.usual = usual
        self.intensity = usual
        self.level = -120.0
        self._strikes: deque[_Strike] = deque()
        self._before: deque[float] = deque([-120.0], maxlen=_RISE_FRAMES)
        self._peaks: deque[float] = deque(maxlen=_REMEMBERED)
        self._range = (0.0, 0.0)
        self._accents: dict[int, float] = {}
        self._beat: int | None = None
        self._peak = -120.0
        self._aim = usual
        self._last = 0.0
        self._sounded: float | None = None

    def strike(self, beat: float) -> None:
        """Know that a note begins."""
        if not self._strikes or beat - self._strikes[-1].beat > _ATTACK_BEATS / 2:
            self._strikes.append(_Strike(beat))

    def hear(self, db: float, beat: float, bar_beats: float = 4.0) -> None:
        """Take in the level at a beat of the band."""
        since = min(max(beat - self._last, 0.0), 1.0)
        self._last = beat
        self._turn(beat, bar_beats)
        if db > self._gate():
            self._sounded = beat
            self._attack(db, beat, bar_beats)
        self._before.append(db)
        while self._strikes and self._strikes[0].beat < beat - _WINDOW_BEATS:
            self._strikes.popleft()
        level = max((strike.db for strike in self._strikes), default=-120.0)
        if level > self._gate():
            self.level = level
            self._aim = self._relative(level)
        aim = self._aim * self._presence(beat)
        self.intensity += (aim - self.intensity) * (1 - 2 ** (-since / _SMOOTHING_BEATS))

    def _attack(self, db: float, beat: float, bar_beats: float) -> None:
        """Let the note that has just begun be as loud as it gets; find those nobody told of."""
        if db - min(self._before) > _RISE_DB:
            self.strike(beat)
        if self._strikes and beat - self._strikes[-1].beat < _ATTACK_BEATS:
            note = self._strikes[-1]
            note.plain_db = max(note.plain_db, db)
            note.db = note.plain_db - self._accent(note.beat, bar_beats)
            self._peak = max(self._peak, db)

    def silence(self, beat: float) -> float:
        """Return for how many beats nothing has been played; 0 before anything was."""
        return 0.0 if self._sounded is None else max(0.0, beat - self._sounded)

    @property
    def heard(self) -> bool:
        """Whether the performer has been heard at all."""
        return len(self._peaks) > 0

    def _turn(self, beat: float, bar_beats: float) -> None:
        """Remember the loudest note of each beat of the band that was played in."""
        number = int(beat)
        if number == self._beat:
            return
        if self._beat is not None and self._peak > self._gate():
            self._peaks.append(self._peak)
            low, high = np.percentile(self._peaks, (5, 95))
            self._range = (float(low), float(high))
            place = int(self._beat % bar_beats)
            usual = self._accents.get(place, 0.0)
            off = self._peak - float(np.mean(list(self._peaks)[-round(bar_beats) :]))
            self._accents[place] = usual + _ACCENT_RATE * (off - usual)
        self._beat, self._peak = number, -120.0

    def _accent(self, beat: float, bar_beats: float) -> float:
        return self._accents.get(int(beat % bar_beats), 0.0)

    def _gate(self) -> float:
        return max(_GATE_DB, self._range[1] - _GATE_BELOW_DB) if self._peaks else _GATE_DB

    def _relative(self, db: float) -> float:
        """Return where in the performer's range a level lies, about the usual intensity."""
        if not self._peaks:
            return self.usual
        low, high = self._range
        half = max((high - low) / 2, _LEAST_HALF_RANGE_DB)
        share = (db - (low + high) / 2) / (2 * half)
        return min(max(self.usual + share, 0.0), 1.0)

    def _presence(self, beat: float) -> float:
        """Return 1 while somebody plays, and down to less in a break."""
        gone = (self.silence(beat) - _THIN_AFTER_BEATS) / _THINNING_BEATS
        return 1 - (1 - _THIN) * min(max(gone, 0.0), 1.0)
