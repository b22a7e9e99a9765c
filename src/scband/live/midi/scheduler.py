"""Sends things at the beats for which they are due: one heap, one thread, absolute times."""

from __future__ import annotations

import contextlib
import heapq
import itertools
import os
import time
from collections.abc import Callable
from dataclasses import dataclass

from scband.live.midi.beattime import Anchor, BeatTimes
from scband.live.midi.worker import Worker

_PRIORITY = 10  # of real time, below JACK's and supernova's
_FORGOTTEN_SECONDS = 1.0


@dataclass(slots=True)
class Lateness:
    """How late things were sent, in seconds: count, mean, standard deviation and worst."""

    count: int = 0
    mean: float = 0.0
    worst: float = 0.0
    _squares: float = 0.0

    def add(self, seconds: float) -> None:
        """Count one (Welford's running variance)."""
        self.count += 1
        off = seconds - self.mean
        self.mean += off / self.count
        self._squares += off * (seconds - self.mean)
        self.worst = max(self.worst, seconds)

    @property
    def deviation(self) -> float:
        """Standard deviation."""
        return (self._squares / self.count) ** 0.5 if self.count else 0.0


class BeatScheduler(Worker):
    """Calls things at beats of the band, `delay` seconds after they sound (negative: before).

    Nothing is called before the first `anchor`. A new anchor moves all that is still due with it.
    What is called must be quick, and must not raise.
    """

    def __init__(self, delay: float = 0.0) -> None:
        super().__init__("scband-midi-out")
        self.lateness = Lateness()
        self._delay = delay
        self._times: BeatTimes | None = None
        self._due: list[tuple[float, int, bool, Callable[[], None]]] = []
        self._numbers = itertools.count()

    def anchor(self, beat: float, unix: float, tempo: float) -> None:
        """Say when a beat sounds (Unix seconds) and at which tempo the band goes on."""
        here = Anchor(beat, unix - time.time() + time.monotonic(), tempo)
        with self._changed:
            if self._times is not None and beat > self._times.here.beat:
                self._times = self._times.then(here)
            else:  # the first one, or the band's clock was started anew
                self._times = BeatTimes(here)
            self._changed.notify()

    def bend(self, beat: float, tempo: float) -> None:
        """Say that the band goes at another tempo from a beat on."""
        with self._changed:
            if self._times is not None and beat > self._times.here.beat:
                self._times = self._times.then(Anchor(beat, self._times.time_of(beat), tempo))
                self._changed.notify()

    def at(self, beat: float, call: Callable[[], None], *, however_late: bool = False) -> None:
        """Call something at a beat; of those at one beat the first given comes first.

        What is overdue by more than a second is not called, unless `however_late`.
        """
        with self._changed:
            heapq.heappush(self._due, (beat, next(self._numbers), however_late, call))
            self._changed.notify()

    def _run(self) -> None:
        hurry()
        super()._run()

    def _next(self) -> Callable[[], None] | None:
        while self._running:
            if self._times is None or not self._due:
                self._changed.wait()
                continue
            due = self._times.time_of(self._due[0][0]) + self._delay
            now = time.monotonic()
            if due > now:
                self._changed.wait(due - now)
                continue
            _, _, however_late, call = heapq.heappop(self._due)
            if however_late or now - due < _FORGOTTEN_SECONDS:
                self.lateness.add(now - due)
                return call
        return None


def hurry() -> None:
    """Let this thread run before others where the system allows it."""
    if hasattr(os, "sched_setscheduler"):
        # without the right to real time it runs as any other thread, only with more jitter
        with contextlib.suppress(PermissionError):
            os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(_PRIORITY))
