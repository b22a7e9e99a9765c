"""Song maps to ChordPro: a grid for every section, a cell for every beat."""

from __future__ import annotations

from scband.chart.songmap import Bar, ChordAt, Mark, Section, SongMap
from scband.chart.textwriter import number, one_line
from scband.score import Meter

_BARS_A_ROW = 4
_BEFORE = (Mark.SEGNO, Mark.CODA, Mark.FERMATA)
_AFTER = (Mark.TO_CODA, Mark.FINE, Mark.END)


def write_chordpro(song: SongMap) -> str:
    """Write a song map as ChordPro.

    Alternate chords, times in a recording and chords off the halves, thirds and quarters of a
    beat have no place in the format.
    """
    lines = _header(song)
    meter = song.meter
    for section in song.sections:
        meter = _section(section, meter, lines)
    return "\n".join(lines) + "\n"


def _header(song: SongMap) -> list[str]:
    pairs = [
        ("title", song.title), ("composer", song.composer), ("key", str(song.key or "")),
        ("time", str(song.meter)), ("tempo", "" if song.tempo == 120.0 else number(song.tempo)),
        ("style", song.style),
    ]  # fmt: skip
    lines = [f"{{{name}: {_safe(value)}}}" for name, value in pairs if value]
    lines += [f"{{x_info: {_safe(name)}={_safe(value)}}}" for name, value in song.info]
    if song.order is not None:
        lines.append("{x_form: " + " ".join(f"#{index + 1}" for index in song.order) + "}")
    return lines


def _safe(text: str) -> str:
    return one_line(text).replace("{", "(").replace("}", ")")


def _section(section: Section, meter: Meter, lines: list[str]) -> Meter:
    label = _safe(section.name).replace('"', "'").replace("=", "-")
    lines += ["", f'{{start_of_grid label="{label}"}}' if label else "{start_of_grid}"]
    if section.label:
        lines.append(f"{{x_label: {_safe(section.label)}}}")
    if section.times > 1:
        lines.append(f"{{x_times: {section.times}}}")
    row = ""
    count = 0
    for index, bar in enumerate(section.bars):
        before = _before(bar, meter)
        if row and (before or count == _BARS_A_ROW):
            lines.append(row)
            row, count = "", 0
        lines += before
        meter = bar.meter or meter
        row = _opened(row, bar) + " " + _cells(bar, meter) + " " + _closing(bar)
        count += 1
        after = _after(bar)
        if after or index == len(section.bars) - 1:
            lines += [row, *after]
            row, count = "", 0
    lines.append("{end_of_grid}")
    return meter


def _before(bar: Bar, meter: Meter) -> list[str]:
    """Write the directives that stand before a bar."""
    found = []
    if bar.meter is not None and bar.meter != meter:
        found.append(f"{{time: {bar.meter}}}")
    if bar.key is not None:
        found.append(f"{{key: {bar.key}}}")
    if bar.beats is not None:
        found.append(f"{{x_beats: {number(bar.beats)}}}")
    found += [f"{{comment: {mark}}}" for mark in _BEFORE if mark in bar.marks]
    if bar.text:
        found.append(f"{{comment: {_safe(bar.text)}}}")
    return found


def _after(bar: Bar) -> list[str]:
    found = [f"{{comment: {mark}}}" for mark in _AFTER if mark in bar.marks]
    return [*found, f"{{comment: {bar.jump}}}"] if bar.jump is not None else found


def _opened(row: str, bar: Bar) -> str:
    sign = "|:" if bar.repeat_start else "|"
    if bar.ending:
        sign = "|" + ",".join(str(pass_number) for pass_number in bar.ending)
    if not row:
        return sign
    if row.endswith("|") and not row.endswith(":|"):
        return row[:-1] + sign
    return row if sign == "|" else f"{row} {sign}"


def _closing(bar: Bar) -> str:
    if not bar.repeat_end:
        return "|"
    return ":|" if bar.repeat_end == 2 else f":|x{bar.repeat_end}"


def _cells(bar: Bar, meter: Meter) -> str:
    if bar.simile and not bar.chords:
        return "%" * bar.simile
    length = meter if bar.beats is None else Meter.of_beats(bar.beats)
    unit = 4.0 / length.denominator
    cells: list[list[ChordAt]] = [[] for _ in range(length.numerator)]
    for item in bar.chords:
        cells[min(len(cells) - 1, int(item.beat / unit + 1e-9))].append(item)
    return " ".join(_cell(items, slot * unit, unit) for slot, items in enumerate(cells))


def _cell(items: list[ChordAt], start: float, unit: float) -> str:
    """Write a beat: a chord, several in equal shares, or nothing new."""
    if not items:
        return "."
    for shares in (1, 2, 3, 4, 6, 8):
        places = [(item.beat - start) / unit * shares for item in items]
        if all(abs(place - round(place)) < 1e-6 for place in places):
            names = {round(p): str(i.chord) for p, i in zip(places, items, strict=True)}
            if len(names) == len(items):
                return "~".join(names.get(share, ".") for share in range(shares))
    return "~".join(str(item.chord) for item in items)
