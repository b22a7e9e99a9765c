"""A plugin's folder: its layout, names that never collide, files that appear whole."""

import os
import re
import threading
from datetime import UTC, datetime

import pytest

from scband.errors import FolderNotWritableError, ForbiddenError
from scband.studio.accompaniments import (
    TRACKS,
    AccompanimentFolder,
    allowed_folder,
    file_name,
    read_name,
)
from scband.theory import Key


@pytest.fixture
def folder(tmp_path):
    made = AccompanimentFolder(tmp_path)
    made.make()
    return made


def test_names_are_those_of_the_contract():
    when = datetime(2025, 8, 24, 10, 30, 0, tzinfo=UTC)
    assert file_name(when, "bass", Key("C"), 120.0) == "20250824103000_bass_Cmaj_120.mid"
    assert file_name(when, "keys", Key("A minor"), 97.6) == "20250824103000_keys_Amin_98.mid"
    named = read_name("20250824103000_drums_F#min_98.mid")
    assert (named.track_type, named.key, named.tempo) == ("drums", "F# minor", 98.0)
    assert read_name("my song.mid") is None


def test_all_folders_of_the_contract_are_made(folder, tmp_path):
    for name in ("bass", "drums", "keys", "guitar", "temp"):
        assert (tmp_path / "generated_accompaniments" / name).is_dir()
    assert (tmp_path / "plugin_state").is_dir()
    assert (tmp_path / "logs").is_dir()


def test_a_folder_of_that_name_already_is_not_put_into_itself(tmp_path):
    folder = AccompanimentFolder(tmp_path / "generated_accompaniments")
    folder.make()
    assert (tmp_path / "generated_accompaniments" / "bass").is_dir()
    assert not (tmp_path / "generated_accompaniments" / "generated_accompaniments").exists()


def test_files_of_the_same_second_get_names_of_their_own(folder):
    placed = []

    def place():
        for _ in range(5):
            temporary = folder.write_temporary(b"MThd", "batch")
            placed.append(folder.place(temporary, "bass", Key("C"), 120.0))

    threads = [threading.Thread(target=place) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(set(placed)) == 20 == len(list(folder.track("bass").iterdir()))
    assert all(re.fullmatch(r"\d{14}_bass_Cmaj_120\.mid", path.name) for path in placed)


def test_a_file_is_never_seen_half_written(folder):
    data = b"MThd" + bytes(300_000)
    sizes, done = set(), threading.Event()

    def look():
        while not done.is_set():
            with os.scandir(folder.track("keys")) as files:
                sizes.update(file.stat().st_size for file in files)

    watcher = threading.Thread(target=look)
    watcher.start()
    for _ in range(20):
        folder.place(folder.write_temporary(data, "batch"), "keys", Key("D"), 90.0)
    done.set()
    watcher.join(20)
    assert sizes <= {len(data)}
    assert not list(folder.temp.iterdir())


def test_what_a_job_leaves_behind_is_removed_and_nothing_else(folder):
    mine, other = folder.write_temporary(b"x", "mine"), folder.write_temporary(b"x", "other")
    folder.discard("mine")
    assert not mine.exists()
    assert other.exists()


def test_a_folder_that_cannot_be_written_is_an_error_that_says_so(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(FolderNotWritableError, match="cannot be written"):
        AccompanimentFolder(tmp_path / "file").make()


@pytest.mark.parametrize(
    "asked", ["/etc", "..", "../elsewhere", "inside/../../out", "link", "\x00"]
)
def test_folders_outside_of_the_roots_are_refused(tmp_path, asked):
    home = tmp_path / "home"
    home.mkdir()
    (home / "link").symlink_to("/etc")
    with pytest.raises(ForbiddenError, match="monitor_roots"):
        allowed_folder(asked, home, ())


def test_folders_inside_of_the_roots_are_allowed(tmp_path):
    home, other = tmp_path / "home", tmp_path / "other"
    assert allowed_folder("", home, ()) == home
    assert allowed_folder("inner/one", home, ()) == (home / "inner" / "one").resolve()
    assert allowed_folder(str(other / "x"), home, (other,)) == (other / "x").resolve()


def test_there_is_a_folder_for_every_track_type():
    assert TRACKS == ("bass", "drums", "keys", "guitar")
