"""Teach the network that counts beats in bars: make `src/scband/analysis/beat/bars.onnx`.

    python benchmarks/train_bars.py VIEWS --minutes 10

Reads what `beat_views.py` wrote. Every take is seen on its true beats and on wrong ones: half a
beat late, twice too fast, twice too slow, or in the proportion of 3 to 2, so that the network
learns to tell a good grid from a bad one. Needs PyTorch 2 with onnx. Every twelfth take is kept
apart; the weights are averaged over the last steps, and the best of them on what is kept apart
are taken.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from train_beats import FOLDER, SOURCE, Norm, tapped

from scband.analysis.beat.cells import CELL, GROUPS, LAGS, PARTS, beat_cells, trace
from scband.analysis.beat.counting import BAR_LENGTHS, CLASSES, COUNTED, FAULTS, grids

TONAL = slice(GROUPS * PARTS + GROUPS, CELL - 13 - len(LAGS))
"""Which values of a cell are of harmony: its onsets, changes and similarities."""
ABOVE = slice(CELL - 13, CELL - 1)
"""And which are what lies above the bass."""
WIDTH = 32
DILATIONS = (1, 2, 4, 8, 16, 4)
LENGTH = 64
"""Beats of a training example."""
BATCH = 16
UNKNOWN = -1


class Dilated(nn.Module):
    def __init__(self, dilation: int) -> None:
        super().__init__()
        self.norm = Norm(WIDTH)
        self.wide = nn.Conv1d(WIDTH, WIDTH, 3, padding=dilation, dilation=dilation)
        self.mix = nn.Conv1d(WIDTH, WIDTH, 1)
        self.drop = nn.Dropout(0.25)

    def forward(self, flow: Tensor) -> Tensor:
        return flow + self.mix(self.drop(torch.relu(self.wide(self.norm(flow)))))


class Network(nn.Module):
    """From cells (examples, beats, CELL) to logits of the classes (examples, beats, CLASSES)."""

    def __init__(self, mean: np.ndarray, spread: np.ndarray) -> None:
        super().__init__()
        self.register_buffer("mean", torch.from_numpy(mean))
        self.register_buffer("spread", torch.from_numpy(spread))
        self.join = nn.Conv1d(CELL, WIDTH, 1)
        self.start = nn.Dropout(0.25)
        self.layers = nn.Sequential(*(Dilated(d) for d in DILATIONS))
        self.out = nn.Sequential(Norm(WIDTH), nn.Conv1d(WIDTH, CLASSES, 1))

    def forward(self, cells: Tensor) -> Tensor:
        flow = torch.clamp((cells - self.mean) / self.spread, -4, 4).transpose(1, 2)
        return self.out(self.layers(self.join(self.start(flow)))).transpose(1, 2)


def numbers(places: np.ndarray) -> np.ndarray:
    """Give each beat its class by the place in its bar; bars of other lengths are unknown."""
    ones = np.flatnonzero(places == 0)
    size = int(np.diff(ones).max()) if len(ones) > 1 else 0
    if size not in BAR_LENGTHS:
        return np.full(len(places), UNKNOWN)
    return places + sum(n for n in BAR_LENGTHS if n < size)


Grids = dict[str, tuple[np.ndarray, np.ndarray]]
"""Cells and classes of each grid that was laid over a take, by the grid's name."""


def examples(
    traced: np.ndarray, where: np.ndarray, known: np.ndarray, dice: np.random.Generator
) -> Grids:
    """Lay right and wrong grids over a take."""
    found = {}
    for name, grid in grids(where).items():
        shaken = grid + dice.normal(0, dice.choice((0.2, 0.6, 1.0)), len(grid))
        shaken += dice.normal(0, 0.5)
        shaken = np.maximum.accumulate(shaken + 1e-3 * np.arange(len(grid)))
        usual = name == "same" or np.median(np.diff(shaken)) > 50 * 60 / 330
        if len(shaken) < 9 or not usual:
            continue
        cells = beat_cells(traced, shaken, 50).astype(np.float16)
        fault = {"late": "late", "fast": "fast", "slow": "slow"}.get(name.split()[0], "skew")
        wrong = np.full(len(grid), COUNTED + FAULTS.index(fault))
        found[name] = (cells, known if name == "same" else wrong)
    return found


class Takes:
    """The grids of all takes, right and wrong ones apart."""

    def __init__(self, folders: list[Path], seed: int) -> None:
        self.dice = np.random.default_rng(seed)
        paths = sorted(path for folder in folders for path in folder.glob("*.npz"))
        self.count = len(paths)
        self.sets: dict[bool, list[Grids]] = {True: [], False: []}
        for path in paths:
            apart = int(path.stem.split("-")[-1]) % 12 == 0
            with np.load(path) as take:
                name, places = str(take["name"]), take["places"]
                if "2/4" in name:
                    continue  # two bars of it are taken for one of 4/4, in either phase
                for number, spacing in enumerate(take["spacings"]):
                    where = take["beats"] / spacing
                    if not tapped(name, 3000 / float(np.median(np.diff(where)))):
                        continue
                    traced = trace(take[f"view{number}"].astype(np.float32))
                    self.sets[apart].append(examples(traced, where, numbers(places), self.dice))
        self.kinds = sorted({kind for one in self.sets[False] for kind in one})
        sizes = [int(one["same"][1].max()) for one in self.sets[False]]
        self.meters = {size: [i for i, s in enumerate(sizes) if s == size] for size in sizes}
        self.means, self.noise = spreads(self)

    def batch(self, size: int, *, apart: bool = False) -> tuple[Tensor, Tensor]:
        drawn = [self._apart() if apart else self._crossed() for _ in range(size)]
        cells, classes = (np.stack(part) for part in zip(*drawn, strict=True))
        return torch.from_numpy(cells), torch.from_numpy(classes)

    def _kind(self) -> str:
        """Draw which grid is laid: the right one mostly."""
        names = [name for name in self.kinds if name != "same"]
        return "same" if self.dice.random() < 0.6 else names[self.dice.integers(len(names))]

    def _apart(self) -> tuple[np.ndarray, np.ndarray]:
        """Cut an example as it is out of the takes kept apart."""
        grids_of = self.sets[True][self.dice.integers(len(self.sets[True]))]
        kind = self._kind()
        cells, classes = grids_of[kind if kind in grids_of else "same"]
        start = int(self.dice.integers(0, max(1, len(cells) - LENGTH + 1)))
        return _filled(cells[start:].astype(np.float32), classes[start:])

    def _crossed(self) -> tuple[np.ndarray, np.ndarray]:
        """Cut an example with the rhythm of one take and the harmony of another, half the time.

        All takes begin with a bar, so the same beats of two grids of one kind and meter have the
        same places in their bars.
        """
        kind = self._kind()
        source = self.sets[False]
        one = source[self.dice.integers(len(source))]
        cells, classes = one[kind if kind in one else "same"]
        part = cells.astype(np.float32)
        if kind in one and self.dice.random() < 0.6:
            others = self.meters[int(one["same"][1].max())]
            other = source[others[self.dice.integers(len(others))]]
            if kind in other:
                part = self._joined(part, other[kind][0].astype(np.float32))
        length = int(self.dice.integers(20, LENGTH + 1))
        start = int(self.dice.integers(0, max(1, len(part) - length + 1)))
        part = self._varied(part[start : start + length])
        return _filled(part, classes[start : start + len(part)])

    def _joined(self, rhythm: np.ndarray, harmony: np.ndarray) -> np.ndarray:
        """Join cells: the attacks of one or of both takes, the harmony of the second."""
        count = min(len(rhythm), len(harmony))
        found, other = rhythm[:count].copy(), harmony[:count]
        if self.dice.random() < 0.5:
            beats = slice(0, GROUPS * PARTS)
            level = self.dice.uniform(0.4, 1)
            found[:, beats] = np.maximum(found[:, beats], level * other[:, beats])
        found[:, TONAL] = other[:, TONAL]
        found[:, ABOVE] = other[:, ABOVE]
        return found

    def _varied(self, part: np.ndarray) -> np.ndarray:
        """Change the colour, blur all values a little, hide a side now and then."""
        part = part.copy()
        colour = np.exp(self.dice.normal(0, 0.3, GROUPS)).astype(np.float32)
        part[:, : GROUPS * PARTS] *= np.tile(colour, PARTS)
        part += self.noise * self.dice.normal(0, 0.3, part.shape).astype(np.float32)
        hidden = self.dice.random()
        if hidden < 0.1:
            part[:, TONAL] = self.means[TONAL]
        elif hidden < 0.2:
            part[:, : GROUPS * PARTS] = self.means[: GROUPS * PARTS]
        elif hidden < 0.4:
            group = self.dice.integers(GROUPS)
            part[:, group : GROUPS * PARTS : GROUPS] *= self.dice.uniform(0, 0.5)
        return part


def _filled(part: np.ndarray, classes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Fill an example up to `LENGTH` with nothing whose class is unknown."""
    found = np.zeros((LENGTH, CELL), np.float32)
    wanted = np.full(LENGTH, UNKNOWN)
    count = min(len(part), LENGTH)
    found[:count], wanted[:count] = part[:count], classes[:count]
    return found, wanted


def spreads(takes: Takes) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean and spread of each value of the cells."""
    some = [one["same"][0] for one in takes.sets[False][::5]]
    cells = np.concatenate(some).astype(np.float32)
    return cells.mean(0), cells.std(0) + 0.02


def checked(network: nn.Module, takes: Takes) -> tuple[float, float, float]:
    """Return the loss apart, how many places are right, and how many grids are judged rightly."""
    takes.dice, kept = np.random.default_rng(5), takes.dice
    with torch.no_grad():
        cells, classes = takes.batch(256, apart=True)
        logits = network(cells)
        loss = nn.functional.cross_entropy(logits.transpose(1, 2), classes, ignore_index=UNKNOWN)
        guess = logits.argmax(2)
    takes.dice = kept
    counted = (classes >= 0) & (classes < COUNTED)
    known = classes >= 0
    right = (guess == classes)[counted].float().mean()
    judged = ((guess < COUNTED) == (classes < COUNTED))[known].float().mean()
    return loss.item(), right.item(), judged.item()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("views", type=Path, nargs="+")
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--out", type=Path, default=FOLDER)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rate", type=float, default=1.5e-3)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(options.seed)
    torch.set_num_threads(1)
    takes = Takes(options.views, options.seed)
    print(takes.count, "takes", {k: len(v) for k, v in takes.sets.items()}, flush=True)
    network = Network(*spreads(takes))
    mean = torch.optim.swa_utils.AveragedModel(
        network, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.995)
    )
    optimizer = torch.optim.AdamW(network.parameters(), lr=options.rate, weight_decay=2e-2)
    began, step, shown, best, kept = time.monotonic(), 0, 0.0, np.inf, network.state_dict()
    while (spent := (time.monotonic() - began) / 60) < options.minutes:
        part = spent / options.minutes
        rate = options.rate * min(1, (step + 1) / 100) * max(0.02, 0.5 + 0.5 * np.cos(np.pi * part))
        for group in optimizer.param_groups:
            group["lr"] = rate
        cells, classes = takes.batch(BATCH)
        loss = nn.functional.cross_entropy(
            network(cells).transpose(1, 2), classes, ignore_index=UNKNOWN, label_smoothing=0.05
        )
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        mean.update_parameters(network)
        step += 1
        if spent - shown > 0.5:
            shown = spent
            mean.eval()
            apart, right, judged = checked(mean, takes)
            found = f"apart {apart:.4f}, places {right:.3f}, grids {judged:.3f}"
            print(f"{spent:5.1f} min {step:5d} steps {loss.item():.4f} {found}", flush=True)
            if apart < best:
                best, kept = apart, {k: v.clone() for k, v in mean.module.state_dict().items()}
    mean.eval()
    mean.module.load_state_dict(kept)
    apart, right, judged = checked(mean, takes)
    torch.onnx.export(
        mean.module,
        (torch.zeros(1, 40, CELL),),
        str(options.out / "bars.onnx"),
        input_names=["cells"],
        output_names=["logits"],
        dynamic_axes={"cells": {1: "beats"}, "logits": {1: "beats"}},
        opset_version=17,
        dynamo=False,
    )
    about = {"takes": takes.count, "steps": step, "loss apart": round(apart, 4)}
    about |= {"places right": round(right, 3), "grids right": round(judged, 3)}
    facts = {"made by": "benchmarks/train_bars.py"} | SOURCE | about
    (options.out / "bars.json").write_text(json.dumps(facts, indent=2) + "\n")


if __name__ == "__main__":
    main()
