"""Generation: the band's music in files that a sequencer reads, and what is refused early."""

import json
from dataclasses import replace
from pathlib import Path

import mido
import pytest

from scband.errors import ChartError, InvalidRequestError, ScbandError, ScoreError, TheoryError
from scband.score.midifile import load_midi
from scband.studio.accompaniments import TRACKS, AccompanimentFolder
from scband.studio.generation import GenerationRequest, generate
from scband.studio.streaming import stream_file

ASKED = GenerationRequest(chord_progression="C-Am-F-G", tempo=120.0, duration=32.0, key="C major")


def played(request, folder):
    AccompanimentFolder(folder).make()
    told = []
    done = generate(lambda *said: told.append(said), request, [str(folder)], "batch")
    files = {track.track_type: Path(track.files[str(folder)]) for track in done.tracks}
    return done, files, told


@pytest.fixture(scope="module")
def four(tmp_path_factory):
    return played(ASKED, tmp_path_factory.mktemp("four"))


def test_there_is_a_file_a_track_with_tempo_meter_key_and_name(four):
    _, files, _ = four
    assert tuple(files) == TRACKS
    for track, path in files.items():
        metas = {m.type: m for one in mido.MidiFile(path).tracks for m in one if m.is_meta}
        assert metas["set_tempo"].tempo == 500_000
        assert (metas["time_signature"].numerator, metas["time_signature"].denominator) == (4, 4)
        assert metas["key_signature"].key == "C"
        names = [
            m.name for one in mido.MidiFile(path).tracks for m in one if m.type == "track_name"
        ]
        assert track in names


def test_programs_and_drums_are_those_of_general_midi(four):
    _, files, _ = four
    parts = {track: load_midi(path).parts[0] for track, path in files.items()}
    assert parts["drums"].channel == 9
    assert {note.pitch for note in parts["drums"].notes} <= set(range(35, 82))
    assert 32 <= parts["bass"].program < 40
    assert 24 <= parts["guitar"].program < 32
    assert parts["keys"].program < 24
    assert all(part.channel != 9 for track, part in parts.items() if track != "drums")


def test_notes_and_files_fit_the_bars(four):
    done, files, _ = four
    assert done.duration == 32.0
    for path in files.values():
        file = mido.MidiFile(path)
        ticks = max(sum(message.time for message in track) for track in file.tracks)
        assert ticks == 32 * file.ticks_per_beat
        notes = load_midi(path).parts[0].notes
        assert notes
        assert all(0 <= note.start < note.end <= 32 + 1e-6 for note in notes)


def test_bars_are_told_one_by_one_with_the_notes_of_the_files(four):
    _, files, told = four
    bars = [json.loads(piece) for _, _, piece in told if piece is not None]
    assert [bar["bar"] for bar in bars] == list(range(8))
    assert [bar["chords"][0]["chord"] for bar in bars] == ["C", "Am", "F", "G"] * 2
    for track, path in files.items():
        in_file = len(load_midi(path).parts[0].notes)
        in_bars = sum(note["track"] == track for bar in bars for note in bar["notes"])
        assert abs(in_bars - in_file) <= 1  # a note before the first bar is cut


def test_the_same_seed_is_the_same_music_and_another_seed_is_not(four, tmp_path):
    _, files, _ = four
    _, again, _ = played(ASKED, tmp_path / "a")
    _, other, _ = played(replace(ASKED, seed=9), tmp_path / "b")
    assert {t: p.read_bytes() for t, p in again.items()} == {
        t: p.read_bytes() for t, p in files.items()
    }
    assert any(other[track].read_bytes() != files[track].read_bytes() for track in files)


def test_a_later_piece_goes_on_where_the_first_one_ends(tmp_path):
    whole, _, told = played(replace(ASKED, duration=64.0), tmp_path / "a")
    second, _, more = played(replace(ASKED, start=32.0), tmp_path / "b")
    assert (second.start, second.duration) == (32.0, 32.0)

    def music(told):
        bars = [json.loads(piece) for _, _, piece in told if piece is not None]
        return [(n["track"], n["pitch"], n["start"]) for bar in bars for n in bar["notes"]]

    assert whole.duration == 64.0
    later = [note for note in music(told[8:]) if note[2] >= 31.5]
    assert [note[:2] for note in later] == [note[:2] for note in music(more)]
    starts = [note[2] - 32.0 for note in later]
    assert starts == pytest.approx([note[2] for note in music(more)], abs=1e-4)


@pytest.mark.parametrize("meter", ["3/4", "6/8", "7/8"])
def test_other_meters_fill_whole_bars(meter, tmp_path):
    asked = replace(ASKED, time_signature=meter, duration=20.0, track_types=("drums", "bass"))
    done, files, _ = played(asked, tmp_path)
    bar = load_midi(files["bass"]).meters[0].meter.beats
    assert done.time_signature == meter
    assert done.duration % bar == pytest.approx(0.0)
    assert 20.0 <= done.duration < 20.0 + bar


def test_a_chart_of_sections_is_played_once_through(tmp_path):
    chart = "title: Two\nkey: F\ntempo: 88\n[A]\n| F | Bb C7 |\n[B]\n| Dm | C7 |"
    done, _, _ = played(GenerationRequest(("keys",), chart), tmp_path)
    assert (done.duration, done.tempo, done.key) == (16.0, 88.0, "F major")
    assert done.chords == ("F", "Bb", "C7", "Dm", "C7")


@pytest.mark.parametrize(
    ("changed", "kind"),
    [
        ({"track_types": ("kazoo",)}, InvalidRequestError),
        ({"track_types": ()}, InvalidRequestError),
        ({"tempo": 0.0}, InvalidRequestError),
        ({"tempo": float("nan")}, InvalidRequestError),
        ({"duration": 1e9}, InvalidRequestError),
        ({"intensity": 2.0}, InvalidRequestError),
        ({"start": -4.0}, InvalidRequestError),
        ({"style": "polka of doom"}, InvalidRequestError),
        ({"key": "X sharp"}, TheoryError),
        ({"time_signature": "4/5"}, ScoreError),
        ({"chord_progression": "C-H9x"}, ScbandError),
        ({"chord_progression": "", "audio_id": ""}, InvalidRequestError),
        ({"chord_progression": "C " * 200_000}, InvalidRequestError),
    ],
)
def test_what_cannot_be_played_is_refused_before_any_work(changed, kind):
    with pytest.raises(kind):
        replace(ASKED, **changed).check()


def test_a_progression_never_opens_a_file(tmp_path):
    chart = tmp_path / "chart.txt"
    chart.write_text("| C | F |")
    with pytest.raises(ChartError):
        replace(ASKED, chord_progression=str(chart)).check()


def test_a_file_is_told_bar_by_bar_too(four):
    _, files, _ = four
    told = []
    assert stream_file(lambda *said: told.append(json.loads(said[2])), str(files["bass"])) == 8
    notes = load_midi(files["bass"]).parts[0].notes
    streamed = [note for bar in told for note in bar["notes"]]
    assert [round(note.start, 6) for note in notes] == [note["start"] for note in streamed]
    assert [bar["chords"][0]["chord"] for bar in told][:4] == ["C", "Am", "F", "G"]
