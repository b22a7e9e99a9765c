"""A rehearsal in words and as a picture."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from scband.errors import SessionError
from scband.live.rehearsal import Rehearsed
from scband.live.togetherness import CLOSE_SECONDS, Adaptation


def lines(done: Rehearsed) -> list[str]:
    """Return the figures, a line each."""
    return list(_lines(done))


def _lines(done: Rehearsed) -> Iterator[str]:
    t = done.together
    yield f"followed by {done.follow}, strength {done.strength:g}"
    if not t.beats:
        yield "the band never came in"
        return
    yield (
        f"band to performer: mean {t.mean_ms:+.1f} ms, sd {t.sd_ms:.1f}, worst {t.worst_ms:.1f} "
        f"({t.beats} beats)"
    )
    if t.adaptations:
        yield (
            f"  away from steps of tempo: mean {t.steady_mean_ms:+.1f} ms, "
            f"sd {t.steady_sd_ms:.1f}, worst {t.steady_worst_ms:.1f}"
        )
    if t.lock_beats is None:
        yield "never together for four beats on end"
    else:
        yield f"together from beat {t.lock_beats} after its entry on ({t.lock_seconds:.1f} s)"
    yield from map(_adapted, t.adaptations)
    yield f"bars out of place: {t.bars_out} of {t.bars}"
    if (c := done.chords) is not None:
        yield (
            f"chords by ear, on the next beat: root {100 * c.roots:.0f} %, triad "
            f"{100 * c.triads:.0f} % ({c.beats} beats); the root comes {c.delay_beats:.1f} beats "
            f"after a chord has begun ({c.changes} changes)"
        )
    yield (
        f"conditions: xruns {done.xruns}, late {done.late}, load {done.load:.1f}; "
        f"Python used {100 * done.listening:.0f} % of one core"
    )


def _adapted(step: Adaptation) -> str:
    took = "never" if step.beats is None else f"in {step.beats} beats"
    return (
        f"beat {step.beat:g}, {step.before:.0f} to {step.after:.0f} a minute: back within 30 ms "
        f"{took}, past the performer by {step.overshoot:.1f} % of a beat, past the tempo by "
        f"{step.tempo_overshoot:.1f} %"
    )


def draw(done: Rehearsed, path: Path) -> None:
    """Draw asynchronies, tempos and intensity into a file; raises SessionError."""
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415  # optional
        from matplotlib.figure import Figure  # noqa: PLC0415
    except ImportError as error:
        raise SessionError("plots need matplotlib: pip install matplotlib") from error
    figure = Figure(figsize=(12, 6), layout="constrained")
    FigureCanvasAgg(figure)
    off, pace = figure.subplots(2, 1, sharex=True)
    played = [beat for beat in done.beats if beat.asynchrony is not None]
    where = [beat.beat for beat in played]
    off.axhspan(-1000 * CLOSE_SECONDS, 1000 * CLOSE_SECONDS, color="tab:green", alpha=0.15)
    off.plot(where, [1000 * (beat.asynchrony or 0.0) for beat in played], ".-")
    off.set_ylabel("band after performer, ms")
    times, beats = np.array([b.time for b in done.beats]), np.array([b.beat for b in done.beats])
    pace.step(beats[:-1], 60 * np.diff(beats) / np.diff(times), where="post", label="performer")
    if done.tempos:
        pace.plot(*zip(*done.tempos, strict=True), label="band")
    pace.set_ylabel("quarter notes a minute")
    pace.set_xlabel("beat of the band")
    pace.legend()
    try:
        figure.savefig(str(path))
    except (OSError, ValueError) as error:
        raise SessionError(f"cannot draw {path}: {error}") from error
