"""What the studio's tests share."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

Until = Callable[..., None]


@pytest.fixture(scope="session")
def until() -> Until:
    """Give a function that waits until something is true, and fails where it never is."""

    def wait(true: Callable[[], object], seconds: float = 40.0) -> None:
        end = time.monotonic() + seconds
        while not true():
            assert time.monotonic() < end, "it did not happen in time"
            time.sleep(0.005)

    return wait
