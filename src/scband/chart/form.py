"""The form played out: repeats, endings, D.C., D.S., coda, fine, n-times, similes.

The written bars are walked as a player's eye walks them, with a hard bound on the number of bars,
so that a chart that sends its reader in circles is an error and not a hang.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import pairwise

from scband.chart.songmap import Bar, ChordAt, Mark, PlayedBar, SongMap
from scband.errors import ChartError
from scband.score import Meter
from scband.theory.chord import NO_CHORD, Chord

MAX_BARS = 20_000
"""No form is played out to more bars than this."""


@dataclass(slots=True)
class _Walk:
    """Where the eye stands."""

    written: list[tuple[int, int, Bar]]
    played: list[int] = field(default_factory=list)
    passes: dict[int, int] = field(default_factory=dict)  # repeat start -> pass, from 1
    jumped: bool = False
    al: str = ""
    used: set[int] = field(default_factory=set)  # bars whose jump was taken


def _repeat_start(written: list[tuple[int, int, Bar]], position: int) -> int:
    """Find where the repeat that holds a bar begins: its sign, or the last repeat's end."""
    depth = position
    while depth > 0:
        if written[depth][2].repeat_start:
            return depth
        earlier = written[depth - 1][2]
        if earlier.repeat_end and not written[depth][2].ending:
            return depth
        depth -= 1
    return 0


def _find(written: list[tuple[int, int, Bar]], mark: Mark) -> int | None:
    return next((i for i, (_, _, bar) in enumerate(written) if mark in bar.marks), None)


def _last_coda(written: list[tuple[int, int, Bar]]) -> int | None:
    places = [i for i, (_, _, bar) in enumerate(written) if Mark.CODA in bar.marks]
    return places[-1] if places else None


def _group_end(written: list[tuple[int, int, Bar]], position: int) -> int:
    """Find the first bar after an ending: the next ending, or what follows its repeat sign."""
    at = position
    while at < len(written):
        bar = written[at][2]
        if at > position and bar.ending:
            return at
        at += 1
        if bar.repeat_end:
            return at
    return at


def _walk(written: list[tuple[int, int, Bar]], source: str) -> list[int]:
    walk = _Walk(written)
    position = 0
    while 0 <= position < len(written):
        if len(walk.played) >= MAX_BARS:
            raise ChartError(f"the form goes on for more than {MAX_BARS} bars", source=source)
        position = _step(walk, position)
    return walk.played


def _step(walk: _Walk, position: int) -> int:
    """Play the bar at a position, or pass over its ending; give the next position."""
    written = walk.written
    bar = written[position][2]
    start = _repeat_start(written, position)
    if bar.ending:
        wanted = walk.passes.get(start, 1)
        if walk.jumped:
            wanted = _ending_after_jump(walk, start)
        if wanted not in bar.ending:
            return _group_end(written, position)
    walk.played.append(position)
    if walk.jumped and Mark.FINE in bar.marks and walk.al == "fine":
        return len(written)
    if walk.jumped and walk.al == "coda" and Mark.TO_CODA in bar.marks:
        coda = _last_coda(written)
        if coda is not None and coda > position:
            walk.al = ""
            return coda
    if bar.repeat_end and not walk.jumped:
        done = walk.passes.get(start, 1)
        if done < bar.repeat_end:
            walk.passes[start] = done + 1
            return start
    if bar.jump is not None and position not in walk.used:
        return _jump(walk, position)
    return position + 1


def _ending_after_jump(walk: _Walk, start: int) -> int:
    """Choose the ending after a jump: the one asked for, else the last of the passage."""
    if walk.al.endswith("ending"):
        return int("".join(sign for sign in walk.al if sign.isdigit()) or 1)
    last = 1
    for _, _, bar in walk.written[start:]:
        if bar.ending:
            last = max(last, *bar.ending)
        elif bar.repeat_start and last > 1:
            break
    return last


def _jump(walk: _Walk, position: int) -> int:
    jump = walk.written[position][2].jump
    assert jump is not None
    walk.used.add(position)
    walk.jumped, walk.al = True, jump.al
    if jump.start == "D.C.":
        return 0
    segno = _find(walk.written, Mark.SEGNO)
    return 0 if segno is None else segno


def _written(song: SongMap) -> list[tuple[int, int, Bar]]:
    order = range(len(song.sections)) if song.order is None else song.order
    found: list[tuple[int, int, Bar]] = []
    for number in order:
        if not 0 <= number < len(song.sections):
            raise ChartError(f"the play order names section {number + 1}, which does not exist")
        section = song.sections[number]
        for turn in range(section.times):
            last = turn == section.times - 1
            found += [
                (number, at, bar if last or bar.jump is None else replace(bar, jump=None))
                for at, bar in enumerate(section.bars)
            ]
            if len(found) > MAX_BARS:
                raise ChartError(f"the form goes on for more than {MAX_BARS} bars")
    return found


def _resolved(song: SongMap) -> dict[tuple[int, int], tuple[Meter, tuple[ChordAt, ...]]]:
    """Settle meter and chords of every written bar; similes take those that they repeat."""
    found: dict[tuple[int, int], tuple[Meter, tuple[ChordAt, ...]]] = {}
    meter = song.meter
    history: list[tuple[ChordAt, ...]] = []
    last: Chord = NO_CHORD
    for number, section in enumerate(song.sections):
        for at, bar in enumerate(section.bars):
            meter = bar.meter or meter
            chords = bar.chords
            if bar.simile and not chords and len(history) >= bar.simile:
                chords = history[-bar.simile]
            if not chords or chords[0].beat > 0:
                chords = (ChordAt(0.0, last), *chords)
            length = meter if bar.beats is None else Meter.of_beats(bar.beats)
            kept = tuple(item for item in chords if item.beat < length.beats)
            found[number, at] = (length, kept)
            history.append(kept)
            last = chords[-1].chord
    return found


def expand(song: SongMap) -> tuple[PlayedBar, ...]:
    """Play a song map out into the bars as they sound; raises ChartError."""
    written = _written(song)
    resolved = _resolved(song)
    path = _walk(written, song.title or "chart")
    runs = _runs(path, written, [len(section.bars) for section in song.sections])
    bars: list[PlayedBar] = []
    start = 0.0
    last = NO_CHORD
    for index, position in enumerate(path):
        number, at, bar = written[position]
        meter, chords = resolved[number, at]
        if not bar.simile and (not bar.chords or bar.chords[0].beat > 0) and bars:
            chords = (ChordAt(0.0, last), *(c for c in chords if c.beat > 0))
        section_bar, section_bars = runs[index]
        fermata = Mark.FERMATA in bar.marks
        bars.append(
            PlayedBar(
                index, song.sections[number].name, section_bar, section_bars, meter, start,
                chords, (number, at), fermata,
            )
        )  # fmt: skip
        start += meter.beats
        last = chords[-1].chord
    return tuple(bars)


def _runs(
    path: list[int], written: list[tuple[int, int, Bar]], lengths: list[int]
) -> list[tuple[int, int]]:
    """Count the bars of each stretch of one section, a new one at each return to its top.

    A return from the section's first half, or within four bars, is a vamp and counts on.
    """
    starts = [0]
    for index in range(1, len(path)):
        here, before = written[path[index]], written[path[index - 1]]
        back = path[index] <= path[index - 1] and here[1] == 0
        whole = before[1] + 1 >= max(4, lengths[here[0]] / 2)
        again = path[index] > path[index - 1] and here[1] == 0
        if here[0] != before[0] or again or (back and whole):
            starts.append(index)
    starts.append(len(path))
    found: list[tuple[int, int]] = []
    for begin, end in pairwise(starts):
        found += [(offset, end - begin) for offset in range(end - begin)]
    return found
