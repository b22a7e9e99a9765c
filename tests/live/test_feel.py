from collections.abc import Iterable

import numpy as np
import pytest

from scband.analysis.follow import BeatTracker, Pulse
from scband.live.feel import Feel
from scband.live.follow import ControlLaw
from scband.live.simulation import simulate


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


def followed(*, told: float, heard: bool) -> np.ndarray:
    """Follow even eighths of a keyboard that drift, in a style with that swing; seconds off."""
    dice = np.random.default_rng(8)
    beats = np.concatenate([[0.0], np.cumsum(60 / (92 * (1 + 0.05 * np.sin(np.arange(56) / 9))))])
    tempo = 60 / float(beats[1])
    tracker, feel = BeatTracker(tempo=tempo, swing=1.0 if heard else told), Feel(told)
    tracker.place(0.0, 0.0, tempo)
    places = [0.0, 0.25, 0.5, 0.75]
    notes = [
        float(np.interp(beat + place, np.arange(57), beats) + dice.normal(0, 0.006))
        for beat in range(56)
        for place in places
        if place in (0.0, 0.5) or dice.random() < 0.6
    ]
    waiting = sorted(notes, reverse=True)

    def hear(now: float) -> None:
        while waiting and waiting[-1] <= now:
            time = waiting.pop()
            tracker.hear_note(time, 0.6)
            if heard and feel.hear(tracker.pulse(time)):
                tracker.expect(tempo, swing=feel.swing)

    clock = simulate(
        ControlLaw("adaptive", 0.7, tempo), hear, tracker.pulse, tempo=tempo, seconds=beats[-1]
    )
    return np.array([time - beats[beat] for beat, time in clock.sounded if beat < 56])


def test_who_plays_even_notes_to_a_swinging_chart_is_followed() -> None:
    off = followed(told=2.3, heard=True)
    assert abs(off[4:].mean()) < 0.012
    assert np.abs(off[4:]).max() < 0.05


def test_taking_the_style_s_swing_for_granted_would_lose_the_beat() -> None:
    assert np.abs(followed(told=2.3, heard=False)[4:]).max() > 0.05
