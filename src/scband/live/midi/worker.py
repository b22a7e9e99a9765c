"""A thread that does one thing after another, as they come due."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable

_STOP_SECONDS = 8.0  # longer than a session takes to answer


class Worker(ABC):
    """Calls, in a thread of its own, what `_next` hands it until that is None.

    `_next` is called with `_changed` held; it waits on it, and returns None where `_running` is
    false.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._changed = threading.Condition()
        self._running = False
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin."""
        self._running = True
        self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End after what is being done now; the rest is left. Safe to call twice."""
        with self._changed:
            self._running = False
            self._changed.notify()
        thread, self._thread = self._thread, None
        if thread is not None and thread is not threading.current_thread():
            thread.join(timeout=_STOP_SECONDS)

    def _run(self) -> None:
        while (call := self._waited()) is not None:
            call()

    def _waited(self) -> Callable[[], None] | None:
        with self._changed:
            return self._next()

    @abstractmethod
    def _next(self) -> Callable[[], None] | None:
        """Wait for the next thing to do and return it, None at the end."""
