"""What drummers do, learned from people: grooves, fills, and how their hands scatter.

`drumming.json` is made by `benchmarks/train_drums.py` from Magenta's Groove MIDI Dataset (Gillick
et al., Learning to Groove with Inverse Sequence Transformations, ICML 2019; CC BY 4.0). A school is
what was learned from the takes of a few related styles. Its grooves say with what probability and
how hard each piece is struck on each step of a bar of four beats.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from scband.agents.drum_kit import PIECES

TABLE = Path(__file__).parent / "drumming.json"
"""The table that was learned."""

GRAIN = 12
"""Places a beat by which lateness is looked up."""

_KICK_AT_LEAST = 64.0
"""Mean MIDI velocity of the kick below which it is lifted: e-drum pedals report little."""

_RIDING = 0.35
"""Crashes less likely than this marked arrivals in what was learned; players mark their own."""

RANK: Mapping[str, int] = MappingProxyType({
    "snare": 0, "crash": 1, "tom_low": 1, "tom_mid": 1, "tom_high": 1, "side_stick": 2,
    "hat_open": 3, "ride_bell": 3, "ride": 4, "hat_closed": 4, "ghost": 5,
})  # fmt: skip
"""What hands strike first where they cannot strike all; cells of a step stand in this order."""

_PITCHES = {**PIECES, "ghost": PIECES["snare"]}


@dataclass(frozen=True, slots=True)
class Cell:
    """One piece on one step of a bar: how likely and how hard (0-1) it is struck."""

    step: int
    piece: str
    pitch: int
    chance: float
    velocity: float


@dataclass(frozen=True, slots=True, eq=False)
class LearnedGroove:
    """A way to keep time: its cells by step. `energy` ranks it from 0 (soft) to 1 in its school.

    `clarity` is how sure its strokes are, 0-1: low where it mixes bars of many kinds.
    """

    weight: float
    energy: float
    clarity: float
    mean: float
    cells: tuple[Cell, ...]

    def strikes(self, pieces: Iterable[str], step: int) -> float:
        """Return how likely one of some pieces is struck on a step."""
        wanted = set(pieces)
        return max(
            (c.chance for c in self.cells if c.step == step and c.piece in wanted), default=0.0
        )


@dataclass(frozen=True, slots=True)
class LearnedFill:
    """A fill of `beats` beats that somebody played; its cells count steps from its first beat."""

    beats: int
    energy: float
    mean: float
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class School:
    """What was learned from drummers who play one kind of music.

    `grid` is the number of steps a beat (4, or 3 for triplets), `mean` the mean velocity (0-1).
    `late` is how late (ms) a pitch is on each place of the bar, `GRAIN` places a beat; `drift`,
    `shared` and `own` are standard deviations in ms of a bar, of what is struck together, and of
    one hand; `scatter` is that of velocity (0-1) by pitch.
    """

    name: str
    grid: int
    mean: float
    grooves: tuple[LearnedGroove, ...]
    fills: tuple[LearnedFill, ...]
    late: Mapping[int, tuple[float, ...]]
    drift: float
    shared: float
    own: float
    scatter: Mapping[int, float]


@lru_cache(maxsize=1)
def _table() -> Mapping[str, Any]:
    table: Mapping[str, Any] = json.loads(TABLE.read_text(encoding="utf-8"))
    return table


def source() -> str:
    """Name the data that drumming was learned from, and its licence."""
    return f"{_table()['source']}, {_table()['licence']}"


def schools() -> tuple[str, ...]:
    """List the schools by name."""
    return tuple(_table()["schools"])


@lru_cache(maxsize=32)
def school(name: str) -> School:
    """Return a school by name; KeyError where there is none."""
    raw = _table()["schools"][name]
    pieces = _table()["pieces"]
    lift = _lift(raw["grooves"])
    return School(
        name=name,
        grid=raw["grid"],
        mean=raw["mean"] / 127,
        grooves=tuple(_groove(groove, lift) for groove in raw["grooves"]),
        fills=tuple(_fill(fill, pieces, lift) for fill in raw["fills"]),
        late=MappingProxyType(
            {
                _PITCHES[p]: _places(row, raw["grid"])
                for p, row in raw["late"].items()
                if p != "ghost"
            }
        ),
        drift=raw["drift"],
        shared=raw["shared"],
        own=raw["own"],
        scatter=MappingProxyType(
            {_PITCHES[piece]: sd / 127 for piece, sd in raw["scatter"].items() if piece != "ghost"}
        ),
    )


def _lift(grooves: list[dict[str, Any]]) -> float:
    """Return what the kick is lifted by."""
    cells = [(g["weight"] * p, v) for g in grooves for _, p, v in g["cells"].get("kick", ())]
    mean = float(sum(weight * v for weight, v in cells) / sum(weight for weight, _ in cells))
    return max(1.0, _KICK_AT_LEAST / mean)


def _cell(step: int, piece: str, chance: float, velocity: float, lift: float) -> Cell:
    hard = min(127.0, velocity * lift) if piece == "kick" else velocity
    return Cell(step, piece, _PITCHES[piece], chance, hard / 127)


def _mean(cells: Iterable[Cell]) -> float:
    weights = [(cell.chance, cell.velocity) for cell in cells]
    return sum(w * v for w, v in weights) / sum(w for w, _ in weights)


def _groove(raw: Mapping[str, Any], lift: float) -> LearnedGroove:
    cells = tuple(
        sorted(
            (
                _cell(step, piece, chance, velocity, lift)
                for piece, row in raw["cells"].items()
                for step, chance, velocity in row
                if piece != "crash" or chance >= _RIDING
            ),
            key=lambda cell: (cell.step, RANK.get(cell.piece, 9)),
        )
    )
    sure = sum(cell.chance**2 for cell in cells) / sum(cell.chance for cell in cells)
    return LearnedGroove(raw["weight"], raw["energy"], sure, _mean(cells), cells)


def _fill(raw: Mapping[str, Any], pieces: list[str], lift: float) -> LearnedFill:
    cells = tuple(
        sorted(
            (_cell(step, pieces[piece], 1.0, v, lift) for step, piece, v in raw["hits"]),
            key=lambda cell: (cell.step, RANK.get(cell.piece, 9)),
        )
    )
    return LearnedFill(raw["beats"], raw["energy"], _mean(cells), cells)


def _places(row: list[float], grid: int) -> tuple[float, ...]:
    """Spread lateness by step over all places, each taking the step that is nearest."""
    every = GRAIN // grid
    return tuple(row[round(place / every) % len(row)] for place in range(4 * GRAIN))
