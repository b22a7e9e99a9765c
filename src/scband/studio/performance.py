"""A whole performance decided at once, as bars, as timed notes for a render."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from scband.agents import Band, Style
from scband.agents.form import Form, Slot
from scband.score import Note
from scband.supercollider.offline import TimedNote
from scband.supercollider.sounds import strike


@dataclass(frozen=True, slots=True)
class Performance:
    """What a band plays of a song: every bar with every player's notes, at one tempo."""

    form: Form
    band: Band
    tempo: float
    intensity: float = 0.5

    @property
    def style(self) -> Style:
        """The style that is played."""
        assert isinstance(self.band.style, Style)
        return self.band.style

    def bars(self) -> Iterator[tuple[Slot, dict[str, tuple[Note, ...]]]]:
        """Give each bar with what every player plays in it; starts count from the bar."""
        for number in range(self.form.length or 0):
            slot = self.form.slot(number)
            assert slot is not None
            context = self.form.context(slot, tempo=self.tempo, intensity=self.intensity)
            yield slot, self.band.decide(context)

    def parts(self) -> dict[str, tuple[Note, ...]]:
        """Return every player's notes over the whole piece, in beats from its start."""
        found: dict[str, list[Note]] = {player: [] for player in self.band.players}
        for slot, decided in self.bars():
            for player, notes in decided.items():
                found[player] += [_moved(note, slot.start) for note in notes]
        return {player: tuple(sorted(notes)) for player, notes in found.items()}

    def timed_notes(self) -> list[TimedNote]:
        """Return every note in seconds, with the SynthDef that plays it."""
        second = 60 / self.tempo
        return [
            timed
            for player, notes in self.parts().items()
            for timed in _timed(player, notes, self.style.sounds.get(player, ""), second)
        ]

    @property
    def seconds(self) -> float:
        """Length without what rings on."""
        last = self.form.slot((self.form.length or 1) - 1)
        return (last.start + last.beats) * 60 / self.tempo if last else 0.0


def _moved(note: Note, start: float) -> Note:
    return Note(note.start + start, note.length, note.pitch, note.velocity, note.articulation)


def _timed(player: str, notes: Sequence[Note], sound: str, second: float) -> Iterator[TimedNote]:
    for note in notes:
        arguments = {"velocity": note.velocity}
        if player == "drums":
            struck = strike(note.pitch)
            if struck is None:
                continue
            arguments |= {"sustain": struck.sustain, "pan": struck.pan}
            yield TimedNote(note.start * second, struck.name, player, arguments, struck.choke)
        else:
            arguments |= {
                "freq": 440 * 2 ** ((note.pitch - 69) / 12),
                "sustain": max(note.length * second, 0.01),
            }
            if note.articulation == "mute":
                arguments["mute"] = 1.0
            yield TimedNote(note.start * second, sound, player, arguments)
