import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from scband.errors import NotInstalledError
from scband.supercollider.processes import REAPER, ChildProcess
from scband.supercollider.reaper import is_alive, start_mark

SLEEPS = [sys.executable, "-c", "import time; print('here', flush=True); time.sleep(60)"]
DEAF = [
    sys.executable,
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
    "print('here', flush=True); time.sleep(60)",
]


def await_line(child: ChildProcess) -> None:
    deadline = time.monotonic() + 5
    while not child.lines and time.monotonic() < deadline:
        time.sleep(0.01)
    assert list(child.lines) == ["here"]


def test_lines_come_as_they_are_printed_and_the_end_is_noticed(
    alive: Callable[[int], bool],
) -> None:
    lines: list[str] = []
    codes: list[int] = []
    child = ChildProcess(
        "talker",
        [sys.executable, "-c", "print('one'); print('two'); raise SystemExit(3)"],
        on_line=lines.append,
        on_exit=codes.append,
    ).start()
    assert child.exited.wait(5)
    time.sleep(0.1)
    assert (lines, codes, child.returncode) == (["one", "two"], [3], 3)
    assert not alive(child.pid)
    assert "talker: two" in child.last_words()


@pytest.mark.parametrize("argv", [SLEEPS, DEAF], ids=["polite", "deaf"])
def test_a_child_is_ended_whether_or_not_it_listens(
    argv: list[str], alive: Callable[[int], bool]
) -> None:
    child = ChildProcess("child", argv).start()
    await_line(child)
    child.stop(timeout=0.5)
    child.stop()
    assert not alive(child.pid)


def test_a_program_that_is_not_there_is_named() -> None:
    with pytest.raises(NotInstalledError, match="nosuchprogram"):
        ChildProcess("x", ["nosuchprogram"]).start()


def test_the_watchdog_lives_only_while_it_guards_somebody() -> None:
    child = ChildProcess("child", SLEEPS).start()
    watchdog = REAPER._process
    assert watchdog is not None
    assert watchdog.poll() is None
    child.stop()
    deadline = time.monotonic() + 5
    while watchdog.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    assert watchdog.poll() is not None


def test_a_reused_process_id_is_not_taken_for_the_one_that_was_guarded() -> None:
    me = psutil.Process().pid
    assert is_alive(me, start_mark(me))
    assert not is_alive(me, "1")
    assert not is_alive(2**22 - 1, "-")


def test_files_are_removed_when_the_watchdog_s_pipe_closes(tmp_path: Path) -> None:
    left = tmp_path / "segment_1"
    left.write_text("x")
    REAPER.guard_files(f"{tmp_path}/segment_*")
    REAPER.close()
    assert not left.exists()


def test_files_that_were_released_are_left_alone(tmp_path: Path) -> None:
    kept, left = tmp_path / "kept_1", tmp_path / "left_1"
    kept.write_text("x")
    left.write_text("x")
    REAPER.guard_files(f"{tmp_path}/kept_*")
    REAPER.guard_files(f"{tmp_path}/left_*")
    REAPER.release_files(f"{tmp_path}/kept_*")
    REAPER.close()
    REAPER.release_files(f"{tmp_path}/left_*")
    assert kept.exists()
    assert not left.exists()
