"""The README says what is so."""

import doctest
import subprocess
import sys
from pathlib import Path

from scband import settings
from scband.chart import read
from scband.supercollider import vocabulary

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_vocabulary_in_the_readme_is_the_one_that_is_spoken() -> None:
    assert vocabulary.table() in README


def test_the_table_of_settings_in_the_readme_is_complete() -> None:
    assert settings.table() in README


def test_the_chart_in_the_readme_can_be_read() -> None:
    chart = README.split("title: Night Drive")[1].split("```")[0]
    song = read("title: Night Drive" + chart)
    assert [section.name for section in song.sections] == ["verse", "chorus"]
    assert len(song.expand()) == 12


def test_the_harmony_in_the_readme_is_what_python_answers() -> None:
    failed, tried = doctest.testfile(str(ROOT / "README.md"), module_relative=False)
    assert tried >= 7
    assert failed == 0


def test_every_command_in_the_readme_exists() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "scband", "--help"], capture_output=True, text=True, check=True
    )
    named = {
        line.split()[1]
        for line in README.splitlines()
        if line.startswith("scband ") and len(line.split()) > 1
    }
    assert {"live", "render", "styles", "doctor"} <= named
    assert all(f" {name} " in done.stdout for name in named)


def test_importing_scband_starts_nothing_and_imports_nothing_heavy() -> None:
    code = "import sys, scband; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    heavy = {"supriya", "librosa", "scipy", "pydantic", "soundfile", "rich", "typer", "mido"}
    heavy |= {"fastapi", "uvicorn", "jwt"}
    assert heavy.isdisjoint(done.stdout.split())
