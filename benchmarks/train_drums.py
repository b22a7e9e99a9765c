"""Learn to drum from people: make `src/scband/agents/drumming.json` from the Groove MIDI Dataset.

    python benchmarks/train_drums.py GROOVE_FOLDER                 write the table
    python benchmarks/train_drums.py GROOVE_FOLDER -o FILE --apart drummer7

GROOVE_FOLDER holds a folder a drummer, as the data set comes (magenta.tensorflow.org/datasets/
groove, CC BY 4.0). The drummers named by --apart are not looked at, so that `drumming.py` can
measure with them.

Grooves are the parts of a mixture: each says with what probability, how hard and how late every
piece is struck on every step of a bar, and is found by expectation-maximisation over all bars of a
school (a mixture of Bernoulli distributions, McLachlan and Peel, Finite Mixture Models, 2000).
Fills are bars of people's own, from where the fill begins.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
from groove_data import PIECES, SCHOOLS, TRIPLETS, Bar, Take, takes

TABLE = Path(__file__).parent.parent / "src" / "scband" / "agents" / "drumming.json"
APART = ("drummer6", "drummer9", "drummer10")
SOURCE = (
    "Groove MIDI Dataset, Magenta (Gillick, Roberts, Engel, Eck, Bamman: Learning to Groove with "
    "Inverse Sequence Transformations, ICML 2019), magenta.tensorflow.org/datasets/groove"
)
LEAST = 0.04
"""Strokes less likely than this are left out of the table."""

WILD = 45
"""Strokes further than this from where they should be, in ms, are another note, or a flam."""

TOMS = ("tom_high", "tom_mid", "tom_low")
MOST_FILLS, MOST_GROOVES = 36, 24
Features = np.ndarray
"""Bars by piece and step, 1 where struck."""


def matrix(bars: Sequence[Bar], grid: int) -> Features:
    """Lay bars out as rows of pieces times steps."""
    struck = np.zeros((len(bars), len(PIECES), 4 * grid))
    for row, bar in zip(struck, bars, strict=True):
        for hit in bar.hits:
            row[PIECES.index(hit.piece), hit.step] = 1
    return struck.reshape(len(bars), -1)


def is_groove(bar: Bar) -> bool:
    """Tell a bar that keeps time from a fill, a beginning or a stop."""
    toms = sum(hit.piece in TOMS for hit in bar.hits)
    return len(bar.hits) >= 6 and toms <= 2 and len({h.step // bar.grid for h in bar.hits}) == 4


def mixture(
    struck: Features, parts: int, seed: int, rounds: int = 40
) -> tuple[np.ndarray, np.ndarray, float]:
    """Fit parts to bars: weights, probabilities by part and place, log-likelihood in nats."""
    rng = np.random.default_rng(seed)
    prior = (struck.sum(0) + 0.3) / (len(struck) + 3)
    chance = 0.7 * struck[rng.choice(len(struck), parts, replace=False)] + 0.3 * prior
    weight = np.full(parts, 1 / parts)
    total = 0.0
    for _ in range(rounds):
        chance = np.clip(chance, 1e-3, 1 - 1e-3)
        joint = np.log(weight) + struck @ np.log(chance).T + (1 - struck) @ np.log(1 - chance).T
        peak = joint.max(1, keepdims=True)
        evidence = peak + np.log(np.exp(joint - peak).sum(1, keepdims=True))
        share = np.exp(joint - evidence)
        total = float(evidence.sum())
        mass = share.sum(0)
        weight = (mass + 0.5) / (mass + 0.5).sum()
        chance = (share.T @ struck + 2 * prior) / (mass[:, None] + 2)
    return weight, chance, total


def learn_grooves(
    bars: Sequence[Bar], grid: int
) -> tuple[list[dict[str, object]], dict[str, float]]:
    """Find the grooves of a school, the softest first, and how velocities scatter in them."""
    struck = matrix(bars, grid)
    parts = int(min(MOST_GROOVES, max(2, len(bars) // 30)))
    weight, chance, _ = max((mixture(struck, parts, seed) for seed in range(4)), key=lambda m: m[2])
    clipped = np.clip(chance, 1e-3, 1 - 1e-3)
    joint = np.log(weight) + struck @ np.log(clipped).T + (1 - struck) @ np.log(1 - clipped).T
    nearest = joint.argmax(1)
    pooled = hardness(bars)
    found = []
    residue: dict[str, list[float]] = defaultdict(list)
    for part in range(parts):
        mine = [bar for bar, number in zip(bars, nearest, strict=True) if number == part]
        if len(mine) < 4:
            continue
        cells = _cells(mine, chance[part].reshape(len(PIECES), -1), pooled)
        found.append({"weight": round(float(weight[part]), 4), "energy": 0.0, "cells": cells})
        means = {(piece, int(s)): v for piece, row in cells.items() for s, _, v in row}
        for bar in mine:
            for hit in bar.hits:
                mean = means.get((hit.piece, hit.step))
                if mean is not None:
                    residue[hit.piece].append(hit.velocity - mean)
    found.sort(key=lambda groove: _energy(groove["cells"]))  # type: ignore[arg-type]
    for rank, groove in enumerate(found):
        groove["energy"] = round((rank + 0.5) / len(found), 3)
    return found, {piece: round(float(np.std(values)), 1) for piece, values in residue.items()}


def hardness(bars: Sequence[Bar]) -> dict[str, float]:
    """The mean velocity of each piece."""
    struck = defaultdict(list)
    for bar in bars:
        for hit in bar.hits:
            struck[hit.piece].append(hit.velocity)
    return {piece: float(np.mean(values)) for piece, values in struck.items()}


def _cells(
    bars: Sequence[Bar], chance: np.ndarray, pooled: dict[str, float]
) -> dict[str, list[list[float]]]:
    """For each piece, [step, probability, velocity] of what is likely enough."""
    struck: dict[tuple[str, int], list[int]] = defaultdict(list)
    for bar in bars:
        for hit in bar.hits:
            struck[hit.piece, hit.step].append(hit.velocity)
    cells: dict[str, list[list[float]]] = {}
    for piece, row in zip(PIECES, chance, strict=True):
        for step, likely in enumerate(row):
            values = struck[piece, step]
            if likely >= LEAST and values:
                mean = (sum(values) + 2 * pooled[piece]) / (len(values) + 2)
                cells.setdefault(piece, []).append([step, round(float(likely), 2), round(mean)])
    return cells


def _energy(cells: dict[str, list[list[float]]]) -> float:
    """How much a groove sounds: velocities of all that is likely to be struck."""
    return sum(likely * velocity for row in cells.values() for _, likely, velocity in row)


def fill_beats(bar: Bar) -> int:
    """How many beats at the end of a bar are a fill: toms, or a busy snare without cymbals."""
    toms = bar.beats_of(*TOMS)
    cymbals = bar.beats_of("hat_closed", "hat_open", "ride", "ride_bell")
    busy = {
        beat
        for beat in range(4)
        if beat not in cymbals
        and sum(h.piece in ("snare", "ghost") and h.step // bar.grid == beat for h in bar.hits) >= 2
    }
    length = 0
    while length < 4 and 3 - length in toms | busy:
        length += 1
    return length


def learn_fills(bars: Sequence[Bar], rng: np.random.Generator) -> list[dict[str, object]]:
    """Keep fills of people's own, each length as often as they play it, the softest first."""
    by_length: dict[int, list[Bar]] = defaultdict(list)
    for bar in bars:
        length = fill_beats(bar)
        if length and len(bar.hits) >= 4:
            by_length[length].append(bar)
    total = sum(map(len, by_length.values()))
    found = []
    for length, mine in sorted(by_length.items()):
        count = min(len(mine), max(2, round(MOST_FILLS * len(mine) / total)))
        chosen = [
            _fill(mine[index], length) for index in rng.choice(len(mine), count, replace=False)
        ]
        chosen.sort(key=lambda fill: sum(hit[2] for hit in fill["hits"]))  # type: ignore[attr-defined]
        for rank, fill in enumerate(chosen):
            fill["energy"] = round((rank + 0.5) / len(chosen), 3)
        found += chosen
    return found


def _fill(bar: Bar, beats: int) -> dict[str, object]:
    first = (4 - beats) * bar.grid
    hits = [
        [h.step - first, PIECES.index(h.piece), h.velocity]
        for h in bar.hits
        if h.step >= first and h.piece != "crash"
    ]
    return {"beats": beats, "energy": 0.0, "hits": hits}


def _lateness(bars: Sequence[Bar], grid: int, home: np.ndarray) -> dict[str, list[float]]:
    """The mean lateness of each piece by step, drawn to the piece's own where data is thin."""
    late: dict[str, list[float]] = {}
    for piece in PIECES:
        rows: list[list[float]] = [[] for _ in range(4 * grid)]
        for hit in (hit for bar in bars for hit in bar.hits if hit.piece == piece):
            value = hit.late - home[hit.step % grid]
            if abs(value) < WILD:
                rows[hit.step].append(value)
        every = [value for row in rows for value in row]
        if len(every) >= 20:
            mean = float(np.mean(every))
            late[piece] = [round((sum(row) + 12 * mean) / (len(row) + 12), 1) for row in rows]
    return late


def learn_touch(bars: Sequence[Bar], grid: int) -> dict[str, object]:
    """How a school's hands lie around the grid, in ms, beside the mean of all that it plays.

    `late` is the mean by piece and step. What is left scatters in three ways: a whole bar drifts,
    what is struck together is early or late together (`shared`), and each hand for itself (`own`).
    """
    home = float(np.mean([hit.late for bar in bars for hit in bar.hits if abs(hit.late) < WILD]))
    offbeat = np.zeros(grid)
    if grid == 3:  # how far off-beats lie from the triplet is for the style's swing to say
        for step in range(1, grid):
            near = [h.late for b in bars for h in b.hits if h.step % 3 == step]
            offbeat[step] = float(np.mean([late for late in near if abs(late) < WILD])) - home
    late = _lateness(bars, grid, home + offbeat)
    drift, left, apart = [], [], []
    for bar in bars:
        rest = [
            (hit.step, hit.late - home - offbeat[hit.step % grid] - late[hit.piece][hit.step])
            for hit in bar.hits
            if hit.piece in late
        ]
        rest = [(step, value) for step, value in rest if abs(value) < WILD]
        if len(rest) < 6:
            continue
        middle = float(np.mean([value for _, value in rest]))
        drift.append(middle)
        left += [value - middle for _, value in rest]
        for (step, one), (other, two) in pairwise(rest):
            if step == other:
                apart.append(one - two)
    own = float(np.std(apart)) / 2**0.5
    shared = max(0.0, float(np.var(left)) - own**2) ** 0.5
    scatter = {"drift": float(np.std(drift)), "shared": shared, "own": own}
    return {"late": late, **{name: round(value, 1) for name, value in scatter.items()}}


def learn(found: Sequence[Take]) -> dict[str, object]:
    """Learn every school from takes."""
    rng = np.random.default_rng(7)
    schools: dict[str, object] = {}
    for school in SCHOOLS:
        grid = 3 if school in TRIPLETS else 4
        mine = [take for take in found if take.school == school]
        bars = [bar for take in mine if take.kind == "beat" for bar in take.bars]
        grooves = [bar for bar in bars if is_groove(bar)]
        fills = [bar for take in mine if take.kind == "fill" for bar in take.bars]
        fills += [bar for bar in bars if not is_groove(bar)]
        if len(grooves) < 30:
            continue
        parts, scatter = learn_grooves(grooves, grid)
        schools[school] = {
            "grid": grid,
            "bars": len(grooves),
            "mean": round(float(np.mean([h.velocity for bar in grooves for h in bar.hits])), 1),
            "grooves": parts,
            "scatter": scatter,
            "fills": learn_fills(fills, rng),
            **learn_touch(bars, grid),
        }
    return schools


def main() -> None:
    """Write the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="the Groove MIDI Dataset")
    parser.add_argument("-o", "--output", type=Path, default=TABLE)
    parser.add_argument("--apart", nargs="*", default=list(APART), help="drummers left out")
    chosen = parser.parse_args()
    found = [take for take in takes(chosen.folder) if take.drummer not in chosen.apart]
    table = {
        "source": SOURCE,
        "licence": "CC BY 4.0",
        "learned_from": sorted({take.drummer for take in found}),
        "pieces": PIECES,
        "schools": learn(found),
    }
    chosen.output.write_text(json.dumps(table, separators=(",", ":")) + "\n")
    for name, school in table["schools"].items():  # type: ignore[attr-defined]
        print(
            f"{name:12} {school['bars']:5} bars, {len(school['grooves']):2} grooves, "
            f"{len(school['fills']):2} fills, ms: drift {school['drift']}, "
            f"shared {school['shared']}, own {school['own']}"
        )
    print(f"{chosen.output}: {chosen.output.stat().st_size} bytes")


if __name__ == "__main__":
    main()
