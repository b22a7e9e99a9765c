"""Notes of a MIDI performance, followed: no audio is needed for these promises."""

import numpy as np
import pytest
from performing import perform

from scband.analysis.follow import BeatTracker

EIGHTHS = (0.0, 0.5)
SIXTEENTHS = (0.0, 0.25, 0.5, 0.75)


@pytest.mark.parametrize("tempo", [62, 84, 100, 128, 168, 200])
@pytest.mark.parametrize("pattern", [(0.0,), EIGHTHS, SIXTEENTHS])
def test_a_steady_performance_is_locked_to_within_four_beats(tempo, pattern):
    course = perform(BeatTracker(tempo=tempo), [tempo] * 24, pattern)
    assert course.locked() <= 4
    late = course.late(6)
    assert abs(late.mean()) < 10
    assert late.std() < 15


@pytest.mark.parametrize("tempo", [90, 120])
def test_without_a_tempo_given_one_is_found(tempo):
    course = perform(BeatTracker(), [tempo] * 24, EIGHTHS)
    assert np.abs(course.late(8)).max() < 40
    assert course.pulses[-1].tempo == pytest.approx(tempo, rel=0.02)


@pytest.mark.parametrize("factor", [0.8, 1.2])
@pytest.mark.parametrize("pattern", [EIGHTHS, SIXTEENTHS])
def test_a_step_of_a_fifth_is_followed_in_three_beats_without_overshoot(factor, pattern):
    tempos = [100] * 16 + [100 * factor] * 16
    course = perform(BeatTracker(tempo=100), tempos, pattern)
    assert np.abs(course.late(16 + 3)).max() < 30
    heard = np.array([pulse.tempo for pulse in course.pulses[17:]])
    beyond = heard.max() / 120 - 1 if factor > 1 else 1 - heard.min() / 80
    assert beyond < 0.05


@pytest.mark.parametrize("factor", [0.8, 1.2])
def test_a_step_neither_gains_nor_loses_a_beat(factor):
    tracker = BeatTracker(tempo=100)
    tracker.place(1.0, 0.0, 100.0)
    course = perform(tracker, [100] * 16 + [100 * factor] * 16)
    assert [round(pulse.beat) for pulse in course.pulses[20:]] == list(range(20, 32))


@pytest.mark.parametrize("last", [120, 80])
def test_a_ramp_is_followed_while_it_lasts(last):
    tempos = [100.0] * 12 + list(np.linspace(100, last, 12)) + [last] * 8
    course = perform(BeatTracker(tempo=100), tempos)
    assert np.abs(course.late(12)).max() < 70
    assert np.abs(course.late(12 + 12 + 3)).max() < 30


@pytest.mark.parametrize("rest", [2, 5, 8])
def test_silence_is_coasted_through_and_no_beat_is_lost_or_gained(rest):
    course = perform(BeatTracker(tempo=96), [96] * 32, silent=range(12, 12 + rest))
    assert np.abs(course.late(8)).max() < 40
    numbers = [round(pulse.beat) for pulse in course.pulses[8:]]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))


def test_wrong_and_missing_notes_do_not_lead_astray():
    course = perform(BeatTracker(tempo=110), [110] * 48, wrong=0.25, dropped=0.2)
    late = course.late(8)
    assert np.abs(late).max() < 50
    assert late.std() < 20


@pytest.mark.parametrize("pattern", [(0.0, 0.75), (0.5,), (0.25, 0.5), (0.0, 0.375, 0.75)])
def test_who_counts_in_is_followed_however_syncopated_the_playing(pattern):
    tracker = BeatTracker(tempo=100)
    for number in range(4):
        tracker.place(1.0 + 0.6 * (number - 4), number - 4.0, 100.0)
    course = perform(tracker, [100] * 40, pattern)
    assert np.abs(course.late()).max() < 50
    assert [round(pulse.beat) for pulse in course.pulses] == list(range(40))


def test_a_tempo_does_not_oscillate():
    course = perform(BeatTracker(tempo=100), [100] * 12 + [115] * 28)
    settled = np.array([pulse.tempo for pulse in course.pulses[20:]])
    assert np.abs(settled / 115 - 1).max() < 0.03


def test_compound_meters_are_counted_in_dotted_quarters():
    tracker = BeatTracker(tempo=120, pulse=1.5, meter_beats=3.0)
    course = perform(tracker, [80] * 20, (0.0, 1 / 3, 2 / 3))
    last, before = course.pulses[-1], course.pulses[-5]
    assert last.beat - before.beat == pytest.approx(6.0, abs=0.15)
    assert last.tempo == pytest.approx(120, rel=0.02)
    units = np.array([pulse.beat / 1.5 for pulse in course.pulses[6:]])
    assert np.abs(units - np.round(units)).max() < 0.06


def test_swung_eighths_are_not_taken_for_another_tempo():
    course = perform(BeatTracker(tempo=140, swing=2.0), [140] * 24, (0.0, 2 / 3))
    assert np.abs(course.late(6)).max() < 40
    assert course.pulses[-1].tempo == pytest.approx(140, rel=0.02)


def test_nothing_is_claimed_before_anything_is_heard():
    tracker = BeatTracker(tempo=100)
    assert tracker.pulse(5.0) is None
    tracker.hear_note(6.0, 0.7, 60)
    assert tracker.pulse(6.1) is None


def test_hours_of_silence_cost_nothing_and_lose_nothing():
    tracker = BeatTracker(tempo=100)
    tracker.place(0.0, 0.0, 100.0)
    tracker.hear_note(0.6, 0.7, 43)
    tracker.pulse(1.0)
    later = tracker.pulse(7200.0)
    assert later is not None
    assert later.tempo == pytest.approx(100, rel=0.03)
