"""What a song or a generated track is as a MIDI file."""

import hashlib
from io import BytesIO

import mido
import pytest
from typer.testing import CliRunner

import scband
from scband import chart
from scband.cli import app
from scband.errors import BandError, ChartError, ChordError
from scband.score.midifile import load_midi

TEXT = "title: Walk\nkey: F\n[A]\n| F7 | Bb7 | F7 | C7 |\n[B]\n| Gm7 | C7 | F7 D7 | Gm7 C7 |"
FIVE = ["bass", "drums", "keys", "guitar", "lead"]


def test_there_is_a_track_for_each_player_by_its_name(tmp_path):
    path = scband.chart(TEXT, style="swing", tempo=132).to_midi(tmp_path / "out.mid")
    tracks = mido.MidiFile(path).tracks
    assert [track.name for track in tracks] == ["Walk", *FIVE]
    for track in tracks[1:]:
        channels = {m.channel for m in track if m.type == "note_on"}
        assert channels == {9} if track.name == "drums" else 9 not in channels
        assert sum(m.type == "note_on" for m in track) == sum(m.type == "note_off" for m in track)


def test_tempo_meter_key_and_chords_are_in_the_file(tmp_path):
    text = TEXT.replace("key: F", "key: F\nmeter: 3/4")
    score = load_midi(scband.chart(text, style="pop", tempo=99).to_midi(tmp_path / "out.mid"))
    assert score.tempo.bpm_at(0) == pytest.approx(99, abs=0.01)
    assert str(score.meters[0].meter) == "3/4"
    assert str(score.key) == "F"
    assert "Bb7" in {marker.text for marker in score.markers}
    again = chart.read(tmp_path / "out.mid")
    wanted = [str(c.chord) for bar in chart.read(text).expand() for c in bar.chords]
    assert [str(c.chord) for bar in again.expand() for c in bar.chords] == wanted


def test_the_same_seed_writes_the_same_bytes(tmp_path):
    song = scband.chart(TEXT, style="funk", seed=4)
    digests = [
        hashlib.sha256(one.to_midi(tmp_path / "a.mid").read_bytes()).hexdigest()
        for one in (song, song, song.with_(seed=5))
    ]
    assert digests[0] == digests[1] != digests[2]


def test_a_ballad_slows_into_its_last_bar(tmp_path):
    score = scband.chart(TEXT, style="ballad", tempo=60).score()
    tempos = [change.bpm for change in score.tempo.changes]
    assert tempos[0] == 60
    assert tempos == sorted(tempos, reverse=True)
    assert tempos[-1] < 50
    assert scband.chart(TEXT, style="rock", tempo=60).score().tempo.changes[1:] == ()


def test_the_command_line_writes_the_file(tmp_path):
    source, target = tmp_path / "walk.txt", tmp_path / "out.mid"
    source.write_text(TEXT)
    run = CliRunner().invoke(
        app, ["midi", str(source), "-o", str(target), "--style", "bossa", "--seed", "7"]
    )
    assert run.exit_code == 0, run.output
    assert [part.name for part in load_midi(target).parts] == FIVE


@pytest.mark.parametrize(
    "chords",
    [
        "C-Am-F-G",
        "C Am F G",
        "| C | Am | F | G |",
        ["C", "Am", "F", "G"],
        [
            {"start": 2 * n, "end": 2 * n + 2, "chord": c}
            for n, c in enumerate(["C", "Am", "F", "G"])
        ],
    ],
)
def test_a_track_is_generated_from_chords_in_every_shape(chords):
    track = scband.MidiGenerator().generate_track(chords=chords, track_type="bass", tempo=120)
    assert track.duration == 16
    assert [n.pitch % 12 for n in track.notes if n.start % 4 < 0.1][:1] == [0]
    file = mido.MidiFile(file=BytesIO(track.to_bytes()))
    assert [one.name for one in file.tracks][1:] == ["bass"]


@pytest.mark.parametrize("kind", ["bass", "drums", "keys", "guitar"])
def test_a_track_fills_the_beats_that_are_asked_for(kind):
    track = scband.MidiGenerator(style="rock").generate_track(
        "C-G", kind, 140, duration=32, key="C major", time_signature="3/4"
    )
    assert track.duration == 33
    assert all(note.end <= 33 + 1e-6 for note in track.notes)
    assert max(note.start for note in track.notes) > 29


def test_tracks_are_those_of_the_band_together():
    generator = scband.MidiGenerator(style="rock", seed=2)
    together = generator.generate_tracks("C-G-Am-F", ["drums", "bass"], 120)
    kicks = {round(n.start * 2) for n in together["drums"].notes if n.pitch == 36}
    roots = {round(n.start * 2) for n in together["bass"].notes}
    assert len(kicks & roots) / len(kicks) > 0.6


def test_what_cannot_be_generated_says_why():
    generator = scband.MidiGenerator()
    with pytest.raises(BandError, match="kazoo"):
        generator.generate_track("C-G", "kazoo", 120)
    with pytest.raises((ChartError, ChordError)):
        generator.generate_track("C-H9x-|", "bass", 120)
    with pytest.raises(BandError, match="duration"):
        generator.generate_track("C-G", "bass", 120, duration=-4)
