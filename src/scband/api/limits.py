"""How often a caller may ask: a token bucket for each caller and family of endpoints."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Mapping

from scband.errors import RateLimitedError
from scband.settings import Settings

_BURST_SECONDS = 5.0  # a DAW that opens a project wakes all its plugins at once
_MOST_BUCKETS = 4096


class Bucket:
    """A token bucket: `rate` a second on the long run, `burst` at once."""

    __slots__ = ("_at", "_level", "burst", "rate")

    def __init__(self, rate: float, burst: float, now: float) -> None:
        self.rate = rate
        self.burst = burst
        self._level = burst
        self._at = now

    def take(self, now: float) -> float:
        """Take one token; return 0, or the seconds to wait where there is none."""
        self._level = min(self.burst, self._level + (now - self._at) * self.rate)
        self._at = now
        if self._level < 1:
            return (1 - self._level) / self.rate
        self._level -= 1
        return 0.0


class Limiter:
    """The buckets of all callers; the longest unused are forgotten, so memory stays bounded.

    `rates` gives tokens a second for each family; `burst_seconds` of them may come at once.
    """

    def __init__(
        self,
        rates: Mapping[str, float],
        burst_seconds: float = _BURST_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._rates = dict(rates)
        self._burst_seconds = burst_seconds
        self._clock = clock
        self._buckets: OrderedDict[tuple[str, str], Bucket] = OrderedDict()

    def take(self, family: str, who: str) -> None:
        """Count one request of a caller; raises RateLimitedError where it is one too many."""
        now = self._clock()
        bucket = self._buckets.get((family, who))
        if bucket is None:
            rate = self._rates[family]
            bucket = Bucket(rate, max(1.0, rate * self._burst_seconds), now)
            self._buckets[family, who] = bucket
            if len(self._buckets) > _MOST_BUCKETS:
                self._buckets.popitem(last=False)
        else:
            self._buckets.move_to_end((family, who))
        wait = bucket.take(now)
        if wait:
            raise RateLimitedError(
                f"more than {bucket.rate:g} requests a second; wait {wait:.1f} s "
                f"(setting rate_{family})",
                wait,
            )


def limiter_of(settings: Settings) -> Limiter:
    """Return the service's limiter."""
    return Limiter(
        {
            "register": settings.rate_register,
            "generate": settings.rate_generate,
            "upload": settings.rate_upload,
            "other": settings.rate_other,
        }
    )


def family_of(method: str, path: str, content_type: str) -> str:
    """Return which family of endpoints a request belongs to."""
    if method != "POST":
        return "other"
    if path in OPEN_PATHS:
        return "register"
    if content_type.startswith(("multipart/", "audio/", "application/octet-stream")):
        return "upload"
    if "/generate" in path or "/mixing/" in path or "/analyze/" in path:
        return "generate"
    return "other"


OPEN_PATHS = frozenset({"/api/plugin/register", "/api/page/session"})
