"""When a sample sounds: the server's sample count against the time by which bundles are timed.

What is heard is stamped with a sample count, what is played with a Unix time. How both hang
together is asked of the server itself: a bundle that is due at a known time reads the count. So
whatever lies between (the server's start, a drop-out of JACK, a card whose clock walks away) is
measured and not assumed.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import TYPE_CHECKING, Any

from scband.analysis.frames import COUNT_UNIT

if TYPE_CHECKING:
    from scband.supercollider.server import SoundServer

_BLOCK = 64
_REMEMBERED = 12
_LEAD_SECONDS = 0.05
_OFTEN, _SELDOM = 0.1, 1.0
_LOST_SECONDS = 1.0


class SampleClock:
    """Turns sample counts into the times by which bundles are timed, from probes of both."""

    def __init__(self, rate: int) -> None:
        self.rate = rate
        self._block = _BLOCK / rate
        self._origins: deque[float] = deque(maxlen=_REMEMBERED)
        self._origin = 0.0

    @property
    def probes(self) -> int:
        """Probes since the clock began, or since the last jump; twelve at most."""
        return len(self._origins)

    def add(self, when: float, samples: int) -> None:
        """Learn that in the block of `when` the block before it began with that sample.

        A probe can be early within its block by up to the block's length, never late.
        """
        self._origins.append(when - (samples + _BLOCK) / self.rate)
        while (high := max(self._origins)) - (low := min(self._origins)) > 1.1 * self._block:
            self._origins.popleft()  # from before a jump of the server's time (a drop-out)
        # as probes gather they fill the block, and its beginning lies at their lowest
        self._origin = low if high - low > 0.7 * self._block else (low + high - self._block) / 2

    def time_of(self, samples: float) -> float:
        """Return the Unix time at which a bundle would sound with that sample."""
        return self._origin + samples / self.rate

    def samples_at(self, when: float) -> float:
        """Return the sample that sounds at a Unix time."""
        return (when - self._origin) * self.rate


class SampleProbe:
    """Asks the server, often at first and then once a second, which sample is due when.

    `poll` is called now and then by who hears frames; it never waits.
    """

    def __init__(self, server: SoundServer, bus: int, clock: SampleClock) -> None:
        self._server = server
        self._bus = bus
        self.clock = clock
        self._asked: float | None = None
        self._last = 0.0
        self._lock = threading.Lock()
        self._callback: Any = server.server.register_osc_callback(["/c_set"], self._answered)

    def poll(self) -> None:
        """Send the next probe if it is time (emits a bundle with `/c_get`)."""
        now = time.time()
        pause = _SELDOM if self.clock.probes >= _REMEMBERED else _OFTEN
        with self._lock:
            waiting = self._asked is not None and now < self._asked + _LOST_SECONDS
            if waiting or now - self._last < pause:
                return
            # spread over the block, whatever the rhythm of the asking
            self._asked = now + _LEAD_SECONDS
            self._last = now
            due = self._asked
        self._server.send_at(due, ("/c_get", self._bus, self._bus + 1))

    def _answered(self, message: Any) -> None:
        values = message.contents
        if len(values) != 4 or values[0] != self._bus:
            return
        with self._lock:
            asked, self._asked = self._asked, None
        if asked is not None:
            self.clock.add(asked, int(values[1]) * COUNT_UNIT + int(values[3]))

    def close(self) -> None:
        """Listen no longer."""
        self._server.server.unregister_osc_callback(self._callback)
