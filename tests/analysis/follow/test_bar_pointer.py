import numpy as np
import pytest

from scband.analysis.follow.bar_pointer import LONGEST, PLACES, SHORTEST, BarPointer


def _click(pointer: BarPointer, length: int, beats: int) -> None:
    for step in range(length * beats):
        pointer.move()
        pointer.hear(0.9 if step % length == 0 else 0.02)


@pytest.mark.parametrize("length", [30, 47, 60, 85, 120])
def test_clicks_of_any_tempo_are_found(length):
    pointer = BarPointer()
    _click(pointer, length, 8)
    found = pointer.best()
    assert found.length == pytest.approx(length, rel=0.02)
    assert min(found.phase, 1 - found.phase) <= 1.5 / length + 0.02
    assert found.probability > 0.8


def test_what_is_expected_decides_between_octaves():
    # clicks that fit 60 and 120 a minute alike: every other one is hardly heard
    found = []
    for expected in (50, 100):
        pointer = BarPointer()
        pointer.expect(expected, 0.4)
        pointer.forget()
        for step in range(1000):
            pointer.move()
            pointer.hear({0: 0.8, 50: 0.3}.get(step % 100, 0.03))
        found.append(pointer.best().length)
    assert found == pytest.approx([50, 100], rel=0.03)


def test_moving_on_without_hearing_keeps_the_place():
    pointer = BarPointer()
    pointer.set(50, 0.0, 0.02)
    for _ in range(50 * 8):
        pointer.move()
    found = pointer.best()
    assert min(found.phase, 1 - found.phase) < 0.04
    assert found.length == pytest.approx(50, rel=0.03)


def test_probabilities_stay_probabilities_whatever_is_heard():
    dice = np.random.default_rng(5)
    pointer = BarPointer()
    usual = np.clip(dice.random(PLACES), 0.06, 0.85).astype(np.float32)
    for _ in range(500):
        pointer.move()
        pointer.hear(float(dice.choice([0.0, 1.0, dice.random()])), dice.random(), usual)
        pointer.strike(float(dice.random() * 1.6))
        guess = pointer.best()
        assert 0 <= guess.phase <= 1
        assert 0 <= guess.probability <= 1.0001
        assert SHORTEST <= guess.length <= LONGEST
