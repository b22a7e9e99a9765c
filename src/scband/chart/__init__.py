"""The song map, and the formats that it comes from and goes to."""

from scband.chart.files import encode, read, read_all, write
from scband.chart.grooves import groove_for
from scband.chart.ireal import Playlist, read_playlist, write_ireal, write_playlist
from scband.chart.jsonchart import SCHEMA
from scband.chart.songmap import Bar, ChordAt, Jump, Mark, PlayedBar, Section, SongMap
from scband.chart.textwriter import write_text

__all__ = [
    "SCHEMA",
    "Bar",
    "ChordAt",
    "Jump",
    "Mark",
    "PlayedBar",
    "Playlist",
    "Section",
    "SongMap",
    "encode",
    "groove_for",
    "read",
    "read_all",
    "read_playlist",
    "write",
    "write_ireal",
    "write_playlist",
    "write_text",
]
