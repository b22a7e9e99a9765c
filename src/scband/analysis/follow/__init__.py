"""Following a performer: where the beat is, heard causally in frames, onsets and notes."""

from scband.analysis.follow.pulse import Pulse
from scband.analysis.follow.tracker import BeatTracker

__all__ = ["BeatTracker", "Pulse"]
