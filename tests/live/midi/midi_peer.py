"""A second MIDI program, in a process of its own: a keyboard, a sequencer, a synth on JACK.

Reads one command a line, as a Python literal, and answers each with a line of JSON.
"""

from __future__ import annotations

import ast
import json
import sys
import threading
import time

import rtmidi


class Peer:
    def __init__(self) -> None:
        self.out = self.into = None
        self.heard: list[tuple[float, list[int]]] = []
        self.sent: list[float] = []

    def keys(self, name: str) -> str:
        """Open a port that sends."""
        self.out = rtmidi.MidiOut(rtmidi.API_UNIX_JACK, name=name)
        self.out.open_virtual_port("out")
        return name

    def synth(self, name: str) -> str:
        """Open a port that takes."""
        self.into = rtmidi.MidiIn(rtmidi.API_UNIX_JACK, name=name, queue_size_limit=20000)
        self.into.ignore_types(timing=False)
        self.into.open_virtual_port("in")
        self.poller = threading.Thread(target=self._poll, daemon=True)
        self.poller.start()
        return name

    def _poll(self) -> None:
        into = self.into
        while self.into is not None:
            while (event := into.get_message()) is not None:
                self.heard.append((time.time(), event[0]))
            time.sleep(0.0005)

    def keys_to(self, client: str) -> str:
        """Open a port that sends to another client's port, as jack_connect does."""
        self.out = rtmidi.MidiOut(rtmidi.API_UNIX_JACK, name="sender")
        self.out.open_port(next(n for n, p in enumerate(self.out.get_ports()) if client in p))
        return client

    def send(self, *messages: list[int]) -> float:
        """Send at once; returns the time."""
        now = time.time()
        for message in messages:
            self.out.send_message(message)
        return now

    def clock(self, tempo: float, seconds: float, start: bool, jitter: float = 0.0) -> int:
        """Send a MIDI clock in a thread; remembers when each pulse was sent, without its jitter."""
        self.sent = []
        self.tempo = tempo
        threading.Thread(
            target=self._clock, args=(seconds, start, jitter), daemon=True, name="clock"
        ).start()
        return 0

    def set_tempo(self, tempo: float) -> float:
        self.tempo = tempo
        return time.time()

    def _clock(self, seconds: float, start: bool, jitter: float) -> None:
        import random

        chance = random.Random(1)
        end = time.time() + seconds
        due = time.time() + 0.05
        if start:
            self.out.send_message([0xFA])
        while due < end:
            time.sleep(max(due + jitter * chance.random() - time.time(), 0))
            self.out.send_message([0xF8])
            self.sent.append(due)
            due += 60 / self.tempo / 24

    def times(self) -> list[float]:
        """Return when pulses were due."""
        return list(self.sent)

    def all(self) -> list[tuple[float, list[int]]]:
        """Return all that was heard."""
        return list(self.heard)

    def close(self) -> int:
        out, into, self.out, self.into = self.out, self.into, None, None
        if out is not None:
            out.delete()
        if into is not None:
            self.poller.join()
            into.delete()
        return 0


def main() -> None:
    peer = Peer()
    print("ready", flush=True)
    for line in sys.stdin:
        name, *arguments = ast.literal_eval(line)
        print(json.dumps(getattr(peer, name)(*arguments)), flush=True)
    peer.close()


if __name__ == "__main__":
    main()
