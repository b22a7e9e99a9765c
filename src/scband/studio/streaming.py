"""Music told bar by bar, as lines of JSON: while a band decides it, or out of a MIDI file."""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from scband.errors import ScbandError
from scband.score import Meter, Note, Score
from scband.score.midifile import load_midi
from scband.theory.chord import Chord


def bar_line(
    number: int,
    start: float,
    meter: Meter,
    chords: Sequence[tuple[float, str]],
    decided: Mapping[str, Sequence[Note]],
) -> str:
    """Write a bar as one line of JSON.

    `start` is in beats from the top, chords and notes of `decided` (by track) count from the bar;
    in the line the notes count from the top.
    """
    notes = [
        {
            "track": track,
            "start": round(start + note.start, 6),
            "length": round(note.length, 6),
            "pitch": note.pitch,
            "velocity": round(note.velocity, 4),
        }
        for track, played in decided.items()
        for note in played
    ]
    told = {
        "type": "bar",
        "bar": number,
        "start": start,
        "beats": meter.beats,
        "time_signature": str(meter),
        "chords": [{"beat": beat, "chord": chord} for beat, chord in chords],
        "notes": notes,
    }
    return json.dumps(told, separators=(",", ":"))


def stream_file(tell: Callable[..., None], path: str) -> int:
    """Tell a MIDI file bar by bar, and return how many bars it has; raises MidiFileError."""
    score = load_midi(Path(path))
    bars = score.bars()
    starts = [start for start, _ in bars]
    inside: list[dict[str, list[Note]]] = [{part.name: [] for part in score.parts} for _ in bars]
    for part in score.parts:
        for note in part.notes:
            number = bisect_right(starts, note.start) - 1
            moved = replace(note, start=note.start - starts[number])
            inside[number][part.name].append(moved)
    chords: list[list[tuple[float, str]]] = [[] for _ in bars]
    for beat, text in _chords(score):
        number = bisect_right(starts, beat) - 1
        chords[number].append((beat - starts[number], text))
    for number, (start, meter) in enumerate(bars):
        line = bar_line(number, start, meter, chords[number], inside[number])
        tell((number + 1) / len(bars), "reading", line)
    return len(bars)


def _chords(score: Score) -> list[tuple[float, str]]:
    """Pick out the markers that are chords."""
    found = []
    for marker in score.markers:
        try:
            Chord(marker.text)
        except ScbandError:
            continue
        found.append((marker.beat, marker.text))
    return found
