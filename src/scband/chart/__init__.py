"""The song map, and the formats that it comes from and goes to."""

from scband.chart.files import read
from scband.chart.songmap import Bar, ChordAt, Jump, Mark, PlayedBar, Section, SongMap

__all__ = ["Bar", "ChordAt", "Jump", "Mark", "PlayedBar", "Section", "SongMap", "read"]
