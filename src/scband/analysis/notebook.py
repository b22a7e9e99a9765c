"""An analysis as a notebook shows it: a line of facts, the plot, the chords."""

from __future__ import annotations

import base64
import io
from html import escape
from importlib.util import find_spec
from typing import Protocol

from scband.analysis.plots import Drawn, draw

_MOST_CHORDS = 64


class Shown(Drawn, Protocol):
    """What of an analysis is shown, beside what is drawn."""

    @property
    def warnings(self) -> tuple[str, ...]:
        """Sentences about what is wrong with the file."""


def page(analysis: Shown) -> str:
    """Write an analysis as HTML; without matplotlib there is no picture."""
    key = str(analysis.key) if analysis.key else "no key"
    tempo = f"{analysis.tempo:.1f} bpm, {analysis.meter}" if analysis.tempo else "no beat"
    facts = f"{analysis.duration:.1f} s, {tempo}, {key}"
    parts = [f"<p><b>{escape(analysis.name)}</b>: {escape(facts)}</p>"]
    parts += [f"<p>⚠ {escape(warning)}</p>" for warning in analysis.warnings]
    if find_spec("matplotlib") is not None:
        parts.append(
            f'<img style="max-width:100%" alt="{escape(facts)}" src="{_picture(analysis)}">'
        )
    rows = "".join(
        f"<tr><td>{span.start:.2f}</td><td>{span.end:.2f}</td><td>{escape(str(span.chord))}</td>"
        f"<td>{span.confidence:.2f}</td></tr>"
        for span in analysis.chords[:_MOST_CHORDS]
    )
    more = len(analysis.chords) - _MOST_CHORDS
    rest = f"<p>and {more} more</p>" if more > 0 else ""
    head = "<tr><th>from</th><th>to</th><th>chord</th><th>sure</th></tr>"
    table = f"<table>{head}{rows}</table>{rest}"
    parts.append(f"<details><summary>{len(analysis.chords)} chords</summary>{table}</details>")
    return "".join(parts)


def _picture(analysis: Shown) -> str:
    png = io.BytesIO()
    draw(analysis).savefig(png, format="png", dpi=90)
    return "data:image/png;base64," + base64.b64encode(png.getvalue()).decode()
