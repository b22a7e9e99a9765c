"""Which MIDI ports this machine has, for people to read."""

from __future__ import annotations

from dataclasses import dataclass

from scband.errors import MidiError
from scband.live.midi.hotplug import opened
from scband.live.midi.ports import Door


@dataclass(frozen=True, slots=True)
class PortsFound:
    """The ports behind one door; `shut` says why there are none to be had."""

    door: Door
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    shut: str = ""

    def lines(self) -> list[str]:
        """Return the ports, a line each."""
        if self.shut:
            return [self.shut]
        found = [f"in   {name}" for name in self.inputs]
        found += [f"out  {name}" for name in self.outputs]
        return found or ["no MIDI device is connected"]


def look(door: Door, jack: str = "") -> PortsFound:
    """Return the ports behind a door; `jack` names the JACK server."""
    try:
        access = opened(door, jack)
    except MidiError as error:
        return PortsFound(door, shut=str(error))
    try:
        return PortsFound(door, tuple(access.inputs()), tuple(access.outputs()))
    finally:
        access.close()
