"""What `scband analyze` prints of recordings, with progress on a terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

from scband.analysis.analyze import Progress, analyze
from scband.errors import AnalysisError, AudioFileError

if TYPE_CHECKING:
    from scband.analysis.result import Analysis

_STAGES = {"decoding": (0.0, 0.1), "beats": (0.1, 0.4), "chords": (0.4, 1.0), "done": (1.0, 1.0)}


class Form(Enum):
    """How an analysis is printed."""

    TEXT = "text"
    JSON = "json"
    LAB = "lab"
    CHART = "chart"


def report(
    files: Sequence[Path], form: Form, *, plot: bool, cache: bool, say: Callable[[str], None]
) -> int:
    """Analyse files one after the other and print each; return how many could not be.

    A file that cannot be read is named on the error stream and does not stop the others.
    """
    failed = 0
    for path in files:
        try:
            with _Bar(path.name) as bar:
                analysis = analyze(path, cache=cache, progress=bar.update)
            say(text_of(analysis, form))
            if plot:
                _draw(analysis, path.with_suffix(".png"))
        except (AnalysisError, AudioFileError) as error:
            print(f"scband: {error}", file=sys.stderr)  # noqa: T201  # the command line's own
            failed += 1
    return failed


def text_of(analysis: Analysis, form: Form) -> str:
    """Write an analysis in a form; raises AnalysisError for a chart without beats."""
    if form is Form.JSON:
        return analysis.to_json()
    if form is Form.LAB:
        return analysis.to_lab().rstrip("\n")
    if form is Form.CHART:
        from scband.chart import write_text  # noqa: PLC0415  # charts when wanted

        return write_text(analysis.to_songmap())
    return _summary(analysis)


def _summary(analysis: Analysis) -> str:
    tempo = f"{analysis.tempo:.1f} bpm, {analysis.meter}" if analysis.tempo else "no beat"
    key = f"{analysis.key} ({analysis.key_confidence:.0%})" if analysis.key else "no key"
    lines = [
        f"{analysis.name}: {analysis.duration:.1f} s, {tempo}, {key}, "
        f"tuning {analysis.tuning_cents:+.0f} cents, {analysis.loudness_lufs:.1f} LUFS"
    ]
    lines += [f"  ! {warning}" for warning in analysis.warnings]
    for section in analysis.sections:
        inside = [c for c in analysis.chords if section.start - 1e-3 <= c.start < section.end]
        chords = " ".join(str(span.chord) for span in inside)
        lines.append(f"  {section.start:7.2f} {section.label:<3} {section.bars:3d} bars  {chords}")
    return "\n".join(lines)


def _draw(analysis: Analysis, path: Path) -> None:
    figure = analysis.plot()
    try:
        figure.savefig(path, dpi=120)
    except OSError as error:
        raise AnalysisError(f"cannot write {path}: {error}") from error


class _Bar:
    """A progress bar on a terminal's error stream; nothing where that is no terminal."""

    def __init__(self, name: str) -> None:
        from rich.console import Console  # noqa: PLC0415  # slow to import
        from rich.progress import Progress as RichProgress  # noqa: PLC0415

        console = Console(stderr=True)
        self._bar = RichProgress(console=console, transient=True, disable=not console.is_terminal)
        self._task = self._bar.add_task(name, total=1.0)
        self.update: Progress = self._update

    def __enter__(self) -> _Bar:
        self._bar.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._bar.stop()

    def _update(self, stage: str, done: float) -> None:
        begin, end = _STAGES.get(stage, (0.0, 1.0))
        self._bar.update(self._task, completed=begin + done * (end - begin))
