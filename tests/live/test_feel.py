from collections.abc import Iterable

import pytest

from scband.analysis.follow import Pulse
from scband.live.feel import Feel


def play(feel: Feel, places: Iterable[float], confidence: float = 0.9) -> None:
    """Let notes be heard at places of the beat, beat after beat."""
    for beat, place in enumerate(places):
        feel.hear(Pulse(beat * 0.5, beat + place, 120.0, confidence))


def test_even_eighths_are_even_whatever_the_style_says() -> None:
    feel = Feel(2.3)
    play(feel, [0.0, 0.5] * 16)
    assert feel.swing == 1.0


@pytest.mark.parametrize("ratio", [1.6, 2.0, 2.3])
def test_a_swing_of_the_style_is_known_after_a_few_notes(ratio: float) -> None:
    feel, long = Feel(ratio), ratio / (1 + ratio)
    play(feel, [0.0, long, 0.01, long - 0.01, 0.0, long + 0.01])
    assert feel.swing == ratio


def test_a_swing_that_the_style_does_not_have_takes_longer_to_be_believed() -> None:
    feel = Feel()
    play(feel, [0.0, 0.66] * 3)
    assert feel.swing == 1.0
    play(feel, [0.0, 0.66] * 5)
    assert feel.swing == 2.0


def test_sixteenths_are_no_swing() -> None:
    feel = Feel(2.3)
    play(feel, [0.0, 0.25, 0.5, 0.75] * 8)
    assert feel.swing == 1.0


def test_whoever_stops_swinging_is_heard() -> None:
    feel = Feel(2.0)
    play(feel, [0.0, 2 / 3] * 6)
    assert feel.swing == 2.0
    play(feel, [0.0, 0.5] * 16)
    assert feel.swing == 1.0


def test_a_beat_that_is_not_sure_tells_nothing() -> None:
    feel = Feel(2.0)
    play(feel, [0.0, 2 / 3] * 8, confidence=0.3)
    assert feel.swing == 1.0
    assert not feel.hear(None)
