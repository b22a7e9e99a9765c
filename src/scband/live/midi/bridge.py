"""The MIDI ports of a JACK server, opened in a child process.

libjack knows one server in the life of a process and keeps its shared memory mapped: when JACK has
been started anew, only a new process finds it. It also prints to the terminal, and calls back in a
real-time thread. A child of our own has all of that to itself, and ends when its input ends.
"""

from __future__ import annotations

import itertools
import json
import os
import queue
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

from scband.errors import MidiError
from scband.live.midi.ports import Receive

_ANSWER_SECONDS = 5.0
_END_SECONDS = 3.0
_SEGMENTS = Path("/dev/shm")


def jack_identity(name: str) -> str:
    """Return what tells a JACK server from the next one of the same name; "" where none runs.

    Looked up without asking it: JACK's tools print, and leave things behind.
    """
    if not name:
        return ""
    if sys.platform != "linux":
        return name
    found = sorted(_SEGMENTS.glob(f"jack_{name}_*_0"))
    try:
        return ",".join(f"{path.name}:{path.stat().st_ino}" for path in found)
    except OSError:  # it went between the two looks
        return ""


class JackBridge:
    """An `Access` to the MIDI ports of the JACK server `name`; raises MidiError where none runs."""

    def __init__(self, name: str) -> None:
        if not jack_identity(name):
            raise MidiError(f"no JACK server {name!r} whose MIDI ports could be used")
        self._numbers = itertools.count(1)
        self._receivers: dict[int, Receive] = {}
        self._answers: queue.Queue[list[Any]] = queue.Queue()
        self._asking = threading.Lock()
        self._writing = threading.Lock()
        self._child = subprocess.Popen(
            [sys.executable, "-m", "scband.live.midi.bridge_child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "JACK_DEFAULT_SERVER": name, "JACK_NO_START_SERVER": "1"},
        )
        self._reader = threading.Thread(target=self._read, name="scband-midi-jack", daemon=True)
        self._reader.start()
        try:
            self._ask("ports")
        except MidiError:
            self.close()
            raise

    def inputs(self) -> list[str]:
        """Return the names of the ports that send to us, without our own."""
        return [str(name) for name in self._ask("ports")[0]]

    def outputs(self) -> list[str]:
        """Return the names of the ports that take from us, without our own."""
        return [str(name) for name in self._ask("ports")[1]]

    def open_input(self, name: str, receive: Receive) -> BridgedPort:
        """Open an input by its full name (`virtual`: a port of our own); raises MidiError."""
        number = next(self._numbers)
        self._receivers[number] = receive
        self._ask("input", number, name)
        return BridgedPort(self, number, name)

    def open_output(self, name: str) -> BridgedPort:
        """Open an output by its full name (`virtual`: a port of our own); raises MidiError."""
        number = next(self._numbers)
        self._ask("output", number, name)
        return BridgedPort(self, number, name)

    def close(self) -> None:
        """End the child; safe to call twice."""
        if self._child.stdin is not None and not self._child.stdin.closed:
            with self._writing:
                try:
                    self._child.stdin.close()
                except BrokenPipeError:
                    self._child.kill()  # it has died already; what it was sent is lost
        try:
            self._child.wait(timeout=_END_SECONDS)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait(timeout=_END_SECONDS)
        if self._reader is not threading.current_thread():
            self._reader.join(timeout=_END_SECONDS)

    def tell(self, *words: Any) -> None:
        """Send the child a command; raises MidiError where it has ended."""
        assert self._child.stdin is not None
        try:
            with self._writing:
                self._child.stdin.write(json.dumps(words).encode() + b"\n")
                self._child.stdin.flush()
        except (OSError, ValueError) as error:  # a broken or closed pipe
            raise MidiError("the program that reads JACK's MIDI ports has ended") from error

    def _ask(self, *words: Any) -> list[Any]:
        """Send a command and return its answer."""
        with self._asking:
            while not self._answers.empty():  # of a question that nobody waits for any more
                self._answers.get_nowait()
            self.tell(*words)
            try:
                answer = self._answers.get(timeout=_ANSWER_SECONDS)
            except queue.Empty as error:
                raise MidiError("JACK's MIDI ports do not answer") from error
        if answer[0] == "error":
            raise MidiError(str(answer[1]))
        return answer[1:]

    def _read(self) -> None:
        assert self._child.stdout is not None
        with self._child.stdout as stream:
            for line in stream:
                answer = json.loads(line)
                if answer[0] == "got":
                    _, number, message, when = answer
                    self._receivers[number](message, when)
                else:
                    self._answers.put(answer)
        self._answers.put(["error", "the program that reads JACK's MIDI ports has ended"])


class BridgedPort:
    """A port that is open in the child."""

    def __init__(self, bridge: JackBridge, number: int, name: str) -> None:
        self.name = name
        self._bridge = bridge
        self._number = number
        self._open = True

    def send(self, message: list[int]) -> None:
        """Send the bytes of one message at once; raises MidiError where the port is gone."""
        if not self._open:
            raise MidiError(f"the MIDI port {self.name!r} is closed")
        self._bridge.tell("send", self._number, message)

    def close(self) -> None:
        """Close the port; safe to call twice."""
        if self._open:
            self._open = False
            try:
                self._bridge.tell("close", self._number)
            except MidiError:
                return  # the child has ended, and its ports with it
