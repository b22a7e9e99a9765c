"""Everything that was heard in a recording, as one value."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scband.analysis.chords import ChordSpan, KeyStretch
from scband.analysis.sections import SectionSpan
from scband.analysis.spectral import Spectral
from scband.errors import AnalysisError, ScbandError
from scband.score import Meter
from scband.theory import Chord, Key

if TYPE_CHECKING:
    from scband.chart import SongMap

FORMAT = 1
"""Version of the JSON."""


@dataclass(frozen=True, slots=True)
class Analysis:
    """A recording as it was heard; all times in seconds from its start.

    `tempo` is in quarter notes a minute and 0 where no beat was found; `tempo_curve` holds pairs of
    time and tempo. `key` is None where no chord sounds; `keys` are the keys gone through.
    `tuning_cents` is the distance from A = 440 Hz. `onsets` are note onsets of all instruments.
    `loudness_lufs` is integrated (ITU-R BS.1770-4), `peak` the largest sample, `clipped` the share
    of samples at full scale. `material` is `pitched`, `drums` or `silence`. `warnings` are
    sentences about what is wrong with the file.
    """

    name: str
    duration: float
    sample_rate: int
    channels: int
    tempo: float
    tempo_curve: tuple[tuple[float, float], ...]
    meter: Meter
    beats: tuple[float, ...]
    downbeats: tuple[float, ...]
    beat_confidence: float
    key: Key | None
    key_confidence: float
    keys: tuple[KeyStretch, ...]
    tuning_cents: float
    chords: tuple[ChordSpan, ...]
    sections: tuple[SectionSpan, ...]
    onsets: tuple[float, ...]
    spectral: Spectral
    material: str
    loudness_lufs: float
    peak: float
    clipped: float
    warnings: tuple[str, ...] = ()

    @property
    def mode(self) -> str:
        """The mode: `key`'s major or minor, or dorian or mixolydian where the chords are clear.

        "" without a key.
        """
        from scband.analysis.keys import mode_of  # noqa: PLC0415  # numpy when it is needed

        chords = [(span.chord, span.end - span.start) for span in self.chords]
        return mode_of(self.key, chords) if self.key else ""

    def chord_at(self, seconds: float) -> Chord:
        """Give the chord that sounds at a time, N.C. outside of the recording."""
        for span in self.chords:
            if span.start <= seconds < span.end:
                return span.chord
        return Chord("N.C.")

    def to_lab(self) -> str:
        """Write the chords in Harte's notation, a line a chord: start, end, label."""
        return "".join(f"{c.start:.6f}\t{c.end:.6f}\t{c.label}\n" for c in self.chords)

    def to_songmap(self, *, folded: bool = False) -> SongMap:
        """Write what was heard as a song map that the band can play.

        Bars carry their time in the recording; `folded` writes a repeated section once instead.
        Raises AnalysisError where no beat was found.
        """
        from scband.analysis.written import song_map  # noqa: PLC0415  # charts when wanted

        return song_map(self, folded=folded)

    def plot(self, axes: Any = None) -> Any:
        """Draw chords, bars, sections, keys and tempo with matplotlib and return the figure.

        With `axes` all goes there, in one row. Raises AnalysisError where matplotlib is not
        installed.
        """
        from scband.analysis.plots import draw  # noqa: PLC0415  # matplotlib is optional

        return draw(self, axes)

    def to_dict(self) -> dict[str, Any]:
        """Give everything as plain values, in the order of the JSON."""
        return {
            "format": FORMAT,
            "file": self.name,
            "duration": self.duration,
            "sample_rate": self.sample_rate,
            "channels": self.channels,
            "tempo": self.tempo,
            "meter": str(self.meter),
            "key": f"{self.key.tonic_name} {self.key.mode}" if self.key else None,
            "mode": self.mode,
            "key_confidence": self.key_confidence,
            "keys": [[k.start, k.end, f"{k.key.tonic_name} {k.key.mode}"] for k in self.keys],
            "tuning_cents": self.tuning_cents,
            "beat_times": list(self.beats),
            "downbeat_times": list(self.downbeats),
            "beat_confidence": self.beat_confidence,
            "tempo_curve": [list(point) for point in self.tempo_curve],
            "chords": [[c.start, c.end, c.label] for c in self.chords],
            "chord_confidences": [c.confidence for c in self.chords],
            "sections": [
                {"label": s.label, "start": s.start, "end": s.end,
                 "first_bar": s.first_bar, "bars": s.bars}
                for s in self.sections
            ],
            "onset_times": list(self.onsets),
            "spectral": {name: getattr(self.spectral, name) for name in Spectral.__slots__},
            "material": self.material,
            "loudness_lufs": self.loudness_lufs if math.isfinite(self.loudness_lufs) else None,
            "peak": self.peak,
            "clipped": self.clipped,
            "warnings": list(self.warnings),
        }  # fmt: skip

    def to_json(self, indent: int | None = None) -> str:
        """Write everything as JSON; `chords` are `[start, end, label]` in Harte's notation."""
        return json.dumps(self.to_dict(), indent=indent, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Analysis:
        """Read what `to_json` wrote; raises AnalysisError for anything else."""
        try:
            return _read(json.loads(text))
        except (KeyError, TypeError, ValueError, ScbandError) as error:
            raise AnalysisError(f"this is not the JSON of an analysis: {error}") from error

    def _repr_html_(self) -> str:
        """Show the plot, where matplotlib is installed, and the chords in a notebook."""
        from scband.analysis.notebook import page  # noqa: PLC0415  # only notebooks want it

        return page(self)


def _read(facts: dict[str, Any]) -> Analysis:
    if facts["format"] != FORMAT:
        raise AnalysisError(f"format {facts['format']}, not {FORMAT}")
    loudness = facts["loudness_lufs"]
    pairs = zip(facts["chords"], facts["chord_confidences"], strict=True)
    return Analysis(
        name=facts["file"],
        duration=facts["duration"],
        sample_rate=facts["sample_rate"],
        channels=facts["channels"],
        tempo=facts["tempo"],
        tempo_curve=tuple((time, bpm) for time, bpm in facts["tempo_curve"]),
        meter=Meter.parse(facts["meter"]),
        beats=tuple(facts["beat_times"]),
        downbeats=tuple(facts["downbeat_times"]),
        beat_confidence=facts["beat_confidence"],
        key=Key(facts["key"]) if facts["key"] else None,
        key_confidence=facts["key_confidence"],
        keys=tuple(KeyStretch(start, end, Key(key)) for start, end, key in facts["keys"]),
        tuning_cents=facts["tuning_cents"],
        chords=tuple(
            ChordSpan(start, end, Chord.parse(label, "harte"), sure)
            for (start, end, label), sure in pairs
        ),
        sections=tuple(SectionSpan(**section) for section in facts["sections"]),
        onsets=tuple(facts["onset_times"]),
        spectral=Spectral(**facts["spectral"]),
        material=facts["material"],
        loudness_lufs=-math.inf if loudness is None else loudness,
        peak=facts["peak"],
        clipped=facts["clipped"],
        warnings=tuple(facts["warnings"]),
    )
