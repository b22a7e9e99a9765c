"""Harte's `.lab` files: `start end chord` in seconds, with beats to make bars of them.

Chords: C. Harte et al., ISMIR 2005. Beats, as in the Isophonics annotations: a line a beat, its
time and its number in the bar (`12.480 1`), in the same text or in one of their own. Without beats
the beat is found as the period that the lengths of the chords are multiples of.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from itertools import pairwise

from scband.chart.songmap import Bar, ChordAt, Section, SongMap, check
from scband.errors import ChartError, ChordError
from scband.score import Meter
from scband.theory.chord import Chord

MAX_LINES = 20_000
"""No annotation has more lines."""
MAX_BEATS = 200_000
"""No annotation has more beats."""

_NUMBER = r"\d{1,6}(?:\.\d{0,18})?"
_CHORD_LINE = re.compile(rf"\s*({_NUMBER})[\s,;]+({_NUMBER})[\s,;]+(\S+)\s*")
_BEAT_LINE = re.compile(rf"\s*({_NUMBER})(?:[\s,;]+(\d{{1,3}})(?:\.\d{{1,6}})?)?\s*")


def looks_like_lab(text: str) -> bool:
    """Tell whether a text is a list of timed chords."""
    first = next((line for line in text[:10_000].splitlines() if line.strip()), "")
    return _CHORD_LINE.fullmatch(first) is not None


def _lines(
    text: str, source: str
) -> tuple[list[tuple[float, float, Chord]], list[tuple[float, int]]]:
    """Read the chord lines and the beat lines of a text; 0 stands for a beat without number."""
    chords: list[tuple[float, float, Chord]] = []
    beats: list[tuple[float, int]] = []
    for number, line in enumerate(text.split("\n"), start=1):
        if number > MAX_LINES:
            raise ChartError(f"more than {MAX_LINES} lines", source=source, line=number)
        if not line.strip() or line.startswith("#"):
            continue
        beat = _BEAT_LINE.fullmatch(line)
        if beat is not None:
            beats.append((float(beat[1]), int(beat[2] or 0)))
            continue
        match = _CHORD_LINE.fullmatch(line)
        if match is None:
            raise ChartError("write `start end chord` in seconds", source=source, line=number)
        try:
            chord = Chord.parse(match[3], "harte")
        except ChordError as error:
            column = match.start(3) + error.position + 1
            raise ChartError(str(error), source=source, line=number, column=column) from None
        start, end = float(match[1]), float(match[2])
        if end < start or (chords and start < chords[-1][0]):
            raise ChartError("times must ascend", source=source, line=number)
        chords.append((start, end, chord))
    return chords, beats


def _period(chords: list[tuple[float, float, Chord]]) -> float:
    """Find the beat in seconds that most lengths of chords are multiples of, 55-185 a minute."""
    lengths = [end - start for start, end, _ in chords if end - start > 0.2]
    best, period = math.inf, 0.5
    for step in range(261):
        bpm = 55.0 + step * 0.5
        beat = 60.0 / bpm
        error = 0.0
        for length in lengths:
            count = max(1, round(length / beat))
            error += abs(length - count * beat) / beat + (0.08 if count % 2 else 0.0)
        error = error / max(1, len(lengths)) + 0.05 * abs(math.log2(bpm / 110.0))
        if error < best:
            best, period = error, beat
    return period


def _guessed(chords: list[tuple[float, float, Chord]]) -> list[tuple[float, int]]:
    """Lay beats of one period under the chords, four to a bar."""
    period = _period(chords)
    first = next((start for start, _, chord in chords if chord), chords[0][0])
    count = min(MAX_BEATS, max(1, round((chords[-1][1] - first) / period)))
    return [(first + number * period, number % 4 + 1) for number in range(count)]


def read_lab(text: str, beats: str | None = None, source: str = "chart") -> SongMap:
    """Read timed chords; `beats` is the text of the beats where they have a file of their own.

    Chords move to the nearest half beat. Bars carry their time in the recording. Raises
    ChartError with the line.
    """
    chords, inside = _lines(text, source)
    if beats is not None:
        inside = _lines(beats, f"{source} (beats)")[1]
    if not chords:
        raise ChartError("there is no line with a chord", source=source)
    if len(inside) == 1 or any(b <= a for (a, _), (b, _) in pairwise(inside)):
        raise ChartError("the beats must ascend, two at least", source=source)
    grid = inside or _guessed(chords)
    if not any(number for _, number in grid):
        grid = [(time, index % 4 + 1) for index, (time, _) in enumerate(grid)]
    bars, meter = _bars(chords, grid)
    gaps = sorted(b - a for (a, _), (b, _) in pairwise(grid))
    tempo = 60.0 / gaps[len(gaps) // 2] if gaps else 120.0
    pace = min(1000.0, max(1.0, round(tempo, 2)))
    return check(SongMap((Section("", tuple(bars)),), tempo=pace, meter=meter), source)


def _positions(
    chords: list[tuple[float, float, Chord]], times: list[float]
) -> list[tuple[float, Chord]]:
    """Give each chord its beat, counted from the first beat, on the nearest half."""
    found: dict[float, Chord] = {}
    for start, end, chord in chords:
        index = min(max(bisect_right(times, start) - 1, 0), max(0, len(times) - 2))
        gap = times[index + 1] - times[index] if len(times) > 1 else 0.5
        place = index + (start - times[index]) / gap
        if place > -0.75 and (end - start > gap / 4 or len(chords) < 3):
            found[max(0.0, round(place * 2) / 2)] = chord
    return sorted(found.items())


def _bars(
    chords: list[tuple[float, float, Chord]], grid: list[tuple[float, int]]
) -> tuple[list[Bar], Meter]:
    """Cut the beats into bars at their ones, and put the chords in."""
    placed = _positions(chords, [time for time, _ in grid])
    starts = [0] + [index for index, (_, number) in enumerate(grid) if number == 1 and index]
    ends = [*starts[1:], len(grid)]
    sizes = [end - start for start, end in zip(starts, ends, strict=True)]
    inner = sizes[1:-1] or sizes
    usual = Meter.of_beats(float(max(set(inner), key=inner.count)))
    bars: list[Bar] = []
    meter, at = usual, 0
    last: Chord | None = None
    for number, (start, end) in enumerate(zip(starts, ends, strict=True)):
        inside: list[ChordAt] = []
        while at < len(placed) and placed[at][0] < end:
            beat, chord = placed[at]
            if chord != last:
                inside.append(ChordAt(beat - start, chord))
                last = chord
            at += 1
        size = float(end - start)
        edge = number in (0, len(starts) - 1) and size < meter.beats
        changed = None if edge or size == meter.beats else Meter.of_beats(size)
        meter = changed or meter
        time = round(grid[start][0], 6)
        beats = size if edge and size != meter.beats else None
        bars.append(Bar(tuple(inside), changed, beats, time=time))
    return bars, usual


def write_lab(song: SongMap) -> str:
    """Write the chords of the played form with their times at the song's tempo."""
    seconds = 60.0 / song.tempo
    rows: list[tuple[float, str]] = []
    end = 0.0
    for bar in song.expand():
        for item in bar.chords:
            name = item.chord.harte()
            if not rows or rows[-1][1] != name:
                rows.append(((bar.start + item.beat) * seconds, name))
        end = bar.end * seconds
    stops = [start for start, _ in rows[1:]] + [end]
    return "".join(f"{a:.6f}\t{b:.6f}\t{c}\n" for (a, c), b in zip(rows, stops, strict=True))


def write_beats(song: SongMap) -> str:
    """Write the beats of the played form: time and number in the bar."""
    seconds = 60.0 / song.tempo
    lines = []
    for bar in song.expand():
        whole = max(1, math.ceil(bar.meter.beats - 1e-9))
        lines += [f"{(bar.start + beat) * seconds:.6f}\t{beat + 1}\n" for beat in range(whole)]
    return "".join(lines)
