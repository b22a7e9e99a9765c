from collections.abc import Callable
from pathlib import Path

import pytest

from scband import chart
from scband.agents import Context, contexts

CHARTS = Path(__file__).parents[2] / "examples" / "charts"

Form = Callable[..., tuple[Context, ...]]


@pytest.fixture(scope="session")
def form() -> Form:
    """Lay out a chart, by its text or the name of an example, as contexts."""

    def lay_out(text: str, meter: str = "", **more: object) -> tuple[Context, ...]:
        if "|" not in text:
            text = (CHARTS / f"{text}.txt").read_text()
        if meter:
            lines = [line for line in text.splitlines() if not line.startswith("meter:")]
            text = "\n".join([f"meter: {meter}", *lines])
        song = chart.read(text)
        return contexts(song.expand(), key=song.key, **{"tempo": song.tempo, **more})

    return lay_out
