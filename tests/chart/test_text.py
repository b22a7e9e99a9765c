"""Text charts: dialects, errors with places, and the way back."""

import pytest
from chart_songs import EVERYTHING, songs
from hypothesis import given, settings

from scband.chart import Mark, read, write_text
from scband.errors import ChartError
from scband.score import Meter
from scband.theory import Key


def test_a_full_header_is_read() -> None:
    song = read("title: So\ncomposer: Me\nkey: F#m\nmeter: 6/8\ntempo: 99.5\nstyle: rock\n| A |")
    assert (song.title, song.composer, song.key) == ("So", "Me", Key("F#m"))
    assert (song.meter, song.tempo, song.style) == (Meter(6, 8), 99.5, "rock")


def test_the_header_is_optional_and_the_key_is_found_in_the_chords() -> None:
    song = read("| Dm7 | G7 | Cmaj7 | A7 |")
    assert (song.title, song.key, song.tempo, song.meter) == ("", None, 120.0, Meter(4, 4))
    assert song.tonality == Key("C")


@pytest.mark.parametrize(
    ("chart", "same"),
    [
        ("Dm7 | G7 | C", "| Dm7 | G7 | C |"),
        ("| C / / / | F / G / |", "| C | F G |"),
        ("| C - - - | F - G - |", "| C | F G |"),
        ("||: C | F :||", "|: C | F :|"),
        ("𝄆 C | F 𝄇", "|: C | F :|"),
        ("| C | F | (x2)", "|: C | F :|"),
        ("C F G Am\n", "| C | F | G | Am |"),
        ("C F G Am", "| C | F | G | Am |"),
        ("Intro:\nC F\n", "[Intro]\n| C | F |"),
        ("Verse 1: | C | F |", "[Verse 1]\n| C | F |"),
        ("(Bridge)\n| C | F |", "[Bridge]\n| C | F |"),
        ("== Chorus ==\n| C | F |", "[Chorus]\n| C | F |"),
        ("VERSE\n| C | F |", "[VERSE]\n| C | F |"),
        ("# Chorus\n| C | F |", "[Chorus]\n| C | F |"),
        ("// words\n; words\n| C | F |", "| C | F |"),
        ("| C | ./. | F |", "| C | % | F |"),
        ("| C, F | G |", "| C F | G |"),
        ("\ufeff| C |\r\n| F |\r\n", "| C | F |"),
        ("notation: german\n| H7 | Es | am |", "notation: german\n| H7 | Es | am |"),
        ("| C |\t| F |", "| C | . | F |"),
    ],
)
def test_dialects_mean_the_same(chart: str, same: str) -> None:
    assert [section.bars for section in read(chart).sections] == [
        section.bars for section in read(same).sections
    ]


def test_german_notation_is_read_where_the_header_says_so() -> None:
    chords = [str(bar.chords[0].chord) for bar in read("notation: german\n| H7 | Es | B |").bars]
    assert chords == ["B7", "Eb", "Bb"]


def test_roman_numerals_are_read_in_the_key_of_the_header() -> None:
    song = read("key: Bb\nnotation: roman\n| ii7 | V7/3 V7 | Imaj7 | V7/ii |")
    names = [str(item.chord) for bar in song.bars for item in bar.chords]
    assert names == ["Cm7", "F7/D", "F7", "Bbmaj7", "G7"]


@pytest.mark.parametrize(
    ("bar", "meter", "beats"),
    [
        ("C F", "4/4", [0, 2]), ("C F G", "4/4", [0, 2, 3]), ("C F G A", "4/4", [0, 1, 2, 3]),
        ("C F", "3/4", [0, 2]), ("C F G", "3/4", [0, 1, 2]), ("C F", "6/8", [0, 1.5]),
        ("C F G A", "12/8", [0, 1.5, 3, 4.5]), ("C F", "5/4", [0, 3]), ("C F", "7/8", [0, 2]),
        ("C . . F", "4/4", [0, 3]), ("C@1 F@3.5", "4/4", [0, 2.5]), ("C . F", "6/8", [0, 2]),
        ("C F G A B", "4/4", [0, 0.8, 1.6, 2.4, 3.2]),
    ],
)  # fmt: skip
def test_chords_fall_on_the_beats_that_players_expect(
    bar: str, meter: str, beats: list[float]
) -> None:
    song = read(f"meter: {meter}\n| {bar} |")
    assert [item.beat for item in song.bars[0].chords] == pytest.approx(beats)


@pytest.mark.parametrize(
    ("chart", "line", "column", "words"),
    [
        ("| C | Xyz |", 1, 7, "root"),
        ("title: A\n| C | Dm7q |", 2, 10, "'q'"),
        ("| C |\n| F | {foo} |", 2, 7, "foo"),
        ("meter: 4/5\n| C |", 1, 0, "meter"),
        ("key: H\n| C |", 1, 0, "key"),
        ("tempo: fast\n| C |", 1, 0, "tempo"),
        ("form: A C\n[A]\n| C |", 1, 0, "'C'"),
        ("| (5/5) C |", 1, 3, "meter"),
        ("| C@9 |", 1, 3, "fit"),
        ("| C@1 D@1 |", 1, 3, "fit"),
        ("| C@0 |", 1, 5, "counted from 1"),
        ("| {beats 0} C |", 1, 3, "beats"),
        (":| C |", 1, 1, "before"),
        ("| C :|x999 |", 1, 5, "200"),
        ("[A] x0\n| C |", 1, 1, "200"),
        ("| C |\nThese are just words\n", 2, 1, "headed"),
        ("title: only a header", 0, 0, "no bar"),
        ("", 0, 0, "no bar"),
    ],
)
def test_an_error_names_line_column_and_reason(
    chart: str, line: int, column: int, words: str
) -> None:
    with pytest.raises(ChartError) as caught:
        read(chart + "\n")
    assert (caught.value.line, caught.value.column) == (line, column)
    assert words in str(caught.value)


def test_words_are_kept_with_the_bars_that_they_are_sung_to() -> None:
    song = read("[Verse]\nC G Am F\nwords and words\n")
    assert song.bars[0].text == "words and words"


def test_every_sign_survives_the_way_to_text_and_back() -> None:
    assert read(write_text(EVERYTHING)) == EVERYTHING
    marks = {mark for bar in EVERYTHING.bars for mark in bar.marks}
    assert marks == {Mark.SEGNO, Mark.TO_CODA, Mark.CODA, Mark.FINE, Mark.FERMATA}


@settings(max_examples=200, deadline=None)
@given(songs())
def test_writing_and_reading_a_text_chart_gives_the_same_song(song) -> None:
    assert read(write_text(song)) == song
