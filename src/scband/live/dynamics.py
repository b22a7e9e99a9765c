"""How hard the performer plays, as the band's intensity; and whether there is anybody playing.

The level is that of the notes of the last beat, each taken where it begins: neither rests nor how
long an instrument rings count. It is taken relative to what is usual in that place of the bar, so
that the accents of a groove are not taken for dynamics, and to the performer's own range.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np

_REMEMBERED = 160
"""Notes from which the performer's range is taken."""
_LEAST_HALF_RANGE_DB = 9.0
_KNOWN_NOTES = 12
"""Notes after which the range is believed in full."""
_GATE_DB = -52.0
_GATE_BELOW_DB = 32.0
"""Silence: so far below full scale, or below the performer's loudest."""
_WINDOW_BEATS = 0.7
_ATTACK_BEATS = 0.2
_RISE_DB = 6.0
_RISE_FRAMES = 8
_SMOOTHING_BEATS = 0.12
_ACCENT_RATE = 0.06
_ACCENT_NOTES = 8
"""Notes whose mean an accent is told against."""
_THIN_AFTER_BEATS = 4.0
_THINNING_BEATS = 4.0
_THIN = 0.4
"""Of the intensity is left when nobody plays."""


@dataclass(slots=True)
class _Strike:
    """A note's beginning: the band's beat, and how loud it got."""

    beat: float
    db: float = -120.0


@dataclass(slots=True)
class _Accent:
    """How much louder notes in one place of the bar are than those about them."""

    db: float = 0.0
    notes: int = 0

    def learn(self, off: float) -> None:
        self.notes += 1
        self.db += max(_ACCENT_RATE, 1 / (self.notes + 1)) * (off - self.db)


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
        self._levels: deque[float] = deque(maxlen=_REMEMBERED)
        self._range = (0.0, 0.0)
        self._accents: dict[int, _Accent] = {}
        self._aim = usual
        self._last = 0.0
        self._sounded: float | None = None
        self._learned: _Strike | None = None

    def strike(self, beat: float) -> None:
        """Know that a note begins."""
        if not self._strikes or beat - self._strikes[-1].beat > _ATTACK_BEATS:
            self._strikes.append(_Strike(beat))

    def hear(self, db: float, beat: float, bar_beats: float = 4.0) -> None:
        """Take in the level at a beat of the band."""
        since = min(max(beat - self._last, 0.0), 1.0)
        self._last = beat
        if db > self._gate():
            self._sounded = beat
            self._attack(db, beat)
        self._before.append(db)
        while self._strikes and self._strikes[0].beat < beat - _WINDOW_BEATS:
            self._strikes.popleft()
        self._learn(beat, bar_beats)
        self._weigh(beat, bar_beats)
        aim = self._aim * self._presence(beat)
        self.intensity += (aim - self.intensity) * (1 - 2 ** (-since / _SMOOTHING_BEATS))

    def _attack(self, db: float, beat: float) -> None:
        """Let the note that has just begun be as loud as it gets; find those nobody told of."""
        if db - min(self._before) > _RISE_DB:
            self.strike(beat)
        if self._strikes and beat - self._strikes[-1].beat < _ATTACK_BEATS:
            self._strikes[-1].db = max(self._strikes[-1].db, db)

    def _weigh(self, beat: float, bar_beats: float) -> None:
        """Take the level of the notes of the last beat, but for one whose attack is not over."""
        begun = [n for n in self._strikes if beat - n.beat > _ATTACK_BEATS / 2 and n.db > -120]
        if not begun:
            return
        self.level = float(np.mean([n.db - self._accent(n.beat, bar_beats).db for n in begun]))
        self._aim = self._relative(self.level)

    def _learn(self, beat: float, bar_beats: float) -> None:
        """Remember the last note once its attack is over: how loud, and where in the bar."""
        over = [n for n in self._strikes if beat - n.beat > _ATTACK_BEATS and n.db > self._gate()]
        if not over or over[-1] is self._learned:
            return
        note = self._learned = over[-1]
        accent = self._accent(note.beat, bar_beats)
        level = note.db - accent.db
        self._levels.append(level)
        about = list(self._levels)[-_ACCENT_NOTES:]
        accent.learn(note.db - float(np.mean(about)))
        low, high = np.percentile(self._levels, (5, 95))
        self._range = (float(low), float(high))

    def silence(self, beat: float) -> float:
        """Return for how many beats nothing has been played; 0 before anything was."""
        return 0.0 if self._sounded is None else max(0.0, beat - self._sounded)

    @property
    def heard(self) -> bool:
        """Whether the performer has been heard at all."""
        return len(self._levels) > 0

    def _accent(self, beat: float, bar_beats: float) -> _Accent:
        """Return the accent of the half beat nearest to a beat."""
        return self._accents.setdefault(round(beat * 2) % max(round(bar_beats * 2), 1), _Accent())

    def _gate(self) -> float:
        return max(_GATE_DB, self._range[1] - _GATE_BELOW_DB) if self._levels else _GATE_DB

    def _relative(self, db: float) -> float:
        """Return where in the performer's range a level lies, about the usual intensity."""
        low, high = self._range
        half = max((high - low) / 2, _LEAST_HALF_RANGE_DB)
        known = min(len(self._levels) / _KNOWN_NOTES, 1.0)
        share = known * (db - (low + high) / 2) / (2 * half) if known else 0.0
        return min(max(self.usual + share, 0.0), 1.0)

    def _presence(self, beat: float) -> float:
        """Return 1 while somebody plays, and down to less in a break."""
        gone = (self.silence(beat) - _THIN_AFTER_BEATS) / _THINNING_BEATS
        return 1 - (1 - _THIN) * min(max(gone, 0.0), 1.0)
