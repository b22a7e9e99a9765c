# ruff: noqa: E501  # tables read best in rows
"""Pitch names and intervals."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scband.errors import TheoryError
from scband.theory import pitch


@pytest.mark.parametrize(
    ("name", "number"),
    [("C", 0), ("Bb", 10), ("B♭", 10), ("F##", 7), ("F𝄪", 7), ("Cb", 11), ("E#", 5), ("Gx", 9)],
)
def test_names_have_pitch_classes(name: str, number: int) -> None:
    assert pitch.pitch_class(name) == number


@given(st.integers(-20, 20))
def test_places_on_the_line_of_fifths_are_named_and_found_again(position: int) -> None:
    assert pitch.fifths(pitch.name_at(position)) == position


@pytest.mark.parametrize(
    ("name", "interval", "moved"),
    [
        ("C", "m3", "Eb"), ("C", "A2", "D#"), ("F", "A4", "B"), ("F", "d5", "Cb"), ("B", "M3", "D#"),
        ("Eb", "-M2", "Db"), ("A", "-P4", "E"), ("Gb", "P4", "Cb"), ("C", "M9", "D"), ("D", "dd5", "Abb"),
    ],
)  # fmt: skip
def test_intervals_keep_the_right_letter(name: str, interval: str, moved: str) -> None:
    assert pitch.transpose(name, interval) == moved


@pytest.mark.parametrize("text", ["P3", "M5", "x", "m0", "", "M", "5"])
def test_intervals_that_do_not_exist_are_errors(text: str) -> None:
    with pytest.raises(TheoryError):
        pitch.interval_fifths(text)


@pytest.mark.parametrize("name", ["H", "", "C####", "Cis", "1"])
def test_names_that_do_not_exist_are_errors(name: str) -> None:
    with pytest.raises(TheoryError):
        pitch.pitch_class(name)


@pytest.mark.parametrize(
    ("german", "english"),
    [("H", "B"), ("B", "Bb"), ("Fis", "F#"), ("Es", "Eb"), ("As", "Ab"), ("His", "B#"), ("Ces", "Cb")],
)  # fmt: skip
def test_german_names_are_translated(german: str, english: str) -> None:
    assert pitch.english(german) == english
    with pytest.raises(TheoryError):
        pitch.english("X")


def test_names_are_simplified() -> None:
    assert [pitch.simplest(name) for name in ("F##", "Abb", "Cb", "E#", "Bb")] == [
        "G", "G", "B", "F", "Bb",
    ]  # fmt: skip
    assert (pitch.spell(70), pitch.spell(70, flats=False)) == ("Bb", "A#")
