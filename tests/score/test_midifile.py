"""MIDI files: scores go out and come back, hostile files are errors at once."""

import struct
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scband.errors import MidiFileError, ScoreError
from scband.score import Marker, Meter, MeterChange, Note, Part, Score, TempoMap
from scband.score.midifile import load_midi, read_midi, save_midi, write_midi
from scband.score.score import DRUM_NAMES, DRUM_NUMBERS
from scband.theory import Key

ticks = st.integers(0, 4800).map(lambda tick: tick / 480)
velocities = st.integers(1, 127).map(lambda velocity: velocity / 127)


@st.composite
def parts(draw: st.DrawFn) -> Part:
    notes = []
    for pitch in draw(st.sets(st.integers(0, 127), max_size=6)):
        at = 0.0
        for _ in range(draw(st.integers(1, 4))):
            at += draw(ticks)
            length = draw(st.integers(1, 960)) / 480
            notes.append(Note(at, length, pitch, draw(velocities)))
            at += length
    name = draw(
        st.text("abc XYZ", min_size=1, max_size=8).filter(lambda text: text.strip() == text)
    )
    program, channel = draw(st.integers(0, 127)), draw(st.integers(0, 15))
    return Part(name, tuple(sorted(notes)), program, channel)


@st.composite
def scores(draw: st.DrawFn) -> Score:
    meters = {0.0: draw(st.sampled_from([Meter(4, 4), Meter(6, 8), Meter(7, 8)]))}
    meters[meters[0.0].beats * 2] = Meter(3, 4)
    tempo = TempoMap.of([(0.0, 60_000_000 / draw(st.integers(200_000, 2_000_000)))])
    rounded = TempoMap.of([(0.0, round(tempo.changes[0].bpm, 4))])
    key = draw(st.sampled_from([None, Key("C"), Key("F#m"), Key("Eb")]))
    markers = tuple(Marker(beat, "here") for beat in sorted(draw(st.sets(ticks, max_size=3))))
    members = [part for part in draw(st.lists(parts(), max_size=4)) if part.notes]
    changes = tuple(MeterChange(beat, meter) for beat, meter in sorted(meters.items()))
    return Score(
        tuple(members), rounded, changes, key, draw(st.sampled_from(["", "Song"])), markers
    )


@settings(max_examples=150)
@given(scores())
def test_a_score_survives_the_way_to_midi_and_back(score: Score) -> None:
    again = read_midi(write_midi(score))
    assert [part.name for part in again.parts] == [part.name for part in score.parts]
    for before, after in zip(score.parts, again.parts, strict=True):
        assert (after.program, after.channel) == (before.program, before.channel)
        assert len(after.notes) == len(before.notes)
        for one, other in zip(before.notes, sorted(after.notes), strict=True):
            assert (one.start, one.length) == pytest.approx((other.start, other.length))
            assert (one.pitch, one.velocity) == (other.pitch, pytest.approx(other.velocity))
    assert (again.meters, again.key, again.title) == (score.meters, score.key, score.title)
    assert again.markers == score.markers
    assert again.tempo.changes[0].bpm == pytest.approx(score.tempo.changes[0].bpm, rel=1e-5)


def test_drums_have_the_kits_names() -> None:
    assert {DRUM_NAMES[number] for number in DRUM_NUMBERS.values()} == set(DRUM_NUMBERS)
    assert Part("kit", (Note(0, 1, DRUM_NUMBERS["snare"], 1.0),), channel=9).drums
    for program, channel in ((128, 0), (0, 16)):
        with pytest.raises(ScoreError):
            Part("x", (), program, channel)


def test_bars_follow_the_meters() -> None:
    score = Score(
        (Part("p", (Note(0, 9, 60, 1.0),)),),
        meters=(MeterChange(0, Meter(3, 4)), MeterChange(3, Meter(4, 4))),
    )
    assert [start for start, _ in score.bars()] == [0, 3, 7]
    assert score.seconds == 4.5


def header(tracks: int = 1, kind: int = 1, division: int = 480, size: int = 6) -> bytes:
    return b"MThd" + struct.pack(">IHHH", size, kind, tracks, division)


def track(events: bytes, size: int | None = None) -> bytes:
    return b"MTrk" + struct.pack(">I", len(events) if size is None else size) + events


END = b"\x00\xff\x2f\x00"


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "MThd"),
        (b"RIFF" + b"\x00" * 20, "MThd"),
        (header()[:10], "MThd"),
        (header(size=0xFFFFFFF0), "format 0 and 1"),
        (header(kind=2) + track(END), "format 0 and 1"),
        (header(tracks=60000), "60000 tracks"),
        (header(tracks=0), "0 tracks"),
        (header(division=0) + track(END), "ticks"),
        (header(division=0xE728) + track(END), "frames"),
        (header(tracks=2) + track(END), "2 tracks are announced, 1 are there"),
        (header() + track(END, size=0x7FFFFFFF), "runs off the end"),
        (header() + b"XXXX" + struct.pack(">I", 4) + END, "no track"),
        (header() + track(b"\x00\x90\x3c"), "ends inside"),
        (header() + track(b"\x00\x3c\x40"), "should start"),
        (header() + track(b"\x00\x90\xff\x40"), "above 127"),
        (header() + track(b"\xff\xff\xff\xff\xff\x00"), "four bytes"),
        (header() + track(b"\x00\xf0\xff\xff\xff\x7f"), "runs off the end of its track"),
        (header() + track(b"\x00\xff\x51\x7f"), "3 bytes long"),
        (header() + track(b"\x00\xff\x51\x01\x05" + END), "3 bytes long"),
        (header() + track(b"\x00\xf4\x00"), "no place in a file"),
        (header(division=1) + track(b"\xff\xff\xff\x7f\x90\x3c\x40" * 3 + END), "quarter notes"),
        (header() + track(b"\x00\xc0\x00" * 500_000 + END), "more than 400000 events"),
        (header() + b"\x00" * 5_000_000, "larger than"),
    ],
)
def test_a_hostile_file_is_a_clear_error_at_once(data: bytes, words: str) -> None:
    started = time.process_time()
    with pytest.raises(MidiFileError, match=words):
        read_midi(data)
    assert time.process_time() - started < 2.0


def test_small_hostile_files_are_refused_within_milliseconds() -> None:
    started = time.process_time()
    for _ in range(100):
        with pytest.raises(MidiFileError):
            read_midi(header(tracks=512) + track(END, size=0x7FFFFFFF))
    assert (time.process_time() - started) / 100 < 0.01


def test_running_status_unclosed_notes_and_format_0_are_read() -> None:
    events = b"\x00\x90\x3c\x40\x60\x40\x40\x60\x3c\x00" + b"\x60\xff\x2f\x00"
    score = read_midi(header(kind=0, division=96) + track(events))
    assert [(note.start, note.length, note.pitch) for note in score.parts[0].notes] == [
        (0.0, 2.0, 60),
        (1.0, 2.0, 64),
    ]


def test_files_are_saved_and_loaded(tmp_path: Path) -> None:
    score = Score((Part("piano", (Note(0, 1, 60, 1.0),)),), title="A Song")
    save_midi(score, tmp_path / "a.mid")
    assert load_midi(tmp_path / "a.mid").title == "A Song"
    with pytest.raises(MidiFileError, match="open"):
        load_midi(tmp_path / "none.mid")
    with pytest.raises(MidiFileError, match="write"):
        save_midi(score, tmp_path / "none" / "a.mid")
