"""A JACK server of the tests' own, and MIDI programs in other processes that are its clients."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from scband.supercollider.jack import AudioDriver, Jack, JackOptions

sys.path.insert(0, str(Path(__file__).parent))

from midi_program import Program  # beside this file


@pytest.fixture(scope="module")
def jack() -> Iterator[str]:
    """Give the name of a JACK server on the dummy device, with short periods."""
    server = Jack(JackOptions(driver=AudioDriver.DUMMY, period=64))
    try:
        yield server.start().name
    finally:
        server.stop()


@pytest.fixture
def program() -> Iterator[Callable[[str], Program]]:
    """Give a function that starts MIDI programs on a JACK server; they end with the test."""
    started: list[Program] = []

    def start(server: str) -> Program:
        started.append(Program(server))
        return started[-1]

    yield start
    for each in started:
        each.end()
