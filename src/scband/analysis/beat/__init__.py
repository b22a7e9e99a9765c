"""Beats, downbeats, meter and tempo of a recording."""

from __future__ import annotations

from scband.analysis.beat.track import BeatTrack, track_beats

__all__ = ["BeatTrack", "track_beats"]
