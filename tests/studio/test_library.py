"""Watched folders: files of users found, checked and listed; old ones of ours removed."""

import os
import shutil
import struct
import time

import mido
import pytest

from scband.errors import MidiFileError, MidiFileNotFoundError
from scband.settings import Settings
from scband.studio.events import MidiReady, MidiRefused, MidiRemoved
from scband.studio.midifacts import read_facts
from scband.studio.orchestrator import Orchestrator

WAIT = 15.0


def write_midi(path, *, tempo=100.0, beats=8, program=33, channel=0):
    file = mido.MidiFile(ticks_per_beat=96)
    track = mido.MidiTrack()
    file.tracks.append(track)
    track.append(mido.MetaMessage("set_tempo", tempo=round(60e6 / tempo)))
    track.append(mido.MetaMessage("key_signature", key="Em"))
    track.append(mido.Message("program_change", program=program, channel=channel))
    track.append(mido.Message("note_on", note=40, velocity=90, channel=channel))
    track.append(mido.Message("note_off", note=40, time=96 * beats, channel=channel))
    file.save(path)


@pytest.fixture
def studio(tmp_path):
    settings = Settings.load(monitor_folder=str(tmp_path / "watched"))
    with Orchestrator(settings) as orchestrator:
        orchestrator.told = []
        orchestrator.subscribe(orchestrator.told.append)
        yield orchestrator


def told(studio, kind):
    return [event for event in studio.told if isinstance(event, kind)]


def test_a_dropped_file_is_found_read_and_announced_once(studio, tmp_path, until):
    write_midi(tmp_path / "riff.mid")
    shutil.copy(tmp_path / "riff.mid", studio.folder / "riff.MID")
    until(lambda: told(studio, MidiReady))
    entry = told(studio, MidiReady)[0].entry
    facts = entry.facts
    assert (facts.track_type, facts.key, facts.duration) == ("bass", "E minor", 8.0)
    assert facts.tempo == pytest.approx(100.0, abs=0.01)
    assert studio.library.get(entry.file_id) is entry
    assert str(studio.folder) not in entry.file_id
    time.sleep(0.2)
    assert len(told(studio, MidiReady)) == 1


def test_files_in_track_folders_and_with_other_programs_tell_their_track(studio, tmp_path, until):
    write_midi(tmp_path / "x.mid", program=60)
    write_midi(tmp_path / "d.mid", channel=9)
    (tmp_path / "x.mid").rename(studio.folder / "generated_accompaniments" / "keys" / "x.midi")
    (tmp_path / "d.mid").rename(studio.folder / "d.mid")
    until(lambda: len(told(studio, MidiReady)) == 2)
    tracks = {event.entry.filename: event.entry.facts.track_type for event in studio.told}
    assert tracks == {"x.midi": "keys", "d.mid": "drums"}


def test_a_file_that_goes_is_told_and_listed_no_more(studio, tmp_path, until):
    write_midi(studio.folder / "riff.mid")
    until(lambda: told(studio, MidiReady))
    file_id = told(studio, MidiReady)[0].entry.file_id
    (studio.folder / "riff.mid").unlink()
    until(lambda: told(studio, MidiRemoved))
    with pytest.raises(MidiFileNotFoundError):
        studio.library.get(file_id)


def header(tracks=1, division=96, kind=0):
    return b"MThd" + struct.pack(">IHHH", 6, kind, tracks, division)


def chunk(data):
    return b"MTrk" + struct.pack(">I", len(data)) + data


LONG = chunk(b"\xff\xff\xff\x7f\x90\x40\x40" * 1000 + b"\x00\xff\x2f\x00")
SLOW = chunk(
    b"\x00\xff\x51\x03\xff\xff\xff" + b"\x80\x80\x60\x90\x40\x40" * 200 + b"\x00\xff\x2f\x00"
)
BAD = {
    "empty": b"",
    "text": b"this is no MIDI file",
    "no_division": header(division=0) + chunk(b"\x00\xff\x2f\x00"),
    "frames": header(division=0xE728) + chunk(b"\x00\xff\x2f\x00"),
    "thousands_of_days": header(division=1) + LONG,
    "negative_length": header() + b"MTrk\xff\xff\xff\xff",
    "cut_off": header() + chunk(b"\x00\x90\x40\x40")[:-2],
    "slow_for_days": header(division=1) + SLOW * 1,
    "many_tracks": header(tracks=60000, kind=1),
}


@pytest.mark.parametrize("name", BAD)
def test_files_that_are_traps_are_refused(tmp_path, name):
    path = tmp_path / f"{name}.mid"
    path.write_bytes(BAD[name])
    began = time.monotonic()
    with pytest.raises(MidiFileError, match=f"{name}.mid"):
        read_facts(path)
    assert time.monotonic() - began < 1.0


def test_links_pipes_and_folders_are_not_followed(tmp_path):
    write_midi(tmp_path / "real.mid")
    (tmp_path / "link.mid").symlink_to(tmp_path / "real.mid")
    os.mkfifo(tmp_path / "pipe.mid")
    (tmp_path / "folder.mid").mkdir()
    for name in ("link.mid", "pipe.mid", "folder.mid"):
        with pytest.raises(MidiFileError):
            read_facts(tmp_path / name)


def test_a_trap_in_the_folder_is_told_as_refused_and_not_listed(studio, until):
    (studio.folder / "trap.mid").write_bytes(BAD["thousands_of_days"])
    until(lambda: told(studio, MidiRefused))
    event = told(studio, MidiRefused)[0]
    assert event.filename == "trap.mid"
    assert "longer than" in event.reason
    assert studio.library.entries() == ()


def test_a_thousand_files_are_read_at_the_start_without_a_notice_each(tmp_path, until):
    watched = tmp_path / "watched"
    watched.mkdir()
    write_midi(tmp_path / "one.mid")
    data = (tmp_path / "one.mid").read_bytes()
    for number in range(1000):
        (watched / f"{number}.mid").write_bytes(data)
    with Orchestrator(Settings.load(monitor_folder=str(watched))) as studio:
        heard = []
        studio.subscribe(heard.append)
        until(lambda: len(studio.library.entries()) == 1000)
        assert not [event for event in heard if isinstance(event, MidiReady)]
        shutil.copy(tmp_path / "one.mid", watched / "new.mid")
        until(lambda: [event for event in heard if isinstance(event, MidiReady)])
        for number in range(200):
            (watched / f"{number}.mid").unlink()
        until(lambda: len(studio.library.entries()) == 801)


def test_old_generated_files_go_and_users_files_stay(tmp_path, until):
    settings = Settings.load(monitor_folder=str(tmp_path / "watched"), max_file_age_seconds=1)
    with Orchestrator(settings) as studio:
        write_midi(studio.folder / "mine.mid")
        old = time.time() - 100
        os.utime(studio.folder / "mine.mid", (old, old))
        job = studio.generate_accompaniment(["bass"], 120, chord_progression="C", duration=4)
        (ours,) = studio.wait_for_generation(job, WAIT * 2)
        left = studio.folder / "generated_accompaniments" / "temp" / "left.part"
        left.write_bytes(b"")
        os.utime(left, (old - 7200, old - 7200))
        until(lambda: not ours.exists() and not left.exists())
        assert (studio.folder / "mine.mid").exists()
        until(lambda: [entry.filename for entry in studio.library.entries()] == ["mine.mid"])


def test_folders_that_were_removed_are_made_again_when_they_are_needed(studio, until):
    shutil.rmtree(studio.folder)
    studio.register_plugin("back")
    write_midi(studio.folder / "riff.mid")
    until(lambda: told(studio, MidiReady))
