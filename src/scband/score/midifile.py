"""Scores to Standard MIDI Files and back, through mido."""

from __future__ import annotations

import io
from collections import defaultdict
from pathlib import Path
from typing import Any

import mido

from scband.errors import MidiFileError, ScbandError
from scband.score import smf
from scband.score.note import Note
from scband.score.score import DRUM_CHANNEL, Marker, Part, Score
from scband.score.timeline import Meter, MeterChange, TempoMap
from scband.theory.key import Key

TICKS = 480
"""Ticks a quarter note in the files that are written."""

_TEXTS = ("marker", "cue_marker", "text", "lyrics")


def write_midi(score: Score) -> bytes:
    """Write a score as a Standard MIDI File of format 1; articulations are not in the format."""
    file = mido.MidiFile(type=1, ticks_per_beat=TICKS)
    file.tracks.append(_conductor(score))
    file.tracks += [_part(part, score.length) for part in score.parts]
    stream = io.BytesIO()
    file.save(file=stream)
    return stream.getvalue()


def save_midi(score: Score, path: str | Path) -> None:
    """Write a score to a file; raises MidiFileError where that fails."""
    try:
        Path(path).write_bytes(write_midi(score))
    except OSError as error:
        raise MidiFileError(f"{path}: cannot write it: {error.strerror}") from None


def _text(text: str) -> str:
    """Keep what a MIDI file can hold: Latin-1 in mido's hands."""
    return text.encode("latin-1", "replace").decode("latin-1")


def _track(events: list[tuple[int, int, Any]], length: float) -> Any:
    """Put events (tick, rank, message) in order with delta times; it ends at `length` beats."""
    track = mido.MidiTrack()
    now = 0
    for tick, _, message in sorted(events, key=lambda event: event[:2]):
        track.append(message.copy(time=tick - now))
        now = tick
    rest = max(0, round(length * TICKS) - now)
    track.append(mido.MetaMessage("end_of_track", time=rest))
    return track


def _conductor(score: Score) -> Any:
    events: list[tuple[int, int, Any]] = [
        (0, 0, mido.MetaMessage("track_name", name=_text(score.title)))
    ]
    for change in score.meters:
        numerator, denominator = change.meter.numerator, change.meter.denominator
        message = mido.MetaMessage("time_signature", numerator=numerator, denominator=denominator)
        events.append((round(change.beat * TICKS), 1, message))
    for tempo in score.tempo.changes:
        message = mido.MetaMessage("set_tempo", tempo=min(0xFFFFFF, round(60e6 / tempo.bpm)))
        events.append((round(tempo.beat * TICKS), 2, message))
    if score.key is not None:
        name = _signature(score.key)
        events.append((0, 3, mido.MetaMessage("key_signature", key=name)))
    for rank, marker in enumerate(score.markers):
        message = mido.MetaMessage("marker", text=_text(marker.text))
        events.append((round(marker.beat * TICKS), 4 + rank, message))
    return _track(events, score.length)


def _signature(key: Key) -> str:
    """Name the key signature as mido does; modes take that of their relative major."""
    near = key.shifted(0)
    if near.mode in ("major", "minor"):
        return str(near)
    names = ("Cb", "Gb", "Db", "Ab", "Eb", "Bb", "F", "C", "G", "D", "A", "E", "B", "F#", "C#")
    return names[near.signature + 7]


def _part(part: Part, length: float) -> Any:
    channel = part.channel
    events: list[tuple[int, int, Any]] = [
        (0, 0, mido.MetaMessage("track_name", name=_text(part.name))),
        (0, 1, mido.Message("program_change", channel=channel, program=part.program)),
    ]
    for note in part.notes:
        start = max(0, round(note.start * TICKS))
        stop = max(start + 1, round(note.end * TICKS))
        velocity = min(127, max(1, round(note.velocity * 127)))
        on = mido.Message("note_on", channel=channel, note=note.pitch, velocity=velocity)
        off = mido.Message("note_off", channel=channel, note=note.pitch, velocity=0)
        events += [(start, 3, on), (stop, 2, off)]
    return _track(events, length)


def load_midi(path: str | Path) -> Score:
    """Read a MIDI file from disk; raises MidiFileError with the place."""
    try:
        with Path(path).open("rb") as stream:
            data = stream.read(smf.MAX_BYTES + 1)
    except OSError as error:
        raise MidiFileError(f"{path}: cannot open it: {error.strerror}") from None
    return read_midi(data, str(path))


def read_midi(data: bytes, source: str = "MIDI file") -> Score:
    """Read a Standard MIDI File: a part for every track and channel that has notes.

    Raises MidiFileError that names track and byte; sizes are checked before anything is parsed.
    """
    division = smf.check(data, source)
    try:
        file = mido.MidiFile(file=io.BytesIO(data))
        return _Reading(file, division).score()
    except ScbandError as error:
        raise MidiFileError(f"{source}: {error}") from None
    except Exception as error:
        raise MidiFileError(f"{source}: {type(error).__name__}: {error}"[:300]) from None


class _Reading:
    """Collects what the tracks of a file say."""

    def __init__(self, file: Any, division: int) -> None:
        self.file, self.division = file, division
        self.tempos: list[tuple[float, float]] = []
        self.meters: dict[float, Meter] = {}
        self.key: Key | None = None
        self.markers: list[Marker] = []
        self.names: list[str] = []
        self.parts: list[Part] = []

    def score(self) -> Score:
        """Read all tracks."""
        for number, track in enumerate(self.file.tracks):
            self._track(track, number)
        tempos = [(0.0, 120.0), *self.tempos]
        meters = {0.0: Meter(4, 4), **self.meters}
        changes = tuple(MeterChange(beat, meters[beat]) for beat in sorted(meters))
        title = self.names[0] if self.names else ""
        markers = tuple(sorted(self.markers, key=lambda marker: marker.beat))
        tempo = TempoMap.of(tempos)
        return Score(tuple(self.parts), tempo, changes, self.key, title, markers)

    def _track(self, track: Any, number: int) -> None:
        tick = 0
        name = ""
        programs: dict[int, int] = {}
        sounding: defaultdict[tuple[int, int], list[tuple[int, int]]] = defaultdict(list)
        notes: defaultdict[int, list[Note]] = defaultdict(list)
        for message in track:
            tick += message.time
            if message.is_meta:
                if message.type == "track_name" and not name:
                    name = message.name.strip()
                self._meta(message, tick / self.division)
            elif message.type == "program_change":
                programs.setdefault(message.channel, message.program)
            elif message.type in ("note_on", "note_off"):
                self._note(message, tick, sounding, notes)
        for (channel, pitch), open_notes in sounding.items():
            for start, velocity in open_notes:
                notes[channel].append(self._made(start, max(tick, start + 1), pitch, velocity))
        if number == 0 or self.file.type == 0:
            self.names.append(name)
        for channel in sorted(notes):
            ordered = tuple(sorted(notes[channel]))
            fallback = "drums" if channel == DRUM_CHANNEL else f"channel {channel + 1}"
            part_name = name if len(notes) == 1 and name else fallback
            self.parts.append(Part(part_name, ordered, programs.get(channel, 0), channel))

    def _note(
        self,
        message: Any,
        tick: int,
        sounding: defaultdict[tuple[int, int], list[tuple[int, int]]],
        notes: defaultdict[int, list[Note]],
    ) -> None:
        place = (message.channel, message.note)
        if message.type == "note_on" and message.velocity:
            sounding[place].append((tick, message.velocity))
        elif sounding[place]:
            start, velocity = sounding[place].pop(0)
            made = self._made(start, max(tick, start + 1), message.note, velocity)
            notes[message.channel].append(made)

    def _made(self, start: int, stop: int, pitch: int, velocity: int) -> Note:
        return Note(start / self.division, (stop - start) / self.division, pitch, velocity / 127)

    def _meta(self, message: Any, beat: float) -> None:
        if message.type == "set_tempo" and message.tempo:
            self.tempos.append((beat, min(1000.0, max(1.0, round(60e6 / message.tempo, 4)))))
        elif message.type == "time_signature":
            usable = 1 <= message.numerator <= 64 and message.denominator <= 64
            if usable:
                self.meters[beat] = Meter(message.numerator, message.denominator)
        elif message.type == "key_signature" and self.key is None:
            self.key = Key(message.key)
        elif message.type in _TEXTS:
            text = getattr(message, "text", "").strip()
            if text:
                self.markers.append(Marker(beat, text))
