"""The program that has JACK's MIDI ports open: commands come in, messages and answers go out.

Each is a line of JSON. Commands are `["ports"]`, `["input", number, name]`, `["output", number,
name]`, `["send", number, bytes]` and `["close", number]`; all but the last two are answered by
`["ok", …]` or `["error", text]`. A message that arrives is `["got", number, bytes, time]`. It ends
when its input does.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from functools import partial
from typing import Any

from scband.errors import MidiError
from scband.live.midi.ports import Door, MidiAccess, MidiInput, MidiOutput
from scband.live.midi.scheduler import hurry


class Bridge:
    """Does what the lines say."""

    def __init__(self) -> None:
        # libjack may print to standard output, which is for the lines alone
        self._lines = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
        self._inputs: dict[int, MidiInput] = {}
        self._outputs: dict[int, MidiOutput] = {}
        self._writing = threading.Lock()

    def say(self, *words: Any) -> None:
        """Write one line."""
        line = json.dumps(words).encode() + b"\n"
        with self._writing:
            self._lines.write(line)
            self._lines.flush()

    def run(self) -> None:
        """Serve until the input ends."""
        access = None
        hurry()  # what is sent is due now
        try:
            for line in sys.stdin.buffer:
                command, *arguments = json.loads(line)
                try:
                    access = access or MidiAccess(Door.JACK)
                    self._do(access, command, *arguments)
                except MidiError as error:
                    if command not in {"send", "close"}:
                        self.say("error", str(error))
        finally:
            for number in list(self._inputs):
                self._close(number)
            for number in list(self._outputs):
                self._close(number)
            if access is not None:
                access.close()

    def _do(self, access: MidiAccess, command: str, *arguments: Any) -> None:
        match command:
            case "ports":
                self.say("ok", access.inputs(), access.outputs())
            case "input":
                number, name = arguments
                self._inputs[number] = access.open_input(name, partial(self._got, number))
                self.say("ok")
            case "output":
                number, name = arguments
                self._outputs[number] = access.open_output(name)
                self.say("ok")
            case "send":
                number, message = arguments
                if number in self._outputs:
                    self._outputs[number].send(message)
            case "close":
                self._close(arguments[0])

    def _got(self, number: int, message: list[int], when: float) -> None:
        self.say("got", number, message, when)

    def _close(self, number: int) -> None:
        if number in self._inputs:
            self._inputs.pop(number).close()
        if number in self._outputs:
            self._outputs.pop(number).close()


if __name__ == "__main__":
    Bridge().run()
