"""What all tests share: engines on JACK's dummy device, and proof that nothing is left behind."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from scband.supercollider.engine import Engine, EngineOptions
from scband.supercollider.jack import AudioDriver, JackOptions

CHARTS = Path(__file__).parents[1] / "examples" / "charts"
RECORDINGS = Path("/usr/share/sonic-pi/samples")
SEGMENTS = Path("/dev/shm")

OURS = ("jackd", "supernova", "sclang", "scsynth")


def children() -> dict[int, str]:
    """Return our sound processes below this Python process."""
    found = {}
    for child in psutil.Process().children(recursive=True):
        try:
            if child.name() in OURS and child.status() != psutil.STATUS_ZOMBIE:
                found[child.pid] = child.name()
        except psutil.NoSuchProcess:
            continue
    return found


@pytest.fixture(scope="session", autouse=True)
def nothing_is_left_behind() -> Iterator[None]:
    """Fail the run where a sound process of a test is still there at its end."""
    yield
    left = children()
    assert not left, f"tests left processes behind: {left}"


@pytest.fixture(scope="session")
def recordings() -> Path:
    """Give the folder of CC0 recordings that the tests play as a performer."""
    if not RECORDINGS.is_dir():
        pytest.fail("no recordings: install them with `sudo apt-get install sonic-pi-samples`")
    return RECORDINGS


@pytest.fixture
def alive() -> Callable[[int], bool]:
    """Give a function that says whether a process runs."""

    def runs(pid: int) -> bool:
        try:
            return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return False

    return runs


@pytest.fixture(autouse=True)
def no_settings_of_the_user(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Keep the user's settings file, and SCBAND_ variables but the cache, out of the tests."""
    for name in list(os.environ):
        if name.startswith("SCBAND_") and name not in ("SCBAND_CACHE", "SCBAND_PLAIN"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("SCBAND_CONFIG", str(tmp_path / "config.toml"))
    monkeypatch.setenv("SCBAND_STATE_FOLDER", str(tmp_path / "state"))
    monkeypatch.setenv("SCBAND_STATUS_FILE", "")
    monkeypatch.setenv("SCBAND_SERVE", "false")  # its ports are everybody's


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    """Boot a real engine on a dummy device of its own for the tests of a module."""
    with Engine(EngineOptions(jack=JackOptions(driver=AudioDriver.DUMMY))) as booted:
        yield booted


@pytest.fixture
def standing(engine: Engine) -> Iterator[Engine]:
    """Give the engine with its clock standing, and stop the clock afterwards."""
    yield engine
    engine.patterns.stop()
    engine.patterns.panic()
