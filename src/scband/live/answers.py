"""Answers at once: what an agent plays the moment it hears an onset, past the Pdefs' clock.

The way is as short as it can be: supernova's onset message, one decision, one message back.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from scband.analysis.frames import Onset
from scband.score import Note
from scband.supercollider.mixer import Strip
from scband.supercollider.server import SoundServer
from scband.supercollider.sounds import stroke

_ADD_TO_HEAD = 0

Decide = Callable[[Onset], Sequence[Note]]
"""What an agent answers to an onset: notes whose starts are beats from now."""


@dataclass(frozen=True, slots=True)
class Answering:
    """A player that answers onsets in its channel with its sound; `tempo` in beats a minute."""

    server: SoundServer
    strip: Strip
    sound: str
    decide: Decide

    def answer(self, onset: Onset, tempo: float) -> None:
        """Decide and play: notes on beat 0 at once, later ones in time-tagged bundles."""
        for note in self.decide(onset):
            message = self.message(note, tempo)
            if message is None:
                continue
            if note.start <= 0:
                self.server.send(*message)
            else:
                self.server.send_at(time.time() + note.start * 60 / tempo, message)

    def message(self, note: Note, tempo: float) -> list[str | float] | None:
        """Return the `/s_new` of a note, None for a drum number that the kit has not."""
        played = stroke(note, self.sound, note.length * 60 / tempo)
        if played is None:
            return None
        strip = self.strip
        touch = [value for pair in played.arguments.items() for value in pair]
        return ["/s_new", played.sound, -1, _ADD_TO_HEAD, strip.group, "out", strip.bus, *touch]
