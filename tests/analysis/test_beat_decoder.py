import numpy as np
import pytest

from scband.analysis.beat.decoder import STEPS_PER_SECOND, decode
from scband.analysis.beat.features import FRAMES_PER_SECOND


def probabilities(seconds, bar, end=None, noise=0.0, missing=0.0):
    """Give P(beat) and P(downbeat) that peak at these seconds, every `bar` a downbeat."""
    dice = np.random.default_rng(5)
    count = int((end or seconds[-1] + 0.5) * FRAMES_PER_SECOND)
    beat = 0.01 + noise * dice.random(count)
    down = beat / 3
    for number, second in enumerate(seconds):
        if dice.random() < missing:
            continue
        at = second * FRAMES_PER_SECOND
        for frame in range(int(at) - 1, int(at) + 3):
            if 0 <= frame < count:
                height = 0.9 * max(0, 1 - abs(frame - at) / 2)
                beat[frame] = max(beat[frame], height)
                if number % bar == 0:
                    down[frame] = max(down[frame], 0.9 * height)
    return beat.astype(np.float32), down.astype(np.float32)


def seconds_of(pulses):
    return np.array([pulse.step / STEPS_PER_SECOND for pulse in pulses])


@pytest.mark.parametrize("bar", [2, 3, 4])
@pytest.mark.parametrize("bpm", [52, 60, 75, 97.3, 120, 144.4, 180, 208])
def test_steady_beats_are_found_at_any_tempo_and_meter(bpm, bar):
    true = 0.3 + np.arange(int(20 * bpm / 60)) * 60 / bpm
    pulses = decode(*probabilities(true, bar, end=true[-1] + 0.1))
    assert len(pulses) == pytest.approx(len(true), abs=1)
    found = seconds_of(pulses)
    gaps = np.abs(found[:, None] - true).min(1)
    assert gaps.max() <= 0.03
    assert {pulse.bar for pulse in pulses} == {bar}
    first = next(pulse for pulse in pulses if pulse.place == 0)
    number = int(np.abs(true - first.step / STEPS_PER_SECOND).argmin())
    assert number % bar == 0


def test_missing_and_doubtful_beats_are_filled_in():
    true = 0.5 + np.arange(60) * 0.5
    found = seconds_of(decode(*probabilities(true, 4, noise=0.15, missing=0.3)))
    assert np.abs(found[:, None] - true).min(1).max() < 0.06
    assert np.abs(found - true[3:-3, None]).min(1).max() < 0.06


def test_a_drifting_tempo_is_followed():
    tempo = 100 * (1 + 0.15 * np.sin(np.arange(100) / 12))
    true = 0.4 + np.concatenate([[0], np.cumsum(60 / tempo)])
    found = seconds_of(decode(*probabilities(true, 4)))
    assert np.abs(true[:, None] - found).min(1).max() < 0.04


def test_a_step_of_the_tempo_is_followed_within_four_beats():
    true = np.concatenate([0.5 + np.arange(40) * 0.5, 20.5 + np.arange(40) * 0.42])
    found = seconds_of(decode(*probabilities(true, 4)))
    late = np.abs(true[:, None] - found).min(1)
    assert (late > 0.05).sum() <= 4


def test_the_meter_may_change():
    true = 0.5 + np.arange(72) * 0.5
    beat, down = probabilities(true, 4)
    waltz = probabilities(true, 3)[1]
    half = int(true[36] * FRAMES_PER_SECOND) - 5
    down[half:] = waltz[half:]
    pulses = decode(beat, down)
    assert [pulse.bar for pulse in pulses[8:28]] == [4] * 20
    assert [pulse.bar for pulse in pulses[44:64]] == [3] * 20


def test_long_recordings_are_written_down_without_seams():
    true = 0.3 + np.arange(600) * 0.5
    found = seconds_of(decode(*probabilities(true, 4)))
    assert len(found) == pytest.approx(600, abs=1)
    assert np.diff(found).min() > 0.45
    assert np.diff(found).max() < 0.55


def test_nothing_gives_nothing():
    assert decode(np.zeros(0, np.float32), np.zeros(0, np.float32)) == []
