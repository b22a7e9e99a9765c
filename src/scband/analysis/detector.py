"""The chord detector that scripts call as a backend's: `ChordDetector`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from scband.analysis.analyze import analyze
from scband.analysis.chords import ChordSpan


@dataclass(frozen=True, slots=True)
class ChordDetector:
    """Detects the chords of audio files; `cache` keeps what was heard for the next time."""

    cache: bool = True

    def detect_chords(self, audio_file: str | Path) -> list[ChordSpan]:
        """Return the chords in order, each with start, end (seconds), chord and confidence.

        Raises AudioFileError for what is no audio, AnalysisError where a model is missing.
        """
        return list(analyze(audio_file, cache=self.cache).chords)
