"""The performer counts the band in: by a bar of clicks or notes, or simply by beginning."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from math import log

import numpy as np

from scband.agents.form import Form
from scband.analysis.follow import BeatTracker, Pulse
from scband.errors import SessionError
from scband.score import Meter
from scband.settings import CountIn

_APART_SECONDS = 0.02  # onsets nearer than this are one
_UNEVEN = 0.08
_REMEMBERED = 16
_FACTOR = 1.8
_LEAST_CLICKS = 3
_SURE = 0.4
_LEAD_SECONDS = 0.15


@dataclass(frozen=True, slots=True)
class Entry:
    """Where the band comes in: bar `number` of the performance begins at `time` (Unix seconds)."""

    time: float
    tempo: float
    number: int


def checked_count_in(name: CountIn | str) -> CountIn:
    """Return who counts in by its name; raises SessionError."""
    if name not in list(CountIn):
        raise SessionError(f"{name!r} cannot count in; there is: {', '.join(CountIn)}")
    return CountIn(name)


def clicks_of(meter: Meter) -> int:
    """Return how many clicks count in: the felt beats of a bar, or of two where it has but two."""
    beats = len(meter.pulses)
    return beats if beats >= _LEAST_CLICKS else 2 * beats


class ClickCount:
    """Hears a bar of even clicks or notes; the band enters on the one that follows.

    `clicks` is how many there are, `unit` the length of one in quarter notes, `tempo` the
    chart's, in quarter notes a minute: what is nearly twice or half as fast is no beat.
    """

    def __init__(self, clicks: int, unit: float, tempo: float) -> None:
        self._clicks = clicks
        self._unit = unit
        self._usual = 60 * unit / tempo
        self._times: deque[float] = deque(maxlen=_REMEMBERED)

    def hear(self, time: float) -> Entry | None:
        """Take in an onset, and return where the band enters once they have been counted.

        What else is heard between the clicks, an echo or the end of a note, does no harm.
        """
        if self._times and time - self._times[-1] < _APART_SECONDS:
            return None
        self._times.append(time)
        found = [line for other in self._times if (line := self._line(time, time - other))]
        if not found:
            return None
        first, gap = min(found, key=lambda line: abs(log(line[1] / self._usual)))
        return Entry(first + gap * self._clicks, 60 / gap * self._unit, 0)

    def _line(self, last: float, gap: float) -> tuple[float, float] | None:
        """Return beginning and distance of even clicks that end at `last`, if there are any."""
        if gap <= 0 or not 1 / _FACTOR < gap / self._usual < _FACTOR:
            return None
        wanted = [last - gap * n for n in reversed(range(self._clicks))]
        clicks = [min(self._times, key=lambda heard: abs(heard - time)) for time in wanted]
        gap, first = (float(value) for value in np.polyfit(range(self._clicks), clicks, 1))
        off = max(abs(first + gap * n - time) for n, time in enumerate(clicks))
        return (first, gap) if gap > 0 and off < _UNEVEN * gap else None


class PerformanceStart:
    """Hears the first bars of a performance; the band enters on a bar line, in the right bar.

    The first note is beat 1 of the form, or its pickup.
    """

    def __init__(self, form: Form, tracker: BeatTracker, tempo: float) -> None:
        self._form = form
        self._tracker = tracker
        self._tempo = tempo
        self._begun = False

    def hear(self, time: float) -> None:
        """Take in an onset: the first one places the tracker."""
        if not self._begun:
            self._begun = True
            self._tracker.place(time, 0.0, self._tempo)

    def entry(self, now: float) -> Entry | None:
        """Return where the band enters, once tempo and beat are sure and a bar has been heard."""
        pulse = self._tracker.pulse(now) if self._begun else None
        if pulse is None or pulse.confidence < _SURE or pulse.beat < self._form.bars[0].end:
            return None
        return self._next_bar(pulse, now)

    def _next_bar(self, pulse: Pulse, now: float) -> Entry | None:
        number = 1
        while (slot := self._form.slot(number)) is not None:
            time = pulse.time_of(slot.start)
            if time > now + _LEAD_SECONDS:
                return Entry(time, pulse.tempo, number)
            number += 1
        return None
