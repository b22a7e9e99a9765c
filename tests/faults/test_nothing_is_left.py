"""Nothing runs on after exit, Ctrl-C, a polite kill, an exception, or SIGKILL of Python."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

CHARTS = Path(__file__).parents[2] / "examples" / "charts"
CHART = str(CHARTS / "night_drive.txt")

# a shell that starts the tests in the background has Ctrl-C ignored below it
RAISES = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)
from scband.live.session import Session
from scband.settings import Settings
with Session({chart!r}, settings=Settings.load(audio="dummy")) as band:
    print("playing", *band.engine.processes().values(), band.engine.server.port,
          band.jack.name, flush=True)
    {then}
"""


def begin(then: str) -> tuple[subprocess.Popen[str], list[int], int, str]:
    """Run a session in a Python of its own: give it, its children, its port, its JACK's name."""
    process = subprocess.Popen(
        [sys.executable, "-c", RAISES.format(chart=CHART, then=then)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    words = process.stdout.readline().split()
    if not words:
        assert process.stderr is not None
        pytest.fail(f"it did not play: {process.stderr.read()}")
    return process, [int(w) for w in words[1:4]], int(words[4]), words[5]


def await_end(alive: Callable[[int], bool], pids: list[int], seconds: float = 8.0) -> list[int]:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and any(alive(pid) for pid in pids):
        time.sleep(0.05)
    return [pid for pid in pids if alive(pid)]


def left_in_shared_memory(port: int, jack: str) -> list[str]:
    names = os.listdir("/dev/shm")
    return [n for n in names if n == f"SuperColliderServer_{port}" or f"{jack}_" in n]


@pytest.fixture
def temporary() -> Iterator[Path]:
    folder = Path("/tmp")
    before = {p.name for p in folder.glob("scband-*")}
    yield folder
    mine = [p.name for p in folder.glob("scband-sclang-*") if p.name not in before]
    assert mine == []


ENDINGS = {
    "an exception": ("raise ValueError('on purpose')", None),
    "the end of the program": ("pass", None),
    "Ctrl-C": ("band.wait(60)", signal.SIGINT),
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_nothing_runs_on_after(ending: str, alive: Callable[[int], bool], temporary: Path) -> None:
    then, number = ENDINGS[ending]
    process, pids, port, jack = begin(then)
    if number is not None:
        process.send_signal(number)
    process.communicate(timeout=10)
    assert await_end(alive, pids) == []
    assert left_in_shared_memory(port, jack) == []


def test_nothing_runs_on_after_sigkill_of_python(alive: Callable[[int], bool]) -> None:
    process, pids, port, jack = begin("band.wait(60)")
    process.kill()
    process.communicate(timeout=5)
    assert await_end(alive, pids) == []
    deadline = time.monotonic() + 3
    while left_in_shared_memory(port, jack) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert left_in_shared_memory(port, jack) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_the_command_line_ends_cleanly_on(
    number: int, alive: Callable[[int], bool], tmp_path: Path
) -> None:
    take = tmp_path / "take.wav"
    process = subprocess.Popen(
        [sys.executable, "-m", "scband", "live", CHART, "--audio", "dummy", "--record", str(take)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and not (take.exists() and take.stat().st_size > 200_000):
        time.sleep(0.1)
    pids = [c.pid for c in psutil.Process(process.pid).children(recursive=True)]
    assert len(pids) >= 3
    process.send_signal(number)
    out, error = process.communicate(timeout=10)
    assert "Traceback" not in error, error
    assert "stopped" in out + error
    assert await_end(alive, pids) == []
    import soundfile

    assert soundfile.info(take).duration > 0.5


def test_a_session_whose_supernova_dies_says_so_and_ends(alive: Callable[[int], bool]) -> None:
    process, pids, port, jack = begin(
        "import os, signal; os.kill(band.engine.server.pid, signal.SIGKILL); band.wait(20)"
    )
    _, error = process.communicate(timeout=15)
    assert "supernova ended unasked" in error
    assert await_end(alive, pids) == []
    assert left_in_shared_memory(port, jack) == []


def test_a_recording_session_whose_supernova_dies_ends_in_our_own_error(tmp_path: Path) -> None:
    take = tmp_path / "take.wav"
    script = RAISES.format(
        chart=CHART,
        then="band.wait(2); os.kill(band.engine.server.pid, signal.SIGKILL); band.wait(20)",
    ).replace('"dummy")', f'"dummy"), record={str(take)!r}')
    done = subprocess.run(
        [sys.executable, "-c", "import os\n" + script],
        capture_output=True,
        text=True,
        timeout=40,
        check=False,
    )
    assert "supernova ended unasked" in done.stderr
    assert "During handling" not in done.stderr
    assert take.stat().st_size > 100_000


def test_a_session_whose_sclang_dies_says_so_and_ends(alive: Callable[[int], bool]) -> None:
    process, pids, _, _ = begin(
        "import os, signal; os.kill(band.engine.language.pid, signal.SIGKILL); band.wait(20)"
    )
    _, error = process.communicate(timeout=15)
    assert "sclang ended unasked" in error
    assert await_end(alive, pids) == []


def test_a_session_whose_jack_dies_says_so_and_ends(alive: Callable[[int], bool]) -> None:
    process, pids, port, jack = begin(
        "import os, signal; os.kill(band.engine.jack.process.pid, signal.SIGKILL); band.wait(20)"
    )
    _, error = process.communicate(timeout=15)
    assert "ended unasked" in error
    assert await_end(alive, pids) == []
    assert left_in_shared_memory(port, jack) == []


def test_two_sessions_run_side_by_side_and_end_apart(alive: Callable[[int], bool]) -> None:
    first, first_pids, _, first_jack = begin("band.wait(60)")
    second, second_pids, _, second_jack = begin("band.wait(60)")
    assert first_jack != second_jack
    first.send_signal(signal.SIGINT)
    first.communicate(timeout=10)
    assert await_end(alive, first_pids) == []
    assert all(alive(pid) for pid in second_pids)
    second.send_signal(signal.SIGINT)
    second.communicate(timeout=10)
    assert await_end(alive, second_pids) == []
