import pytest

from scband.analysis.follow import Pulse


def test_a_pulse_foresees_the_beats_to_come():
    pulse = Pulse(time=10.0, beat=4.5, tempo=120.0, confidence=0.9)
    assert pulse.time_of(6.0) == pytest.approx(10.75)
    assert pulse.time_of(4.0) == pytest.approx(9.75)


def test_a_pulse_at_another_time_is_the_same_pulse():
    pulse = Pulse(time=10.0, beat=4.5, tempo=90.0, confidence=0.9)
    later = pulse.at(12.0)
    assert later.beat == pytest.approx(7.5)
    assert later.tempo == pulse.tempo
    assert later.confidence == pulse.confidence
    for beat in (0.0, 8.0, 9.25):
        assert later.time_of(beat) == pytest.approx(pulse.time_of(beat))
