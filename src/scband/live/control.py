"""The one thread in which a session's music is decided and changed: the bus's asyncio loop."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from typing import TypeVar

from scband.errors import ScbandError, SessionError
from scband.live.bus import Bus, Event
from scband.live.events import Command

_ANSWER_SECONDS = 6.0

_log = logging.getLogger(__name__)

_Result = TypeVar("_Result")


class ControlThread:
    """Takes the bus's events, one after another, and does what they ask for.

    `handle(event)` gets all but commands. `ask` waits for the result and raises its error; `post`
    does not wait, and what goes wrong then is told to `on_error`. What nobody foresaw ends the
    thread, and `on_death` is told.
    """

    def __init__(
        self,
        bus: Bus,
        handle: Callable[[Event], None],
        on_error: Callable[[ScbandError], None],
        on_death: Callable[[ScbandError], None],
    ) -> None:
        self.bus = bus
        self._on_death = on_death
        self._handle = handle
        self._on_error = on_error
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

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
        self.bus.close()
        if thread is not None and thread is not threading.current_thread():
            thread.join(timeout=_ANSWER_SECONDS)

    def post(self, command: Callable[[], None]) -> None:
        """Do something soon; after the end nothing is done."""
        if self._thread is not None:
            self.bus.put(Command(time.time(), command))

    def ask(self, command: Callable[[], _Result]) -> _Result:
        """Do something and return what comes of it; raises SessionError where nothing runs."""
        if self._thread is None:
            raise SessionError("the session is not running: start it first")
        if threading.current_thread() is self._thread:
            return command()
        answer: Future[_Result] = Future()

        def run() -> None:
            try:
                answer.set_result(command())
            except BaseException as error:  # handed to the caller
                answer.set_exception(error)

        self.bus.put(Command(time.time(), run))
        try:
            return answer.result(timeout=_ANSWER_SECONDS)
        except FutureTimeoutError as error:
            raise SessionError("the session did not answer in time") from error

    def later(self, seconds: float, command: Callable[[], None]) -> None:
        """Do something after so many seconds; only from within the thread."""
        assert self._loop is not None
        self._loop.call_later(seconds, command)

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except Exception as error:
            _log.exception("the thread that decides has ended")
            self._on_death(
                SessionError(
                    f"the session cannot go on ({type(error).__name__}: {error}): a fault of "
                    "scband's own; start it again, and report what stands in the log"
                )
            )

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        while (event := await self.bus.get()) is not None:
            try:
                if isinstance(event, Command):
                    event.run()
                else:
                    self._handle(event)
            except ScbandError as error:
                self._on_error(error)
