"""One song in six styles, and each style heard from the command line."""

import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from scband.agents import names
from scband.cli import app
from scband.score.midifile import load_midi
from scband.song import audition

EXAMPLE = Path(__file__).parents[2] / "examples" / "30_six_styles.py"


def test_the_example_writes_six_songs_as_midi_and_as_audio(tmp_path):
    source = tmp_path / "short.txt"
    source.write_text("title: Short\nkey: G\n[A]\n| G | Em7 | Am7 D7 | G |")
    done = subprocess.run(
        [sys.executable, str(EXAMPLE), str(source), str(tmp_path / "out")],
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    written = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert len(written) == 12
    assert sum(name.endswith(".mid") for name in written) == 6
    assert all(path.stat().st_size > 500 for path in (tmp_path / "out").iterdir())


@pytest.mark.parametrize("name", names())
def test_every_style_has_a_phrase_to_be_heard_by(name):
    parts = audition(name).score().parts
    assert [part.name for part in parts] == ["bass", "drums", "keys", "guitar", "lead"]
    assert all(part.notes for part in parts)


def test_styles_are_listed_and_heard_from_the_command_line(tmp_path):
    listed = CliRunner().invoke(app, ["styles"]).output
    assert all(name in listed for name in names())
    target = tmp_path / "montuno.mid"
    run = CliRunner().invoke(app, ["styles", "--play", "montuno", "-o", str(target)])
    assert run.exit_code == 0, run.output
    assert load_midi(target).title == "Latin montuno"


def test_a_style_of_ones_own_folder_plays_everywhere(tmp_path, monkeypatch):
    (tmp_path / "mine.toml").write_text('extends = "swing"\ntitle = "Mine"\ntempo = 99\n')
    monkeypatch.setenv("SCBAND_STYLES", str(tmp_path))
    assert "mine" in CliRunner().invoke(app, ["styles"]).output
    target, source = tmp_path / "out.mid", tmp_path / "song.txt"
    source.write_text("| C | F | G7 | C |")
    run = CliRunner().invoke(app, ["midi", str(source), "--style", "mine", "-o", str(target)])
    assert run.exit_code == 0, run.output
    assert load_midi(target).parts
