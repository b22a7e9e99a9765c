"""The tree of nodes on the server: input, players, channels, effects, master, recorders.

Python owns the tree and its numbers are fixed, so that sclang can be told them and both find the
same nodes again after a restart. Players lie in one ParGroup, which supernova spreads over cores;
a channel reads its player's bus and adds to the master bus, a send to an effect's bus.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING

from scband.errors import SuperColliderError
from scband.supercollider.channels import DEFAULT_CHANNELS, MASTER_TRIM, Channel

if TYPE_CHECKING:
    from scband.supercollider.server import SoundServer

_ADD_TO_TAIL = 1

MAX_PLAYERS = 24
"""Players that one band may have."""


class Group(IntEnum):
    """Node ids of the groups, in the order in which the server computes them."""

    INPUT = 101
    PLAYERS = 102
    CHANNELS = 103
    EFFECTS = 104
    MASTER = 105
    RECORDERS = 106


_REVERB_NODE = 111
_DELAY_NODE = 112
_MASTER_NODE = 113
_FIRST_PLAYER_GROUP = 200
_FIRST_CHANNEL = 300

CONTROLS = {
    "gain": (0.0, 8.0),
    "pan": (-1.0, 1.0),
    "mute": (0.0, 1.0),
    "reverb_send": (0.0, 2.0),
    "delay_send": (0.0, 2.0),
}
"""Controls of a mixer channel with their ranges; gain and sends are linear amplitudes."""


@dataclass(slots=True)
class Strip:
    """One player's place in the mixer: its group, stereo bus, channel node and meter bus."""

    name: str
    group: int
    bus: int
    channel: int
    meter: int
    controls: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Level:
    """What a meter shows, as linear amplitudes."""

    peak: float
    rms: float

    @property
    def peak_db(self) -> float:
        """Peak in dB full scale, -120 for silence."""
        return 20 * math.log10(max(self.peak, 1e-6))


class Mixer:
    """Builds the node tree on a booted server and sets its controls."""

    def __init__(self, server: SoundServer) -> None:
        self._server = server
        self.strips: dict[str, Strip] = {}
        self.input_bus = -1
        self.master_bus = -1
        self.reverb_bus = -1
        self.delay_bus = -1
        self.master_meter = -1

    def _audio_bus(self, channels: int = 2) -> int:
        return int(self._server.server.add_bus_group("audio", channels).id_)

    def _control_bus(self, channels: int) -> int:
        return int(self._server.server.add_bus_group("control", channels).id_)

    def build(self) -> None:
        """Make the groups, the effects and the master; waits until they stand."""
        self.input_bus = self._audio_bus()
        self.master_bus = self._audio_bus()
        self.reverb_bus = self._audio_bus()
        self.delay_bus = self._audio_bus()
        self.master_meter = self._control_bus(5)
        send = self._server.send
        for group in Group:
            command = "/p_new" if group is Group.PLAYERS else "/g_new"
            send(command, int(group), _ADD_TO_TAIL, 0)
        into = (_ADD_TO_TAIL, int(Group.EFFECTS), "out", self.master_bus)
        send("/s_new", "reverb", _REVERB_NODE, *into, "in", self.reverb_bus)
        send("/s_new", "delay", _DELAY_NODE, *into, "in", self.delay_bus)
        send(
            *("/s_new", "master", _MASTER_NODE, _ADD_TO_TAIL, int(Group.MASTER)),
            *("in", self.master_bus, "out", 0, "meter", self.master_meter),
            *("trim", MASTER_TRIM),
        )
        self._server.sync()

    def add_player(self, name: str) -> Strip:
        """Make a player's group, bus and channel; raises SuperColliderError past 24 players."""
        if name in self.strips:
            return self.strips[name]
        number = len(self.strips)
        if number >= MAX_PLAYERS:
            raise SuperColliderError(f"a band has at most {MAX_PLAYERS} players")
        group, channel = _FIRST_PLAYER_GROUP + number, _FIRST_CHANNEL + number
        strip = Strip(name, group, self._audio_bus(), channel, self._control_bus(4))
        strip.controls = DEFAULT_CHANNELS.get(name, Channel()).controls()
        send = self._server.send
        send("/g_new", group, _ADD_TO_TAIL, int(Group.PLAYERS))
        values = [v for control in strip.controls.items() for v in control]
        send(
            *("/s_new", "mixer_channel", channel, _ADD_TO_TAIL, int(Group.CHANNELS)),
            *("in", strip.bus, "out", self.master_bus),
            *("reverb_bus", self.reverb_bus, "delay_bus", self.delay_bus),
            *("meter", strip.meter, *values),
        )
        self.strips[name] = strip
        return strip

    def strip(self, name: str) -> Strip:
        """Return a player's strip; raises SuperColliderError that lists them."""
        if name not in self.strips:
            raise SuperColliderError(f"no player {name!r} (there are: {', '.join(self.strips)})")
        return self.strips[name]

    def check(self, name: str, control: str, value: float) -> float:
        """Return a control's value; raises SuperColliderError by name and range."""
        self.strip(name)
        if control not in CONTROLS:
            raise SuperColliderError(f"a channel has {', '.join(CONTROLS)}, not {control!r}")
        low, high = CONTROLS[control]
        if not low <= value <= high:
            raise SuperColliderError(
                f"{name}'s {control} must be between {low:g} and {high:g}, not {value:g}"
            )
        return float(value)

    def set_master(self, control: str, value: float) -> None:
        """Set one control of the master (emits `/n_set`)."""
        self._server.send("/n_set", _MASTER_NODE, control, float(value))

    def set_delay_tempo(self, tempo: float) -> None:
        """Keep the delay's echoes in time with the band (emits `/n_set`)."""
        self._server.send("/n_set", _DELAY_NODE, "tempo", float(tempo))

    def levels(self) -> dict[str, Level]:
        """Return the meters (louder side), read from shared memory without any message."""
        memory = self._server.server.shared_memory
        if memory is None:
            return {}
        places = {name: s.meter for name, s in self.strips.items()} | {"master": self.master_meter}
        found = {}
        for name, bus in places.items():
            peak_left, peak_right, rms_left, rms_right = (float(memory[bus + n]) for n in range(4))
            found[name] = Level(max(peak_left, peak_right), max(rms_left, rms_right))
        return found
