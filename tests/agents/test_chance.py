from collections import Counter
from itertools import pairwise
from statistics import mean, pstdev

import pytest

from scband.agents.chance import choose, dice

PINNED = [0.444096402, 0.696824796, 0.524436989]


def test_a_place_has_its_own_dice_for_ever():
    rng = dice(7, "bass", 0, 3)
    assert [round(rng.random(), 9) for _ in range(3)] == PINNED


def test_neighbouring_places_have_nothing_to_do_with_each_other():
    first = [dice(1, "bass", bar).random() for bar in range(4000)]
    assert mean(first) == pytest.approx(0.5, abs=0.02)
    pairs = [(a - 0.5) * (b - 0.5) for a, b in pairwise(first)]
    assert mean(pairs) == pytest.approx(0, abs=0.006)


def test_draws_are_even_and_normal():
    rng = dice(3, "test")
    even = [rng.random() for _ in range(20000)]
    bins = Counter(int(x * 10) for x in even)
    assert all(1800 < bins[i] < 2200 for i in range(10))
    bell = [rng.gauss(2.0) for _ in range(20000)]
    assert mean(bell) == pytest.approx(0, abs=0.05)
    assert pstdev(bell) == pytest.approx(2.0, rel=0.03)


def test_choices_come_by_weight():
    rng = dice(5, "choices")
    drawn = Counter(choose(rng, (("a", 3), ("b", 1), ("c", 0))) for _ in range(4000))
    assert drawn["c"] == 0
    assert drawn["a"] / drawn["b"] == pytest.approx(3, rel=0.1)
    assert choose(rng, (("a", 0), ("b", 0))) == "b"
