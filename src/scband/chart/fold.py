"""Played bars written down again: the way back from `expand`."""

from __future__ import annotations

from dataclasses import replace

from scband.chart.songmap import Bar, Mark, PlayedBar, Section, SongMap
from scband.score import Meter


def fold(bars: tuple[PlayedBar, ...], like: SongMap) -> SongMap:
    """Write played bars down again: equal stretches once, with times and a play order.

    `like` gives the header. Playing the result out gives the same bars, but for `source`.
    """
    stretches = _stretches(bars)
    sections: list[Section] = []
    known: dict[tuple[object, ...], int] = {}
    order: list[int] = []
    first = stretches[0][0].meter if stretches else like.meter
    meters = {bar.meter for bar in bars}
    for stretch in stretches:
        shape = (stretch[0].section, *((bar.meter, bar.chords, bar.fermata) for bar in stretch))
        if shape not in known:
            known[shape] = len(sections)
            sections.append(_section(stretch, first, always=len(meters) > 1))
        order.append(known[shape])
    plain = list(range(len(sections)))
    times = [1] * len(sections)
    squeezed: list[int] = []
    for number in order:
        if squeezed and squeezed[-1] == number:
            times[number] += 1
        else:
            squeezed.append(number)
    if squeezed == plain:
        timed = (replace(s, times=n) for s, n in zip(sections, times, strict=True))
        return replace(like, sections=tuple(timed), order=None, meter=first)
    return replace(like, sections=tuple(sections), order=tuple(order), meter=first)


def _stretches(bars: tuple[PlayedBar, ...]) -> list[list[PlayedBar]]:
    found: list[list[PlayedBar]] = []
    for bar in bars:
        if bar.section_bar == 0 or not found:
            found.append([])
        found[-1].append(bar)
    return found


def _section(stretch: list[PlayedBar], meter: Meter, *, always: bool) -> Section:
    """Write a stretch; where meters change anywhere, each section says its own."""
    written: list[Bar] = []
    for number, bar in enumerate(stretch):
        changed = bar.meter if bar.meter != meter or (always and number == 0) else None
        meter = bar.meter
        marks = frozenset({Mark.FERMATA}) if bar.fermata else frozenset[Mark]()
        written.append(Bar(bar.chords, changed, marks=marks))
    return Section(stretch[0].section, tuple(written))
