"""Progressions as scripts hand them over, made into song maps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from scband.chart import SongMap, read
from scband.chart.songmap import Bar, ChordAt, Section
from scband.errors import ChartError, ChordError
from scband.score import Meter
from scband.theory.chord import Chord
from scband.theory.key import Key

Chords = str | SongMap | Sequence[Any]
"""A progression or chart as text, a song map, or a sequence of symbols or timed chords."""


def read_progression(
    chords: Chords, *, tempo: float | None = None, key: str | None = None, meter: str | None = None
) -> SongMap:
    """Make a song map of chords; tempo, key (`C major`) and meter override the chart's own.

    A text without bar lines is chords with `-`, `,` or blanks between, a bar each. Timed chords
    are laid on the beats of `tempo`. Raises ChartError, ChordError, ScoreError or TheoryError.
    """
    signature = Meter.parse(meter) if meter else None
    if isinstance(chords, SongMap):
        song = chords
    elif isinstance(chords, str):
        song = _text(chords, signature)
    elif chords and _is_timed(chords[0]):
        song = _timed(chords, tempo or 120.0, signature or Meter())
    else:
        song = _one_a_bar([_chord(item) for item in chords], signature)
    return replace(
        song,
        tempo=song.tempo if tempo is None else float(tempo),
        key=song.key if key is None else Key(key),
    )


def _text(text: str, meter: Meter | None) -> SongMap:
    if "|" not in text and "\n" not in text.strip():
        for separator in ("-", ",", None):
            words = [word for word in text.split(separator) if word.strip()]
            try:
                return _one_a_bar([Chord(word.strip()) for word in words], meter)
            except ChordError:
                continue
    # bytes are never taken for a path: the text may be a stranger's
    song = read(text.encode("utf-8", "replace"))
    if meter is None or meter == song.meter:
        return song
    return read(f"meter: {meter}\n{text}".encode("utf-8", "replace"))


def _one_a_bar(chords: Sequence[Chord], meter: Meter | None) -> SongMap:
    if not chords:
        raise ChartError("there are no chords in it", source="progression")
    bars = tuple(Bar((ChordAt(0.0, chord),)) for chord in chords)
    return SongMap((Section("", bars),), meter=meter or Meter())


def _is_timed(item: Any) -> bool:
    return (isinstance(item, Mapping) and "start" in item) or hasattr(item, "start")


def _field(item: Any, *names: str) -> Any:
    for name in names:
        found = item.get(name) if isinstance(item, Mapping) else getattr(item, name, None)
        if found is not None:
            return found
    raise ChartError(f"a timed chord needs {' or '.join(names)}: {item!r}", source="progression")


def _chord(item: Any) -> Chord:
    return item if isinstance(item, Chord) else Chord(str(item))


def _timed(items: Sequence[Any], tempo: float, meter: Meter) -> SongMap:
    """Lay chords with times in seconds on the nearest beats, from the first one on."""
    origin = float(_field(items[0], "start"))
    starts: dict[int, Chord] = {}
    for item in items:
        beat = round((float(_field(item, "start")) - origin) * tempo / 60)
        starts[beat] = _chord(_field(item, "chord", "symbol", "label"))
    end = (float(_field(items[-1], "end")) - origin) * tempo / 60
    bars, at, sounding = [], 0.0, starts[0]
    while at < max(end - 0.5, 1e-6):
        inside = {
            beat - at: chord for beat, chord in starts.items() if at <= beat < at + meter.beats
        }
        inside.setdefault(0.0, sounding)
        chords = tuple(ChordAt(beat, inside[beat]) for beat in sorted(inside))
        bars.append(Bar(chords))
        sounding, at = chords[-1].chord, at + meter.beats
    return SongMap((Section("", tuple(bars)),), tempo=tempo, meter=meter)


def stretched(song: SongMap, beats: float) -> SongMap:
    """Go round the form until so many beats are filled, cut at a bar line."""
    played = song.expand()
    length = played[-1].end
    bars: list[Bar] = []
    at, number = 0.0, 0
    while at < beats - 1e-6:
        bar = played[number % len(played)]
        bars.append(Bar(bar.chords, meter=bar.meter))
        at = (number // len(played)) * length + bar.end
        number += 1
    return replace(song, sections=(Section("", tuple(bars)),), order=None)
