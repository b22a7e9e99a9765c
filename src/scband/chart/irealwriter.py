"""Song maps to iReal Pro's grid of cells, four to a bar of 4/4."""

from __future__ import annotations

from dataclasses import replace

from scband.chart.songmap import Bar, ChordAt, Mark, Section, SongMap
from scband.chart.unroll import unrolled
from scband.score import Meter

_LETTERS = {"intro": "i", "verse": "v"}
_SIGNS = {Mark.SEGNO: "S", Mark.CODA: "Q", Mark.FERMATA: "f"}


def write_grid(song: SongMap) -> str:
    """Write the sections of a song as a plain music string.

    What the grid cannot hold is played out: a play order, sections that are played several times
    with repeats inside. Chords between beats fall on finer cells.
    """
    parts: list[str] = []
    meter: Meter | None = None
    half = False  # a two-bar simile whose second bar is to come
    for section in map(_single_endings, unrolled(song, pairs=True)):
        for number, bar in enumerate(section.bars):
            changed = bar.meter or (song.meter if meter is None else None)
            sign = ""
            if changed is not None and changed != meter:
                sign = _meter_sign(changed)
                meter = changed
            assert meter is not None
            name = _section_sign(section) if number == 0 else ""
            last = number == len(section.bars) - 1
            half = bar.simile == 2 and not half
            cells = "    " if bar.simile == 2 and not half else _cells(bar, meter)
            opening = "{" if bar.repeat_start else ("[" if number == 0 and name else "|")
            parts.append(opening + _marks(bar, name, sign) + cells + _ending(bar, last=last))
    return _tidy("".join(parts)) + "Z"


def _single_endings(section: Section) -> Section:
    """Write an ending for several passes once for each, since the grid has one number an ending."""
    bars: list[Bar] = []
    at = 0
    while at < len(section.bars):
        end = at + 1
        if section.bars[at].ending:
            while end < len(section.bars) and not (
                section.bars[end - 1].repeat_end or section.bars[end].ending
            ):
                end += 1
        group = section.bars[at:end]
        passes = group[0].ending
        for number in passes[:-1]:
            bars += [replace(group[0], ending=(number,)), *group[1:]]
            bars[-1] = replace(bars[-1], repeat_end=2, jump=None)
        bars += [replace(group[0], ending=passes[-1:]), *group[1:]]
        at = end
    return replace(section, bars=tuple(bars))


def _tidy(music: str) -> str:
    """Take bar lines away that stand beside a stronger one."""
    for doubled, kept in (
        ("||", "|"),
        ("|[", "["),
        ("|{", "{"),
        ("]{", "{"),
        ("}[", "}["),
        ("}|", "}"),
        ("][", "]["),
    ):
        music = music.replace(doubled, kept)
    return music.rstrip("|]")


def _meter_sign(meter: Meter) -> str:
    if str(meter) == "12/8":
        return "T12"
    if meter.numerator > 9 or meter.denominator > 8 or meter.denominator == 1:
        return f"<{meter}>"
    return f"T{meter.numerator}{meter.denominator}"


def _section_sign(section: Section) -> str:
    name = section.name
    if len(name) == 1 and name.isalpha() and name.isupper():
        return f"*{name}"
    letter = _LETTERS.get(name.lower())
    if letter:
        return f"*{letter}"
    return f"<{_words(name)}>" if name else ""


def _words(text: str) -> str:
    kept = (sign for sign in text if sign not in "<>=\n\r")
    return "".join(kept).strip()


def _marks(bar: Bar, name: str, meter_sign: str) -> str:
    """Write what stands before the cells of a bar."""
    text = (name if name.startswith("*") else "") + meter_sign
    if bar.ending:
        text += f"N{min(9, bar.ending[0])}"
    text += "".join(
        _SIGNS[mark] for mark in (Mark.SEGNO, Mark.CODA, Mark.FERMATA) if mark in bar.marks
    )
    text += name if name.startswith("<") else ""
    if bar.text:
        text += f"<{_words(bar.text)}>"
    return text


def _ending(bar: Bar, *, last: bool) -> str:
    """Write what stands behind the cells of a bar, the bar line too."""
    text = "Q" if Mark.TO_CODA in bar.marks else ""
    if Mark.FINE in bar.marks:
        text += "<Fine>"
    if Mark.END in bar.marks:
        text += "U"
    if bar.jump is not None:
        text += f"<{str(bar.jump).replace('ending', 'End.')}>"
    if bar.repeat_end:
        return text + (f"<{bar.repeat_end}x>" if bar.repeat_end > 2 else "") + "}"
    return text + ("]" if last else "|")


def _cells(bar: Bar, meter: Meter) -> str:
    if bar.simile and not bar.chords:
        return " x  " if bar.simile == 1 else " r  "
    if not bar.chords:
        return "p   " if meter.numerator == 4 else "p" + " " * (meter.numerator - 1)
    length = meter.beats if bar.beats is None else bar.beats
    slots = _slots(bar.chords, meter, length)
    texts = [" "] * slots
    for item in bar.chords:
        place = min(slots - 1, round(item.beat * slots / length))
        texts[place] = _chord(item)
    line = ""
    for text in texts:
        comma = "," if line and line[-1] != " " and text != " " else ""
        line += comma + text
    return line


def _slots(chords: tuple[ChordAt, ...], meter: Meter, length: float) -> int:
    """Choose as many cells as put every chord on its own one, a cell a beat at least."""
    beats = max(1, round(length * meter.denominator / 4))
    for finer in (1, 2, 3, 4, 6, 8):
        step = length / (beats * finer)
        exact = all(abs(item.beat / step - round(item.beat / step)) < 1e-6 for item in chords)
        if exact and len({round(item.beat / step) for item in chords}) == len(chords):
            return beats * finer
    return max(beats, len(chords))


def _chord(item: ChordAt) -> str:
    text = item.chord.ireal()
    return text if item.alternate is None else f"{text}({item.alternate.ireal()})"
