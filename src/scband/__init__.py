"""A band in SuperCollider that anyone can conduct from Python.

import scband

song = scband.chart("| Dm7 | G7 | Cmaj7 | A7 |", style="swing", tempo=140)
song.play()
song.render("out.wav", stems=True)
with scband.Session(song, style="rock") as band:
    band.bass.mute()
    band.intensity = 0.8
"""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from scband import chart as _chart_room
from scband.errors import ScbandError
from scband.score import Note
from scband.theory import Chord, Key

if TYPE_CHECKING:
    from scband.analysis.analyze import analyze
    from scband.analysis.detector import ChordDetector
    from scband.analysis.result import Analysis
    from scband.chart import SongMap
    from scband.live.session import Session
    from scband.song import Song
    from scband.studio.generator import MidiGenerator
    from scband.studio.orchestrator import Orchestrator

__version__ = "0.1.0"
__all__ = [
    "Analysis",
    "Chord",
    "ChordDetector",
    "Key",
    "MidiGenerator",
    "Note",
    "Orchestrator",
    "ScbandError",
    "Session",
    "Song",
    "SongMap",
    "analyze",
    "chart",
]

_LATER = {
    "Session": "scband.live.session",
    "Song": "scband.song",
    "SongMap": "scband.chart",
    "Band": "scband.agents",
    "Analysis": "scband.analysis.result",
    "ChordDetector": "scband.analysis.detector",
    "analyze": "scband.analysis.analyze",
    "MidiGenerator": "scband.studio.generator",
    "Orchestrator": "scband.studio.orchestrator",
}


def __getattr__(name: str) -> Any:
    """Import what needs supriya or the styles only when it is asked for."""
    if name in _LATER:
        from importlib import import_module  # noqa: PLC0415

        return getattr(import_module(_LATER[name]), name)
    raise AttributeError(f"module 'scband' has no attribute {name!r}")


class _ChartRoom(ModuleType):
    """The room `scband.chart`, which can also be called: `scband.chart("| Dm7 | G7 |")`."""

    def __call__(self, text: str | Path | SongMap, **options: Any) -> Song:
        """Make a song of a chart; see `scband.song.chart`."""
        from scband.song import chart  # noqa: PLC0415

        return chart(text, **options)


_chart_room.__class__ = _ChartRoom
chart = sys.modules["scband.chart"]
