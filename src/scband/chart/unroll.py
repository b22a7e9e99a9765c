"""Sections laid out in play order, for formats that know no order and nothing played twice."""

from __future__ import annotations

from dataclasses import replace

from scband.chart.form import settled
from scband.chart.songmap import Bar, Mark, Section, SongMap
from scband.score import Meter


def unrolled(song: SongMap, *, pairs: bool = False) -> list[Section]:
    """Give the sections in play order, each once; one played several times gets repeat signs.

    Where that would change what is played (repeats inside, jumps, which pass repeats over) the
    section is written several times. With `pairs`, bars that repeat the one before the last are
    kept only two by two, and written out where they stand alone.
    """
    order = range(len(song.sections)) if song.order is None else song.order
    places = settled(song.sections, song.meter)
    jumps = any(bar.jump is not None for bar in song.bars)
    found: list[Section] = []
    meter = song.meter
    for number in order:
        section = song.sections[number]
        inner = any(bar.repeat_start or bar.repeat_end or bar.meter for bar in section.bars)
        if section.times > 1 and section.bars and not inner and not jumps:
            copies = [_repeated(section)]
        else:
            copies = [_without_jumps(section)] * (section.times - 1) + [replace(section, times=1)]
        for copy in copies:
            found.append(_in_meter(copy, places[number, 0][0], meter) if copy.bars else copy)
            for bar in found[-1].bars:
                meter = bar.meter or meter
    return _whole_similes(replace(song, sections=tuple(found), order=None)) if pairs else found


def _in_meter(section: Section, wanted: Meter, meter: Meter) -> Section:
    """Say the meter at the top of a section where another one holds there."""
    first = section.bars[0]
    if first.beats is not None or wanted == meter or first.meter is not None:
        return section
    return replace(section, bars=(replace(first, meter=wanted), *section.bars[1:]))


def _whole_similes(song: SongMap) -> list[Section]:
    """Write out the bars that repeat the one before the last without a second bar to go with."""
    places = settled(song.sections, song.meter)
    found: list[Section] = []
    for number, section in enumerate(song.sections):
        bars = list(section.bars)
        paired = False
        for at, bar in enumerate(section.bars):
            double = bar.simile == 2 and not bar.chords
            follows = at + 1 < len(bars) and _second_half(bars[at + 1])
            if double and not paired and not follows:
                bars[at] = replace(bar, simile=0, chords=places[number, at][1])
            paired = double and not paired and follows
        found.append(replace(section, bars=tuple(bars)))
    return found


def _second_half(bar: Bar) -> bool:
    """Tell whether a bar is nothing but the second bar of a two-bar simile."""
    plain = replace(bar, repeat_end=0, jump=None, marks=bar.marks - {Mark.FINE, Mark.TO_CODA})
    return plain == Bar(simile=2)


def _repeated(section: Section) -> Section:
    bars: list[Bar] = list(section.bars)
    bars[0] = replace(bars[0], repeat_start=True)
    bars[-1] = replace(bars[-1], repeat_end=section.times)
    return replace(section, bars=tuple(bars), times=1)


def _without_jumps(section: Section) -> Section:
    bars = (bar if bar.jump is None else replace(bar, jump=None) for bar in section.bars)
    return replace(section, bars=tuple(bars), times=1)
