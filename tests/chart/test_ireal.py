"""iReal Pro links: scrambling, the grid of cells, playlists, damage."""

import random

import pytest
from chart_songs import CHORDS, EVERYTHING, songs, sounding
from hypothesis import given, settings
from hypothesis import strategies as st

from scband.chart import Bar, ChordAt, Jump, Mark, Section, SongMap, read, read_playlist
from scband.chart.ireal import scramble, unscramble, write_ireal, write_playlist
from scband.chart.irealgrid import read_grid
from scband.errors import ChartError
from scband.score import Meter
from scband.theory import Key


@given(st.text("ABCDEFG7^-|[]{}T4h*Z/b", max_size=400))
def test_scrambling_is_undone(music: str) -> None:
    assert unscramble(scramble(music)) == music


@pytest.mark.parametrize("length", [0, 1, 49, 50, 51, 52, 99, 100, 101, 102, 150, 151, 152])
def test_blocks_of_fifty_are_swapped_but_not_a_rest_of_one(length: int) -> None:
    music = "".join(chr(40 + number % 50) for number in range(length))
    assert unscramble(scramble(music)) == music
    moved = scramble(music)
    assert (moved == music) == (length <= 51)
    if length >= 52:
        assert moved[0] == music[49]
        assert moved[49] == music[0]
        assert moved[5:10] == music[5:10]
        assert moved[10] == music[39]


def test_the_documented_example_of_the_old_link_is_read() -> None:
    song = read("irealbook://Song Title=LastName FirstName=Style=Ab=n=T44*A{C^7 |A-7 |D-9 |G7#5 }")
    assert (song.title, song.composer, song.style) == ("Song Title", "FirstName LastName", "Style")
    assert (song.key, song.meter) == (Key("Ab"), Meter(4, 4))
    assert [str(bar.chords[0].chord) for bar in song.expand()] == [
        "Cmaj7",
        "Am7",
        "Dm9",
        "G7#5",
    ] * 2


def forms(music: str) -> str:
    sections, meter = read_grid(music, "grid")
    song = SongMap(sections, meter=meter)
    return " ".join(str(bar.chords[0].chord) for bar in song.expand())


@pytest.mark.parametrize(
    ("music", "form"),
    [
        ("T44[C   |F   |G   |C   Z", "C F G C"),
        ("{C   |F   }G   |C   Z", "C F C F G C"),
        ("{C   |N1F   }            |N2G   Z", "C F C G"),
        ("{C   |F   <3x>}G   Z", "C F C F C F G"),
        ("{C   <3x>|F   }{G   |A   }", "C F C F C F G A G A"),
        ("{C   |F   }<4x> |G   Z", "C F C F C F C F G"),
        ("[C   |F   ][G   |A   Z", "C F G A"),
        ("[C   |F   ]      [G   |A   Z", "C F G A"),
        ("[C   | x  |F   |G   Z", "C C F G"),
        ("[C   |F   | r  |    |G   Z", "C F C F G"),
        ("[C   |F   | r  |G   Z", "C F C F G"),
        ("[C   |p   |F   Z", "C C F"),
        ("[C   |    |F   Z", "C C F"),
        ("[n   |C   Z", "N.C. C"),
        ("[C   |SF   |G   |A   <D.S. al Coda>|QB   Z", "C F G A F G A B"),
        ("[C   |SF  Q|G   |A   <D.S. al Coda>|QB   Z", "C F G A F B"),
        ("[C   |F   <Fine>|G   <D.C. al Fine>Z", "C F G C F"),
        ("[C   <*72Fine>|G   <*04D.C. al Fine>Z", "C G C"),
        ("[CYYF, |s,G,A,l|B Z", "C G B"),
        ("*i[C   ]*A[F   Z", "C F"),
        ("T44[C(Db7)   |F   Z", "C F"),
        ("[C*-7b5*   |Fadd9   |G*7sus4(13)*  Z", "Cm7b5 Fadd9 G7sus(add13)"),
        ("[C*what ever*   |F   Z", "C F"),
        ("[C   |W/E   |W/G Z", "C C/E C/G"),
        ("[C\n|F   |G/B   |A-7U Z", "C F G/B Am7"),
    ],
)
def test_real_charts_quirks_are_read(music: str, form: str) -> None:
    assert forms(music) == form


@pytest.mark.parametrize(
    ("music", "beats"),
    [
        ("T44[C  F Z", [0, 2]), ("T44[C F Z", [0, 2]), ("T44[C,FZ", [0, 2]),
        ("T44[CFGAZ", [0, 1, 2, 3]), ("T34[C FZ", [0, 2]), ("T34[C,F,GZ", [0, 1, 2]),
        ("T34[C  F Z", [0, 2]), ("T54[C   F Z", [0, 3]),
        ("T12[C   Z", [0]), ("T44[C  F,GZ", [0, 2, 3]), ("T68[C  F  Z", [0, 1.5]),
        ("T44[C,F,G,A,BZ", [0, 0.8, 1.6, 2.4, 3.2]),
    ],
)  # fmt: skip
def test_cells_become_beats(music: str, beats: list[float]) -> None:
    sections, _ = read_grid(music, "grid")
    assert [item.beat for item in sections[0].bars[0].chords] == beats


def test_sections_signs_and_words_are_kept() -> None:
    sections, meter = read_grid(
        "*iT34[C  |F  ]*A{SD-7  |G7  T44|C^7   <slowly>}*B[fA7   |<D.C. al 2nd End.>D7   Z", "grid"
    )
    assert [section.name for section in sections] == ["Intro", "A", "B"]
    assert meter == Meter(3, 4)
    assert sections[1].bars[0].marks == {Mark.SEGNO}
    assert sections[1].bars[2].text == "slowly"
    assert sections[1].bars[2].repeat_end == 2
    assert sections[2].bars[0].marks == {Mark.FERMATA}
    assert sections[2].bars[1].jump == Jump("D.C.", "2nd ending")


def test_alternate_chords_are_kept() -> None:
    song = read("irealbook://T=C=S=C=n=T44[C7(Db7)  F7(B7) Z")
    items = song.bars[0].chords
    assert [str(item.alternate) for item in items] == ["Db7", "B7"]


def test_titles_and_composers_are_put_the_right_way_round() -> None:
    song = read("irealbook://Nearness Of You, The=Carmichael Hoagy=Ballad=F=n=[F^7   Z")
    assert (song.title, song.composer) == ("The Nearness Of You", "Hoagy Carmichael")


def line_of(number: int, chance: random.Random) -> SongMap:
    bars = [
        Bar((ChordAt(0.0, chance.choice(CHORDS[:17])),)) for _ in range(chance.choice((8, 16, 32)))
    ]
    sections = (
        Section("A", tuple(bars[: len(bars) // 2])),
        Section("B", tuple(bars[len(bars) // 2 :])),
    )
    return SongMap(sections, f"Song {number}", "Some Body", Key("Bb"), style="Medium Swing")


def test_a_playlist_of_thousands_is_read_whole() -> None:
    chance = random.Random(3)
    written = [line_of(number, chance) for number in range(2000)]
    playlist = read_playlist(write_playlist(written, "All of them"))
    assert playlist.name == "All of them"
    assert not playlist.problems
    assert [song.title for song in playlist.songs] == [song.title for song in written]
    for before, after in zip(written, playlist.songs, strict=True):
        assert sounding(before) == sounding(after)


def test_one_damaged_song_does_not_lose_the_others() -> None:
    chance = random.Random(5)
    fields = write_playlist([line_of(number, chance) for number in range(5)], "List").split("===")
    damaged = "Lost=Some Body==Swing=C==no music here==0=0"
    playlist = read_playlist("===".join([*fields[:2], damaged, *fields[2:]]))
    assert [song.title for song in playlist.songs] == [f"Song {number}" for number in range(5)]
    assert len(playlist.problems) == 1
    assert "Lost" in str(playlist.problems[0])
    empty = "Empty=Some Body==Swing=C==1r34LbKcu7==0=0"
    playlist = read_playlist("===".join([fields[0], empty, *fields[1:]]))
    assert len(playlist.songs) == 5
    assert "Empty" in str(playlist.problems[0])


def test_a_song_without_composer_or_style_does_not_shift_the_fields() -> None:
    good = "Second=Some Body==Swing=Bb==1r34LbKcu7T44[F   Z==0=0"
    for first in (
        "First===Swing=C==1r34LbKcu7T44[C   Z==0=0",
        "First=A B===C==1r34LbKcu7T44[C   Z==0=0",
    ):
        playlist = read_playlist(f"irealb://{first}==={good}===List")
        assert [song.title for song in playlist.songs] == ["First", "Second"]
        assert [str(song.key) for song in playlist.songs] == ["C", "Bb"]
        assert playlist.name == "List"


@pytest.mark.parametrize(
    "link",
    [
        "irealb://Plain=Some Body==Swing=Bb==T44[C   |F   Z==140=3",
        "irealb://Plain=Some Body==Swing=Bb=0=1r34LbKcu7T44[C   |F   Z=Jazz-Swing=140=3===List",
        "irealbook://Plain=Body Some=Swing=Bb=n=T44[C   |F   Z",
        "irealbook://Plain=Body Some=Swing=Bb=n=1r34LbKcu7T44[C   |F   Z",
    ],
)
def test_links_of_every_age_give_the_same_song(link: str) -> None:
    song = read_playlist(link).songs[0]
    assert (song.title, song.style, song.key) == ("Plain", "Swing", Key("Bb"))
    assert [str(bar.chords[0].chord) for bar in song.bars] == ["C", "F"]


def test_links_are_found_in_pages_and_percent_codes_are_undone() -> None:
    link = write_ireal(line_of(7, random.Random(1)))
    page = f'<html><body><a href="{link}">Song</a> &amp; more <a href="{link}">again</a></body>'
    assert len(read_playlist(page).songs) == 2
    coded = link.replace("=", "%3D")
    assert len(read_playlist(f'<a href="{coded}">x</a>').songs) == 1


def test_a_text_without_a_link_is_an_error() -> None:
    with pytest.raises(ChartError, match="link"):
        read_playlist("no link here")
    with pytest.raises(ChartError, match="song"):
        read("irealb://nothing")


def test_everything_that_the_format_can_hold_survives() -> None:
    again = read(write_ireal(EVERYTHING))
    assert [(s[0], *s[1:]) for s in sounding(again)][3:] != []
    assert (again.title, again.composer, again.key) == ("Everything", "Nobody Known", Key("Bb"))
    assert again.style == "Bossa Nova"
    assert {mark for bar in again.bars for mark in bar.marks} >= {Mark.SEGNO, Mark.CODA, Mark.FINE}


@settings(max_examples=150, deadline=None)
@given(songs(signs=False))
def test_chords_meters_and_sections_survive_the_way_to_ireal_and_back(song: SongMap) -> None:
    again = read(write_ireal(song))
    assert sounding(again) == sounding(song)
    assert [bar.meter for bar in again.expand()] == [bar.meter for bar in song.expand()]


@settings(max_examples=100, deadline=None)
@given(songs())
def test_repeats_endings_and_jumps_survive_the_way_to_ireal_and_back(song: SongMap) -> None:
    assert sounding(read(write_ireal(song))) == sounding(song)
