"""A whole performance decided at once, as bars, as timed notes for a render."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from scband.agents import Band, Style
from scband.agents.ending import slowing
from scband.agents.form import Form, Slot
from scband.score import Note, TempoMap
from scband.supercollider.offline import TimedNote
from scband.supercollider.sounds import sound_of, stroke


@dataclass(frozen=True, slots=True)
class Performance:
    """What a band plays of a song: every bar with every player's notes, at one tempo.

    `first` is the bar of the form at which it begins; beats count from there.
    """

    form: Form
    band: Band
    tempo: float
    intensity: float = 0.5
    temperature: float = 1.0
    first: int = 0

    @property
    def style(self) -> Style:
        """The style that is played."""
        assert isinstance(self.band.style, Style)
        return self.band.style

    def bars(self) -> Iterator[tuple[Slot, dict[str, tuple[Note, ...]]]]:
        """Give each bar with what every player plays in it; starts count from the bar."""
        for slot in self.slots():
            context = self.form.context(
                slot, tempo=self.tempo, intensity=self.intensity, temperature=self.temperature
            )
            yield slot, self.band.decide(context)

    def slots(self) -> tuple[Slot, ...]:
        """Return every bar in the order in which it is played."""
        found = (self.form.slot(number) for number in range(self.first, self.form.length or 0))
        slots = [slot for slot in found if slot is not None]
        origin = slots[0].start if slots else 0.0
        return tuple(replace(slot, start=slot.start - origin) for slot in slots)

    @property
    def tempo_map(self) -> TempoMap:
        """The tempo over the piece: steady, and broader at the end where the style says so."""
        last = self.slots()[-1]
        if not self.form.ends or self.style.ending != "ritardando":
            return TempoMap.constant(self.tempo)
        return TempoMap.of([(0.0, self.tempo), *slowing(last.start, last.beats, self.tempo)])

    def parts(self) -> dict[str, tuple[Note, ...]]:
        """Return every player's notes over the whole piece, in beats from its start."""
        found: dict[str, list[Note]] = {player: [] for player in self.band.players}
        for slot, decided in self.bars():
            for player, notes in decided.items():
                found[player] += [_moved(note, slot.start) for note in notes]
        return {player: tuple(sorted(notes)) for player, notes in found.items()}

    def timed_notes(self) -> list[TimedNote]:
        """Return every note in seconds, with the SynthDef that plays it."""
        tempo = self.tempo_map
        return [
            timed
            for player, notes in self.parts().items()
            for timed in _timed(player, notes, sound_of(player, self.style.sounds), tempo)
        ]

    @property
    def seconds(self) -> float:
        """Length without what rings on."""
        slots = self.slots()
        return self.tempo_map.seconds(slots[-1].start + slots[-1].beats) if slots else 0.0


def _moved(note: Note, start: float) -> Note:
    return Note(note.start + start, note.length, note.pitch, note.velocity, note.articulation)


def _timed(player: str, notes: Sequence[Note], sound: str, tempo: TempoMap) -> Iterator[TimedNote]:
    for note in notes:
        start = tempo.seconds(note.start)
        played = stroke(note, sound, tempo.seconds(note.end) - start)
        if played is not None:
            yield TimedNote(start, played.sound, player, played.arguments, played.choke)
