"""Real MIDI ports between two programs, on a JACK server: opened, plugged and unplugged."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from midi_band import until
from midi_program import Program

from scband.errors import MidiError
from scband.live.midi import hotplug, ports
from scband.live.midi.bridge import BridgedPort, JackBridge
from scband.live.midi.hotplug import HotPlug
from scband.live.midi.ports import Door, MidiAccess, Receive, matching
from scband.supercollider.jack import AudioDriver, Jack, JackOptions

Start = Callable[[str], Program]


class Plugs(HotPlug):
    """Ports on JACK, with all that they say."""

    def __init__(self, jack: str, wanted_in: str = "all", wanted_out: str = "none") -> None:
        self.heard: list[tuple[str, list[int], float]] = []
        self.said: list[str] = []
        self.unplugged: list[str] = []
        self.plugged = 0
        super().__init__(
            [Door.JACK],
            wanted_in,
            wanted_out,
            on_message=lambda *message: self.heard.append(message),
            on_output=self._count,
            on_unplugged=lambda name, when: self.unplugged.append(name),
            jack=lambda: jack,
            say=self.said.append,
            every=0.2,
        )

    def _count(self) -> None:
        self.plugged += 1


@pytest.fixture
def opened() -> Iterator[Callable[..., Plugs]]:
    made: list[Plugs] = []

    def make(*arguments: str) -> Plugs:
        made.append(Plugs(*arguments))
        made[-1].start()
        return made[-1]

    yield make
    for each in made:
        each.stop()


def test_messages_of_another_program_arrive_with_their_times(
    jack: str, program: Start, opened: Callable[..., Plugs]
) -> None:
    keys = program(jack)
    keys("keys", "keyboard")
    plugs = opened(jack)
    assert plugs.open_inputs == ("keyboard:out",)
    sent = [keys("send", [0x90, 60 + n, 100]) for n in range(20)]
    until(lambda: len(plugs.heard) == 20)
    assert [message for _, message, _ in plugs.heard] == [[0x90, 60 + n, 100] for n in range(20)]
    late = [when - then for (_, _, when), then in zip(plugs.heard, sent, strict=True)]
    assert min(late) >= 0
    assert sorted(late)[10] < 0.01


def test_a_port_that_comes_is_opened_and_one_that_goes_is_closed_and_opened_again(
    jack: str, program: Start, opened: Callable[..., Plugs]
) -> None:
    plugs = opened(jack)
    assert plugs.open_inputs == ()
    assert plugs.said == []  # nothing there, nothing asked for: nothing said
    for name in ("first", "second"):
        keys = program(jack)
        keys("keys", name)
        until(lambda name=name: f"{name}:out" in plugs.open_inputs, 3)
        keys("send", [0xB0, 1, 3])
        until(lambda: plugs.heard)
        plugs.heard.clear()
        keys.kill()
        until(lambda name=name: plugs.unplugged[-1:] == [f"{name}:out"], 3)
    assert plugs.open_inputs == ()
    assert plugs.said[:2] == ["MIDI input first:out", "MIDI input first:out has gone"]


def test_a_port_asked_for_by_name_is_waited_for_and_that_is_said_once(
    jack: str, program: Start, opened: Callable[..., Plugs]
) -> None:
    plugs = opened(jack, "stage piano", "none")
    other = program(jack)
    other("keys", "drum pad")
    time.sleep(0.5)
    assert plugs.open_inputs == ()
    wanted = program(jack)
    wanted("keys", "Stage Piano 88")
    until(lambda: plugs.open_inputs == ("Stage Piano 88:out",), 3)
    assert plugs.said == [
        "waiting for the MIDI port 'stage piano'",
        "MIDI input Stage Piano 88:out",
    ]


def test_an_output_sends_and_is_found_again_after_it_went(
    jack: str, program: Start, opened: Callable[..., Plugs]
) -> None:
    plugs = opened(jack, "none", "synth")
    synth = program(jack)
    synth("synth", "a synth")
    until(lambda: plugs.open_outputs, 3)
    assert plugs.plugged == 1
    plugs.send([0x90, 60, 100])
    until(lambda: [m for _, m in synth("all")] == [[0x90, 60, 100]])
    synth.kill()
    until(lambda: not plugs.open_outputs, 3)
    plugs.send([0x80, 60, 0])  # to nobody
    again = program(jack)
    again("synth", "a synth")
    until(lambda: plugs.open_outputs, 3)
    plugs.send([0x90, 61, 100])
    until(lambda: [m for _, m in again("all")] == [[0x90, 61, 100]])


def test_a_port_of_our_own_can_be_connected_to_by_others(
    jack: str, program: Start, opened: Callable[..., Plugs]
) -> None:
    plugs = opened(jack, "virtual", "none")
    keys = program(jack)
    keys("keys", "keyboard")
    keys("close")
    assert keys("keys_to", "scband") == "scband"
    keys("send", [0xB0, 1, 5])
    until(lambda: plugs.heard)
    assert plugs.heard[0][:2] == ("virtual", [0xB0, 1, 5])


def test_a_port_that_another_program_holds_keeps_no_other_port_shut(
    jack: str,
    program: Start,
    opened: Callable[..., Plugs],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Busy(JackBridge):
        """JACK's ports, one of which is held as Windows' can be; JACK's own can be shared."""

        def open_input(self, name: str, receive: Receive) -> BridgedPort:
            if "held" in name:
                raise MidiError(f"the MIDI port {name!r} cannot be opened: it is in use")
            return super().open_input(name, receive)

    monkeypatch.setattr(hotplug, "JackBridge", Busy)
    for name in ("held", "keyboard"):
        program(jack)("keys", name)
    plugs = opened(jack)
    until(lambda: plugs.open_inputs == ("keyboard:out",))
    time.sleep(0.5)  # it is tried again, and that it fails is said once
    assert plugs.open_inputs == ("keyboard:out",)
    assert sorted(plugs.said) == [
        "MIDI input keyboard:out",
        "the MIDI port 'held:out' cannot be opened: it is in use",
    ]


def test_a_machine_without_midi_says_nothing_unless_a_port_was_asked_for() -> None:
    said: list[str] = []

    def no_jack(wanted: str) -> HotPlug:
        return HotPlug(
            [Door.JACK],
            wanted,
            "none",
            on_message=lambda *message: None,
            on_output=lambda: None,
            on_unplugged=lambda name, when: None,
            jack=lambda: "",
            say=said.append,
        )

    for wanted, words in (("all", 0), ("none", 0), ("piano", 2)):
        plugs = no_jack(wanted)
        plugs.start()
        plugs.scan()
        plugs.stop()
        assert len(said) == words
    assert "no JACK server" in said[0]
    assert "waiting for the MIDI port 'piano'" in said[1]


def test_without_alsa_the_system_s_door_is_shut_with_words_and_without_noise(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(ports, "_ALSA_SEQUENCER", tmp_path / "seq")
    with pytest.raises(MidiError, match=r"no ALSA sequencer .* use midi_api = jack"):
        MidiAccess(Door.SYSTEM)
    assert capfd.readouterr() == ("", "")


def test_a_jack_server_started_anew_is_found_and_its_ports_are_used(
    program: Start, opened: Callable[..., Plugs]
) -> None:
    name = f"midi-anew-{os.getpid()}"
    plugs = opened(name)
    for turn in range(2):
        server = Jack(JackOptions(driver=AudioDriver.DUMMY, name=name, period=64))
        server.start()
        try:
            keys = program(name)
            keys("keys", f"keys {turn}")
            until(lambda turn=turn: plugs.open_inputs == (f"keys {turn}:out",))
            keys("send", [0xB0, 1, turn])
            until(lambda: plugs.heard)
            assert plugs.heard.pop()[1] == [0xB0, 1, turn]
            keys.end()
        finally:
            server.stop()
        until(lambda: not plugs.open_inputs)
    assert not [text for text in plugs.said if "ended" in text]


def test_when_the_program_that_reads_jack_s_ports_dies_another_takes_its_place(
    jack: str, program: Start, opened: Callable[..., Plugs], capfd: pytest.CaptureFixture[str]
) -> None:
    keys = program(jack)
    keys("keys", "keyboard")
    plugs = opened(jack)
    until(lambda: plugs.open_inputs)
    before = readers()
    before[0].kill()
    until(lambda: readers() and readers() != before)
    until(lambda: plugs.open_inputs)
    keys("send", [0xB0, 1, 2])
    until(lambda: plugs.heard)
    plugs.stop()
    assert readers() == []
    assert capfd.readouterr() == ("", "")


def readers() -> list[psutil.Process]:
    """Return the programs of ours that read JACK's MIDI ports."""
    found = []
    for child in psutil.Process().children():
        with contextlib.suppress(psutil.NoSuchProcess):
            ours = "scband.live.midi.bridge_child" in child.cmdline()
            if ours and child.status() != psutil.STATUS_ZOMBIE:
                found.append(child)
    return found


def test_opening_what_is_not_there_is_refused_by_name(jack: str) -> None:
    with pytest.raises(MidiError, match="no JACK server 'another'"):
        JackBridge("another")
    access = JackBridge(jack)
    with pytest.raises(MidiError, match="'nosuch' cannot be opened"):
        access.open_output("nosuch")
    with pytest.raises(MidiError, match="'nosuch' cannot be opened"):
        access.open_input("nosuch", lambda message, when: None)
    port = access.open_output("virtual")
    access.close()
    access.close()
    with pytest.raises(MidiError, match="has ended"):
        port.send([0xF8])
    port.close()
    with pytest.raises(MidiError, match="is closed"):
        port.send([0xF8])


def test_names_are_matched_in_part_and_whole_names_first() -> None:
    names = ["KeyStep 37", "KeyStep", "nanoKONTROL"]
    assert matching("all", names) == names
    assert matching("none", names) == []
    assert matching("keystep", names) == ["KeyStep"]
    assert matching("key", names) == ["KeyStep 37", "KeyStep"]
    assert matching("nano, 37", names) == ["nanoKONTROL", "KeyStep 37"]
    assert matching("virtual", names) == ["virtual"]
