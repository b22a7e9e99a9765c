"""Reads what a session heard and played out of its whole log, to go through it again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from scband.analysis.frames import Frame, Onset, OnsetKind
from scband.errors import SessionError
from scband.live.ears import Heard


@dataclass(frozen=True, slots=True)
class Logged:
    """A session as it was logged.

    `heard` is all of the performer in the order in which it came, `beats` (beat, Unix seconds,
    quarters a minute) the band's, `header` the conditions.
    """

    header: dict[str, Any]
    heard: tuple[Heard, ...]
    beats: tuple[tuple[float, float, float], ...]


def read_log(path: str | Path) -> Logged:
    """Read a whole log; raises SessionError where it cannot be read, or holds no frames."""
    header: dict[str, Any] = {}
    heard: list[Heard] = []
    beats: list[tuple[float, float, float]] = []
    origin = 0.0
    for number, line in enumerate(_lines(Path(path)), 1):
        try:
            row = json.loads(line)
            kind = row["kind"]
            if kind == "session":
                header = row
            elif kind == "begin":
                origin = float(row["unix"])
            elif kind == "heard":
                heard.append(_heard(row))
            elif kind == "beat":
                beats.append((row["beat"], origin + row["seconds"], row["tempo"]))
        except (ValueError, KeyError, TypeError) as error:
            raise SessionError(f"{path}, line {number}: not of a session's log: {error}") from error
    if not any(each.frame is not None for each in heard):
        raise SessionError(f"{path} holds no frames: write it with `scband rehearse --log`")
    return Logged(header, tuple(heard), tuple(beats))


def _lines(path: Path) -> Iterator[str]:
    try:
        with path.open(encoding="utf-8") as file:
            yield from file
    except (OSError, UnicodeDecodeError) as error:
        raise SessionError(f"cannot read the log {path}: {error}") from error


def _heard(row: dict[str, Any]) -> Heard:
    time = float(row["unix"])
    if "onset" in row:
        samples, kind, rise, amplitude = row["onset"]
        return Heard(time, onset=Onset(samples, OnsetKind(kind), rise, amplitude))
    *values, chroma, spectrum = row["frame"]
    names = (field.name for field in fields(Frame))
    whole = zip(names, (*values, tuple(chroma), tuple(spectrum)), strict=True)
    return Heard(time, frame=Frame(**dict(whole)))
