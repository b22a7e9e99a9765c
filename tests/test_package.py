"""What is shipped works without the checkout: sdist, then wheel, then a clean environment."""

import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

BOOT = """
from pathlib import Path
import scband
from scband.supercollider.engine import Engine, EngineOptions
from scband.supercollider.jack import AudioDriver, JackOptions
from scband.supercollider.sources import sources_folder
assert "site-packages" in str(sources_folder()), sources_folder()
with Engine(EngineOptions(jack=JackOptions(driver=AudioDriver.DUMMY))) as engine:
    engine.add_player("bass", "bass_upright")
    print(len(engine.patterns.patterns()), len(scband.chart("| C | F |").map.bars))
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    build = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    done = subprocess.run(build, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return next(folder.glob("*.whl"))


def test_the_wheel_is_built_from_the_sdist_and_carries_the_sclang_sources(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    for part in ("synthdefs/drums.scd", "synthdefs/mixer.scd", "patterns/band.scd", "compile.scd"):
        assert f"scband/sc/{part}" in names
    assert "scband/agents/styles/swing.toml" in names
    assert "scband/py.typed" in names
    for part in ("page.html", "page.js", "docs.html", "swagger/swagger-ui-bundle.js.gz"):
        assert f"scband/api/static/{part}" in names
    assert "scband/api/static/swagger/LICENSE" in names
    assert any(name.endswith("licenses/LICENSE") for name in names)
    with tarfile.open(next(wheel.parent.glob("*.tar.gz"))) as source:
        assert any(name.endswith("/sc/patterns/band.scd") for name in source.getnames())


def test_a_clean_environment_boots_from_the_wheel(wheel: Path, tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", str(tmp_path / "env")], check=True, timeout=60)
    python = tmp_path / "env" / "bin" / "python"
    install = [str(python), "-m", "pip", "install", "--quiet", str(wheel)]
    done = subprocess.run(install, capture_output=True, text=True, timeout=110, check=False)
    assert done.returncode == 0, done.stderr
    environment = {k: v for k, v in os.environ.items() if k not in ("SCBAND_SC", "PYTHONPATH")}
    booted = subprocess.run(
        [str(python), "-c", BOOT],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert booted.returncode == 0, booted.stderr
    patterns, bars = map(int, booted.stdout.split())
    assert patterns >= 10
    assert bars == 2
