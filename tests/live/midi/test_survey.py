"""The MIDI ports of this machine, as people read them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from midi_program import Program

from scband.live import doctor
from scband.live.midi import ports
from scband.live.midi.ports import Door
from scband.live.midi.survey import look


def test_the_ports_of_other_programs_are_listed(
    jack: str, program: Callable[[str], Program]
) -> None:
    program(jack)("keys", "piano")
    program(jack)("synth", "organ")
    found = look(Door.JACK, jack)
    assert (found.inputs, found.outputs) == (("piano:out",), ("organ:in",))
    assert found.lines() == ["in   piano:out", "out  organ:in"]


def test_a_server_without_devices_says_so(jack: str) -> None:
    assert look(Door.JACK, jack).lines() == ["no MIDI device is connected"]
    assert "no JACK server 'nosuch'" in look(Door.JACK, "nosuch").lines()[0]


def test_the_command_lists_jack_s_ports_beside_the_system_s(
    jack: str, program: Callable[[str], Program]
) -> None:
    program(jack)("keys", "piano")
    done = subprocess.run(
        [sys.executable, "-m", "scband", "midi-ports"],
        env={**os.environ, "SCBAND_JACK_NAME": jack},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert "jack    in   piano:out" in done.stdout.splitlines()
    assert any(line.startswith("system  ") for line in done.stdout.splitlines())
    assert done.stderr == ""


def test_the_doctor_says_once_that_there_is_no_midi_here(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(ports, "_ALSA_SEQUENCER", tmp_path / "seq")
    found = [f for f in doctor.examine(measure=False) if f.name == "MIDI"]
    assert [f.state for f in found] == ["warning"]
    assert "no ALSA sequencer" in found[0].text
