"""The one thread in which a session's music is decided and changed."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from typing import TypeVar

from scband.errors import ScbandError, SessionError

_ANSWER_SECONDS = 6.0
_WAITING = 4096

_Result = TypeVar("_Result")


class ControlThread:
    """Does what it is told, one thing after another.

    `ask` waits for the result and raises its error; `post` does not wait, and what goes wrong then
    is told to `on_error`.
    """

    def __init__(self, on_error: Callable[[ScbandError], None]) -> None:
        self._on_error = on_error
        self._commands: queue.Queue[Callable[[], None] | None] = queue.Queue(maxsize=_WAITING)
        self._thread: threading.Thread | None = None

    @property
    def running(self) -> bool:
        """Whether it can be told anything."""
        return self._thread is not None

    def start(self) -> None:
        """Begin."""
        self._thread = threading.Thread(target=self._run, name="scband-control", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End after what it does now; never hangs, safe to call twice."""
        thread, self._thread = self._thread, None
        if thread is not None:
            self._commands.put(None)
            thread.join(timeout=_ANSWER_SECONDS)

    def post(self, command: Callable[[], None]) -> None:
        """Do something soon; after the end nothing is done."""
        if self._thread is not None:
            self._commands.put(command)

    def ask(self, command: Callable[[], _Result]) -> _Result:
        """Do something and return what comes of it; raises SessionError where nothing runs."""
        if self._thread is None:
            raise SessionError("the session is not running: start it first")
        answer: Future[_Result] = Future()

        def run() -> None:
            try:
                answer.set_result(command())
            except BaseException as error:  # handed to the caller
                answer.set_exception(error)

        self._commands.put(run)
        try:
            return answer.result(timeout=_ANSWER_SECONDS)
        except FutureTimeoutError as error:
            raise SessionError("the session did not answer in time") from error

    def _run(self) -> None:
        while (command := self._commands.get()) is not None:
            try:
                command()
            except ScbandError as error:
                self._on_error(error)
