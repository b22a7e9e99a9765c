"""One door for every format: what is it, and who reads it."""

from __future__ import annotations

from pathlib import Path

from scband.chart.songmap import SongMap
from scband.chart.text import read_text
from scband.errors import ChartError


def read(chart: str | Path) -> SongMap:
    """Read a chart from its text or from a file; raises ChartError that says where and why."""
    if isinstance(chart, Path) or ("\n" not in chart and "|" not in chart and len(chart) < 1000):
        path = Path(chart)
        try:
            return read_text(path.read_text(encoding="utf-8-sig"), str(path))
        except UnicodeDecodeError:
            raise ChartError("this is not UTF-8 text", source=str(path)) from None
        except OSError as error:
            raise ChartError(f"cannot open it: {error.strerror}", source=str(path)) from None
    return read_text(chart)
