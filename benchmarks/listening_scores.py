"""Score what was heard against what sounded: pitch at each instant, onsets, pitch classes."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from listening_material import SAMPLE_RATE, Sounding, Take
from offline_listening import Heard

from scband.analysis.frames import (
    DETECTOR_LATENCY_SAMPLES,
    Frame,
    Onset,
    decode_frame,
    decode_onset,
)
from scband.analysis.pitch import PitchFusion

LOW_HZ = 87.0
SETTLED = 0.15
"""Seconds into a note after which a tracker should have settled."""
EARLIEST, LATEST = -0.02, 0.08
"""Seconds about a true onset within which a report of it counts."""


@dataclass(slots=True)
class PitchScore:
    """Frames right within 50 cents of those that lie in notes, and how soon each note was right."""

    right: list[bool] = field(default_factory=list)
    settled: list[bool] = field(default_factory=list)
    low_settled: list[bool] = field(default_factory=list)
    latencies: list[float] = field(default_factory=list)
    never: int = 0

    def add(self, notes: Iterable[Sounding], frames: Sequence[Frame]) -> None:
        """Compare the frames of one take."""
        times = np.array([frame.samples / SAMPLE_RATE for frame in frames])
        heard = np.array([frame.pitch_hz for frame in frames])
        for note in notes:
            inside = (times >= note.start) & (times < note.end)
            since = times[inside] - note.start
            right = np.abs(1200 * np.log2(np.maximum(heard[inside], 1) / note.hz)) < 50
            self.right += right.tolist()
            self.settled += right[since >= SETTLED].tolist()
            if note.hz < LOW_HZ:
                self.low_settled += right[since >= SETTLED].tolist()
            if right.any():
                self.latencies.append(float(since[right.argmax()]))
            else:
                self.never += 1


@dataclass(slots=True)
class OnsetScore:
    """Hits, misses and false alarms, by the time at which the detector answered."""

    true: int = 0
    reported: int = 0
    latencies: list[float] = field(default_factory=list)
    stamp_errors: list[float] = field(default_factory=list)

    @property
    def f(self) -> float:
        """Give the F measure."""
        return 2 * len(self.latencies) / max(1, self.true + self.reported)

    def add(self, take: Take, heard: Heard) -> None:
        """Match each true onset with the first unused report near it."""
        reports = [decode_onset(row) for row in heard.onsets]
        self.true += len(take.onsets)
        self.reported += len(reports)
        place = 0
        for start in take.onsets:
            while place < len(reports) and _answered(reports[place]) < start + EARLIEST:
                place += 1
            if place < len(reports) and _answered(reports[place]) <= start + LATEST:
                self.latencies.append(_answered(reports[place]) - start)
                self.stamp_errors.append(reports[place].samples / SAMPLE_RATE - start)
                place += 1


def _answered(onset: Onset) -> float:
    return (onset.samples + DETECTOR_LATENCY_SAMPLES[onset.kind]) / SAMPLE_RATE


def chroma_score(take: Take, frames: Sequence[Frame]) -> float:
    """Give the share of a chord's pitch classes among the strongest as many, 0.2 s in and later."""
    shares: list[float] = []
    for start in take.onsets:
        chord = [note for note in take.notes if abs(note.start - start) < 0.03]
        classes = {round(69 + 12 * math.log2(note.hz / 440)) % 12 for note in chord}
        end = min(note.end for note in chord)
        for frame in frames:
            if start + 0.2 <= frame.samples / SAMPLE_RATE < end:
                strongest = sorted(range(12), key=lambda c: -frame.chroma[c])[: len(classes)]
                shares.append(len(classes & set(strongest)) / len(classes))
    return float(np.mean(shares))


def decoded(heard: Heard) -> tuple[Frame, ...]:
    """Decode every frame of a take, the trackers joined as in a live session."""
    fusion = PitchFusion()
    return tuple(decode_frame(row, fusion) for row in heard.frames)
