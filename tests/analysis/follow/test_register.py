import pytest

from scband.analysis.follow.register import Register


def _late(*heard):
    register = Register()
    for amplitude, centroid, frames in heard:
        for _ in range(frames):
            register.hear(amplitude, centroid)
    return register.late


def test_a_bass_alone_is_heard_later_than_anything_else():
    assert _late((0.2, 180.0, 400)) == pytest.approx(0.01)
    assert 0 < _late((0.2, 500.0, 400)) < 0.01
    assert _late((0.2, 1500.0, 400)) == 0


def test_noise_between_the_notes_does_not_count():
    assert _late((0.2, 200.0, 200), (0.0005, 5000.0, 200)) == pytest.approx(0.01, abs=0.001)


def test_silence_is_not_low():
    assert Register().late == 0
    assert _late((0.0, 0.0, 500)) == 0


def test_another_instrument_is_noticed_within_some_seconds():
    assert _late((0.2, 200.0, 2000), (0.2, 3000.0, 600)) == 0
