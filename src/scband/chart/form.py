"""The form played out: repeats, endings, D.C., D.S., coda, fine, n-times, similes.

The written bars are walked as a player's eye walks them, with a hard bound on the number of bars,
so that a chart that sends its reader in circles is an error and not a hang. After a jump repeats
are not taken again, and the last ending is played; in the coda they are.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from itertools import pairwise

from scband.chart.bars import Bar, ChordAt, Mark, PlayedBar, Section
from scband.errors import ChartError
from scband.score import Meter
from scband.theory.chord import NO_CHORD

MAX_BARS = 20_000
"""No form is played out to more bars than this."""

Written = list[tuple[int, int, Bar]]  # section, bar in it, the bar


@dataclass(slots=True)
class _Passages:
    """For every bar where the repeat around it starts; for every start its last ending."""

    starts: list[int]
    last_ending: dict[int, int]


def _passages(written: Written) -> _Passages:
    starts: list[int] = []
    last: dict[int, int] = {}
    start, reopened = 0, False
    for position, (_, at, bar) in enumerate(written):
        fresh = reopened and not bar.ending
        if bar.repeat_start or fresh or (at == 0 and last.get(start, 0) and not bar.ending):
            start = position
        reopened = bool(bar.repeat_end)
        starts.append(start)
        if bar.ending:
            last[start] = max(last.get(start, 1), *bar.ending)
    return _Passages(starts, last)


@dataclass(slots=True)
class _Walk:
    """Where the eye stands."""

    written: Written
    passages: _Passages
    played: list[int] = field(default_factory=list)
    passes: dict[int, int] = field(default_factory=dict)  # repeat start -> pass, from 1
    jumped: bool = False
    al: str = ""
    used: set[tuple[int, int]] = field(default_factory=set)  # written bars whose jump was taken


def _find(written: Written, mark: Mark, *, last: bool = False) -> int | None:
    places = (i for i, (_, _, bar) in enumerate(written) if mark in bar.marks)
    return max(places, default=None) if last else next(places, None)


def _after_ending(written: Written, position: int) -> int:
    """Find the first bar after an ending: the next one, or what follows its repeat sign."""
    at = position
    while at < len(written):
        _, number, bar = written[at]
        if at > position and (bar.ending or number == 0):
            return at
        at += 1
        if bar.repeat_end:
            return at
    return at


def _walk(written: Written, source: str) -> list[int]:
    walk = _Walk(written, _passages(written))
    position = 0
    while 0 <= position < len(written):
        if len(walk.played) >= MAX_BARS:
            raise ChartError(f"the form goes on for more than {MAX_BARS} bars", source=source)
        position = _step(walk, position)
    if not walk.played:
        raise ChartError("no bar of the form is ever played", source=source)
    return walk.played


def _step(walk: _Walk, position: int) -> int:
    """Play the bar at a position, or pass over its ending; give the next position."""
    bar = walk.written[position][2]
    start = walk.passages.starts[position]
    last = walk.passages.last_ending.get(start, 1)
    done = walk.passes.get(start, 1)
    if bar.ending and _wanted_ending(walk, done, last) not in bar.ending:
        return _after_ending(walk.written, position)
    walk.played.append(position)
    if walk.jumped and walk.al == "fine" and Mark.FINE in bar.marks:
        return len(walk.written)
    if walk.jumped and walk.al == "coda" and Mark.TO_CODA in bar.marks:
        coda = _find(walk.written, Mark.CODA, last=True)
        if coda is not None and coda > position:
            walk.jumped, walk.al = False, ""
            return coda
    if bar.repeat_end and not walk.jumped and done < max(bar.repeat_end, last):
        walk.passes[start] = done + 1
        return start
    if bar.jump is not None and walk.written[position][:2] not in walk.used:
        return _jump(walk, position)
    return position + 1


def _wanted_ending(walk: _Walk, done: int, last: int) -> int:
    """Choose the ending: by the pass, after a jump the one asked for, else the last."""
    if not walk.jumped:
        return done
    if walk.al.endswith("ending"):
        return int("".join(sign for sign in walk.al if sign.isdigit()) or 1)
    return last


def _jump(walk: _Walk, position: int) -> int:
    section, at, bar = walk.written[position]
    assert bar.jump is not None
    walk.used.add((section, at))
    walk.jumped, walk.al = True, bar.jump.al
    segno = None if bar.jump.start == "D.C." else _find(walk.written, Mark.SEGNO)
    return 0 if segno is None else segno


def _written(sections: tuple[Section, ...], order: tuple[int, ...] | None) -> Written:
    """Lay out the sections in play order; a jump waits for the last time through its section."""
    order = tuple(range(len(sections))) if order is None else order
    found: Written = []
    for number in order:
        if not 0 <= number < len(sections):
            raise ChartError(f"the play order names section {number + 1}, which does not exist")
        section = sections[number]
        for turn in range(section.times):
            last = turn == section.times - 1
            found += [
                (number, at, bar if last or bar.jump is None else replace(bar, jump=None))
                for at, bar in enumerate(section.bars)
            ]
            if len(found) > MAX_BARS:
                raise ChartError(f"the form goes on for more than {MAX_BARS} bars")
    return found


Settled = dict[tuple[int, int], tuple[Meter, tuple[ChordAt, ...]]]


def settled(sections: Iterable[Section], meter: Meter) -> Settled:
    """Settle meter and chords of every written bar, by section and bar, as if played once.

    Every ending goes on from the bars before the first one.
    """
    found: Settled = {}
    history: list[tuple[ChordAt, ...]] = []
    fork: list[tuple[ChordAt, ...]] = []
    for number, section in enumerate(sections):
        for at, bar in enumerate(section.bars):
            meter = bar.meter or meter
            if bar.repeat_start or at == 0:
                fork = []
            if bar.ending:
                fork = fork or list(history)
                history = list(fork)
            length = meter if bar.beats is None else Meter.of_beats(bar.beats)
            kept = _sounding(bar, history, length)
            found[number, at] = (length, kept)
            history.append(kept)
    return found


def _sounding(bar: Bar, history: list[tuple[ChordAt, ...]], length: Meter) -> tuple[ChordAt, ...]:
    """Give the chords of a bar from its first beat on, after the bars that were played."""
    chords = bar.chords
    if bar.simile and not chords and len(history) >= bar.simile:
        chords = history[-bar.simile]
    if not chords or chords[0].beat > 0:
        last = history[-1][-1].chord if history else NO_CHORD
        chords = (ChordAt(0.0, last), *chords)
    return tuple(item for item in chords if item.beat < length.beats)


def expand(
    sections: tuple[Section, ...], meter: Meter, order: tuple[int, ...] | None, source: str
) -> tuple[PlayedBar, ...]:
    """Play sections out into the bars as they sound; raises ChartError.

    `meter` holds where the first bar names none, `order` lists sections by number from 0.
    """
    written = _written(sections, order)
    places = settled(sections, meter)
    path = _walk(written, source)
    runs = _runs(path, written, [len(section.bars) for section in sections])
    bars: list[PlayedBar] = []
    history: list[tuple[ChordAt, ...]] = []
    start = 0.0
    for index, position in enumerate(path):
        number, at, bar = written[position]
        length = places[number, at][0]
        history.append(_sounding(bar, history, length))
        section_bar, section_bars = runs[index]
        fermata = Mark.FERMATA in bar.marks
        name = sections[number].name
        bars.append(
            PlayedBar(
                index, name, section_bar, section_bars, length, start, history[-1], (number, at),
                fermata,
            )
        )  # fmt: skip
        start += length.beats
    return tuple(bars)


def _runs(path: list[int], written: Written, lengths: list[int]) -> list[tuple[int, int]]:
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
