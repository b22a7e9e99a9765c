"""Timing measured inside the server, in samples: for the doctor and the benchmarks.

Clicks whose first sample is their loudest are played through the real path (sclang's clock,
time-tagged bundles, supernova, mixer) and recorded by the server itself, so that no clock but the
sample clock has a part in the figure.
"""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import soundfile

from scband.errors import SuperColliderError
from scband.score import Note
from scband.supercollider.engine import Engine

if TYPE_CHECKING:
    from numpy.typing import NDArray

CLICK_LEVEL = 0.05
"""Linear level that the first sample of a click is well above."""

_REFRACTORY = 0.02
_LEAD_SECONDS = 0.3


@dataclass(frozen=True, slots=True)
class GridFigure:
    """How exactly clicks met their grid: errors in samples against the first click of all."""

    clicks: int
    worst: float
    spread: float
    xruns: int
    late: int


def onsets(samples: NDArray[Any], rate: int, level: float = CLICK_LEVEL) -> NDArray[Any]:
    """Return the indices of the first samples of clicks in one channel."""
    above = np.flatnonzero(np.abs(samples) > level)
    if above.size == 0:
        return above
    gap = int(_REFRACTORY * rate)
    first = np.concatenate(([True], np.diff(above) > gap))
    return above[first]


def grid_error(
    engine: Engine, players: int = 4, *, tempo: float = 120.0, bars: int = 4, per_beat: int = 4
) -> GridFigure:
    """Play clicks on a grid with some players at once and return how exactly they came.

    The engine must be booted and its clock must stand. Raises SuperColliderError where nothing
    was recorded.
    """
    names = [f"grid{number}" for number in range(players)]
    for name in names:
        engine.add_player(name, "click")
    notes = [Note(n / per_beat, 0.05, 69, 1.0) for n in range(4 * per_beat)]
    xruns, late = engine.jack.xruns, engine.server.late + engine.late_bars
    with tempfile.TemporaryDirectory(prefix="scband-measure-") as folder:
        paths = engine.recorder.start(Path(folder) / "grid.wav", stems=True)
        for number in range(bars):
            answers = [engine.patterns.send_bar(n, number, 4.0 * number, 4.0, notes) for n in names]
            for answer in answers:
                answer.result(timeout=2)
        engine.patterns.start(tempo, _LEAD_SECONDS)
        time.sleep(_LEAD_SECONDS + 4 * bars * 60 / tempo - 30 / tempo)
        engine.patterns.stop()
        time.sleep(0.4)
        engine.recorder.stop()
        wanted = {f"grid.{name}.wav" for name in names}
        found = [_grid(path, tempo, per_beat) for path in paths if path.name in wanted]
    return _figure(found, engine.jack.xruns - xruns, engine.server.late + engine.late_bars - late)


def _grid(path: Path, tempo: float, per_beat: int) -> tuple[NDArray[Any], float]:
    samples, rate = soundfile.read(path, always_2d=True)
    return onsets(samples[:, 0], rate), rate * 60 / tempo / per_beat


def _figure(found: list[tuple[NDArray[Any], float]], xruns: int, late: int) -> GridFigure:
    heard = [clicks for clicks, _ in found]
    if not heard or min(clicks.size for clicks in heard) < 2:
        raise SuperColliderError("the server recorded no clicks: look at `scband doctor`")
    start, step = min(clicks[0] for clicks in heard), found[0][1]
    errors = np.concatenate([(c - start) - np.round((c - start) / step) * step for c in heard])
    return GridFigure(
        clicks=int(errors.size),
        worst=float(np.abs(errors).max()),
        spread=float(errors.std()),
        xruns=xruns,
        late=late,
    )


def ping_ms(engine: Engine, count: int = 50) -> list[float]:
    """Return how long sclang took to answer, in milliseconds, `count` times."""
    taken = []
    for _ in range(count):
        begun = time.perf_counter()
        engine.patterns.ping()
        taken.append((time.perf_counter() - begun) * 1000)
    return taken
