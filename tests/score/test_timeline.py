# ruff: noqa: E501  # tables read best in rows
"""Meters and tempo maps."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scband.errors import ScoreError
from scband.score import Meter, Note, TempoMap


@pytest.mark.parametrize(
    ("text", "beats", "pulses"),
    [
        ("4/4", 4.0, (0, 1, 2, 3)), ("3/4", 3.0, (0, 1, 2)), ("6/8", 3.0, (0, 1.5)),
        ("12/8", 6.0, (0, 1.5, 3, 4.5)), ("7/8", 3.5, (0, 1, 2)), ("5/4", 5.0, (0, 1, 2, 3, 4)),
        ("2/2", 4.0, (0, 2)), ("C", 4.0, (0, 1, 2, 3)), ("C|", 4.0, (0, 2)), ("3/8", 1.5, (0, 0.5, 1)),
    ],
)  # fmt: skip
def test_a_meter_knows_its_length_and_pulses(
    text: str, beats: float, pulses: tuple[float, ...]
) -> None:
    meter = Meter.parse(text)
    assert meter.beats == beats
    assert meter.pulses == pulses
    assert Meter.parse(str(meter)) == meter


@pytest.mark.parametrize("text", ["4/5", "0/4", "65/4", "4", "x", "", "4/0", "-3/4"])
def test_impossible_meters_are_errors(text: str) -> None:
    with pytest.raises(ScoreError):
        Meter.parse(text)


@pytest.mark.parametrize("beats", [0.0, -1.0, 1e9, float("inf"), float("nan"), 1 / 3])
def test_no_meter_lasts_an_impossible_length(beats: float) -> None:
    with pytest.raises(ScoreError):
        Meter.of_beats(beats)


@given(st.integers(1, 64), st.sampled_from([4, 8, 16]))
def test_a_meter_is_found_for_every_length(numerator: int, denominator: int) -> None:
    beats = Meter(numerator, denominator).beats
    assert Meter.of_beats(beats).beats == beats


changes = st.lists(
    st.tuples(st.integers(1, 400).map(lambda n: n / 4), st.integers(20, 300)), max_size=8
)


@given(changes, st.floats(0, 200))
def test_beats_and_seconds_are_inverse(pairs: list[tuple[float, int]], beat: float) -> None:
    tempo = TempoMap.of([(0.0, 120.0), *pairs])
    assert tempo.beat(tempo.seconds(beat)) == pytest.approx(beat, abs=1e-6)


def test_a_tempo_change_counts_from_its_beat() -> None:
    tempo = TempoMap.of([(0, 60), (4, 120)])
    assert [tempo.seconds(beat) for beat in (0, 4, 6)] == [0.0, 4.0, 5.0]
    assert (tempo.bpm_at(3.9), tempo.bpm_at(4)) == (60, 120)


@pytest.mark.parametrize(
    "pairs", [[(1.0, 120.0)], [(0.0, 0.0)], [(0.0, 2000.0)], [], [(0.0, float("nan"))]]
)
def test_impossible_tempo_maps_are_errors(pairs: list[tuple[float, float]]) -> None:
    with pytest.raises(ScoreError):
        TempoMap.of(pairs)


@pytest.mark.parametrize(
    "values",
    [
        (0, 1, 128, 0.5), (0, 1, -1, 0.5), (0, 0, 60, 0.5), (0, -1, 60, 0.5), (0, 1, 60, 1.1),
        (float("nan"), 1, 60, 0.5), (0, float("inf"), 60, 0.5),
    ],
)  # fmt: skip
def test_impossible_notes_are_errors(values: tuple[float, float, int, float]) -> None:
    with pytest.raises(ScoreError):
        Note(*values)
    with pytest.raises(ScoreError):
        Note(0, 1, 60, 0.5, "loud")
