"""The shared folder of projects: several layouts are read, and nothing outside of it."""

from __future__ import annotations

import json
import math
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from scband.errors import ProjectError, ProjectNotFoundError
from scband.studio.engine_jobs import analyze_project, sources_of, suggest, unique
from scband.studio.projects import ProjectsFolder, is_of, measurable
from scband.studio.roles import Role, role_by_name
from scband.studio.status_file import Status, write_status


def tone(path: Path, hz: float = 220.0, seconds: float = 1.0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, 0.2 * np.sin(np.arange(int(8000 * seconds)) * hz / 8000 * 6.2832), 8000)
    return path


def listed(folder: Path, tracks: list[dict[str, Any]], **facts: Any) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "project.json").write_text(json.dumps({"tracks": tracks, **facts}))


def test_a_folder_of_audio_files_is_a_project(tmp_path: Path) -> None:
    tone(tmp_path / "Song" / "Audio" / "bass.wav")
    tone(tmp_path / "Song" / "lead vox.flac")
    (tmp_path / "Song" / "notes.txt").write_text("none")
    project = ProjectsFolder(tmp_path).read("Song")
    assert project.source == "folder"
    assert {track.name for track in project.tracks} == {"bass", "lead vox"}
    assert project.num_tracks == 2
    assert len(measurable(project)) == 2


def test_a_project_file_gives_names_faders_and_tempo(tmp_path: Path) -> None:
    tone(tmp_path / "Song" / "a1.wav")
    tone(tmp_path / "Song" / "deep" / "a2.wav")
    tracks = [
        {"name": "Bass", "file": "a1.wav", "gain": 0.5, "pan": -0.25},
        {"name": "Gtr", "clips": [{"audioPath": "/Users/someone/Old/Place/a2.wav"}], "gainDb": -3},
        {"name": "Gone", "audio_path": "a3.wav"},
        {"name": "Off", "file": "a1.wav", "mute": True},
    ]
    listed(tmp_path / "Song", tracks, tempo=96)
    project = ProjectsFolder(tmp_path).read("Song")
    bass, guitar, gone, off = project.tracks
    assert bass.gain_db == pytest.approx(20 * math.log10(0.5))
    assert (bass.pan, project.tempo, project.num_tracks) == (-0.25, 96, 4)
    assert guitar.path is not None
    assert guitar.path.name == "a2.wav"
    assert guitar.gain_db == -3
    assert gone.path is None
    assert "not there" in gone.problem
    assert off.muted
    assert [source.name for source in sources_of(project)] == ["Bass", "Gtr"]


@pytest.mark.parametrize(
    "name", ["..", "../Song", "/etc", "Song/../Song", "", ".", "Song\0", "Other", "a" * 5000]
)
def test_an_id_is_only_compared_and_never_a_path(tmp_path: Path, name: str) -> None:
    tone(tmp_path / "projects" / "Song" / "a.wav")
    tone(tmp_path / "Other" / "a.wav")
    with pytest.raises(ProjectNotFoundError, match="projects_folder"):
        ProjectsFolder(tmp_path / "projects").read(name)


def test_nothing_outside_of_the_folder_is_read(tmp_path: Path) -> None:
    outside = tone(tmp_path / "secret" / "outside.wav")
    song = tmp_path / "projects" / "Song"
    tone(song / "inside.wav")
    (song / "link.wav").symlink_to(outside)
    (song / "folder").symlink_to(outside.parent)
    (tmp_path / "projects" / "Linked").symlink_to(outside.parent)
    os.mkfifo(song / "pipe.wav")
    folder = ProjectsFolder(tmp_path / "projects")
    assert folder.names() == ("Song",)
    assert [track.name for track in folder.read("Song").tracks] == ["inside"]
    named = (str(outside), "../../secret/outside.wav", "link.wav", "folder/outside.wav",
             "pipe.wav", "/etc/passwd")  # fmt: skip
    listed(song, [{"file": name} for name in named])
    project = folder.read("Song")
    assert [track.path for track in project.tracks] == [None] * 6
    assert all(track.problem for track in project.tracks)
    with pytest.raises(ProjectError, match=r"no audio.*track 1"):
        measurable(project)


def test_a_project_file_that_is_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret.json").write_text('{"tracks": [{"name": "secret"}]}')
    (tmp_path / "projects" / "Song").mkdir(parents=True)
    (tmp_path / "projects" / "Song" / "project.json").symlink_to(tmp_path / "secret.json")
    assert ProjectsFolder(tmp_path / "projects").read("Song").tracks == ()


@pytest.mark.parametrize("data", [b"{", b"\xff\xfe", b"[" * 200_000, b" " * (5 << 20)])
def test_a_broken_project_file_is_our_error(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "Song").mkdir()
    (tmp_path / "Song" / "project.json").write_bytes(data)
    with pytest.raises(ProjectError, match=r"project\.json"):
        ProjectsFolder(tmp_path).read("Song")


@pytest.mark.parametrize(
    "facts",
    [{}, {"tracks": 7}, {"tracks": [7, None, []]}, {"tracks": [{"name": 3, "gain": "x"}]},
     {"tracks": [{"gain": float("nan"), "pan": 9e99, "clips": 4}]},
     {"tracks": [{"file": "a\0b"}, {"file": "x" * 9000}, {"file": ""}]}, {"tempo": -1}],
)  # fmt: skip
def test_strange_facts_about_a_project_are_survived(tmp_path: Path, facts: dict[str, Any]) -> None:
    folder = ProjectsFolder(tmp_path)
    told = folder.told({"numTracks": 4, **facts}, "Song")
    assert told.num_tracks == 4
    assert all(math.isfinite(t.gain_db) and -1 <= t.pan <= 1 for t in told.tracks)
    assert all(track.path is None for track in told.tracks)


def test_thousands_of_files_are_bounded(tmp_path: Path) -> None:
    song = tmp_path / "Song"
    song.mkdir()
    for number in range(6000):
        (song / f"{number:05}.wav").touch()
    assert len(ProjectsFolder(tmp_path).read("Song").tracks) <= 512


def test_a_project_without_audio_is_told_so_with_its_own_tracks(tmp_path: Path) -> None:
    (tmp_path / "Song").mkdir()
    (tmp_path / "Song" / "noise.wav").write_bytes(b"RIFF and nothing more")
    (tmp_path / "Song" / "riff.mid").write_bytes(b"MThd broken")
    project = ProjectsFolder(tmp_path).read("Song")
    facts = analyze_project(lambda *said: None, project)
    assert facts["num_tracks"] == 2
    assert facts["mix_quality_score"] is None
    assert {each["track"] for each in facts["suggestions"]} == {"mix", "noise", "riff"}
    assert {each["type"] for each in facts["suggestions"]} == {"file"}
    assert str(tmp_path) not in json.dumps(facts)
    with pytest.raises(ProjectError, match="nothing can be measured"):
        suggest(lambda *said: None, sources_of(project))


def test_the_core_tells_which_project_it_means() -> None:
    assert is_of({"numTracks": 1}, "Song")
    assert is_of({"project_id": "Song"}, "Song")
    assert is_of({"projectName": "Song", "id": 4}, "")
    assert not is_of({"project_id": "Other"}, "Song")


def test_names_that_occur_again_are_numbered() -> None:
    assert unique(["gtr", "gtr", "gtr 2", "b"]) == ["gtr", "gtr 2", "gtr 2 2", "b"]


@pytest.mark.parametrize(
    ("name", "role"),
    [("03_Ld Gtr-2", Role.GUITAR), ("KickIn", Role.KICK), ("Bass DI", Role.BASS),
     ("Lead Vox", Role.VOCALS), ("OH L", Role.CYMBALS), ("Audio 7", None), ("drums", Role.DRUMS),
     ("Rhodes", Role.KEYS), ("StringPad", Role.PAD), ("bass drum", Role.KICK), ("808s", Role.BASS),
     ("Reverb Return", Role.EFFECTS), ("Embassy", None)],
)  # fmt: skip
def test_a_tracks_name_tells_its_part(name: str, role: Role | None) -> None:
    assert role_by_name(name) == role


def test_a_status_file_is_replaced_whole_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "status.json"
    for phase in ("running", "stopped"):
        write_status(path, Status("scband", phase, "", [], ["GET /"], [], False, []))
        facts = json.loads(path.read_text())
        assert facts["phase"] == phase
        assert facts["last_update"].endswith("Z")
    assert [each.name for each in path.parent.iterdir()] == ["status.json"]
