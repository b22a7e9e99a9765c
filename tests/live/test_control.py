"""The thread that decides: what goes wrong in it is told, and nobody waits for the dead."""

import threading
import time
from collections.abc import Iterator

import pytest

from scband.errors import ScbandError, SessionError
from scband.live.bus import Bus
from scband.live.control import ControlThread


class Told:
    def __init__(self) -> None:
        self.errors: list[ScbandError] = []
        self.deaths: list[ScbandError] = []
        self.dead = threading.Event()

    def die(self, error: ScbandError) -> None:
        self.deaths.append(error)
        self.dead.set()


def refuse() -> None:
    raise SessionError("no such bar")


def fail() -> None:
    raise ZeroDivisionError("bars of no beats")


@pytest.fixture
def running() -> Iterator[tuple[ControlThread, Told]]:
    told = Told()
    control = ControlThread(Bus(), lambda event: None, told.errors.append, told.die)
    control.start()
    yield control, told
    control.stop()


def test_what_is_refused_is_told_and_the_next_is_done(running: tuple[ControlThread, Told]) -> None:
    control, told = running
    control.post(refuse)
    assert control.ask(lambda: 7) == 7
    assert [str(error) for error in told.errors] == ["no such bar"]
    assert not told.deaths


def test_who_asks_gets_the_error(running: tuple[ControlThread, Told]) -> None:
    control, _ = running
    with pytest.raises(ZeroDivisionError):
        control.ask(fail)
    assert control.ask(lambda: 7) == 7


def test_what_nobody_foresaw_ends_the_session_in_words(
    running: tuple[ControlThread, Told],
) -> None:
    control, told = running
    begun = time.monotonic()
    control.post(fail)
    assert told.dead.wait(5)
    assert time.monotonic() - begun < 5
    assert "ZeroDivisionError: bars of no beats" in str(told.deaths[0])
