"""The watchdog process that ends scband's children when Python itself is gone.

Run as a script with the standard library alone. It reads one instruction a line from standard
input: `+ PID START` guards a process (START is its start time where the system tells one, else
`-`), `- PID` releases it, `~ PATTERN` names files to remove. When the pipe closes, because Python
ended, crashed or was killed with SIGKILL, it ends what is still guarded and removes the files.
A pipe works on every system and sees every kind of death, which an exit hook does not.
"""

from __future__ import annotations

import fcntl
import glob
import os
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_GRACE_SECONDS = 2.0
_POLL_SECONDS = 0.02


def start_mark(pid: int) -> str:
    """Return a mark of when `pid` started, so that a reused process id is never ended; or `-`."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return "-"
    return stat.rpartition(")")[2].split()[19]


def is_alive(pid: int, mark: str) -> bool:
    """Say whether the guarded process still runs (a zombie does not)."""
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, PermissionError):
        return False
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return not Path("/proc/self/stat").exists()
    fields = stat.rpartition(")")[2].split()
    return fields[0] != "Z" and mark in ("-", fields[19])


def end(guarded: dict[int, str]) -> None:
    """Ask every guarded process to end, and kill what has not ended after two seconds."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        for pid, mark in guarded.items():
            if is_alive(pid, mark):
                os.kill(pid, number)
        deadline = time.monotonic() + _GRACE_SECONDS
        while time.monotonic() < deadline and any(is_alive(p, m) for p, m in guarded.items()):
            time.sleep(_POLL_SECONDS)


@contextmanager
def jack_lock() -> Iterator[None]:
    """Hold the lock under which scband starts JACK and sweeps what JACK leaves behind."""
    folder = Path(os.environ.get("SCBAND_CACHE") or Path.home() / ".cache" / "scband")
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "jack.lock"
    with path.open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _other_jack_runs() -> bool:
    for comm in glob.glob("/proc/[0-9]*/comm"):
        try:
            name = Path(comm).read_text(encoding="utf-8", errors="replace").strip()
        except OSError:
            continue
        if name in ("jackd", "jackdbus", "jackdmp"):
            return True
    return not Path("/proc/self/comm").exists()  # cannot tell: leave everything alone


def sweep_jack() -> None:
    """Remove the registry that the last JACK server of a machine leaves in shared memory.

    Only where no JACK server runs: the registry is common to all of them.
    """
    with jack_lock():
        if _other_jack_runs():
            return
        for pattern in ("jack-shm-registry", f"jack-{os.getuid()}-*", "jack-0-*"):
            for path in glob.glob(f"/dev/shm/{pattern}"):
                Path(path).unlink(missing_ok=True)
        shutil.rmtree(f"/dev/shm/jack_db-{os.getuid()}", ignore_errors=True)


def remove(patterns: list[str]) -> None:
    """Remove the files that match `patterns`."""
    for pattern in patterns:
        for path in glob.glob(pattern):
            Path(path).unlink(missing_ok=True)


def main() -> None:
    """Read instructions until the pipe closes, then clean up."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    guarded: dict[int, str] = {}
    patterns: list[str] = []
    for line in sys.stdin:
        sign, _, rest = line.strip().partition(" ")
        if sign == "+":
            pid, mark = rest.split()
            guarded[int(pid)] = mark
        elif sign == "-":
            guarded.pop(int(rest), None)
        elif sign == "~" and rest not in patterns:
            patterns.append(rest)
        elif sign == "!" and rest in patterns:
            patterns.remove(rest)
    had_children = bool(guarded)
    end(guarded)
    remove(patterns)
    if had_children:
        sweep_jack()


if __name__ == "__main__":
    main()
