import numpy as np
import pytest

from scband.analysis.follow.pattern import Pattern
from scband.analysis.follow.rival import Rivals

EIGHTHS = (0.0, 0.5)
BOSSA = (0.0, 1.5, 2.0, 3.5)


def _play(rivals, rates, pattern, bar=4, scatter=0.004, rest=(), seed=1):
    """Play a pattern of each bar, beats at `rates` a second; the beat is followed at the first.

    Returns the rivals found, each with the true beat at its time, and the second of the change.
    """
    dice = np.random.default_rng(seed)
    times = np.concatenate([[1.0], 1.0 + np.cumsum(1 / np.asarray(rates))])
    beats = np.arange(len(times))
    places = [b + p for b in range(0, len(rates), bar) for p in pattern if b + p < len(rates)]
    attacks = [
        float(np.interp(place, beats, times) + dice.normal(0, scatter))
        for place in places
        if int(place) not in rest
    ]
    changes = next((t for t, r in zip(times, rates, strict=False) if r != rates[0]), np.inf)
    found = []
    for now in np.arange(1.0, times[-1], 0.04):
        while attacks and attacks[0] <= now:
            rivals.strike(attacks.pop(0))
        rivals.follow(float(now), (now - 1.0) * rates[0], rates[0], 0.9)
        rival = rivals.better()
        if rival is not None:
            found.append((rival, float(np.interp(rival.time, times, beats))))
            break
    return found, changes


@pytest.mark.parametrize("factor", [0.8, 0.87, 1.15, 1.2, 1.3])
def test_eighths_at_another_tempo_are_known_within_two_beats(factor):
    found, changes = _play(Rivals(4), [2.0] * 24 + [2.0 * factor] * 8, EIGHTHS, bar=1)
    ((rival, true),) = found
    assert rival.rate == pytest.approx(2.0 * factor, rel=0.05)
    assert rival.beat == pytest.approx(true, abs=0.06)
    assert rival.time < changes + 2.1 / (2.0 * factor)


@pytest.mark.parametrize("factor", [0.8, 1.2])
def test_a_sparse_bass_is_known_by_its_pattern(factor):
    found, changes = _play(Rivals(4), [2.0] * 32 + [2.0 * factor] * 12, BOSSA)
    ((rival, true),) = found
    assert rival.rate == pytest.approx(2.0 * factor, rel=0.05)
    assert rival.beat == pytest.approx(true, abs=0.1)
    assert rival.time < changes + 6 / (2.0 * factor)


@pytest.mark.parametrize("pattern", [EIGHTHS, BOSSA, (0.0, 0.75, 1.5, 2.5, 3.0, 3.25)])
def test_a_steady_player_has_no_rival_whatever_the_scatter(pattern):
    for seed in range(4):
        found, _ = _play(Rivals(4), [2.0] * 64, pattern, scatter=0.015, seed=seed)
        assert found == []


def test_a_rest_and_what_follows_it_are_no_change():
    found, _ = _play(Rivals(4), [2.0] * 64, EIGHTHS, bar=1, rest=set(range(32, 39)))
    assert found == []


def test_resting_teaches_no_pattern():
    pattern = Pattern(4)
    for number in range(16):
        pattern.learn(number, [number % 4], 2.0)
    before = pattern.expected().until(np.array([4.0]))
    for number in range(16, 48):
        pattern.learn(number, [], 2.0)
    assert pattern.expected().until(np.array([4.0])) == pytest.approx(before)


def test_expected_attacks_add_up_over_bars():
    pattern = Pattern(3)
    for number in range(60):
        pattern.learn(number, [number % 3, number % 3 + 0.5], 2.0)
    expected = pattern.expected()
    one, four = expected.until(np.array([3.0, 12.0]))
    assert four == pytest.approx(4 * one)
    assert 3 < one < 9
    assert expected.logs(np.array([1.0]))[0] > expected.logs(np.array([1.25]))[0] + 1.5
