"""An analysis written down as a song map: bars at downbeats, chords on beats, sections."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np

from scband.analysis.grid import bar_numbers
from scband.chart import Bar, ChordAt, Section, SongMap
from scband.chart.fold import fold
from scband.errors import AnalysisError
from scband.score import Meter
from scband.theory import Chord

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from scband.analysis.chords import ChordSpan
    from scband.analysis.sections import SectionSpan
    from scband.theory import Key

_FASTEST, _SLOWEST = 400.0, 20.0


class Heard(Protocol):
    """What of an analysis is written down."""

    @property
    def name(self) -> str:
        """The file's name."""

    @property
    def duration(self) -> float:
        """Seconds."""

    @property
    def key(self) -> Key | None:
        """The key of the whole."""

    @property
    def tempo(self) -> float:
        """Quarter notes a minute."""

    @property
    def tempo_curve(self) -> tuple[tuple[float, float], ...]:
        """Pairs of seconds and tempo."""

    @property
    def meter(self) -> Meter:
        """The meter of most bars."""

    @property
    def beats(self) -> tuple[float, ...]:
        """Beats in seconds."""

    @property
    def downbeats(self) -> tuple[float, ...]:
        """Starts of bars in seconds."""

    @property
    def chords(self) -> tuple[ChordSpan, ...]:
        """Chords in order."""

    @property
    def sections(self) -> tuple[SectionSpan, ...]:
        """Sections in order."""


def song_map(analysis: Heard, *, folded: bool = False) -> SongMap:
    """Write an analysis as a song map; raises AnalysisError where no bar was found."""
    starts = bar_starts(analysis)
    if len(starts) < 2:
        raise AnalysisError(f"{analysis.name}: there are no bars in it, so no song map")
    bars = _bars(analysis, starts)
    sections = []
    for span in analysis.sections:
        inside = tuple(bars[span.first_bar : span.first_bar + span.bars])
        if inside:
            sections.append(Section(span.label, inside))
    made = SongMap(
        tuple(sections) or (Section("A", tuple(bars)),),
        title=analysis.name.rpartition(".")[0] or analysis.name,
        key=analysis.key,
        tempo=min(_FASTEST, max(_SLOWEST, round(analysis.tempo, 2))),
        meter=analysis.meter,
    )
    return fold(made.expand(), made) if folded else made


def bar_starts(analysis: Heard) -> list[int]:
    """List the beats that begin a bar; beats before the first one are a pickup of their own."""
    numbers, _ = bar_numbers(analysis.beats, analysis.downbeats)
    starts = [index for index, number in enumerate(numbers) if number == 0]
    return starts if not starts or starts[0] == 0 else [0, *starts]


def _bars(analysis: Heard, starts: list[int]) -> list[Bar]:
    beats = np.asarray(analysis.beats)
    _, usual = bar_numbers(analysis.beats, analysis.downbeats)
    # a beat is a quarter note, or a dotted one
    unit = 1.5 if analysis.meter.beats == 1.5 * usual else 1.0
    ends = [*starts[1:], len(beats)]
    placed = _placed(analysis, beats)
    bars = []
    meter = analysis.meter
    sounding: Chord | None = None
    for number, (start, end) in enumerate(zip(starts, ends, strict=True)):
        edge = number in (0, len(starts) - 1)
        inside = []
        for place, chord in placed:
            if start <= place < end and chord != sounding:
                inside.append(ChordAt((place - start) * unit, chord))
                sounding = chord
        size = (end - start) * unit
        short = size != meter.beats
        changed = None
        if short and not edge:
            changed = meter = Meter.of_beats(size)
        length = size if edge and size < meter.beats else None
        bars.append(Bar(tuple(inside), changed, length, time=round(float(beats[start]), 6)))
    return bars


def _placed(analysis: Heard, beats: NDArray[np.float64]) -> list[tuple[float, Chord]]:
    """Put each chord on its nearest half beat, counted in beats of the recording."""
    found: dict[float, Chord] = {}
    index = np.arange(len(beats), dtype=float)
    for span in analysis.chords:
        if span.end <= beats[0]:
            continue
        place = float(np.interp(span.start, beats, index))
        if span.start > beats[-1]:
            place = len(beats) - 1 + 0.5
        found[round(place * 2) / 2] = span.chord
    return sorted(found.items())
