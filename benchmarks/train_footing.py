"""Teach the following on which foot beats fall: on the beat, or half a beat away.

    python benchmarks/following_takes.py TAKES CUES
    python benchmarks/train_footing.py CUES src/scband/analysis/follow/footing_weights.npz

Needs PyTorch. Draws a few beats in a row from takes, tells what was heard on them and halfway
between them, and learns which is which; a tenth of the takes tells how often that is found. The
answer for a pair is the answer with the two the other way round, negated. About half a minute.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
from following_takes import VIEWS
from numpy.typing import NDArray
from torch import nn

from scband.analysis.follow.footing import AFTER, BEFORE, gathered, summary
from scband.analysis.frames import FRAMES_PER_SECOND

HIDDEN = 24
LENGTHS = (4, 6, 8, 12, 16, 24)
DRAWN, BATCH, ROUNDS = 30_000, 256, 8000
RATE = 3e-3
Array = NDArray[np.float32]


class Judge(nn.Module):
    """Says how likely what comes first is on the beat."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.hidden = nn.Linear(size, HIDDEN)
        self.drop = nn.Dropout(0.3)
        self.out = nn.Linear(HIDDEN, 1, bias=False)

    def forward(self, pairs: torch.Tensor) -> torch.Tensor:
        """Return log odds (n,) for summaries (n, 2, size) of beats and halves."""
        return self._likely(pairs) - self._likely(pairs.flip(1))

    def _likely(self, pairs: torch.Tensor) -> torch.Tensor:
        likely: torch.Tensor = self.out(self.drop(torch.tanh(self.hidden(pairs.flatten(1)))))
        return likely[:, 0]


def halves(path: Path, dice: np.random.Generator) -> list[Array]:
    """Return what was heard on each beat and halfway to the next, (beats, 2, cues), by view."""
    found = []
    with np.load(path) as file:
        for number in range(VIEWS):
            cues, beats = file[f"cues{number}"], file[f"beats{number}"]
            beats = beats[(beats > 0.1) & (beats < len(cues) / FRAMES_PER_SECOND - 0.2)]
            if len(beats) > max(LENGTHS) // 2:
                found.append(_halves(cues.astype(np.float32), beats, dice))
    return found


def _halves(cues: Array, beats: NDArray[np.float64], dice: np.random.Generator) -> Array:
    moments = np.stack([beats[:-1], (beats[1:] + beats[:-1]) / 2], 1) + dice.normal(0, 0.01)
    moments += dice.normal(0, 0.008, moments.shape)
    places = np.round(moments * FRAMES_PER_SECOND - 1).astype(int)
    places = np.clip(places, BEFORE, len(cues) - AFTER - 1)
    return np.array([
        [gathered(cues[place - BEFORE : place + AFTER + 1]) for place in pair] for pair in places
    ])  # fmt: skip


def drawn(takes: list[Array], count: int, dice: np.random.Generator) -> torch.Tensor:
    """Draw summaries of a few beats in a row, (count, 2, size)."""
    found = []
    for which in dice.integers(len(takes), size=count):
        take = takes[which]
        length = min(int(dice.choice(LENGTHS)), len(take))
        first = dice.integers(0, len(take) - length + 1)
        part = take[first : first + length]
        found.append([summary(part[:, 0]), summary(part[:, 1])])
    return torch.tensor(np.array(found), dtype=torch.float32)


def learn(pairs: torch.Tensor) -> Judge:
    """Fit a judge to summaries in which the beat comes first."""
    judge = Judge(pairs[0].numel())
    steps = torch.optim.AdamW(judge.parameters(), lr=RATE, weight_decay=0.03)
    for number in range(ROUNDS):
        batch = pairs[torch.randint(len(pairs), (BATCH,))]
        batch = batch + 0.15 * torch.randn_like(batch)
        steps.param_groups[0]["lr"] = RATE * max(0.03, 1 - number / ROUNDS)
        loss = nn.functional.softplus(-judge(batch)).mean()
        steps.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        steps.step()
    return judge.eval()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("cues", type=Path)
    parser.add_argument("out", type=Path)
    options = parser.parse_args()
    torch.manual_seed(0)
    dice = np.random.default_rng(0)
    takes = [halves(path, dice) for path in sorted(options.cues.glob("*.npz"))]
    heard = np.concatenate([view.reshape(-1, view.shape[-1]) for take in takes for view in take])
    mean, std = heard.mean(0), heard.std(0) + 0.02
    known, kept = (
        [
            (view - mean) / std
            for n, take in enumerate(takes)
            if (n % 10 == 3) == held
            for view in take
        ]
        for held in (False, True)
    )
    judge = learn(drawn(known, DRAWN, dice))
    with torch.no_grad():
        right = (judge(drawn(kept, 2000, dice)) > 0).float().mean()
    print(f"{len(known)} views learnt; right in {right:.1%} of draws from {len(kept)} others")
    weights = {
        "hidden": judge.hidden.weight, "hidden_bias": judge.hidden.bias, "out": judge.out.weight[0],
    }  # fmt: skip
    arrays = {name: value.detach().numpy() for name, value in weights.items()}
    np.savez(options.out, mean=mean.astype(np.float32), std=std.astype(np.float32), **arrays)


if __name__ == "__main__":
    main()
