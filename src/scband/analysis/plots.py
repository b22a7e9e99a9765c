"""A picture of an analysis for notebooks; matplotlib is imported only here, and optional."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

from scband.errors import AnalysisError

if TYPE_CHECKING:
    from scband.analysis.written import Heard


def draw(analysis: Heard, axes: Any = None) -> Any:
    """Draw chords as boxes by root, with beats, bar lines and sections; return the axes."""
    try:
        from matplotlib import pyplot  # noqa: PLC0415  # optional and heavy
    except ImportError as error:
        raise AnalysisError("plots need matplotlib: pip install matplotlib") from error
    if axes is None:
        _, axes = pyplot.subplots(figsize=(12, 3.5))
    colours = pyplot.get_cmap("hsv")
    for span in analysis.chords:
        if span.chord.root is None:
            continue
        colour = colours(span.chord.root * 7 % 12 / 12)
        axes.axvspan(span.start, span.end, 0, 0.7, color=colour, alpha=0.2 + 0.5 * span.confidence)
        axes.text(span.start, 0.35, str(span.chord), rotation=90, fontsize=7, va="center")
    axes.vlines(analysis.beats, 0, 0.05, color="grey", linewidth=0.5)
    axes.vlines(analysis.downbeats, 0, 0.12, color="black", linewidth=0.8)
    for section in analysis.sections:
        axes.axvline(section.start, color="black", linestyle=":")
        axes.text(section.start, 0.93, section.label, fontweight="bold")
    low, high = _range([bpm for _, bpm in analysis.tempo_curve])
    for (time, bpm), (after, next_bpm) in pairwise(analysis.tempo_curve):
        heights = [0.75 + 0.15 * (value - low) / (high - low) for value in (bpm, next_bpm)]
        axes.plot([time, after], heights, color="tab:red", linewidth=1)
    axes.set_xlim(0, analysis.duration)
    axes.set_ylim(0, 1)
    axes.set_yticks([])
    axes.set_xlabel("seconds")
    key = str(analysis.key) if analysis.key else "no key"
    axes.set_title(f"{analysis.name}: {analysis.tempo:.1f} bpm, {analysis.meter}, {key}")
    return axes


def _range(values: list[float]) -> tuple[float, float]:
    low, high = (min(values), max(values)) if values else (0.0, 0.0)
    return (low, high) if high - low > 5 else (low - 5, high + 5)
