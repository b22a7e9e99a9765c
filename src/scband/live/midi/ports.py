"""MIDI ports of this machine through RtMidi: what there is, opened by name, closed again.

mido's ports are RtMidi's, too, but make a client at every look, which makes JACK drop out, and call
back in JACK's real-time thread.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

from scband.errors import MidiError

CLIENT = "scband"
"""Name of every MIDI client that scband opens; ports that begin with it are its own."""

_ALSA_SEQUENCER = Path("/dev/snd/seq")
_THROUGH = "Midi Through"
_POLL_SECONDS, _IDLE_POLL_SECONDS = 0.001, 0.004
_AWAKE_SECONDS = 10.0
_STOP_SECONDS = 8.0  # longer than a session takes to answer

Receive = Callable[[list[int], float], None]
"""Takes the bytes of one message and its time of arrival in Unix seconds."""


class Door(StrEnum):
    """How MIDI ports are reached.

    `system` is ALSA, CoreMIDI or Windows, where the hardware is; `jack` is the JACK server that the
    band plays through, where soft synths and sequencers are.
    """

    SYSTEM = "system"
    JACK = "jack"


class OpenInput(Protocol):
    """An input that hands its messages on until it is closed."""

    def close(self) -> None:
        """Close the port; safe to call twice."""


class OpenOutput(Protocol):
    """An output that takes messages until it is closed."""

    @property
    def name(self) -> str:
        """The port's name."""

    def send(self, message: list[int]) -> None:
        """Send the bytes of one message at once; raises MidiError where the port is gone."""

    def close(self) -> None:
        """Close the port; safe to call twice."""


class Access(Protocol):
    """The ports behind one door; every method raises MidiError where the door has shut."""

    def inputs(self) -> list[str]:
        """Return the names of the ports that send to us, without our own."""

    def outputs(self) -> list[str]:
        """Return the names of the ports that take from us, without our own."""

    def open_input(self, name: str, receive: Receive) -> OpenInput:
        """Open an input by its full name (`virtual`: a port of our own)."""

    def open_output(self, name: str) -> OpenOutput:
        """Open an output by its full name (`virtual`: a port of our own)."""

    def close(self) -> None:
        """Let go of the MIDI system; safe to call twice."""


class MidiAccess:
    """The ports behind one door, opened in this process.

    Raises MidiError where there is no such door on this machine. JACK is the server that the
    environment names; see `bridge` for why it is not opened in the band's own process.
    """

    def __init__(self, door: Door) -> None:
        self.door = door
        self._rtmidi = _library()
        self._api = self._choose()
        self._scanners = [self._client(input=True), self._client(input=False)]

    def _choose(self) -> int:
        r = self._rtmidi
        compiled = r.get_compiled_api()
        if self.door is Door.JACK:
            if r.API_UNIX_JACK not in compiled:
                raise MidiError("this build of RtMidi knows no JACK; use midi_api = system")
            return int(r.API_UNIX_JACK)
        for api in (r.API_LINUX_ALSA, r.API_MACOSX_CORE, r.API_WINDOWS_MM):
            if api in compiled:
                break
        else:
            raise MidiError("this build of RtMidi knows no MIDI system")
        if api == r.API_LINUX_ALSA and not _ALSA_SEQUENCER.exists():
            # asked all the same, ALSA prints to the terminal, and RtMidi raises SystemError
            raise MidiError(
                f"no ALSA sequencer ({_ALSA_SEQUENCER} is not there): connect a MIDI device and "
                "load the module snd-seq, or use midi_api = jack"
            )
        return int(api)

    def _client(self, *, input: bool) -> Any:  # noqa: A002  # the musician's word
        """Open a client; RtMidi's own exceptions end here."""
        r = self._rtmidi
        try:
            return (r.MidiIn if input else r.MidiOut)(self._api, name=CLIENT)
        except r.RtMidiError as error:  # a SystemError of RtMidi's own is one of these
            raise MidiError(f"the MIDI system ({self.door}) cannot be opened: {error}") from error

    def inputs(self) -> list[str]:
        """Return the names of the ports that send to us, without our own."""
        return self._names(0)

    def outputs(self) -> list[str]:
        """Return the names of the ports that take from us, without our own."""
        return self._names(1)

    def _names(self, which: int) -> list[str]:
        if not self._scanners:
            raise MidiError("the MIDI system has been closed")
        try:
            names = self._scanners[which].get_ports()
        except self._rtmidi.RtMidiError as error:
            raise MidiError(f"the MIDI ports cannot be listed: {error}") from error
        return [n for n in names if not n.startswith((CLIENT, _THROUGH))]

    def open_input(self, name: str, receive: Receive) -> MidiInput:
        """Open an input by its full name ("virtual": a port of our own); raises MidiError."""
        return MidiInput(name, self._opened(name, input=True), receive)

    def open_output(self, name: str) -> MidiOutput:
        """Open an output by its full name ("virtual": a port of our own); raises MidiError."""
        return MidiOutput(name, self._opened(name, input=False), self._rtmidi.RtMidiError)

    def _opened(self, name: str, *, input: bool) -> Any:  # noqa: A002
        client = self._client(input=input)
        try:
            if name == "virtual":
                client.open_virtual_port("in" if input else "out")
            else:
                client.open_port(client.get_ports().index(name), "in" if input else "out")
            if input:
                client.ignore_types(sysex=True, timing=False, active_sense=True)
        except (self._rtmidi.RtMidiError, ValueError) as error:
            client.delete()
            raise MidiError(f"the MIDI port {name!r} cannot be opened: {error}") from error
        return client

    def close(self) -> None:
        """Let go of the MIDI system; safe to call twice."""
        for scanner in self._scanners:
            scanner.delete()
        self._scanners = []


class MidiInput:
    """An open input, which hands each message to `receive` in a thread of its own.

    RtMidi's queue is looked into 1000 times a second (two per cent of a core), and 250 times where
    nothing has come for ten seconds. Its callbacks would come in the thread that reads: with JACK
    that is the audio thread, which must never wait for Python, and a port that is closed while one
    of them waits for Python hangs for ever.
    """

    def __init__(self, name: str, client: Any, receive: Receive) -> None:
        self.name = name
        self._client = client
        self._receive = receive
        self._open = True
        self._thread = threading.Thread(target=self._poll, name="scband-midi-in", daemon=True)
        self._thread.start()

    def _poll(self) -> None:
        idle_from = 0.0
        while self._open:
            while (event := self._client.get_message()) is not None:
                now = time.time()
                idle_from = now + _AWAKE_SECONDS
                self._receive(event[0], now)
            time.sleep(_POLL_SECONDS if time.time() < idle_from else _IDLE_POLL_SECONDS)

    def close(self) -> None:
        """Close the port; safe to call twice."""
        if self._open:
            self._open = False
            self._thread.join(timeout=_STOP_SECONDS)
            if not self._thread.is_alive():  # else whoever receives hangs, and may still read on
                self._client.delete()


class MidiOutput:
    """An open output."""

    def __init__(self, name: str, client: Any, error: type[Exception]) -> None:
        self.name = name
        self._client = client
        self._error = error
        self._lock = threading.Lock()
        self._open = True

    def send(self, message: list[int]) -> None:
        """Send the bytes of one message at once; raises MidiError where the port is gone."""
        with self._lock:
            if not self._open:
                raise MidiError(f"the MIDI port {self.name!r} is closed")
            try:
                self._client.send_message(message)
            except self._error as error:
                raise MidiError(f"the MIDI port {self.name!r} takes nothing: {error}") from error

    def close(self) -> None:
        """Close the port; safe to call twice."""
        with self._lock:
            if self._open:
                self._open = False
                self._client.delete()


def _library() -> Any:
    try:
        import rtmidi  # noqa: PLC0415  # a system library's door, opened when it is wanted
    except ImportError as error:
        raise MidiError(
            f"RtMidi cannot be loaded ({error}): `pip install python-rtmidi`; on Linux it needs "
            "libasound2"
        ) from error
    return rtmidi


def matching(wanted: str, names: list[str]) -> list[str]:
    """Return the ports that a setting means: `all`, `none`, or parts of names, comma between.

    Letter case does not matter; a part that is a whole name means just that port.
    """
    if wanted == "all":
        return names
    found: list[str] = []
    for part in (p.strip().lower() for p in wanted.split(",")):
        if part in ("", "none"):
            continue
        if part == "virtual":
            found.append(part)
            continue
        exact = [n for n in names if n.lower() == part]
        found += [n for n in exact or names if part in n.lower() and n not in found]
    return found
