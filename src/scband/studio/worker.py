"""A worker process, `python -m scband.studio.worker FD`: runs jobs one by one at low priority.

Jobs come over an inherited socket as a function's name (`module:function`) with its arguments; the
function is called with a `Report` first. The process ends with its parent: standard input is a
lifeline that nobody writes to, and its end is the parent's.
"""

from __future__ import annotations

import importlib
import os
import signal
import sys
import threading
import traceback
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

from scband.errors import ScbandError

NICENESS = 15
"""How far below audio and the event loop jobs run."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a job's function tells while it works."""

    _pipe: Connection

    def __call__(self, progress: float, stage: str = "", partial: Any = None) -> None:
        """Say how much is done (0-1), what is being done, and hand over a piece of the result."""
        self._pipe.send(("progress", min(1.0, max(0.0, float(progress))), stage, partial))


def _watch_parent() -> None:
    while os.read(0, 4096):
        pass
    os._exit(0)


def _run(pipe: Connection, function: str, args: tuple[Any, ...], options: dict[str, Any]) -> None:
    module, _, name = function.partition(":")
    try:
        result = getattr(importlib.import_module(module), name)(Report(pipe), *args, **options)
        pipe.send(("done", result))
    except ScbandError as error:
        pipe.send(("failed", type(error).__name__, str(error)))
    except (BrokenPipeError, ConnectionResetError):
        raise
    except Exception as error:
        traceback.print_exc()
        pipe.send(("failed", "", f"{type(error).__name__}: {error}"[:500]))


def nothing(report: Report) -> None:
    """Do nothing: the job that starts a worker before there is work."""


def main() -> int:
    """Serve jobs until the parent is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which ends us
    os.nice(NICENESS)
    threading.Thread(target=_watch_parent, daemon=True).start()
    pipe = Connection(int(sys.argv[1]))
    for module in sys.argv[2:]:
        importlib.import_module(module)
    try:
        while True:
            _run(pipe, *pipe.recv())
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return 0


if __name__ == "__main__":
    sys.exit(main())
