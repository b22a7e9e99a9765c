"""MIDI ports of this machine through RtMidi: what there is, opened by name, closed without noise.

Two doors lead to them. `system` is ALSA, CoreMIDI or Windows, where the hardware is; `jack` is the
JACK server that the band plays through, where soft synths and sequencers are.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Any

from scband.errors import MidiError

CLIENT = "scband"
"""Name of every MIDI client that scband opens; ports that begin with it are its own."""

_ALSA_SEQUENCER = Path("/dev/snd/seq")
_THROUGH = "Midi Through"

Receive = Callable[[list[int]], None]
"""Takes the bytes of one message."""


class Door(StrEnum):
    """How MIDI ports are reached."""

    SYSTEM = "system"
    JACK = "jack"


class MidiAccess:
    """Lists and opens the ports behind one door.

    `jack` is the name of the JACK server for `Door.JACK`. Raises MidiError where there is no such
    door on this machine. libjack serves one server in a process: while another one is in use, that
    door is shut.
    """

    _jack_lock = threading.Lock()
    _jack_in_use: tuple[str, int] = ("", 0)

    def __init__(self, door: Door, jack: str = "") -> None:
        self.door = door
        self._jack = jack
        self._rtmidi = _library()
        self._api = self._choose()
        self._take_jack()
        self._open = True
        self._scanners: list[Any] = []
        try:
            self._scanners = [self._client(input=True), self._client(input=False)]
        except MidiError:
            self.close()
            raise

    def _choose(self) -> int:
        r = self._rtmidi
        compiled = r.get_compiled_api()
        if self.door is Door.JACK:
            if r.API_UNIX_JACK not in compiled:
                raise MidiError("this build of RtMidi knows no JACK; use midi_api = system")
            if not jack_server_is_there(self._jack):
                raise MidiError(f"no JACK server {self._jack!r} whose MIDI ports could be used")
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

    def _take_jack(self) -> None:
        if self.door is not Door.JACK:
            return
        with MidiAccess._jack_lock:
            name, users = MidiAccess._jack_in_use
            if users and name != self._jack:
                raise MidiError(
                    f"this process uses the MIDI ports of JACK server {name!r} already, and "
                    "libjack knows one server at a time"
                )
            MidiAccess._jack_in_use = (self._jack, users + 1)

    def _give_jack(self) -> None:
        if self.door is Door.JACK:
            with MidiAccess._jack_lock:
                name, users = MidiAccess._jack_in_use
                MidiAccess._jack_in_use = (name, users - 1)

    def _client(self, *, input: bool) -> Any:  # noqa: A002  # the musician's word
        """Open a client; RtMidi's own exceptions end here."""
        r = self._rtmidi
        kind = r.MidiIn if input else r.MidiOut
        with _jack_environment(self._jack if self.door is Door.JACK else None):
            try:
                return kind(self._api, name=CLIENT)
            except r.RtMidiError as error:  # a SystemError of RtMidi's own is one of these
                raise MidiError(
                    f"the MIDI system ({self.door}) cannot be opened: {error}"
                ) from error

    def inputs(self) -> list[str]:
        """Return the names of the ports that send to us, without our own."""
        return self._names(0)

    def outputs(self) -> list[str]:
        """Return the names of the ports that take from us, without our own."""
        return self._names(1)

    def _names(self, which: int) -> list[str]:
        try:
            names = self._scanners[which].get_ports()
        except self._rtmidi.RtMidiError as error:
            raise MidiError(f"the MIDI ports cannot be listed: {error}") from error
        return [n for n in names if not n.startswith((CLIENT, _THROUGH))]

    def open_input(self, name: str, receive: Receive) -> MidiInput:
        """Open an input by its full name ("virtual": a port of our own); raises MidiError."""
        client = self._opened(name, input=True)
        return MidiInput(name, client, receive, polled=self.door is Door.JACK)

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
        if not self._open:
            return
        self._open = False
        for scanner in self._scanners:
            scanner.delete()
        self._scanners = []
        self._give_jack()


class MidiInput:
    """An open input, which hands each message to `receive` in a thread that is not the audio's.

    RtMidi calls back in the thread that reads; with JACK that is the audio thread, which must never
    wait for Python, so there the queue is looked into 1000 times a second instead.
    """

    def __init__(self, name: str, client: Any, receive: Receive, *, polled: bool) -> None:
        self.name = name
        self._client = client
        self._receive = receive
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None
        if polled:
            self._thread = threading.Thread(target=self._poll, name="scband-midi-in", daemon=True)
            self._thread.start()
        else:
            client.set_callback(lambda event, _: receive(event[0]))

    def _poll(self) -> None:
        while not self._ended.wait(_POLL_SECONDS):
            while (event := self._client.get_message()) is not None:
                self._receive(event[0])

    def close(self) -> None:
        """Close the port; safe to call twice."""
        if self._ended.is_set():
            return
        self._ended.set()
        if self._thread is None:
            self._client.cancel_callback()
        elif self._thread is not threading.current_thread():
            self._thread.join(timeout=2.0)
        self._client.delete()


_POLL_SECONDS = 0.001


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


def jack_server_is_there(name: str) -> bool:
    """Say whether a JACK 2 server of this name runs, without asking it (asking prints)."""
    if sys.platform != "linux":
        return bool(name)
    return bool(name) and any(Path("/dev/shm").glob(f"jack_{name}_*"))


def _library() -> Any:
    try:
        import rtmidi  # noqa: PLC0415  # a system library's door, opened when it is wanted
    except ImportError as error:
        raise MidiError(
            f"RtMidi is not installed ({error}): `pip install python-rtmidi`"
        ) from error
    return rtmidi


@contextmanager
def _jack_environment(name: str | None) -> Iterator[None]:
    """Let libjack, which reads the environment when a client opens, find the server `name`."""
    if name is None:
        yield
        return
    wanted = {"JACK_DEFAULT_SERVER": name, "JACK_NO_START_SERVER": "1"}
    with _ENVIRONMENT_LOCK:
        before = {key: os.environ.get(key) for key in wanted}
        os.environ.update(wanted)
        try:
            yield
        finally:
            for key, value in before.items():
                if value is None:
                    del os.environ[key]
                else:
                    os.environ[key] = value


_ENVIRONMENT_LOCK = threading.Lock()


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
