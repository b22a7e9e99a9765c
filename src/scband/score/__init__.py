"""Notes, parts and scores; beats, bars, meters and tempo; MIDI files."""

from scband.score.note import Note
from scband.score.timeline import Meter, MeterChange, TempoChange, TempoMap

__all__ = ["Meter", "MeterChange", "Note", "TempoChange", "TempoMap"]
