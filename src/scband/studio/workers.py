"""The parent's end of a worker process: start it, hand it a job, hear it, kill it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Any

_GRACE = 5.0  # seconds that a killed process may take to be gone


class Worker:
    """A process that runs one job at a time; `pipe` is readable when it has said something."""

    def __init__(self, warm: Sequence[str] = ()) -> None:
        ours, theirs = socket.socketpair()
        # a group of its own, so that what a job starts (a decoder) can be killed with it
        self.process = subprocess.Popen(
            [sys.executable, "-m", "scband.studio.worker", str(theirs.fileno()), *warm],
            stdin=subprocess.PIPE,
            pass_fds=(theirs.fileno(),),
            start_new_session=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
        )
        theirs.close()
        self.pipe = Connection(ours.detach())

    def send(self, function: str, args: tuple[Any, ...], options: dict[str, Any]) -> bool:
        """Hand over a job; False where the process is gone."""
        try:
            self.pipe.send((function, args, options))
        except (BrokenPipeError, ConnectionResetError):
            return False
        return True

    def receive(self) -> tuple[Any, ...] | None:
        """Read what it says; None where the process is gone."""
        try:
            said: tuple[Any, ...] = self.pipe.recv()
        except (EOFError, OSError):
            return None
        return said

    def kill(self) -> None:
        """End the process and what it started, without waiting; `close` follows."""
        with suppress(ProcessLookupError):  # then it ended by itself
            os.killpg(self.process.pid, signal.SIGKILL)

    def close(self) -> None:
        """Wait until a killed process is gone, and close what connects us."""
        with suppress(subprocess.TimeoutExpired):  # the system is slow; it is killed all the same
            self.process.wait(timeout=_GRACE)
        self.pipe.close()
        if self.process.stdin is not None:
            self.process.stdin.close()
