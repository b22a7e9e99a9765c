"""Teach the following on which foot beats fall: on the beat, or half a beat away.

    python benchmarks/following_takes.py TAKES CUES
    python benchmarks/train_footing.py CUES src/scband/analysis/follow/footing_weights.npz

Needs PyTorch (2.x, the CPU is enough). Takes are cut into beats rightly and wrongly: half a beat
away, twice too fast, twice too slow, in another ratio or at any other place. From beat to beat the
network learns to say which; only right or half a beat away is asked for later, the others are
there so that it knows what else there is. Every twelfth take tells how often that is found. The
weights are averaged over the last steps (Polyak).
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
from following_takes import VIEWS
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from scband.analysis.follow.footing import PARTS, parts_of
from scband.analysis.frames import FRAMES_PER_SECOND

RIGHT, HALF_AWAY, FAST_ON, FAST_OFF, SLOW, OTHER = range(6)
DRAWN = (RIGHT, RIGHT, HALF_AWAY, HALF_AWAY, FAST_ON, FAST_OFF, SLOW, OTHER)
RATIOS = (2 / 3, 1.5, 0.75, 4 / 3)
PLACES = (0.25, 0.75, 1 / 3, 2 / 3)
GRIDS = 12
"""Ways in which each view of a take is cut into beats."""
SHORTEST, LONGEST, FEWEST = 22.0, 170.0, 6
WIDTH, LENGTH, BATCH = 32, 24, 96
RATE = 3e-3
Array = NDArray[np.float32]


class Judge(nn.Module):
    """The same as `scband.analysis.follow.footing`, over batches (examples, beats, told)."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.a = nn.Linear(size, WIDTH)
        self.g = nn.GRU(WIDTH, WIDTH, batch_first=True)
        self.o = nn.Linear(WIDTH, OTHER + 1)
        self.few, self.many = nn.Dropout(0.1), nn.Dropout(0.3)

    def forward(self, told: Tensor) -> Tensor:
        inner = self.many(torch.tanh(self.a(self.few(told))))
        said: Tensor = self.o(self.many(self.g(inner)[0]))
        return said


def cut(beats: NDArray[np.float64], kind: int, dice: np.random.Generator) -> NDArray[np.float64]:
    """Return beats as they are taken to fall, rightly or wrongly."""
    if kind == RIGHT:
        return beats
    if kind == SLOW:
        return beats[dice.integers(0, 2) :: 2]
    last = len(beats) - 1
    if kind == HALF_AWAY:
        places = np.arange(last) + 0.5
    elif kind == OTHER and dice.random() < 0.8:
        places = np.arange(dice.uniform(0, 1), last, dice.choice(RATIOS))
    elif kind == OTHER:
        places = np.arange(last) + dice.choice(PLACES) + dice.normal(0, 0.03)
    else:
        places = np.arange(0, last + 0.01, 0.5)[kind - FAST_ON :]
    found: NDArray[np.float64] = np.interp(places, np.arange(last + 1), beats)
    return found


def examples(path: Path, dice: np.random.Generator) -> list[tuple[Array, int]]:
    """Return what the beats of a take tell, cut in several ways, and which way that is."""
    found = []
    with np.load(path) as file:
        for number in range(VIEWS):
            cues, beats = file[f"cues{number}"].astype(np.float32), file[f"beats{number}"]
            for _ in range(GRIDS):
                kind = int(dice.choice(DRAWN))
                places = cut(beats, kind, dice) * FRAMES_PER_SECOND
                places = places + dice.normal(0, 1.2) + dice.normal(0, 0.6, len(places))
                length = float(np.median(np.diff(places))) if len(places) > FEWEST else 0.0
                whole = (places > length / PARTS) & (places < len(cues) - length)
                if SHORTEST < length < LONGEST and whole[1:-1].all():
                    skipped = int(not whole[0])
                    told = parts_of(cues, places[skipped : len(whole) - 1], length)
                    kind = (
                        FAST_ON + FAST_OFF - kind
                        if skipped and FAST_ON <= kind <= FAST_OFF
                        else kind
                    )
                    found.append((told, kind))
    return found


def batch(
    drawn: list[tuple[Array, int]], count: int, dice: np.random.Generator, *, spoilt: bool
) -> tuple[Tensor, Tensor]:
    """Draw examples; `spoilt` hides bands, shifts levels and adds noise."""
    size = drawn[0][0].shape[1]
    told = np.zeros((count, LENGTH, size), np.float32)
    kinds = np.full((count, LENGTH), -1)
    for row, which in enumerate(dice.integers(len(drawn), size=count)):
        take, kind = drawn[which]
        first = dice.integers(0, max(1, len(take) - 8))
        part = take[first : first + LENGTH]
        told[row, : len(part)] = part
        kinds[row, : len(part)] = kind
        if FAST_ON <= kind <= FAST_OFF:  # every other beat is one
            turn = (first + np.arange(len(part)) + kind) % 2
            kinds[row, : len(part)] = FAST_ON + turn
        if spoilt:
            _spoil(told[row, :, :-1].reshape(LENGTH, PARTS, -1), dice)
    if spoilt:
        told[..., :-1] += dice.normal(0, 0.3, told[..., :-1].shape)
        told[..., -1] += dice.normal(0, 0.2, (count, 1))
    return torch.from_numpy(told), torch.from_numpy(kinds)


def _spoil(told: Array, dice: np.random.Generator) -> None:
    """Hide some bands, shift levels: rises, slow rises and levels are twelve values each."""
    if dice.random() < 0.4:
        low, wide = dice.integers(0, 12), dice.integers(1, 4)
        for begin in (0, 12, 24):
            told[:, :, begin + low : min(begin + low + wide, begin + 12)] = 0
    told[:, :, 24:36] += dice.normal(0, 0.3)
    if dice.random() < 0.15:
        told[:, :, 36:] = 0
    told[:, :, :12] *= np.exp(dice.normal(0, 0.2))


def learn(drawn: list[tuple[Array, int]], steps: int, dice: np.random.Generator) -> Judge:
    """Learn for so many steps; return the averaged network."""
    judge, averaged = (Judge(drawn[0][0].shape[1]) for _ in range(2))
    averaged.load_state_dict(judge.state_dict())
    optimiser = torch.optim.AdamW(judge.parameters(), lr=RATE, weight_decay=0.03)
    weights = torch.ones(LENGTH)
    weights[:3] = torch.tensor([0.1, 0.3, 0.6])
    for step in range(steps):
        cooling = 0.5 * (1 + np.cos(np.pi * step / steps)) + 0.02
        optimiser.param_groups[0]["lr"] = RATE * min(1, (step + 1) / 50) * cooling
        told, kinds = batch(drawn, BATCH, dice, spoilt=True)
        each = cross_entropy(
            judge(told).flatten(0, 1), kinds.ravel(), ignore_index=-1, reduction="none"
        )
        counted = (kinds >= 0) * weights
        loss = (each.reshape(kinds.shape) * weights).sum() / counted.sum()
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(judge.parameters(), 1.0)
        optimiser.step()
        follow = min(0.995, (step + 1) / (step + 21))
        for old, new in zip(averaged.parameters(), judge.parameters(), strict=True):
            old.data.mul_(follow).add_(new.data, alpha=1 - follow)
    return averaged.eval()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("cues", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--steps", type=int, default=10_000)
    options = parser.parse_args()
    torch.manual_seed(0)
    torch.set_num_threads(1)
    dice = np.random.default_rng(0)
    takes = [examples(path, dice) for path in sorted(options.cues.glob("*.npz"))]
    known = [one for number, take in enumerate(takes) if number % 12 != 5 for one in take]
    heard = np.concatenate([told[::4] for told, _ in known[::3]])
    mean, std = heard.mean(0), heard.std(0) + 0.02
    mean[-1], std[-1] = 0, 1
    known, kept = (
        [((told - mean) / std, kind) for told, kind in part]
        for part in (known, [one for take in takes[5::12] for one in take])
    )
    judge = learn(known, options.steps, dice)
    with torch.no_grad():
        told, kinds = batch(kept, 1500, dice, spoilt=False)
        said = judge(told)
    asked = (kinds == RIGHT) | (kinds == HALF_AWAY)
    right = (said[..., RIGHT] > said[..., HALF_AWAY]) == (kinds == RIGHT)
    for beat in (4, 8, 16):
        share = right[:, beat - 1][asked[:, beat - 1]].float().mean()
        print(f"after {beat} beats the foot is right in {share:.1%} of draws from other takes")
    arrays = {name: value.numpy().astype(np.float16) for name, value in judge.state_dict().items()}
    np.savez_compressed(
        options.out, mean=mean.astype(np.float32), std=std.astype(np.float32), **arrays
    )


if __name__ == "__main__":
    main()
