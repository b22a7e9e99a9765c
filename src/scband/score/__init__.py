"""Notes, parts and scores; beats, bars, meters and tempo; MIDI files."""

from scband.score.note import Note
from scband.score.score import (
    CHANNELS,
    DRUM_CHANNEL,
    DRUM_NAMES,
    DRUM_NUMBERS,
    Marker,
    Part,
    Score,
)
from scband.score.timeline import Meter, MeterChange, TempoChange, TempoMap

__all__ = [
    "CHANNELS",
    "DRUM_CHANNEL",
    "DRUM_NAMES",
    "DRUM_NUMBERS",
    "Marker",
    "Meter",
    "MeterChange",
    "Note",
    "Part",
    "Score",
    "TempoChange",
    "TempoMap",
]
