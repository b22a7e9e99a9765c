"""A performance as a score: a part a player, with tempo, meters, key, sections and chords."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import pairwise

from scband.agents.form import Slot
from scband.score import CHANNELS, DRUM_CHANNEL, Marker, MeterChange, Note, Part, Score
from scband.studio.performance import Performance
from scband.supercollider.sounds import DEFAULT_SOUND, sound

ORDER = ("bass", "drums", "keys", "guitar", "lead", "pad")
"""The order of parts in a score, which is that of the tracks in a MIDI file."""

_LEAST = 0.01
"""Shortest note, in beats, that is left where the same pitch is struck again."""


def score_of(
    performance: Performance, title: str = "", parts: Mapping[str, tuple[Note, ...]] | None = None
) -> Score:
    """Write down what a band plays: parts named after the players, General MIDI programs and drums.

    Markers hold the sections and the chords, so that the file can be read as a chart again. `parts`
    are the notes where they have been decided already.
    """
    parts = performance.parts() if parts is None else parts
    slots = performance.slots()
    song = performance.form.song
    return Score(
        parts=tuple(
            _part(player, parts[player], performance) for player in ORDER if player in parts
        ),
        tempo=performance.tempo_map,
        meters=_meters(slots),
        key=song.tonality,
        title=title or song.title,
        markers=tuple(_markers(slots)),
    )


def _part(player: str, notes: tuple[Note, ...], performance: Performance) -> Part:
    if player == "drums":
        return Part(player, _apart(notes), 0, DRUM_CHANNEL)
    name = performance.style.sounds.get(player, DEFAULT_SOUND[player])
    programs = sound(name).programs
    return Part(player, _apart(notes), programs[0] if programs else 0, CHANNELS[player])


def _apart(notes: tuple[Note, ...]) -> tuple[Note, ...]:
    """End each note where its own pitch is struck again: a MIDI file cannot tell the two apart."""
    by_pitch: dict[int, list[Note]] = {}
    for note in notes:
        by_pitch.setdefault(note.pitch, []).append(note)
    found = []
    for same in by_pitch.values():
        for note, following in pairwise(same):
            length = min(note.length, max(following.start - note.start, _LEAST))
            found.append(Note(note.start, length, note.pitch, note.velocity, note.articulation))
        found.append(same[-1])
    return tuple(sorted(found))


def _meters(slots: tuple[Slot, ...]) -> tuple[MeterChange, ...]:
    found: list[MeterChange] = []
    for slot in slots:
        if not found or found[-1].meter != slot.bar.meter:
            found.append(MeterChange(slot.start, slot.bar.meter))
    return tuple(found)


def _markers(slots: tuple[Slot, ...]) -> Iterable[Marker]:
    last = None
    for slot in slots:
        if slot.bar.section_bar == 0 and slot.bar.section:
            yield Marker(slot.start, f"Section {slot.bar.section}")
        for change in slot.bar.chords:
            if change.chord != last:
                last = change.chord
                yield Marker(slot.start + change.beat, str(change.chord))
