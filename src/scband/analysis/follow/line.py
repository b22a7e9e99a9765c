"""The line that a performer plays, note by note: onsets say when, the pitch heard after says what.

Causal: a note is told when its pitch has been steady for some frames, and again when it ends.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import log2

from scband.analysis.frames import Frame, Onset

_STEADY_FRAMES = 4  # of 10 ms, until a pitch after an onset is believed
_SLID_FRAMES = 7  # until one without an onset is
_LEAP_FRAMES = 12  # and one an octave or more off: mostly the tracker slips
_SPREAD = 0.4  # semitones that a steady pitch moves at most in those frames
_APART = 0.6  # semitones within which it is the same pitch
_SURE = 0.3
_GONE_FRAMES = 9
_FADED_DB = 34.0  # below the note's loudest moment it has ended
_QUIET_DB = -60.0
_REACH = 0.3  # seconds from an onset to a pitch that it began
_LEAP = 12
_LEFT = 0.35  # semitones from the sounding note at which a slide to another has begun
_WINDOW = 0.045  # seconds by which a pitch tracker sees a slide late: half its window


@dataclass(frozen=True, slots=True)
class HeardNote:
    """A note of the performer's line: seconds, MIDI pitch, velocity 0-1; `end` None: it sounds."""

    start: float
    pitch: int
    velocity: float
    end: float | None = None


def _velocity(db: float) -> float:
    return min(max((db + 54.0) / 48.0, 0.05), 1.0)


class LiveLine:
    """Hears a line, one note at a time; `on_note` is told of each as it begins and as it ends."""

    def __init__(self, on_note: Callable[[HeardNote], None]) -> None:
        self._on_note = on_note
        self._struck: float | None = None
        self._steady: list[float] = []  # the pitches of a run of frames that agree
        self._first = 0.0  # when that run began
        self._left: float | None = None  # when the pitch left that of the sounding note
        self._before = 0  # the last note's pitch
        self._gone = 0
        self._peak = _QUIET_DB
        self.sounding: HeardNote | None = None

    def hear_onset(self, onset: Onset, time: float) -> None:
        """Take in the beginning of a sound."""
        if self._struck is None or time - self._struck > 0.05:
            self._struck = time
            self._steady = []
            self._peak = _QUIET_DB

    def hear_note(self, time: float, velocity: float, pitch: float | None = None) -> None:
        """Take in a note of a keyboard's; velocity 0 releases it."""
        if pitch is None:
            return
        if velocity > 0:
            self._end(time)
            self._begin(HeardNote(time, round(pitch), velocity))
        elif self.sounding is not None and self.sounding.pitch == round(pitch):
            self._end(time)

    def hear_frame(self, frame: Frame, time: float) -> None:
        """Take in a frame of the input analysis."""
        self._peak = max(self._peak, frame.db)
        heard = frame.pitch_hz > 0 and frame.pitch_confidence >= _SURE and frame.db > _QUIET_DB
        if not heard or frame.db < self._peak - _FADED_DB:
            self._gone += 1
            self._steady = []
            if self._gone == _GONE_FRAMES:
                self._end(time - _GONE_FRAMES / 100)
            return
        self._gone = 0
        self._join(69 + 12 * log2(frame.pitch_hz / 440), time)
        self._decide(time)

    def _join(self, pitch: float, time: float) -> None:
        if self.sounding is not None and self._left is None:
            self._left = time if abs(pitch - self.sounding.pitch) > _LEFT else None
        if self._steady and abs(pitch - self._steady[-1]) < _APART:
            self._steady.append(pitch)
            del self._steady[: -(_LEAP_FRAMES + 1)]
        else:
            self._steady, self._first = [pitch], time

    def _decide(self, time: float) -> None:
        """Begin a note where the run of frames has been steady for as long as it takes."""
        recent = sorted(self._steady[-_STEADY_FRAMES:])
        if len(recent) < _STEADY_FRAMES or recent[-1] - recent[0] > _SPREAD:
            return
        pitch, now = round(recent[len(recent) // 2]), self.sounding
        struck = self._struck is not None and time - self._struck < _REACH
        if len(self._steady) < self._needed(pitch, struck):
            return
        if now is not None and now.pitch == pitch and not struck:
            self._left = None
            return
        start = self._first
        if struck and self._struck is not None:
            start = self._struck
        elif now is not None and self._left is not None:
            start = max(self._left - _WINDOW, now.start + 0.01)
        self._struck, self._left, self._before = None, None, pitch
        self._end(start)
        self._begin(HeardNote(start, pitch, _velocity(self._peak)))

    def _needed(self, pitch: int, struck: bool) -> int:
        """Return how many frames must agree on a pitch before it is believed."""
        leaps = self._before > 0 and pitch != self._before and abs(pitch - self._before) >= _LEAP
        if leaps:
            return _STEADY_FRAMES + 4 if struck else _LEAP_FRAMES
        return _STEADY_FRAMES if struck or self.sounding is None else _SLID_FRAMES

    def _begin(self, note: HeardNote) -> None:
        self.sounding = note
        self._on_note(note)

    def _end(self, time: float) -> None:
        note, self.sounding = self.sounding, None
        if note is not None:
            self._on_note(replace(note, end=max(time, note.start + 0.01)))
