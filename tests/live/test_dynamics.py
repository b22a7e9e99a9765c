import numpy as np
import pytest

from scband.live.dynamics import Dynamics


def play(dynamics: Dynamics, db: list[float], start: float = 0.0) -> list[float]:
    """Play a beat at each level: loudest at its start, 12 dB less at its end; 40 frames a beat."""
    found = []
    for number, level in enumerate(db):
        if level > -100:
            dynamics.strike(start + number)
        for frame in range(40):
            share = frame / 40
            dynamics.hear(level - 12 * share, start + number + share)
        found.append(dynamics.intensity)
    return found


def settled(level: float = -20.0, beats: int = 24) -> Dynamics:
    """Return dynamics that have heard a player of some range, and then this level."""
    dynamics = Dynamics(0.5)
    play(dynamics, [-26.0] * 4 + [-14.0] * 4 + [level] * beats)
    return dynamics


def test_a_sudden_forte_is_the_band_s_within_one_beat() -> None:
    dynamics = settled()
    before = dynamics.intensity
    (after, *_) = play(dynamics, [-8.0] * 3, start=32.0)
    last = play(dynamics, [-8.0] * 4, start=35.0)[-1]
    assert after - before > 0.8 * (last - before)
    assert last > before + 0.25


def test_a_sudden_piano_is_the_band_s_within_one_beat() -> None:
    dynamics = settled()
    before = dynamics.intensity
    first, second = play(dynamics, [-32.0] * 2, start=32.0)
    assert first < before - 0.2
    assert second < before - 0.25


def test_the_way_there_is_smooth() -> None:
    dynamics = settled()
    seen = []
    for frame in range(80):
        dynamics.hear(-8.0, 32 + frame / 40)
        seen.append(dynamics.intensity)
    assert np.abs(np.diff(seen)).max() < 0.08


def test_a_note_that_no_onset_told_of_is_found_by_its_rise() -> None:
    dynamics = settled()
    before = dynamics.intensity
    for frame in range(60):
        dynamics.hear(-8.0 if frame > 4 else -40.0, 32 + frame / 40)
    assert dynamics.intensity > before + 0.2


@pytest.mark.parametrize("gain", [-20.0, 0.0, 12.0])
def test_it_is_the_player_s_own_range_that_counts_and_not_the_gain(gain: float) -> None:
    dynamics = Dynamics(0.5)
    levels = [-30.0, -20.0, -10.0] * 8
    play(dynamics, [level + gain for level in levels])
    soft = play(dynamics, [-30 + gain] * 3, 24)[-1]
    loud = play(dynamics, [-10 + gain] * 3, 27)[-1]
    assert loud - soft > 0.6


def test_the_accents_of_a_groove_are_not_taken_for_dynamics() -> None:
    dynamics = Dynamics(0.5)
    groove = [-14.0, -22.0, -16.0, -22.0]
    play(dynamics, groove * 16)
    swing = np.ptp(play(dynamics, groove * 2, start=64.0))
    plain = Dynamics(0.5)
    first = np.ptp(play(plain, groove * 2))
    assert swing < 0.6 * first or swing < 0.15


def test_between_notes_that_are_far_apart_nothing_changes() -> None:
    dynamics = settled()
    before = dynamics.intensity
    after = play(dynamics, [-120.0] * 3, start=32.0)
    assert after == pytest.approx([before] * 3, abs=0.02)


def test_in_a_break_the_band_thins_and_the_player_s_return_raises_it() -> None:
    dynamics = settled()
    before = dynamics.intensity
    alone = play(dynamics, [-120.0] * 12, start=32.0)
    assert alone[-1] < 0.5 * before
    assert dynamics.silence(44.0) == pytest.approx(12, abs=1.1)
    back = play(dynamics, [-20.0] * 2, start=44.0)
    assert back[0] > 0.85 * before
    assert dynamics.silence(46.0) < 1


def test_who_has_never_played_has_not_stopped() -> None:
    dynamics = Dynamics(0.5)
    play(dynamics, [-120.0] * 20)
    assert not dynamics.heard
    assert dynamics.silence(20.0) == 0
    assert dynamics.intensity == pytest.approx(0.5)
