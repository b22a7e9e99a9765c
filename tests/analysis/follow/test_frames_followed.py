"""Frames and onsets of the server's analysis, followed."""

import time

import numpy as np
import pytest
from performing import beat_times

from scband.analysis.follow import BeatTracker
from scband.analysis.frames import BAND_COUNT, Frame, Onset, OnsetKind

RATE = 48_000
DRUMS = {0.0: (1.0, slice(0, 60)), 0.5: (0.25, slice(50, 72))}
"""What is struck where in the beat: how loud, in which bands."""


def heard(tempos, silent=range(0), gain=1.0):
    """Make what a drummer sounds like: kick and snare on the beats, a hat between them."""
    dice = np.random.default_rng(3)
    times = beat_times(tempos)
    count = int((times[-1] + 0.3) * 100)
    level = np.full((count, BAND_COUNT), 1e-4)
    onsets = []
    for number, (begin, length) in enumerate(zip(times[:-1], np.diff(times), strict=True)):
        for place, (loud, bands) in DRUMS.items():
            if number in silent:
                continue
            struck = begin + place * length + dice.normal(0, 0.003)
            first = int(np.ceil(struck * 100))
            ring = np.exp(-np.arange(30) / 6)[: count - first]
            level[first : first + len(ring), bands] += 0.1 * loud * ring[:, None]
            onsets.append((struck, loud))
    level *= gain * np.exp(dice.normal(0, 0.05, level.shape))
    frames = []
    for number, row in enumerate(level):
        loud = float(row.max() * 3)
        rise = float(max(0.0, loud - (level[number - 1].max() * 3 if number else 0.0)))
        centroid = 400 + 3000 * float(row[40:].sum() / row.sum())
        frame = Frame(
            number * 480, 0.0, 0.0, loud, 0.5 + 4 * rise / (loud + 1e-3), centroid, 0.1,
            (0.0,) * 12, tuple(map(float, row)),
        )  # fmt: skip
        frames.append((number / 100, frame))
    return times[:-1], frames, sorted(onsets)


def follow(tracker, frames, onsets):
    """Give all to a tracker as live, and return its pulse at each frame."""
    waiting, pulses = list(onsets), []
    for moment, frame in frames:
        while waiting and waiting[0][0] <= moment:
            struck, loud = waiting.pop(0)
            onset = Onset(int(struck * RATE), OnsetKind.SHARP, 5.0, 0.3 * loud)
            tracker.hear_onset(onset, struck)
        tracker.hear_frame(frame, moment)
        pulses.append(tracker.pulse(moment))
    return pulses


def late(times, pulses):
    """Return ms between the tracker's beat and the true one at each true beat, causally."""
    found = [pulses[int(t * 100)].at(t) for t in times]
    return np.array([1000 * (round(p.beat) - p.beat) * 60 / p.tempo for p in found])


@pytest.mark.parametrize("tempo", [76, 112, 150])
def test_drums_are_followed_from_the_fourth_beat_on(tempo):
    times, frames, onsets = heard([tempo] * 24)
    off = late(times[5:], follow(BeatTracker(tempo=tempo), frames, onsets))
    assert np.abs(off).max() < 50
    assert abs(off.mean()) < 25


@pytest.mark.parametrize("factor", [0.8, 1.2])
def test_a_counted_in_drummer_is_followed_through_a_step(factor):
    tempos = [100] * 16 + [100 * factor] * 12
    times, frames, onsets = heard(tempos)
    tracker = BeatTracker(tempo=100)
    tracker.place(times[0], 0.0, 100.0)
    pulses = follow(tracker, frames, onsets)
    assert np.abs(late(times[20:], pulses)).max() < 40
    counted = [round(pulses[int(t * 100)].at(t).beat) for t in times]
    assert counted[20:] == list(range(20, 28))


def test_a_rest_of_eight_beats_loses_no_beat():
    times, frames, onsets = heard([110] * 36, silent=range(16, 24))
    tracker = BeatTracker(tempo=110)
    tracker.place(times[0], 0.0, 110.0)
    pulses = follow(tracker, frames, onsets)
    assert np.abs(late(times[6:], pulses)).max() < 60
    assert round(pulses[int(times[-1] * 100)].at(times[-1]).beat) == 35


def test_the_input_level_makes_no_difference():
    courses = []
    for gain in (1.0, 0.1):
        _, frames, onsets = heard([100] * 16, gain=gain)
        courses.append(follow(BeatTracker(tempo=100), frames, onsets)[-1])
    assert courses[0].beat % 1 == pytest.approx(courses[1].beat % 1, abs=0.1)
    assert courses[0].tempo == pytest.approx(courses[1].tempo, rel=0.02)


def test_silence_alone_has_no_beat():
    tracker = BeatTracker(tempo=100)
    quiet = Frame(0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, (0.0,) * 12, (0.0,) * BAND_COUNT)
    for number in range(1500):
        tracker.hear_frame(quiet, number / 100)
    assert tracker.pulse(15.0) is None


def test_lost_frames_lose_no_beat():
    times, frames, onsets = heard([100] * 24)
    tracker = BeatTracker(tempo=100)
    tracker.place(times[0], 0.0, 100.0)
    kept = [pair for number, pair in enumerate(frames) if number % 7 and not 700 < number < 740]
    follow(tracker, kept, onsets)
    last = tracker.pulse(float(times[-1]))
    assert round(last.beat) == 23


def test_following_takes_a_small_part_of_a_core():
    _, frames, onsets = heard([120] * 40)
    tracker = BeatTracker(tempo=120)
    tracker.place(1.0, 0.0, 120.0)
    began = time.process_time()
    follow(tracker, frames, onsets)
    share = (time.process_time() - began) / (len(frames) / 100)
    assert share < 0.04
