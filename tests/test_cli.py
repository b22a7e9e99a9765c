"""The command line says what it does and what is wrong."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import scband

CHART = Path(__file__).parents[1] / "examples" / "charts" / "blues_in_f.txt"


def run(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "scband", *arguments],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
        cwd=cwd,
    )


def test_it_tells_its_version() -> None:
    assert run("--version").stdout.strip() == scband.__version__


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["live", "nosuch.txt"], "nosuch.txt"),
        (["live", str(CHART), "--tempo", "9999"], "between 20 and 400"),
        (["live", str(CHART), "--style", "nosuch"], "nosuch"),
        (["live", str(CHART), "--players", "tuba"], "tuba"),
        (["live", str(CHART), "--audio", "gramophone"], "audio"),
        (["live", str(CHART), "--period", "100"], "multiple of 64"),
        (["live", str(CHART), "--input", "nosuch.wav"], "nosuch.wav"),
        (["live", str(CHART), "--record", "take.mp3"], ".wav or .flac"),
        (["live", str(CHART), "--intensity", "3"], "intensity"),
        (["render", "nosuch.txt", "out.wav"], "nosuch.txt"),
        (["render", str(CHART), "out.mp3"], "mp3"),
        (["nosuch"], "nosuch"),
        (["live"], "chart"),
    ],
)
def test_what_is_wrong_is_one_clear_sentence(
    arguments: list[str], words: str, tmp_path: Path
) -> None:
    done = run(*arguments, cwd=tmp_path)
    assert done.returncode in (1, 2)
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert list(tmp_path.glob("**/*.wav")) == []


def test_a_chart_that_cannot_be_read_says_line_and_column(tmp_path: Path) -> None:
    chart = tmp_path / "bad.txt"
    chart.write_text("title: x\n[A]\n| C | Hq |\n")
    done = run("live", str(chart), cwd=tmp_path)
    assert done.returncode == 1
    assert "bad.txt, line 3, column 7" in done.stderr


def test_render_writes_mix_and_stems(tmp_path: Path) -> None:
    done = run("render", str(CHART), "out.flac", "--stems", "--tempo", "200", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out.flac").stat().st_size > 100_000
    assert (tmp_path / "out-stems" / "bass.flac").exists()


@pytest.mark.parametrize("ending", [".json", ".cho", ".musicxml", ".mxl", ".mid", ".txt"])
def test_convert_writes_a_chart_that_reads_back(ending: str, tmp_path: Path) -> None:
    done = run("convert", str(CHART), f"out{ending}", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    again = run("convert", f"out{ending}", cwd=tmp_path)
    assert again.returncode == 0, again.stderr
    assert "F7" in again.stdout
    assert "Bdim7" in again.stdout


def test_convert_transposes(tmp_path: Path) -> None:
    done = run("convert", str(CHART), "--transpose", "M2", cwd=tmp_path)
    assert "key: G" in done.stdout
    assert "G7" in done.stdout


def test_doctor_looks_at_everything_and_measures_it() -> None:
    done = run("doctor", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    found = {entry["name"]: entry for entry in json.loads(done.stdout)}
    for name in ("supernova", "sclang", "JACK", "sc3-plugins", "boot", "notes off the grid"):
        assert found[name]["state"] in ("ok", "warning")
    assert found["sclang answers in"]["figure"] < 100


def test_doctor_says_what_is_missing_and_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SCBAND_SUPERNOVA", str(tmp_path / "nosuch"))
    done = run("doctor", "--quick")
    assert done.returncode == 1
    assert "supernova" in done.stdout
    assert "install" in done.stdout
