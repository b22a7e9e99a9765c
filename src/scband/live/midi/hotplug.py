"""MIDI ports that come and go: looked for once a second, opened when there, closed when gone."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from functools import partial

from scband.errors import MidiError
from scband.live.midi.bridge import JackBridge, jack_identity
from scband.live.midi.ports import (
    Access,
    Door,
    MidiAccess,
    OpenInput,
    OpenOutput,
    matching,
)

SCAN_SECONDS = 1.0
"""How often ports are looked for."""

_STOP_SECONDS = 4.0

OnMessage = Callable[[str, list[int], float], None]
"""Takes the port's name, the bytes of a message and its time of arrival in Unix seconds."""


def opened(door: Door, jack: str) -> Access:
    """Return the ports behind a door; `jack` is the JACK server's name. Raises MidiError."""
    return JackBridge(jack) if door is Door.JACK else MidiAccess(door)


class _Doorway:
    """The ports behind one door; its access is made anew where JACK is another one."""

    def __init__(self, door: Door) -> None:
        self.door = door
        self.access: Access | None = None
        self.jack = ""
        self.inputs: dict[str, OpenInput] = {}
        self.outputs: dict[str, OpenOutput] = {}

    def close(self) -> None:
        for source in self.inputs.values():
            source.close()
        for sink in self.outputs.values():
            sink.close()
        self.inputs, self.outputs = {}, {}
        if self.access is not None:
            self.access.close()
            self.access = None


class HotPlug:
    """Keeps the ports open that settings mean, as long as they are there.

    `wanted_in` and `wanted_out` are as in `ports.matching`. `jack()` is the name of the JACK server
    in use ("" for none). `say` hears once of what was asked for by name and is not there, and of
    what comes and goes; on a machine without MIDI and with nothing asked for it hears nothing.
    Ports are looked for `every` so many seconds.
    """

    def __init__(
        self,
        doors: Iterable[Door],
        wanted_in: str,
        wanted_out: str,
        *,
        on_message: OnMessage,
        on_output: Callable[[], None],
        on_unplugged: Callable[[str, float], None],
        jack: Callable[[], str],
        say: Callable[[str], None],
        every: float = SCAN_SECONDS,
    ) -> None:
        self._every = every
        self._doorways = [_Doorway(door) for door in doors]
        self._wanted = (wanted_in, wanted_out)
        self._on_message = on_message
        self._on_output = on_output
        self._on_unplugged = on_unplugged
        self._jack = jack
        self._say = say
        self._said: set[str] = set()
        self._outputs: tuple[OpenOutput, ...] = ()
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def open_inputs(self) -> tuple[str, ...]:
        """Names of the inputs that are open."""
        return tuple(name for way in self._doorways for name in way.inputs)

    @property
    def open_outputs(self) -> tuple[str, ...]:
        """Names of the outputs that are open."""
        return tuple(port.name for port in self._outputs)

    def start(self) -> None:
        """Open what is there, and look again every second."""
        if all(wanted in ("", "none") for wanted in self._wanted):
            return
        self.scan()
        self._thread = threading.Thread(target=self._run, name="scband-midi-scan", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Close every port; safe to call twice."""
        self._ended.set()
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.join(timeout=_STOP_SECONDS)
        self._outputs = ()
        for way in self._doorways:
            way.close()

    def send(self, message: list[int]) -> None:
        """Send to every open output; one that takes nothing is closed and looked for again."""
        for port in self._outputs:
            try:
                port.send(message)
            except MidiError as error:
                self._outputs = tuple(p for p in self._outputs if p is not port)
                port.close()
                self._once(str(error))

    def _run(self) -> None:
        while not self._ended.wait(self._every):
            self.scan()

    def scan(self) -> None:
        """Look once: close what has gone, open what has come."""
        for way in self._doorways:
            try:
                self._look(way)
            except MidiError as error:
                self._shut(way)
                if any(wanted not in ("all", "none", "") for wanted in self._wanted):
                    self._once(str(error))
        self._outputs = tuple(port for way in self._doorways for port in way.outputs.values())
        self._miss()

    def _look(self, way: _Doorway) -> None:
        name = self._jack() if way.door is Door.JACK else ""
        jack = jack_identity(name)
        if way.access is not None and way.jack != jack:
            self._shut(way)
        if way.access is None:
            way.access = opened(way.door, name)
            way.jack = jack
        self._look_at_inputs(way, way.access)
        self._look_at_outputs(way, way.access)

    def _shut(self, way: _Doorway) -> None:
        """Close a door; what was held on its ports is let go."""
        names = tuple(way.inputs)
        way.close()
        for name in names:
            self._on_unplugged(name, time.time())

    def _look_at_inputs(self, way: _Doorway, access: Access) -> None:
        there = matching(self._wanted[0], access.inputs())
        for name in [n for n in way.inputs if n not in there]:
            way.inputs.pop(name).close()
            self._say(f"MIDI input {name} has gone")
            self._on_unplugged(name, time.time())
        for name in [n for n in there if n not in way.inputs]:
            try:
                way.inputs[name] = access.open_input(name, partial(self._came, name))
            except MidiError as error:  # another program has it, maybe; the other ports are opened
                self._once(str(error))
                continue
            self._say(f"MIDI input {name}")

    def _came(self, name: str, message: list[int], when: float) -> None:
        self._on_message(name, message, when)

    def _look_at_outputs(self, way: _Doorway, access: Access) -> None:
        there = matching(self._wanted[1], access.outputs())
        open_still = set(self._outputs)
        for name in [n for n, p in way.outputs.items() if n not in there or p not in open_still]:
            way.outputs.pop(name).close()
            self._say(f"MIDI output {name} has gone")
        for name in [n for n in there if n not in way.outputs]:
            try:
                way.outputs[name] = access.open_output(name)
            except MidiError as error:
                self._once(str(error))
                continue
            self._outputs = (*self._outputs, way.outputs[name])
            self._say(f"MIDI output {name}")
            self._on_output()

    def _miss(self) -> None:
        """Say once which ports were asked for by name and are not there."""
        for wanted, names in zip(self._wanted, (self.open_inputs, self.open_outputs), strict=True):
            for part in (p.strip() for p in wanted.split(",")):
                if part not in ("", "all", "none") and not matching(part, list(names)):
                    self._once(f"waiting for the MIDI port {part!r}")

    def _once(self, text: str) -> None:
        if text not in self._said:
            self._said.add(text)
            self._say(text)
