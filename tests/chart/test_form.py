"""Forms played out bar by bar, and folded back."""

from dataclasses import replace

import pytest
from chart_songs import EVERYTHING, songs, sounding
from hypothesis import given, settings

from scband.chart import read
from scband.chart.fold import fold
from scband.chart.form import MAX_BARS
from scband.errors import ChartError


def played(text: str) -> str:
    """Play a chart out and give the chords of its bars in one line."""
    return " ".join(str(bar.chords[0].chord) for bar in read(text).expand())


@pytest.mark.parametrize(
    ("chart", "form"),
    [
        ("|: C | F :| G |", "C F C F G"),
        ("|: C | F :|x3 G |", "C F C F C F G"),
        ("| C | F :| G |", "C F C F G"),
        ("|: C |1. F :|2. G | A |", "C F C G A"),
        ("|: C |1. F | E :|2. G |", "C F E C G"),
        ("|: C |1,2. F :|3. G |", "C F C F C G"),
        ("|: C |1. F :|2. G :|3. A |", "C F C G C A"),
        ("|: C |1-3. F :|4. G |", "C F C F C F C G"),
        ("| C | {fine} F | G | {D.C. al Fine} A |", "C F G A C F"),
        ("| C | {segno} F | {fine} G | A {D.S. al Fine} |", "C F G A F G"),
        ("| C | F {to coda} | G {D.C. al Coda} | {coda} A | B |", "C F G C F A B"),
        ("| C | {segno} F | G {to coda} | A {D.S. al Coda} | {coda} B |", "C F G A F G B"),
        ("|: C | F :| G {D.C.} |", "C F C F G C F G"),
        ("|: C |1. F :|2. G | A {D.C. al 1st ending} |", "C F C G A C F"),
        ("|: C |1. F :|2. {fine} G | A {D.C. al Fine} |", "C F C G A C G"),
        ("| C | F {to coda} | G {D.C. al Coda} |: {coda} A :| B |", "C F G C F A A B"),
        ("| C | % | F |", "C C F"),
        ("| C | F | %% | %% |", "C F C F"),
        ("| C | . | F | G | %% | %% |", "C C F G F G"),
        ("| C | F | x2", "C F C F"),
        ("[A] x2\n| C | F |\n[B]\n| G |", "C F C F G"),
        ("form: A B A\n[A]\n| C |\n[B]\n| F |", "C F C"),
        ("form: #2 #1\n[A]\n| C |\n[A]\n| F |", "F C"),
        ("[A] x2\n| C | F {D.C.} |", "C F C F C F C F"),
    ],
)
def test_a_form_is_played_as_players_read_it(chart: str, form: str) -> None:
    assert played(chart) == form


def test_jumps_are_taken_once_and_never_in_circles() -> None:
    assert played("| {segno} C | F {D.S.} |") == "C F C F"
    endless = "[A] x200\n" + "|: C :|x200\n" * 10
    with pytest.raises(ChartError, match="bars"):
        read(endless).expand()


def test_a_long_form_is_played_out_in_linear_time() -> None:
    bars = read("[A] x200\n" + "| C | F | G | A |\n" * 20).expand()
    assert len(bars) == 16_000 < MAX_BARS


def test_bars_know_their_place_in_section_and_form() -> None:
    bars = read("[Intro]\n| C |\n[Verse] x2\n| (3/4) F | G | A | B |").expand()
    assert [bar.index for bar in bars] == list(range(9))
    assert [bar.section for bar in bars] == ["Intro", *["Verse"] * 8]
    assert [bar.section_bar for bar in bars] == [0, 0, 1, 2, 3, 0, 1, 2, 3]
    assert [bar.section_bars for bar in bars] == [1] + [4] * 8
    assert [bar.start for bar in bars[:4]] == [0.0, 4.0, 7.0, 10.0]
    assert bars[-1].end == 28.0
    assert bars[1].source == (1, 0)


def test_a_repeated_section_starts_again_and_a_vamp_counts_on() -> None:
    again = read("[A]\n|: C | F | G | A :|").expand()
    assert [bar.section_bar for bar in again] == [0, 1, 2, 3, 0, 1, 2, 3]
    vamp = read("[A]\n|: C | F :| G | A | B | E |").expand()
    assert [bar.section_bar for bar in vamp] == list(range(8))


def test_a_chord_sounds_at_every_bar_line() -> None:
    bars = read("| Dm7 . G7 . | . | . . C . | {beats 1} . |").expand()
    assert [[(c.beat, str(c.chord)) for c in bar.chords] for bar in bars] == [
        [(0.0, "Dm7"), (2.0, "G7")],
        [(0.0, "G7")],
        [(0.0, "G7"), (2.0, "C")],
        [(0.0, "C")],
    ]
    assert str(bars[2].chord_at(1.9)) == "G7"
    assert str(bars[2].chord_at(2.0)) == "C"
    assert bars[3].meter.beats == 1.0


@settings(max_examples=150, deadline=None)
@given(songs())
def test_folding_a_played_form_back_loses_no_bar(song) -> None:
    bars = song.expand()
    again = fold(bars, song).expand()
    assert [replace(bar, source=(0, 0)) for bar in again] == [
        replace(bar, source=(0, 0)) for bar in bars
    ]


@settings(max_examples=100, deadline=None)
@given(songs())
def test_transposition_moves_every_chord_and_nothing_else(song) -> None:
    moved = song.transposed("m3")
    for (beat, root, bass, tones), (beat2, root2, bass2, tones2) in zip(
        sounding(song), sounding(moved), strict=True
    ):
        assert (beat, tones) == (beat2, tones2)
        if root is not None and bass is not None:
            assert ((root + 3) % 12, (bass + 3) % 12) == (root2, bass2)


def test_folding_finds_what_comes_again() -> None:
    bars = read("[A]\n| C | F | G | C |\n[B]\n| Am |\n[A]\n| C | F | G | C |").expand()
    folded = fold(bars, EVERYTHING)
    assert [section.name for section in folded.sections] == ["A", "B"]
    assert folded.order == (0, 1, 0)
    twice = fold(read("[A] x3\n| C | F | G | C |").expand(), EVERYTHING)
    assert twice.sections[0].times == 3


def test_an_order_that_names_no_section_is_an_error() -> None:
    with pytest.raises(ChartError, match="section 5"):
        replace(EVERYTHING, sections=EVERYTHING.sections[:2], order=(0, 4)).expand()
