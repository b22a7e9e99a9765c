"""What the band hears of the performer: the latest frame, and a log of all of it."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import log2

from scband.agents import Performer
from scband.analysis.frames import Frame, Onset, decode_frame, decode_onset
from scband.analysis.pitch import PitchFusion
from scband.errors import FrameError
from scband.live.sampleclock import SampleClock

_REMEMBERED = 2000
_DENSITY_SECONDS = 4.0
_WINDOW_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Heard:
    """One thing heard: `time` is when it happened, in Unix seconds; one of both is None."""

    time: float
    onset: Onset | None = None
    frame: Frame | None = None


class Ears:
    """Takes frames and onsets in, and tells when they happened and not merely when they came.

    Sample counts become times by `clock`, the times at which the band's notes sound; until that
    has learned them, by the earliest arrival of the last half minute: a message can come late,
    never early. `latency` is how long (seconds) a note takes to its sample and back to the ear:
    by so much what was heard was played earlier.
    """

    def __init__(
        self,
        sample_rate: int,
        on_heard: Callable[[Heard], None] | None = None,
        *,
        clock: SampleClock | None = None,
        latency: float = 0.0,
    ) -> None:
        self._rate = sample_rate
        self._on_heard = on_heard
        self._clock = clock
        self._latency = latency
        self._lock = threading.Lock()
        self._earliest = [float("inf"), float("inf")]  # of this quarter minute, and the one before
        self._turned = 0.0
        self._onsets: deque[Heard] = deque(maxlen=_REMEMBERED)
        self._fusion = PitchFusion()
        self.latest: Frame | None = None
        self.malformed = 0
        self.on_onset: Callable[[Onset], None] | None = None
        self.frames = 0
        self.onsets = 0

    def time_of(self, samples: int) -> float:
        """Return the Unix time of a sample count."""
        if self._clock is not None and self._clock.probes:
            return self._clock.time_of(samples) - self._latency
        return min(self._earliest) + samples / self._rate - self._latency

    def _stamp(self, samples: int) -> float:
        now = time.time()
        if now - self._turned > _WINDOW_SECONDS / 2:
            self._earliest = [float("inf"), self._earliest[0]]
            self._turned = now
        self._earliest[0] = min(self._earliest[0], now - samples / self._rate)
        return self.time_of(samples)

    def hear_frame(self, values: Sequence[object]) -> None:
        """Take the arguments of one `/scband/frame` in; a malformed one is counted, no more."""
        try:
            frame = decode_frame(values, self._fusion)
        except FrameError:
            self.malformed += 1
            return
        with self._lock:
            heard = Heard(self._stamp(frame.samples), frame=frame)
            self.latest = frame
            self.frames += 1
        if self._on_heard is not None:
            self._on_heard(heard)

    def hear_onset(self, values: Sequence[object]) -> None:
        """Take the arguments of one `/scband/onset` in; a malformed one is counted, no more."""
        try:
            onset = decode_onset(values)
        except FrameError:
            self.malformed += 1
            return
        if self.on_onset is not None:  # before all bookkeeping: an answer is waiting to sound
            self.on_onset(onset)
        with self._lock:
            heard = Heard(self._stamp(onset.samples), onset=onset)
            self._onsets.append(heard)
            self.onsets += 1
        if self._on_heard is not None:
            self._on_heard(heard)

    def performer(self, tempo: float) -> Performer:
        """Return what the players may know of the performer, as of now."""
        now = time.time()
        with self._lock:
            recent = sum(1 for h in self._onsets if now - h.time < _DENSITY_SECONDS)
            frame = self.latest
        beats = _DENSITY_SECONDS * tempo / 60
        pitch = midi_pitch(frame.pitch_hz) if frame is not None and frame.pitch_hz > 0 else None
        return Performer(density=recent / beats, register=pitch, last_pitch=pitch)


def midi_pitch(hz: float) -> float:
    """Return the MIDI pitch of a frequency, with cents as a fraction (A4 = 69 = 440 Hz)."""
    return 69 + 12 * log2(hz / 440)
