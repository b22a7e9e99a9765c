"""Starts and steers MIDI programs that are clients of a JACK server beside this process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from scband.supercollider.jack import jack_environment

_ANSWER_SECONDS = 10


class Program:
    """A MIDI program of its own: `midi_peer.py` in another process."""

    def __init__(self, server: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("midi_peer.py"))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env={**os.environ, **jack_environment(server)},
        )
        assert self._process.stdout is not None
        if self._process.stdout.readline() != "ready\n":
            self.kill()
            raise AssertionError("the MIDI program did not begin")

    def __enter__(self) -> Program:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def __call__(self, name: str, *arguments: object) -> Any:
        """Let the program do something and return its answer."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(repr((name, *arguments)), file=self._process.stdin, flush=True)
        answer = self._process.stdout.readline()
        assert answer, f"the MIDI program ended over {name}{arguments}"
        return json.loads(answer)

    def kill(self) -> None:
        """End it without a word, as a cable that is pulled."""
        self._process.kill()
        self._process.communicate(timeout=_ANSWER_SECONDS)

    def end(self) -> None:
        """End it in good order."""
        if self._process.poll() is None:
            self._process.communicate("", timeout=_ANSWER_SECONDS)
