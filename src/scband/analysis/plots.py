"""A picture of an analysis; matplotlib is imported only here, and optional."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Protocol

from scband.analysis.written import Heard
from scband.errors import AnalysisError

if TYPE_CHECKING:
    from scband.analysis.chords import ChordSpan, KeyStretch

_ROW_SECONDS, _MOST_ROWS = 24.0, 14
_WIDTH, _ROW_HEIGHT, _TEMPO_HEIGHT = 13.0, 0.95, 1.5  # inches
_CHORDS, _BARS, _SECTIONS = (0.16, 0.72), (0.0, 0.14), (0.76, 1.0)  # of a row's height
_LETTER = 0.0066  # of a row's width: what a letter of a chord's name takes
_INK, _FAINT = "#222222", "#9a9a9a"


class Drawn(Heard, Protocol):
    """What of an analysis is drawn, beside what is written down."""

    @property
    def keys(self) -> tuple[KeyStretch, ...]:
        """The keys gone through."""

    @property
    def tuning_cents(self) -> float:
        """The distance from A = 440 Hz."""


def draw(analysis: Drawn, axes: Any = None) -> Any:
    """Draw chords by root, bars, sections, keys and tempo; return the figure.

    Rows of half a minute, or all in one row on the `axes` of another figure. Raises AnalysisError
    where matplotlib is not installed.
    """
    try:
        from matplotlib.figure import Figure  # noqa: PLC0415  # optional and heavy
    except ImportError as error:
        raise AnalysisError("plots need matplotlib: pip install 'scband[plots]'") from error
    if axes is not None:
        _draw_row(axes, analysis, 0.0, analysis.duration)
        axes.set_xlabel("seconds")
        return axes.figure
    count = max(1, min(_MOST_ROWS, math.ceil(analysis.duration / _ROW_SECONDS)))
    heights = [_TEMPO_HEIGHT, *[_ROW_HEIGHT] * count]
    figure = Figure(figsize=(_WIDTH, sum(heights) + 1.1), layout="constrained")
    tempo, *rows = figure.subplots(1 + count, 1, height_ratios=heights)
    figure.suptitle(_title(analysis), x=0.01, ha="left", fontsize=13, fontweight="bold")
    _draw_tempo(tempo, analysis)
    seconds = max(_ROW_SECONDS, analysis.duration / count)
    for number, row in enumerate(rows):
        _draw_row(row, analysis, number * seconds, (number + 1) * seconds)
    rows[-1].set_xlabel("minutes : seconds")
    return figure


def _title(analysis: Drawn) -> str:
    # a file may be called anything: `$` would begin a formula
    name = analysis.name.replace("$", r"\$")
    key = str(analysis.key) if analysis.key else "no key"
    tempo = f"{analysis.tempo:.1f} bpm, {analysis.meter}" if analysis.tempo else "no beat"
    return f"{name}   {key}   {tempo}   tuned {analysis.tuning_cents:+.0f} cents"


def _draw_tempo(axes: Any, analysis: Drawn) -> None:
    """Draw the tempo of the whole, with the sections behind it and the keys above."""
    times, bpms = zip(*analysis.tempo_curve, strict=True) if analysis.tempo_curve else ((), ())
    low, high = (min(bpms), max(bpms)) if bpms else (0.0, 1.0)
    room = max(4.0, 0.25 * (high - low))
    axes.set_xlim(0, analysis.duration)
    axes.set_ylim(low - room, high + room)
    for section in analysis.sections:
        colour = _section_colour(section.label)
        axes.axvspan(section.start, section.end, color=colour, alpha=0.5, linewidth=0)
    axes.plot(times, bpms, color="#b3261e", linewidth=1.3)
    for stretch in analysis.keys:
        axes.axvline(stretch.start, color=_INK, linewidth=0.6, linestyle=":")
        axes.text(
            stretch.start, 1.02, f" {stretch.key}", transform=axes.get_xaxis_transform(),
            fontsize=9, color=_INK, va="bottom",
        )  # fmt: skip
    axes.set_ylabel("bpm" if bpms else "no beat")
    axes.xaxis.set_major_formatter(_clock)
    _open_frame(axes)


def _draw_row(axes: Any, analysis: Drawn, begin: float, end: float) -> None:
    """Draw the chords, bars and sections of a stretch of time."""
    axes.set_xlim(begin, end)
    axes.set_ylim(0, 1)
    axes.set_yticks([])
    axes.xaxis.set_major_formatter(_clock)
    for span in analysis.chords:
        if span.end > begin and span.start < end:
            _draw_chord(axes, span, begin, end)
    for times, top, colour in ((analysis.beats, 0.07, _FAINT), (analysis.downbeats, 0.14, _INK)):
        inside = [time for time in times if begin <= time < end]
        axes.vlines(inside, _BARS[0], top, color=colour, linewidth=0.9)
    for section in analysis.sections:
        left, right = max(section.start, begin), min(section.end, end)
        if left < right:
            low, high = _SECTIONS
            pale = _section_colour(section.label)
            axes.axvspan(left, right, low, high, color=pale, linewidth=0)
            axes.vlines(left, low, high, color="white", linewidth=2)
            axes.text(
                left + 0.004 * (end - begin), (low + high) / 2, section.label,
                fontsize=9, fontweight="bold", va="center", color=_INK, clip_on=True,
            )  # fmt: skip
    _open_frame(axes)


def _draw_chord(axes: Any, span: ChordSpan, begin: float, end: float) -> None:
    """Draw a box in the colour of the root, as strong as it is sure, with the name if it fits."""
    left, right = max(span.start, begin), min(span.end, end)
    low, high = _CHORDS
    colour = _chord_colour(span)
    axes.axvspan(left, right, low, high, facecolor=colour, edgecolor="white", linewidth=1)
    name = str(span.chord).replace("$", "")
    room = (right - left) / (end - begin)
    upright = room < _LETTER * len(name)
    if room > 1.3 * _LETTER:
        axes.text((left + right) / 2, (low + high) / 2, name, rotation=90 if upright else 0,
                  fontsize=6.5 if upright else 9, ha="center", va="center", color=_INK,
                  clip_on=True)  # fmt: skip


def _chord_colour(span: ChordSpan) -> tuple[float, float, float]:
    """Give neighbours on the circle of fifths neighbouring colours; minor is darker."""
    from matplotlib.colors import hsv_to_rgb  # noqa: PLC0415  # optional and heavy

    if span.chord.root is None:
        return (0.93, 0.93, 0.93)
    minor = 3 in span.chord.intervals and 4 not in span.chord.intervals
    hue = (span.chord.root * 7 % 12) / 12
    red, green, blue = hsv_to_rgb((hue, 0.08 + 0.3 * span.confidence, 0.84 if minor else 0.97))
    return (float(red), float(green), float(blue))


def _section_colour(label: str) -> tuple[float, float, float]:
    """Give each label a pale colour of its own."""
    from matplotlib.colors import hsv_to_rgb  # noqa: PLC0415  # optional and heavy

    number = sum(ord(letter) - 64 for letter in label)
    red, green, blue = hsv_to_rgb((number * 0.618 % 1.0, 0.22, 0.92))
    return (float(red), float(green), float(blue))


def _clock(seconds: float, _: object = None) -> str:
    return f"{int(seconds // 60)}:{seconds % 60:02.0f}"


def _open_frame(axes: Any) -> None:
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.tick_params(labelsize=8, length=2)
