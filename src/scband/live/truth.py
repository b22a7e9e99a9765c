"""When a performer's beats really were: the truth that a rehearsal is measured against."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from scband.agents.form import Form
from scband.errors import SessionError

_LEAST_BEATS = 8


@dataclass(frozen=True, slots=True)
class Truth:
    """Beats of a recording: `times` in seconds, `numbers` in the bar from 1 (or none at all)."""

    times: tuple[float, ...]
    numbers: tuple[int, ...] = ()

    @property
    def first_bar(self) -> int:
        """Return which beat is the first that begins a bar."""
        return self.numbers.index(1) if 1 in self.numbers else 0


@dataclass(frozen=True, slots=True)
class ExpectedBeat:
    """One beat of the performer: when it is played (seconds), and where in the form it belongs.

    `beat` counts quarter notes from the beginning of the form, `bar` its bars.
    """

    time: float
    beat: float
    bar: int


def read_truth(path: str | Path) -> Truth:
    """Read beats: a line each, `time<TAB>beat in the bar`, or times alone.

    Raises SessionError with the line.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SessionError(f"cannot read the beats {path}: {error}") from error
    times, numbers = [], []
    for line, row in enumerate(text.splitlines(), 1):
        fields = row.replace(",", " ").split()
        if not fields or fields[0].startswith("#"):
            continue
        try:
            times.append(float(fields[0]))
            numbers.append(int(float(fields[1])) if len(fields) > 1 else 0)
        except ValueError:
            raise SessionError(
                f"{path}, line {line}: write `time` or `time<TAB>beat in the bar`, not {row!r}"
            ) from None
    _check(times, path)
    return Truth(tuple(times), tuple(numbers) if all(numbers) else ())


def _check(times: list[float], path: str | Path) -> None:
    if len(times) < _LEAST_BEATS:
        raise SessionError(f"{path}: {len(times)} beats; a rehearsal needs {_LEAST_BEATS}")
    if not all(math.isfinite(time) for time in times) or any(b <= a for a, b in pairwise(times)):
        raise SessionError(f"{path}: the times of the beats must rise")


def expected_beats(truth: Truth, form: Form) -> list[ExpectedBeat]:
    """Lay the beats along the form: the first one of a bar is the form's first.

    Beats are the form's felt pulses: dotted quarters in 6/8. What lies past the end of the form,
    or before its beginning, is left out.
    """
    upbeat, opening = truth.first_bar, form.bars[0].meter.pulses
    skip = 0 if upbeat == len(opening) else upbeat
    times = iter(truth.times[skip:])
    found: list[ExpectedBeat] = []
    number = int(form.count_in)
    while (slot := form.slot(number)) is not None:
        for pulse in slot.bar.meter.pulses:
            time = next(times, None)
            if time is None:
                return found
            found.append(ExpectedBeat(time, slot.start + pulse, slot.number))
        number += 1
    return found
