"""Song maps back to plain text; reading it gives the same song map again."""

from __future__ import annotations

import math

from scband.chart.placement import evenly
from scband.chart.songmap import Bar, ChordAt, Section, SongMap
from scband.score import Meter

_BARS_A_LINE = 4


def write_text(song: SongMap) -> str:
    """Write a song map as a text chart."""
    lines = _header(song)
    meter = song.meter
    for section in song.sections:
        if lines:
            lines.append("")
        if section.name or section.times > 1 or section.label or section is not song.sections[0]:
            lines.append(_heading(section))
        texts, meter = _cells(section, meter)
        lines += _joined(section.bars, texts)
    return "\n".join(lines) + "\n"


def _header(song: SongMap) -> list[str]:
    tempo = "" if song.tempo == 120.0 else number(song.tempo)
    pairs = [
        ("title", song.title), ("composer", song.composer), ("key", str(song.key or "")),
        ("meter", "" if song.meter == Meter(4, 4) else str(song.meter)), ("tempo", tempo),
        ("style", song.style), *song.info,
    ]  # fmt: skip
    lines = [f"{name}: {one_line(value)}" for name, value in pairs if value]
    if song.order is not None:
        lines.append("form: " + " ".join(f"#{index + 1}" for index in song.order))
    return lines


def one_line(text: str) -> str:
    """Fold a text into one line."""
    return " ".join(text.split())


def number(value: float) -> str:
    """Write a number without a needless `.0`, exact to the last bit."""
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value)


def _heading(section: Section) -> str:
    label = f" ({section.label})" if section.label else ""
    times = f" x{section.times}" if section.times > 1 else ""
    return f"[{one_line(section.name).replace(']', ')').replace('|', '/')}]{label}{times}"


def _cells(section: Section, meter: Meter) -> tuple[list[str], Meter]:
    texts = []
    for bar in section.bars:
        meter = bar.meter or meter
        texts.append(_cell(bar, meter))
    return texts, meter


def _cell(bar: Bar, meter: Meter) -> str:
    """Write what stands between two bar lines."""
    parts = [f"({bar.meter})"] if bar.meter else []
    if bar.time is not None:
        parts.append("{time " + f"{bar.time:.9f}".rstrip("0").rstrip(".") + "}")
    if bar.beats is not None:
        parts.append(f"{{beats {number(bar.beats)}}}")
    if bar.key is not None:
        parts.append(f"{{key {bar.key}}}")
    parts += [f"{{{mark}}}" for mark in sorted(bar.marks)]
    if bar.text:
        parts.append('"' + one_line(bar.text).replace('"', "'").replace("|", "/") + '"')
    if bar.simile:
        parts.append("%" * bar.simile)
    parts.append(_chords(bar, meter))
    if bar.jump is not None:
        parts.append(f"{{{bar.jump}}}")
    return " ".join(part for part in parts if part)


def _chord(item: ChordAt) -> str:
    text = str(item.chord)
    return text if item.alternate is None else f"{text} {{alt {item.alternate}}}"


def _chords(bar: Bar, meter: Meter) -> str:
    if not bar.chords:
        return "" if bar.simile else "."
    length = meter if bar.beats is None else Meter.of_beats(bar.beats)
    beats = [item.beat for item in bar.chords]
    if all(
        math.isclose(a, b, abs_tol=1e-9)
        for a, b in zip(beats, evenly(len(beats), length), strict=True)
    ):
        return " ".join(_chord(item) for item in bar.chords)
    for slots in (length.numerator, 2 * length.numerator):
        step = length.beats / slots
        places = [round(beat / step) for beat in beats]
        if all(place * step == beat for place, beat in zip(places, beats, strict=True)):
            texts = dict(zip(places, bar.chords, strict=True))
            return " ".join(_chord(texts[k]) if k in texts else "." for k in range(slots))
    return " ".join(
        f"{item.chord}@{number(item.beat + 1)}{_alternate(item)}" for item in bar.chords
    )


def _alternate(item: ChordAt) -> str:
    return "" if item.alternate is None else f" {{alt {item.alternate}}}"


def _joined(bars: tuple[Bar, ...], texts: list[str]) -> list[str]:
    """Put cells into lines of a few bars, with repeat signs and endings."""
    lines: list[str] = []
    line = ""
    for index, (bar, text) in enumerate(zip(bars, texts, strict=True)):
        opening = "|:" if bar.repeat_start else "|"
        if bar.ending:
            opening += ",".join(str(number) for number in bar.ending) + "."
        if not line:
            line = opening
        elif line.endswith(":|") or ":|x" in line[-6:]:
            line += opening[1:] if opening == "|" else " " + opening
        else:
            line = line[:-1] + opening if line.endswith("|") else line + opening
        line += f" {text} "
        line += _closing(bar)
        last = index == len(bars) - 1
        if last or (line.count("|") > _BARS_A_LINE and not bars[index + 1].ending):
            lines.append(line)
            line = ""
    return lines


def _closing(bar: Bar) -> str:
    if not bar.repeat_end:
        return "|"
    return ":|" if bar.repeat_end == 2 else f":|x{bar.repeat_end}"
