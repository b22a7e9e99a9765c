"""The message bus: one bounded asyncio queue from the ears to whoever decides, and its copies.

Events come from many threads (supernova's messages, sclang's, MIDI, a user's own) and are taken by
one asyncio task. Where the queue is full, the oldest analysis is dropped and counted; a note or a
decision never is. Subscribers get copies in mailboxes of their own, which never hold anybody up.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Protocol

from scband.errors import SessionError

CAPACITY = 1024
"""Events that may wait: ten seconds of frames."""

_RESERVE = 4  # times the capacity, for what must not be dropped


class Event(Protocol):
    """Anything on the bus: it carries the time at which it happened."""

    @property
    def time(self) -> float:
        """When it happened, in Unix seconds."""


def nothing(event: Event) -> bool:
    """Say that no event is mere analysis."""
    return False


class Mailbox:
    """Events in their order, from any thread to one taker; bounded.

    `analysis(event)` says what may be dropped, since the next one stands for it. A full mailbox
    drops the oldest analysis and counts it in `lost`. With none to drop it takes up to four times
    its capacity, then a `strict` one raises SessionError, another drops its oldest.
    """

    def __init__(
        self,
        capacity: int = CAPACITY,
        analysis: Callable[[Event], bool] = nothing,
        *,
        strict: bool = False,
    ) -> None:
        self._capacity = capacity
        self._analysis = analysis
        self._strict = strict
        self._numbers = 0
        self._analyses: deque[tuple[int, Event]] = deque()
        self._kept: deque[tuple[int, Event]] = deque()
        self._filled = threading.Condition()
        self._closed = False
        self.lost = 0

    def __len__(self) -> int:
        return len(self._analyses) + len(self._kept)

    def put(self, event: Event) -> None:
        """Add an event; after `close` nothing is added."""
        with self._filled:
            if self._closed:
                return
            self._make_room()
            self._numbers += 1
            line = self._analyses if self._analysis(event) else self._kept
            line.append((self._numbers, event))
            self._filled.notify()

    def _make_room(self) -> None:
        if len(self) < self._capacity:
            return
        if self._analyses:
            self._analyses.popleft()
        elif len(self) < _RESERVE * self._capacity:
            return
        elif self._strict:
            waited = time.time() - self._kept[0][1].time
            raise SessionError(
                f"{len(self)} notes and decisions wait to be dealt with, the first for "
                f"{waited:.1f} s: the session does not keep up; end it and start it again"
            )
        else:
            self._kept.popleft()
        self.lost += 1

    def take(self) -> Event | None:
        """Return the oldest event, None where there is none; never waits."""
        with self._filled:
            return self._next()

    def _next(self) -> Event | None:
        if not self._kept or (self._analyses and self._analyses[0][0] < self._kept[0][0]):
            return self._analyses.popleft()[1] if self._analyses else None
        return self._kept.popleft()[1]

    def wait(self, seconds: float) -> Event | None:
        """Return the oldest event, None where none came in so many seconds or it is closed."""
        with self._filled:
            self._filled.wait_for(lambda: len(self) > 0 or self._closed, timeout=seconds)
            return self._next()

    @property
    def closed(self) -> bool:
        """Whether it takes nothing in any more."""
        return self._closed

    def close(self) -> None:
        """Take nothing in any more; what is there can still be taken out."""
        with self._filled:
            self._closed = True
            self._filled.notify_all()


class Bus:
    """The queue between all threads and the one asyncio task that decides.

    `put` may be called in any thread and never waits; `get` is awaited by one task.
    """

    def __init__(
        self, capacity: int = CAPACITY, analysis: Callable[[Event], bool] = nothing
    ) -> None:
        self._analysis = analysis
        self._queue = Mailbox(capacity, analysis, strict=True)
        self._copies: tuple[Mailbox, ...] = ()
        self._lock = threading.Lock()
        self._taker: tuple[asyncio.AbstractEventLoop, asyncio.Future[None]] | None = None

    @property
    def lost(self) -> int:
        """Analyses that were dropped because the taker did not keep up."""
        return self._queue.lost

    def subscribe(self, capacity: int = CAPACITY) -> Mailbox:
        """Return a mailbox that gets a copy of every event from now on, until it is closed."""
        mailbox = Mailbox(capacity, self._analysis)
        with self._lock:
            self._copies = (*(copy for copy in self._copies if not copy.closed), mailbox)
        return mailbox

    def tell(self, event: Event) -> None:
        """Give an event to the subscribers alone: what is told was decided already."""
        for copy in self._copies:
            copy.put(event)

    def put(self, event: Event) -> None:
        """Give an event to the taker and the subscribers.

        Raises SessionError where so many notes and decisions wait that the taker must have died.
        """
        self.tell(event)
        self._queue.put(event)
        self._wake()

    def _wake(self) -> None:
        with self._lock:
            taker, self._taker = self._taker, None
        if taker is None:
            return
        loop, waiting = taker
        if not loop.is_closed():
            loop.call_soon_threadsafe(_settle, waiting)

    async def get(self) -> Event | None:
        """Wait for the oldest event; None once the bus is closed and empty."""
        loop = asyncio.get_running_loop()
        while True:
            waiting = loop.create_future()
            with self._lock:
                self._taker = (loop, waiting)
            if (event := self._queue.take()) is not None or self._queue.closed:
                return event
            await waiting

    def close(self) -> None:
        """Let the taker end after what waits; subscribers are still told things."""
        self._queue.close()
        self._wake()

    def end(self) -> None:
        """Let every subscriber end after what waits."""
        for copy in self._copies:
            copy.close()


def _settle(waiting: asyncio.Future[None]) -> None:
    if not waiting.done():
        waiting.set_result(None)
