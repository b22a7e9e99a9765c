import numpy as np
import pytest

from scband.analysis.beat.slips import one_phase, slips

LENGTH = 0.4


def slipping(passages, over=4, step=LENGTH):
    """Lay out passages of so many beats; each comes half a beat late, `over` beats on the way."""
    beats = [0.5]
    for number, count in enumerate(passages):
        if number:
            beats += [beats[-1] + step * (over + 0.5) / over * (n + 1) for n in range(over)]
        beats += [beats[-1] + step * (n + 1) for n in range(count)]
    return np.array(beats)


def off(beats, start=0.5, step=LENGTH):
    """How far beats are from the even ones, in beats from -0.5 to 0.5."""
    return (beats - start) / step - np.round((beats - start) / step)


@pytest.mark.parametrize("over", [1, 3, 6])
def test_a_slip_by_half_a_beat_is_found_where_it_is(over):
    (at,) = slips(slipping([60, 50], over))
    assert at == pytest.approx(60 + over / 2, abs=4)


def test_steady_drifting_and_stepping_tempos_do_not_slip():
    dice = np.random.default_rng(3)
    steady = 0.4 * np.arange(200) + dice.normal(0, 0.01, 200)
    drifting = np.cumsum(0.5 + 0.06 * np.sin(np.arange(200) / 9))
    step = np.cumsum(np.where(np.arange(200) < 90, 0.5, 0.4))
    for beats in (steady, drifting, step):
        assert slips(beats) == []
        assert one_phase(beats) == ()


def test_a_whole_beat_more_or_less_is_no_slip():
    beats = np.concatenate([np.arange(60) * 0.5, 30.5 + np.arange(60) * 0.5])
    assert one_phase(beats) == ()


def test_one_of_both_grids_is_the_pulse_throughout():
    first, second = one_phase(slipping([60, 30, 40]))
    assert np.abs(off(first)).max() < 0.12
    assert np.abs(np.abs(off(second)) - 0.5).max() < 0.12
    for grid in (first, second):
        assert np.diff(grid) == pytest.approx(LENGTH, rel=0.1)


def test_too_few_beats_are_left_alone():
    assert one_phase(slipping([12, 12])) == ()
    assert one_phase(np.zeros(0)) == ()
