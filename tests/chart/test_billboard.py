"""The Billboard corpus' text: what its signs mean, errors with places, and the whole corpus."""

import os
from pathlib import Path

import pytest
from chart_songs import sounding

from scband.chart import Mark, encode, read, write_text
from scband.chart.billboard import looks_like_billboard, read_billboard
from scband.chart.jsonchart import read_json, write_json
from scband.errors import ChartError
from scband.score import Meter
from scband.theory import Key

# Made after the annotations of the McGill Billboard corpus (CC0; Burgoyne, Wild and Fujinaga,
# "An expert ground truth set for audio chord recognition and music analysis", ISMIR 2011):
# every sign that occurs in it, in a song that is not.
SONG = """# title: Made Up
# artist: Nobody
# metre: 4/4
# tonic: Ab

0.000000000\tsilence
1.500000000\tA, intro, | Ab:maj | Db:maj/5 Eb:7 | (2/4) F:min7 | G:hdim7 . C:7(b9) . |, (synth)
9.000000000\tB', verse, | Ab:maj | Db:maj | x2, (voice
25.000000000\t| * | &pause | Eb:sus4(b7,9) | ->
# metre: 3/4
# tonic: F
31.000000000\tC, chorus, fadeout, | F:maj . Bb:maj | Bb:maj F:maj C:1/1 | N | F:5 |, voice)
40.000000000\tZ, noise
41.250000000\tend
"""


def test_sections_meters_keys_and_times_are_read() -> None:
    song = read(SONG)
    assert (song.title, song.composer, song.key) == ("Made Up", "Nobody", Key("Ab"))
    assert [(s.name, s.label) for s in song.sections] == [
        ("intro", "A"), ("verse", "B'"), ("chorus", "C"),
    ]  # fmt: skip
    intro, verse, chorus = song.sections
    assert [bar.meter for bar in intro.bars] == [None, None, Meter(2, 4), Meter(4, 4)]
    assert (chorus.bars[0].meter, chorus.bars[0].key) == (Meter(3, 4), Key("F"))
    assert [bar.time for bar in verse.bars] == [9.0, None, 25.0, None, None]
    assert (verse.bars[0].repeat_start, verse.bars[1].repeat_end) == (True, 2)
    assert intro.bars[0].text == "(synth)"
    assert chorus.bars[0].text == "fadeout, voice)"
    assert song.info == (("end", "41.25"),)


def test_chords_take_their_share_of_the_bar() -> None:
    song = read(SONG)
    intro, verse, chorus = song.sections
    assert [(item.beat, str(item.chord)) for item in intro.bars[1].chords] == [
        (0.0, "Db/Ab"),
        (2.0, "Eb7"),
    ]
    assert [(item.beat, str(item.chord)) for item in intro.bars[3].chords] == [
        (0.0, "Gm7b5"),
        (2.0, "C7b9"),
    ]
    assert [(item.beat, str(item.chord)) for item in chorus.bars[0].chords] == [
        (0.0, "F"),
        (2.0, "Bb"),
    ]
    assert str(verse.bars[2].chords[0].chord) == "N.C."
    assert verse.bars[3].marks == {Mark.FERMATA}


def test_the_form_is_played_out_and_comes_back_from_every_format() -> None:
    song = read(SONG)
    assert len(song.expand()) == 4 + 4 + 3 + 4
    assert read(write_text(song)) == song
    assert read_json(write_json(song)) == song
    for kind in ("chordpro", "ireal", "musicxml", "mxl", "midi"):
        again = [heard[1:] for heard in sounding(read(encode(song, kind)))]
        assert again == [heard[1:] for heard in sounding(song)], kind


def test_the_tempo_is_the_median_pace() -> None:
    lines = ["# metre: 4/4"] + [f"{4 * n}.0\tA, verse, | C:maj | G:7 |" for n in range(5)]
    assert read_billboard("\n".join(lines)).tempo == 120.0


@pytest.mark.parametrize(
    ("text", "line", "column", "words"),
    [
        ("# metre: 4/4\n1.0\tA, | C:maj | C:foo |", 2, 20, "'foo'"),
        ("# metre: 4/4\nnonsense", 2, 0, "time"),
        ("# metre: 4/5\n", 1, 0, "meter"),
        ("# metre: 4/4\n1.0\tA, | (9/0) C:maj |", 2, 10, "meter"),
        ("# metre: 4/4\n1.0\tA, |", 2, 0, "closed"),
        ("# metre: 4/4\n1.0\twhat is this", 2, 0, "known"),
        ("# metre: 4/4\n1.0\tsilence", 0, 0, "no bar"),
    ],
)
def test_an_error_names_line_column_and_reason(
    text: str, line: int, column: int, words: str
) -> None:
    with pytest.raises(ChartError, match=words) as caught:
        read_billboard(text)
    assert caught.value.line == line
    assert not column or caught.value.column == column


def test_its_files_are_told_from_other_texts() -> None:
    assert looks_like_billboard(SONG)
    assert not looks_like_billboard("title: A\n| C | F |")
    assert not looks_like_billboard("0.0 1.0 C:maj\n")


CORPUS = os.environ.get("SCBAND_BILLBOARD")


if CORPUS:  # a folder of the corpus; benchmarks/charts.py takes one too

    @pytest.mark.parametrize("path", sorted(Path(CORPUS).glob("*.txt")))
    def test_every_song_of_the_corpus_is_read_played_and_written(path: Path) -> None:
        song = read(path)
        assert song.expand()
        assert read(write_text(song)) == song
        assert read_json(write_json(song)) == song
