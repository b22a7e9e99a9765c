"""Controllers, programs and notes: what they do to the band."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from midi_band import WrittenBand, until

from scband.live.midi.control import MidiControl, level_of
from scband.live.midi.listener import MidiListener
from scband.live.midi.mapping import MidiMap, read_map

STYLES = ("swing", "bossa", "rock")


class Desk:
    """A band and what reads controllers for it."""

    def __init__(self, mapping: MidiMap | None = None, slow: float = 0.0) -> None:
        self.band = WrittenBand(slow)
        self.said: list[str] = []
        mapping = mapping or MidiMap()
        self.control = MidiControl(self.band, mapping, STYLES, self.said.append)
        self.listener = MidiListener(self.band, mapping, self.control, None)
        self.control.start()

    def receive(self, *message: int, when: float | None = None) -> None:
        self.listener.receive("keys", list(message), time.time() if when is None else when)

    def gets(self, *expected: tuple[str, object]) -> None:
        until(lambda: len(self.band.done) >= len(expected))
        assert self.band.done == list(expected)


@pytest.fixture
def desk() -> Iterator[Desk]:
    made = Desk()
    yield made
    made.control.stop()


def test_the_pedal_listens_while_it_is_held(desk: Desk) -> None:
    for value in (63, 64, 100, 127, 63, 0):
        desk.receive(0xB0, 64, value)
        time.sleep(0.03)
    desk.gets(("listen", True), ("listen", False))


@pytest.mark.parametrize(
    ("message", "name", "value"),
    [
        ((0xB0, 1, 127), "intensity", 1.0),
        ((0xB0, 1, 0), "intensity", 0.0),
        ((0xB5, 74, 64), "temperature", 1.0),
        ((0xB0, 74, 127), "temperature", 127 / 64),
        ((0xB0, 21, 100), "bass.level", 1.0),
        ((0xB0, 20, 0), "drums.level", 0.0),
        ((0xB0, 104, 127), "keys.mute", True),
        ((0xB0, 104, 0), "keys.mute", False),
        ((0xC0, 2), "style", "rock"),
    ],
)
def test_a_message_does_what_the_usual_table_says(
    desk: Desk, message: tuple[int, ...], name: str, value: object
) -> None:
    desk.receive(*message)
    desk.gets((name, value))


def test_what_means_nothing_does_nothing(desk: Desk) -> None:
    for message in ((0xB0, 7, 3), (0xB0, 25, 3), (0xE0, 0, 64), (0xF8,), (0xD0, 3)):
        desk.receive(*message)
    desk.receive(0xC0, 9)
    desk.receive(0xB0, 1, 127)
    desk.gets(("intensity", 1.0))
    assert desk.said == ["MIDI program 9 has no style"]


def test_messages_cut_short_are_counted_and_stop_nothing(desk: Desk) -> None:
    for message in ((), (0x90,), (0x90, 60), (0xB0, 1), (0xC0,)):
        desk.receive(*message)
    desk.receive(0xB0, 1, 0)
    desk.gets(("intensity", 0.0))
    assert desk.listener.malformed == 5


def test_of_a_fader_s_flood_the_newest_value_wins_in_time() -> None:
    desk = Desk(slow=0.05)
    for value in range(128):
        desk.receive(0xB0, 1, value)
    until(lambda: ("intensity", 1.0) in desk.band.done)
    assert len(desk.band.done) <= 3
    assert desk.control.lateness.worst < 0.5
    desk.control.stop()


def test_taps_set_the_tempo_and_a_pause_begins_anew(desk: Desk) -> None:
    for when in (0.0, 0.5, 1.0, 1.52):
        desk.receive(0xB0, 80, 127, when=when)
        desk.receive(0xB0, 80, 0, when=when + 0.1)
        time.sleep(0.02)
    desk.gets(("tempo", 120.0), ("tempo", 120.0), ("tempo", 120.0))
    for when in (10.0, 10.4):
        desk.receive(0xB0, 80, 127, when=when)
        desk.receive(0xB0, 80, 0, when=when + 0.1)
        time.sleep(0.02)
    assert desk.band.done[-1] == ("tempo", 150.0)
    assert len(desk.band.done) == 4


def test_what_the_band_refuses_is_said_and_stops_nothing(desk: Desk) -> None:
    for when in (0.0, 0.05):
        desk.receive(0xB0, 80, 127, when=when)
        desk.receive(0xB0, 80, 0, when=when)
        time.sleep(0.02)
    until(lambda: desk.said)
    assert "between 20 and 400" in desk.said[0]
    desk.receive(0xB0, 1, 127)
    desk.gets(("intensity", 1.0))


def test_notes_are_the_performance_with_their_times() -> None:
    desk = Desk(read_map({"channels": [1]}))
    desk.receive(0x90, 60, 127, when=5.0)
    desk.receive(0x91, 62, 127, when=5.1)  # another channel
    desk.receive(0x90, 64, 64, when=5.2)
    desk.receive(0x80, 60, 50, when=5.5)
    desk.receive(0x90, 64, 0, when=5.6)
    assert desk.band.notes == [(5.0, 60, 1.0), (5.2, 64, 64 / 127), (5.5, 60, 0.0), (5.6, 64, 0.0)]
    desk.control.stop()


def test_what_was_held_on_a_port_that_goes_is_let_go(desk: Desk) -> None:
    desk.receive(0xB0, 64, 127)
    desk.receive(0x90, 60, 127, when=1.0)
    until(lambda: desk.band.done)
    desk.listener.unplugged("keys", 2.0)
    desk.gets(("listen", True), ("listen", False))
    assert desk.band.notes == [(1.0, 60, 1.0), (2.0, 60, 0.0)]


def test_a_level_follows_general_midi_s_curve() -> None:
    assert level_of(100) == 1
    assert level_of(50) == pytest.approx(10 ** (-12.04 / 20), rel=1e-3)
    assert level_of(0) == 0
    assert level_of(127) < 4
