"""Figures of a rehearsal, from beats that are known."""

import math
from pathlib import Path

import numpy as np
import pytest

from scband.agents.form import Form
from scband.chart import read
from scband.errors import SessionError
from scband.live.togetherness import Sounding, figures
from scband.live.truth import Truth, expected_beats, read_truth


def soundings(gaps: list[float], off: list[float | None]) -> list[Sounding]:
    times = [0.0, *np.cumsum(gaps)]
    return [
        Sounding(float(t), float(n), n // 4, o)
        for n, (t, o) in enumerate(zip(times, off, strict=True))
    ]


def test_mean_spread_and_worst_are_in_milliseconds_and_late_is_positive() -> None:
    told = figures(soundings([0.5] * 7, [0.01, 0.02, 0.01, 0.02, 0.01, 0.02, 0.01, 0.02]))
    assert told.mean_ms == pytest.approx(15)
    assert told.sd_ms == pytest.approx(5)
    assert told.worst_ms == pytest.approx(20)
    assert (told.lock_beats, told.bars, told.bars_out) == (0, 1, 0)


def test_what_came_before_it_had_locked_does_not_count() -> None:
    off = [None, None, 0.2, -0.1, 0.05, *[0.0] * 8]
    told = figures(soundings([0.5] * 12, off))
    assert told.lock_beats == 3
    assert told.lock_seconds == pytest.approx(1.5)
    assert told.worst_ms == 0


def test_a_band_that_slipped_by_a_beat_is_in_the_wrong_bar() -> None:
    told = figures(soundings([0.5] * 15, [0.0] * 8 + [0.5] * 8))
    assert (told.bars, told.bars_out) == (3, 2)


def test_a_band_that_never_came_in_has_no_figures() -> None:
    told = figures(soundings([0.5] * 9, [None] * 10))
    assert told.beats == 0
    assert math.isnan(told.mean_ms)
    assert told.lock_beats is None


def test_a_step_of_tempo_is_found_and_how_it_was_taken() -> None:
    gaps = [0.5] * 12 + [0.4] * 12
    off = [0.0] * 13 + [0.1, 0.05, 0.02, -0.01, 0.0] + [0.0] * 7
    told = figures(soundings(gaps, off), [(13.0, 140.0), (14.0, 156.0), (15.0, 150.0)])
    (step,) = told.adaptations
    assert (step.beat, step.beats) == (12.0, 3)
    assert (step.before, step.after) == (pytest.approx(120), pytest.approx(150))
    assert step.overshoot == pytest.approx(100 * 0.01 / 0.4)
    assert step.tempo_overshoot == pytest.approx(4.0)
    assert told.steady_worst_ms < told.worst_ms


def test_drift_is_no_step() -> None:
    gaps = [0.5 * (1 + 0.05 * math.sin(n / 6)) for n in range(60)]
    assert figures(soundings(gaps, [0.0] * 61)).adaptations == ()


def test_a_step_that_is_never_taken_is_told() -> None:
    gaps = [0.5] * 12 + [0.4] * 12
    off = [0.0] * 13 + [0.1 * n for n in range(1, 13)]
    assert figures(soundings(gaps, off)).adaptations[0].beats is None


def test_beats_are_read_with_and_without_their_numbers(tmp_path: Path) -> None:
    path = tmp_path / "take.beats"
    path.write_text("".join(f"{n * 0.5:.3f}\t{n % 3 + 1}\n" for n in range(9)))
    assert read_truth(path).numbers == (1, 2, 3) * 3
    path.write_text("# seconds\n" + "\n".join(str(n / 2) for n in range(9)))
    assert read_truth(path) == Truth(tuple(n / 2 for n in range(9)))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("0.5\tone\n", "line 1"),
        ("0.5\n0.4\n" * 8, "must rise"),
        ("1.0\n2.0\n", "2 beats"),
        ("nan\n" * 9, "must rise"),
    ],
)
def test_beats_that_cannot_be_read_are_refused(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "take.beats"
    path.write_text(text)
    with pytest.raises(SessionError, match=words):
        read_truth(path)
    with pytest.raises(SessionError, match=r"nosuch\.beats"):
        read_truth(tmp_path / "nosuch.beats")


def test_beats_lie_along_the_form_from_its_first_bar_on() -> None:
    song = read("meter: 3/4\n| C | F | G |\n")
    truth = Truth(tuple(n / 2 for n in range(11)), (2, 3, *(1, 2, 3) * 3))
    found = expected_beats(truth, Form(song, choruses=1, count_in=True))
    assert [(b.time, b.beat, b.bar) for b in found[:4]] == [
        (1.0, 3.0, 1),
        (1.5, 4.0, 1),
        (2.0, 5.0, 1),
        (2.5, 6.0, 2),
    ]
    assert len(found) == 9


def test_in_six_eight_the_beats_are_dotted() -> None:
    song = read("meter: 6/8\n| C | F |\n")
    truth = Truth(tuple(n * 0.7 for n in range(8)), (1, 2) * 4)
    found = expected_beats(truth, Form(song, choruses=0, count_in=False))
    assert [b.beat for b in found[:4]] == [0.0, 1.5, 3.0, 4.5]
