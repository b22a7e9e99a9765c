"""Sessions for the tests of MIDI: one that writes down what is done to it, and real ones' beats."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from scband.errors import SessionError
from scband.live.session import Session
from scband.settings import Settings
from scband.supercollider.engine import BeatReport

SONG = "tempo: 220\nstyle: rock\n[A]\n| C | F | G | Am |\n"
_PERIOD = 128  # samples of the dummy device, so that JACK itself adds less than 3 ms


def midi_settings(**flags: object) -> Settings:
    """Return settings of a small band on the dummy device whose MIDI ports are JACK's."""
    usual = {"audio": "dummy", "period": _PERIOD, "midi_api": "jack", "players": "drums,bass"}
    return Settings.load(**{**usual, **flags})


class Beats:
    """The beats of a session from now on."""

    def __init__(self, session: Session) -> None:
        self._mailbox = session.bus.subscribe(100_000)
        self._found: list[BeatReport] = []

    def _take(self) -> int:
        while (event := self._mailbox.take()) is not None:
            if isinstance(event, BeatReport):
                self._found.append(event)
        return len(self._found)

    def all(self) -> list[BeatReport]:
        """Return the beats up to now."""
        self._take()
        return self._found

    def next(self, count: int, seconds: float = 15.0) -> list[BeatReport]:
        """Wait for so many beats that are reported from now on."""
        begun = self._take()
        until(lambda: self._take() >= begun + count, seconds)
        return self._found[begun : begun + count]


class WrittenPlayer:
    def __init__(self, name: str, done: list[tuple[str, Any]]) -> None:
        self._name, self._done = name, done
        self.playing, self.muted = True, False

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "level":
            self._done.append((f"{self._name}.level", value))
        object.__setattr__(self, name, value)

    def mute(self) -> None:
        self.muted = True
        self._done.append((f"{self._name}.mute", True))

    def unmute(self) -> None:
        self.muted = False
        self._done.append((f"{self._name}.mute", False))

    def on(self) -> None:
        self._done.append((f"{self._name}.play", True))

    def off(self) -> None:
        self._done.append((f"{self._name}.play", False))


class WrittenBand:
    """Writes down setters and calls as (name, value); `slow` seconds pass at each."""

    def __init__(self, slow: float = 0.0) -> None:
        self.done: list[tuple[str, Any]] = []
        self.notes: list[tuple[float, int, float]] = []
        self.slow = slow
        self.players = {name: WrittenPlayer(name, self.done) for name in ("drums", "bass", "keys")}

    def __setattr__(self, name: str, value: Any) -> None:
        if name in ("style", "intensity", "temperature", "tempo"):
            time.sleep(self.slow)
            if name == "tempo" and value > 400:
                raise SessionError(f"the tempo must be between 20 and 400 a minute, not {value}")
            self.done.append((name, value))
        object.__setattr__(self, name, value)

    def listen_for_chords(self, held: bool) -> None:
        self.done.append(("listen", held))

    def play_note(self, pitch: int, velocity: float, when: float | None = None) -> None:
        self.notes.append((when or 0.0, pitch, velocity))

    def steer(self, tempo: float | None, seconds: float | None, beats: float) -> None:
        self.done.append(("steer", (tempo, seconds, beats)))


def until(true: Callable[[], Any], seconds: float = 5.0) -> None:
    """Wait until something is true; fail where it is not in so many seconds."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not come in time"
        time.sleep(0.005)
