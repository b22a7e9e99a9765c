import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scband.analysis.pitch import FLOORS_HZ, HIGHEST_HZ, SILENCE, Pitch, PitchFusion

NOTHING = Pitch(0.0, 0.0)

anything = st.lists(st.builds(Pitch, st.floats(0, 30_000), st.floats(0, 1)), min_size=3, max_size=3)


def hear(*frames):
    fusion = PitchFusion()
    return [fusion.update(frame) for frame in frames]


def test_the_shortest_window_that_is_sure_is_believed_first():
    assert hear([Pitch(440, 0.95), Pitch(330, 0.99), Pitch(220, 0.99)]) == [Pitch(440, 0.95)]


def test_a_bass_note_below_the_short_windows_is_not_taken_for_its_overtone():
    low_e = Pitch(41.2, 0.97)
    assert hear([Pitch(123.6, 0.99), Pitch(82.4, 0.99), low_e]) == [low_e]


def test_a_pitch_an_octave_above_the_longest_windows_is_kept_where_that_is_within_reach():
    # the long tracker says an octave too low, yet the short one could have heard that itself
    assert hear([Pitch(220, 0.95), Pitch(220, 0.95), Pitch(110, 0.95)]) == [Pitch(220, 0.95)]


def test_an_unrelated_low_pitch_does_not_veto():
    assert hear([Pitch(440, 0.9), NOTHING, Pitch(46.3, 0.95)]) == [Pitch(440, 0.9)]


def test_a_pitch_below_a_trackers_floor_is_never_believed():
    assert hear([Pitch(70, 1.0), NOTHING, NOTHING]) == [SILENCE]


def test_when_nobody_is_sure_the_clearest_is_taken_with_its_low_confidence():
    assert hear([Pitch(440, 0.55), Pitch(330, 0.7), NOTHING]) == [Pitch(330, 0.7)]


def test_a_moment_of_silence_holds_the_note_with_falling_confidence_and_a_longer_one_ends_it():
    sounding, silent = [Pitch(440, 0.96), NOTHING, NOTHING], [NOTHING] * 3
    heard = hear(sounding, silent, silent, silent, silent, silent)
    assert [pitch.hz for pitch in heard] == [440, 440, 440, 440, 0, 0]
    confidences = [pitch.confidence for pitch in heard]
    assert confidences == sorted(confidences, reverse=True)
    assert confidences[1] < 0.5


def test_a_note_may_come_back_after_long_silence():
    silent = [NOTHING] * 3
    heard = hear(*[silent] * 5000, [Pitch(440, 0.96), NOTHING, NOTHING])
    assert heard[-1] == Pitch(440, 0.96)
    assert set(heard[:-1]) == {SILENCE}


@given(st.lists(anything, min_size=1, max_size=30))
def test_whatever_is_heard_the_pitch_is_in_range_and_was_said_by_a_tracker(frames):
    fusion, said = PitchFusion(), {0.0}
    for frame in frames:
        pitch = fusion.update(frame)
        said |= {heard.hz for heard in frame}
        assert pitch.hz in said
        assert pitch.hz == 0 or min(FLOORS_HZ) <= pitch.hz <= HIGHEST_HZ
        assert 0 <= pitch.confidence <= 1
        assert (pitch.hz == 0) == (pitch.confidence == 0)


@given(st.lists(anything, min_size=2, max_size=20), st.data())
def test_a_later_frame_never_changes_an_earlier_pitch(frames, data):
    cut = data.draw(st.integers(1, len(frames)))
    assert hear(*frames)[:cut] == hear(*frames[:cut])


@given(st.floats(100.5, 2400))
def test_trackers_that_agree_are_believed(hz):
    assert math.isclose(hear([Pitch(hz, 0.95)] * 3)[0].hz, hz)


@pytest.mark.parametrize("times", [2, 3, 4])
@given(fundamental=st.floats(41, 49))
def test_no_overtone_of_a_low_note_wins_over_it(fundamental, times):
    overtone = Pitch(times * fundamental, 0.98)
    short = overtone if overtone.hz >= FLOORS_HZ[0] else NOTHING
    low = Pitch(fundamental, 0.9)
    assert hear([short, overtone, low]) == [low]
