"""Chord symbols: what they mean, and how they are written."""

from itertools import combinations

import pytest

from scband.errors import ChordError
from scband.theory import Chord
from scband.theory.quality import parse
from scband.theory.symbols import plain


@pytest.mark.parametrize(
    ("text", "intervals"),
    [
        ("C", {0, 4, 7}),
        ("Dm7", {0, 3, 7, 10}),
        ("D-7", {0, 3, 7, 10}),
        ("Bb^7", {0, 4, 7, 11}),
        ("F#h7", {0, 3, 6, 10}),
        ("Ebo7", {0, 3, 6, 9}),
        ("G7alt", {0, 1, 3, 4, 6, 8, 10}),
        ("C7#9#5", {0, 3, 4, 8, 10}),
        ("C-^7", {0, 3, 7, 11}),
        ("Cm/maj7", {0, 3, 7, 11}),
        ("C6/9", {0, 2, 4, 7, 9}),
    ],
)
def test_common_spellings_have_the_right_tones(text: str, intervals: set[int]) -> None:
    assert Chord(text).intervals == intervals


def test_every_set_of_tones_is_printed_so_that_it_reads_back() -> None:
    for size in range(1, 13):
        for tones in combinations(range(12), size):
            assert parse(plain(frozenset(tones))) == frozenset(tones)


def test_unknown_text_names_the_place() -> None:
    with pytest.raises(ChordError) as caught:
        Chord("Cm7q")
    assert caught.value.position == 3
