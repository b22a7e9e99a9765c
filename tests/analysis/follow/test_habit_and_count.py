import pytest

from scband.analysis.follow.bar_pointer import HEARD, PLACES
from scband.analysis.follow.count import BeatCount
from scband.analysis.follow.habit import Habit


def _play(habit, beats, places, strength=0.8, steps=48):
    for step in range(steps * beats):
        phase = step % steps / steps
        at_one = any(abs(phase - place) < 0.6 / steps for place in places)
        habit.hear(strength if at_one else 0.02, phase)


def test_a_strummer_off_the_beat_is_learnt():
    habit = Habit.of_beats()
    _play(habit, 24, [0.5])
    assert habit.usual[PLACES // 2] > 0.6
    assert habit.usual[0] < 0.3
    assert habit.learnt > 0.7


def test_playing_on_the_beat_changes_nothing():
    habit = Habit.of_beats()
    _play(habit, 24, [0.0])
    assert habit.usual[0] > 0.6
    assert habit.usual[1:] == pytest.approx(HEARD, abs=0.02)


def test_a_few_odd_beats_do_not_unlearn_what_many_have_taught():
    habit = Habit.of_beats()
    _play(habit, 32, [0.0])
    _play(habit, 3, [0.25, 0.6])
    assert habit.usual[0] > 0.5
    assert habit.usual[1:].max() < 0.3


@pytest.mark.parametrize("factor", [0.77, 0.8, 1.2, 1.3])
@pytest.mark.parametrize("noticed", [1, 2, 3])
def test_a_new_tempo_is_counted_from_the_beat_that_both_share(factor, noticed):
    count = BeatCount()
    old, new = 0.6, 0.6 / factor
    now = 10 * old + (noticed + 0.4) * new  # the tempo changed on beat 10
    for number in range(int(now / old) + 1):
        count.passed(number * old, number)
    assert count.recount(now, 0.4, new) == pytest.approx(10 + noticed + 0.4)


def test_tempos_that_share_no_beat_give_no_number():
    count = BeatCount()
    for number in range(12):
        count.passed(number * 0.5, number)
    assert count.recount(11 * 0.5 + 0.25, 0.0, 0.5) is None
