"""Child processes that never outlive Python: started, read line by line, and ended by id."""

from __future__ import annotations

import atexit
import os
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from scband.errors import NotInstalledError, SuperColliderError
from scband.supercollider import reaper as reaper_script

_KEPT_LINES = 400


class Reaper:
    """The watchdog beside this Python process; see `reaper.py`. One for all children."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None
        self._guarded: set[int] = set()
        self._patterns: list[str] = []
        self._lock = threading.RLock()

    def _tell(self, line: str) -> None:
        with self._lock:
            if self._process is None or self._process.poll() is not None:
                self._process = subprocess.Popen(
                    [sys.executable, "-I", "-S", str(Path(reaper_script.__file__))],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    start_new_session=True,
                    text=True,
                )
                atexit.register(self.close)
                line = "\n".join([*(f"~ {pattern}" for pattern in self._patterns), line])
            assert self._process.stdin is not None
            self._process.stdin.write(line + "\n")
            self._process.stdin.flush()

    def guard(self, pid: int) -> None:
        """End `pid` when this Python process is gone."""
        with self._lock:
            self._guarded.add(pid)
            self._tell(f"+ {pid} {reaper_script.start_mark(pid)}")

    def release(self, pid: int) -> None:
        """Forget `pid`, which has ended; without anybody to guard the watchdog ends too."""
        with self._lock:
            self._tell(f"- {pid}")
            self._guarded.discard(pid)
            if not self._guarded:
                self.close()

    def guard_files(self, pattern: str) -> None:
        """Remove the files that match `pattern` when this Python process is gone."""
        with self._lock:
            self._patterns.append(pattern)
            self._tell(f"~ {pattern}")

    def release_files(self, pattern: str) -> None:
        """Forget a pattern: another program may have files of that name from now on."""
        with self._lock:
            if pattern in self._patterns:
                self._patterns.remove(pattern)
                if self._process is not None:
                    self._tell(f"! {pattern}")

    def close(self) -> None:
        """Close the pipe and wait until the watchdog has cleaned up and ended."""
        with self._lock:
            process, self._process = self._process, None
        atexit.unregister(self.close)
        if process is None or process.stdin is None:
            return
        process.stdin.close()
        try:
            process.wait(timeout=6)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(timeout=2)


REAPER = Reaper()


class ChildProcess:
    """A program run beside Python: its lines are read as they come, its end is noticed at once.

    `on_line(text)` and `on_exit(returncode)` are called in the reading thread. The last lines are
    kept in `lines` for error messages. The child has a session of its own, so that Ctrl-C in a
    terminal reaches Python alone, which then ends its children in order.
    """

    def __init__(
        self,
        name: str,
        argv: Sequence[str],
        *,
        env: Mapping[str, str] | None = None,
        on_line: Callable[[str], None] | None = None,
        on_exit: Callable[[int], None] | None = None,
    ) -> None:
        self.name = name
        self.argv = [str(a) for a in argv]
        self.lines: deque[str] = deque(maxlen=_KEPT_LINES)
        self._env = {**os.environ, **(env or {})}
        self._on_line = on_line
        self._on_exit = on_exit
        self._process: subprocess.Popen[str] | None = None
        self._thread: threading.Thread | None = None
        self.exited = threading.Event()

    def start(self) -> ChildProcess:
        """Start the program; raises NotInstalledError or SuperColliderError where it cannot."""
        try:
            self._process = subprocess.Popen(
                self.argv,
                env=self._env,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                text=True,
                errors="replace",
                bufsize=1,
            )
        except FileNotFoundError as error:
            raise NotInstalledError(f"{self.name}: {self.argv[0]} was not found") from error
        except OSError as error:
            raise SuperColliderError(f"{self.name} could not be started: {error}") from error
        REAPER.guard(self._process.pid)
        self._thread = threading.Thread(target=self._read, name=f"scband-{self.name}", daemon=True)
        self._thread.start()
        return self

    @property
    def pid(self) -> int:
        """The process id; raises SuperColliderError before `start`."""
        if self._process is None:
            raise SuperColliderError(f"{self.name} has not been started")
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether the program runs."""
        return self._process is not None and not self.exited.is_set()

    @property
    def returncode(self) -> int | None:
        """The exit status, None while it runs; negative is the signal that ended it."""
        return None if self._process is None else self._process.returncode

    def last_words(self, count: int = 6) -> str:
        """Return the program's last lines, for an error message."""
        return "\n".join(f"  {self.name}: {line}" for line in list(self.lines)[-count:])

    def _read(self) -> None:
        assert self._process is not None
        assert self._process.stdout is not None
        with self._process.stdout as stdout:
            for raw in stdout:
                line = raw.rstrip()
                self.lines.append(line)
                if self._on_line is not None:
                    self._on_line(line)
        code = self._process.wait()
        REAPER.release(self._process.pid)
        self.exited.set()
        if self._on_exit is not None:
            self._on_exit(code)

    def terminate(self) -> None:
        """Ask the program to end, without waiting."""
        if self.running and self._process is not None:
            self._process.terminate()

    def stop(self, timeout: float = 2.0) -> None:
        """End the program: ask, wait `timeout` seconds, then kill. Safe to call twice."""
        if self._process is None or self._thread is None:
            return
        if not self.exited.is_set():
            self._process.terminate()
            if not self.exited.wait(timeout):
                self._process.kill()
                self.exited.wait(timeout)
        if threading.current_thread() is not self._thread:
            self._thread.join(timeout)
