"""JSON, ChordPro, MusicXML, MIDI, .lab: each way out and back loses nothing the format can hold."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from chart_songs import EVERYTHING, songs, sounding
from hypothesis import given, settings

from scband.chart import SCHEMA, Mark, SongMap, encode, read, read_all, write
from scband.chart.chordpro import read_chordpro
from scband.chart.files import SUFFIXES
from scband.chart.jsonchart import from_data, read_json, to_data, write_json
from scband.chart.lab import read_lab, write_beats, write_lab
from scband.chart.midichart import from_score, to_score
from scband.chart.musicxml import read_musicxml
from scband.errors import ChartError
from scband.score import Meter
from scband.theory import Key


def headings(song: SongMap) -> list[str]:
    return [section.name for section in song.sections]


@settings(max_examples=100, deadline=None)
@given(songs())
def test_json_keeps_everything(song: SongMap) -> None:
    assert read_json(write_json(song)) == song
    assert from_data(json.loads(json.dumps(to_data(song)))) == song


@settings(max_examples=100, deadline=None)
@given(songs())
def test_chordpro_keeps_form_header_and_chords(song: SongMap) -> None:
    again = read(encode(song, "chordpro"))
    assert sounding(again) == sounding(song)
    assert (again.key, again.tempo, again.style) == (song.key, song.tempo, song.style)
    assert headings(again) == headings(song)


@settings(max_examples=60, deadline=None)
@given(songs())
@pytest.mark.parametrize("kind", ["musicxml", "mxl"])
def test_musicxml_keeps_form_header_and_chords(kind: str, song: SongMap) -> None:
    again = read(encode(song, kind))
    assert sounding(again) == sounding(song)
    assert (again.title, again.composer, again.key) == (song.title, song.composer, song.key)
    assert (again.tempo, again.style) == (song.tempo, song.style)
    assert [bar.meter for bar in again.expand()] == [bar.meter for bar in song.expand()]


@settings(max_examples=40, deadline=None)
@given(songs())
def test_midi_keeps_the_chords_as_they_are_played(song: SongMap) -> None:
    again = read(encode(song, "midi"))
    assert [heard[1:] for heard in sounding(again)] == [heard[1:] for heard in sounding(song)]
    for (beat, *_), (beat2, *_) in zip(sounding(song), sounding(again), strict=True):
        assert beat == pytest.approx(beat2, abs=0.011)
    assert [bar.meter for bar in again.expand()] == [bar.meter for bar in song.expand()]
    assert again.tempo == song.tempo


@pytest.mark.parametrize("kind", ["text", "json", "chordpro", "musicxml", "mxl", "ireal", "midi"])
def test_a_chart_with_every_sign_sounds_the_same_from_every_format(kind: str) -> None:
    plain = replace(
        EVERYTHING,
        sections=tuple(
            replace(
                section,
                bars=tuple(
                    replace(bar, beats=None) if kind == "ireal" else bar for bar in section.bars
                ),
            )
            for section in EVERYTHING.sections
        ),
    )
    again = read(encode(plain, kind))
    assert [heard[1:] for heard in sounding(again)] == [heard[1:] for heard in sounding(plain)]


def test_chords_between_the_beats_stay_there() -> None:
    song = read("| C F@3.5 | Am@1.5 G@4.75 | Dm@2.25 |\n")
    for kind in ("text", "json", "chordpro", "musicxml", "ireal", "midi"):
        assert sounding(read(encode(song, kind))) == sounding(song), kind


def test_a_pickup_stays_short() -> None:
    for kind in ("text", "json", "chordpro", "musicxml", "midi"):
        bars = read(encode(read("| {beats 1} N.C. | C | F |"), kind)).expand()
        assert [bar.meter.beats for bar in bars] == [1.0, 4.0, 4.0], kind


def test_signs_stay_signs_in_musicxml_and_chordpro() -> None:
    for kind in ("musicxml", "chordpro"):
        again = read(encode(EVERYTHING, kind))
        marks = {mark for bar in again.bars for mark in bar.marks}
        assert marks >= {Mark.SEGNO, Mark.TO_CODA, Mark.CODA, Mark.FINE}, kind
        assert any(bar.jump and str(bar.jump) == "D.S. al Coda" for bar in again.bars)
        assert any(bar.ending == (1, 2) for bar in again.bars)


def test_the_schema_describes_what_is_written_and_refuses_what_is_not() -> None:
    data = to_data(EVERYTHING)
    assert set(SCHEMA["required"]) <= set(data)
    for path, value, words in (
        (("tempo",), "fast", "$.tempo must be a number"),
        (("tempo",), 0, "out of range"),
        (("sections",), [], "empty"),
        (("sections", 0, "bars", 0, "chords", 0, "beat"), True, "beat must be a number"),
        (("sections", 1, "bars", 0, "marks"), ["x"], "one of"),
        (("version",), 9, "must be 1"),
        (("extra",), 1, "unknown 'extra'"),
        (("meter",), "4/5", "no meter"),
        (("sections", 0, "bars", 0, "jump"), "hop", "no jump"),
    ):
        broken = json.loads(json.dumps(data))
        inner = broken
        for step in path[:-1]:
            inner = inner[step]
        inner[path[-1]] = value
        with pytest.raises(ChartError) as caught:
            from_data(broken)
        assert words in str(caught.value)


def test_broken_json_names_line_and_column() -> None:
    with pytest.raises(ChartError) as caught:
        read_json('{"format":\n  oops}')
    assert (caught.value.line, caught.value.column) == (2, 3)
    with pytest.raises(ChartError):
        read_json("[" * 200_000)


def test_chordpro_lyrics_grids_recalls_and_directives_are_read() -> None:
    song = read_chordpro(
        "{t: Amazing}\n{artist: Nobody}\n{key: G}\n{time: 3/4}\n{tempo: 88}\n# a comment\n"
        "{soc: Chorus}\n[G]Words and [Am7/D]more | [D7]on\n{eoc}\n"
        "{start_of_tab}\ne|--0--|\n{end_of_tab}\n{define: G frets 3 2 0 0 3 3}\n"
        '{start_of_grid label="Solo"}\n|: G . . | D . D7 :| ending words\n'
        "| % |1 C . . :|2 G~C . . |.\n{eog}\n"
        "{comment: D.C. al Fine}\n{chorus}\n"
    )
    assert (song.title, song.composer, song.key, song.tempo) == ("Amazing", "Nobody", Key("G"), 88)
    assert song.meter == Meter(3, 4)
    assert headings(song) == ["Chorus", "Solo"]
    assert song.order == (0, 1, 0)
    first = song.sections[0].bars
    assert [str(item.chord) for item in first[0].chords] == ["G", "Am7/D"]
    assert first[0].text == "Words and more"
    solo = song.sections[1].bars
    assert (solo[0].repeat_start, solo[1].repeat_end, solo[2].simile) == (True, 2, 1)
    assert [bar.ending for bar in solo[3:]] == [(1,), (2,)]
    assert [item.beat for item in solo[4].chords] == [0.0, 0.5]
    assert str(solo[-1].jump) == "D.C. al Fine"


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [("{title: A}\n[Cqyz]la [G]la\n", 2, 3), ("{sog}\n| C . Q . |\n", 2, 7), ("{t: A}\n{time: 4/5}\n", 2, 8)],
)  # fmt: skip
def test_a_chordpro_error_names_line_and_column(text: str, line: int, column: int) -> None:
    with pytest.raises(ChartError) as caught:
        read_chordpro(text)
    assert (caught.value.line, caught.value.column) == (line, column)


# ruff: noqa: E501  # XML as programs write it
LEAD_SHEET = """<?xml version="1.0"?>
<score-partwise><work><work-title>Tune</work-title></work>
<part-list><score-part id="P1"/><score-part id="P2"/></part-list>
<part id="P0"><measure number="1"/></part>
<part id="P1">
<measure number="0" implicit="yes"><attributes><divisions>2</divisions>
<key><fifths>-2</fifths><mode>minor</mode></key><time><beats>3</beats><beat-type>4</beat-type></time></attributes>
<direction><direction-type><metronome><beat-unit>half</beat-unit><per-minute>60</per-minute></metronome></direction-type></direction>
<note><rest/><duration>2</duration></note></measure>
<measure number="1"><barline location="left"><repeat direction="forward"/></barline>
<harmony><root><root-step>G</root-step></root><kind text="m7">minor-seventh</kind></harmony>
<note><pitch><step>G</step><octave>4</octave></pitch><duration>4</duration></note>
<harmony><root><root-step>C</root-step></root><kind>dominant</kind>
<degree><degree-value>9</degree-value><degree-alter>-1</degree-alter><degree-type>add</degree-type></degree>
<degree><degree-value>5</degree-value><degree-alter>1</degree-alter><degree-type>alter</degree-type></degree></harmony>
<note><pitch><step>C</step><octave>5</octave></pitch><duration>2</duration></note></measure>
<measure number="2"><barline location="left"><ending number="1" type="start"/></barline>
<harmony><root><root-step>F</root-step></root><kind>major</kind><inversion>1</inversion><offset>2</offset></harmony>
<note><rest/><duration>6</duration></note><backup><duration>6</duration></backup><forward><duration>6</duration></forward>
<barline location="right"><ending number="1" type="stop"/><repeat direction="backward"/></barline></measure>
<measure number="3"><barline location="left"><ending number="2" type="start"/></barline>
<harmony><root><root-step>B</root-step><root-alter>-1</root-alter></root><kind>major-seventh</kind><bass><bass-step>D</bass-step></bass></harmony>
<direction><direction-type><words>D.C. al Fine</words></direction-type><sound dacapo="yes"/></direction>
<note><rest/><duration>6</duration></note></measure>
</part></score-partwise>"""


def test_a_lead_sheet_of_another_program_is_read() -> None:
    song = read(LEAD_SHEET)
    assert (song.title, song.key, song.meter, song.tempo) == ("Tune", Key("Gm"), Meter(3, 4), 120.0)
    bars = song.bars
    assert bars[0].beats == 1.0
    assert [(item.beat, str(item.chord)) for item in bars[1].chords] == [(0, "Gm7"), (2, "C7#5b9")]
    assert [(item.beat, str(item.chord)) for item in bars[2].chords] == [(1.0, "F/A")]
    assert str(bars[3].chords[0].chord) == "Bbmaj7/D"
    assert (bars[2].ending, bars[2].repeat_end, bars[3].ending) == ((1,), 2, (2,))
    assert str(bars[3].jump) == "D.C. al Fine"


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        ('<kind text="7#9b13">other</kind>', "C7#9b13"),
        ('<kind text="rubbish">other</kind>', "C(no5)(no3)"),
        ("<kind>none</kind>", "N.C."),
        ("<kind/>", "C"),
        ("", "C"),
        (
            "<kind>suspended-fourth</kind><degree><degree-value>7</degree-value><degree-alter>0</degree-alter><degree-type>add</degree-type></degree>",
            "C7sus",
        ),
        (
            "<kind>dominant-11th</kind><degree><degree-value>3</degree-value><degree-alter>0</degree-alter><degree-type>subtract</degree-type></degree>",
            "C9sus",
        ),
        (
            "<kind>half-diminished</kind><bass><bass-step>G</bass-step><bass-alter>-1</bass-alter></bass>",
            "Cm7b5/Gb",
        ),
        ("<kind>minor</kind><inversion>2</inversion>", "Cm/G"),
    ],
)
def test_chords_of_other_programs_are_understood(kind: str, names: str) -> None:
    sheet = (
        '<score-partwise><part id="P"><measure number="1"><harmony><root><root-step>C</root-step></root>'
        f"{kind}</harmony></measure></part></score-partwise>"
    )
    assert str(read(sheet).bars[0].chords[0].chord) == names


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"<score-partwise>", "line 1"),
        (b'<!DOCTYPE a [<!ENTITY x "y">]><score-partwise>&x;</score-partwise>', "not read"),
        (b"<score-partwise/>", "no part"),
        (b"<opus/>", "no MusicXML"),
        (b"PK\x03\x04 broken", "compressed"),
        (b"<score-partwise>" + b"<a>" * 50, "line 1"),
        (LEAD_SHEET.replace("<beats>3</beats>", "<beats>0</beats>").encode(), "measure 1"),
        (LEAD_SHEET.replace("<root-step>F", "<root-step>Q").encode(), "measure 3"),
    ],
)
def test_a_musicxml_error_names_the_place(data: bytes, words: str) -> None:
    with pytest.raises(ChartError, match=words):
        read_musicxml(data)


def test_chords_are_heard_in_an_accompaniment_without_markers() -> None:
    song = read("[A]\n| Dm7 | G7 | Cmaj7 | Am7 |\n| Fm | Bb7 | Eb | Bdim7 |\n| C/E F | G7 C |")
    heard = from_score(replace(to_score(song), markers=()))
    same = [a == b for a, b in zip(sounding(song), sounding(heard), strict=False)]
    assert sum(same) >= len(sounding(song)) - 2


def test_midi_without_notes_or_markers_is_an_error() -> None:
    empty = encode(read("| N.C. |"), "midi")
    assert sounding(read(empty))[0][1] is None
    with pytest.raises(ChartError, match="neither"):
        from_score(replace(to_score(read("| N.C. |")), markers=(), parts=()))


def test_timed_chords_with_beats_become_bars() -> None:
    song = read_lab(
        "0.0 0.5 N\n0.5 2.5 C:maj\n2.5 3.5 F:maj7/3\n3.5 4.5 G:7\n4.5 6.5 A:min\n",
        "".join(f"{0.5 * n:.2f} {(n + 2) % 4 + 1}\n" for n in range(14)),
    )
    bars = song.expand()
    assert [bar.meter.beats for bar in bars] == [2.0, 4.0, 4.0, 4.0]
    assert song.tempo == 120.0
    assert [(item.beat, str(item.chord)) for item in bars[1].chords] == [
        (0.0, "C"),
        (3.0, "Fmaj7/A"),
    ]


def test_timed_chords_without_beats_find_their_beat() -> None:
    song = read("tempo: 100\n| C | F | G7 | C | Am | Dm7 | G7 F | C |")
    assert read_lab(write_lab(song)).tempo == pytest.approx(100.0, abs=0.5)
    assert sounding(read_lab(write_lab(song))) == sounding(song)


@settings(max_examples=60, deadline=None)
@given(songs(signs=False))
def test_lab_with_beats_keeps_chords_on_half_beats(song: SongMap) -> None:
    whole = all(bar.meter.beats == int(bar.meter.beats) for bar in song.expand())
    half = all(heard[0] * 2 == int(heard[0] * 2) for heard in sounding(song))
    if whole and half:
        again = read_lab(write_lab(song), write_beats(song))
        assert sounding(again) == sounding(song)


@pytest.mark.parametrize(
    ("text", "line"), [("0.0 1.0 C\nnonsense", 2), ("0.0 1.0 Q", 1), ("5.0 6.0 C\n1.0 2.0 C", 2)]
)
def test_a_lab_error_names_the_line(text: str, line: int) -> None:
    with pytest.raises(ChartError) as caught:
        read_lab(text)
    assert caught.value.line == line


@pytest.mark.parametrize("suffix", [s for s in SUFFIXES if s not in (".html", ".pro", ".chart")])
def test_files_are_written_by_their_ending_and_read_by_their_content(
    suffix: str, tmp_path: Path
) -> None:
    song = read("title: Some\n[A]\n| Dm7 | G7 | C | A7 |")
    path = tmp_path / f"song{suffix}"
    write(song, path)
    assert sounding(read(path)) == sounding(song)
    assert sounding(read(str(path))) == sounding(song)
    assert len(read_all(path).songs) == 1


def test_missing_unreadable_and_unknown_files_are_errors(tmp_path: Path) -> None:
    with pytest.raises(ChartError, match="No such file"):
        read(tmp_path / "none.txt")
    with pytest.raises(ChartError, match="ending"):
        write(read("| C |"), tmp_path / "song.docx")
    (tmp_path / "bad.txt").write_bytes(b"| C |\n\xff\xfe")
    with pytest.raises(ChartError, match="UTF-8"):
        read(tmp_path / "bad.txt")
    with pytest.raises(ChartError, match="cannot"):
        write(read("| C |"), tmp_path / "none" / "song.txt")
    with pytest.raises(ChartError, match="unknown format"):
        encode(read("| C |"), "docx")
