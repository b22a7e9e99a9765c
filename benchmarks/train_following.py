"""Teach the following network: make `src/scband/analysis/follow/weights.npz` from cues.

    python benchmarks/following_takes.py TAKES CUES
    python benchmarks/train_following.py CUES --minutes 40

needs PyTorch (2.x, the CPU is enough). Every twelfth take is kept apart to show when the network
has learnt enough. The weights are averaged over the last steps (Polyak) and written in half
precision with `weights.json`, which names what they come from.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

from scband.analysis.follow.cues import CUES
from scband.analysis.follow.network import LATENESS, STRIDE
from scband.analysis.frames import BAND_COUNT, FRAMES_PER_SECOND

FOLDER = Path(__file__).parent.parent / "src" / "scband" / "analysis" / "follow"
WIDTH = 48
STEPS = 240
"""Steps of an example: 9.6 seconds."""
BATCH = 48
WEIGHTS = torch.tensor([1.0, 0.5] * STRIDE)
"""Beats count more than downbeats."""
SOURCE = {
    "made by": "benchmarks/train_following.py",
    "material": "takes rendered by benchmarks/beat_takes.py and heard by the analysis SynthDef: "
    "scband's own band and inventions, over progressions of the McGill Billboard corpus (CC0), and "
    "human drumming from the Groove MIDI Dataset (Gillick et al., ICML 2019, "
    "magenta.tensorflow.org/datasets/groove, CC BY 4.0)",
    "licence": "CC BY 4.0",
}


class Network(nn.Module):
    """The same as `scband.analysis.follow.network`, over batches (examples, steps, cues)."""

    def __init__(self) -> None:
        super().__init__()
        self.gru = nn.GRU(STRIDE * CUES, WIDTH, 2, batch_first=True, dropout=0.3)
        self.out = nn.Linear(WIDTH, 2 * STRIDE)
        nn.init.constant_(self.out.bias, -2.5)

    def forward(self, cues: Tensor) -> Tensor:
        return self.out(self.gru(cues)[0])


def wanted(count: int, beats: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Return what the network is to say in each frame: 1 at a beat, less two frames around it."""
    found = np.zeros((count, 2), np.float32)
    for place, number in zip(beats * FRAMES_PER_SECOND + LATENESS, places, strict=True):
        for frame in range(max(int(place) - 1, 0), min(int(place) + 3, count)):
            near = max(0.0, 1 - abs(frame - place) / 2)
            found[frame, 0] = max(found[frame, 0], near)
            if number == 0:
                found[frame, 1] = max(found[frame, 1], near)
    return found


def examples(paths: list[Path]) -> list[tuple[np.ndarray, np.ndarray]]:
    """Read every view of takes, frames joined to steps."""
    found = []
    for path in paths:
        with np.load(path) as take:
            for name in [n for n in take.files if n.startswith("cues")]:
                cues = take[name]
                count = len(cues) // STRIDE
                beats = take[name.replace("cues", "beats")]
                said = wanted(len(cues), beats, take["places"])[: count * STRIDE]
                joined = cues[: count * STRIDE].reshape(count, STRIDE * CUES)
                found.append((joined, said.reshape(count, 2 * STRIDE)))
    return found


def batch(
    views: list[tuple[np.ndarray, np.ndarray]],
    mean: np.ndarray,
    scale: np.ndarray,
    dice: np.random.Generator,
) -> tuple[Tensor, Tensor]:
    """Draw examples, with some bands hidden, levels shifted and noise."""
    cues = np.zeros((BATCH, STEPS, STRIDE, CUES), np.float32)
    said = np.zeros((BATCH, STEPS, 2 * STRIDE), np.float32)
    half = BAND_COUNT // 2
    for row, number in enumerate(dice.integers(len(views), size=BATCH)):
        heard, true = views[number]
        first = dice.integers(0, max(1, len(heard) - STEPS + 1))
        part = (heard[first : first + STEPS].astype(np.float32) - mean) * scale
        cues[row, : len(part)] = part.reshape(-1, STRIDE, CUES)
        said[row, : len(part)] = true[first : first + STEPS]
        if dice.random() < 0.6:
            low, wide = dice.integers(0, half), dice.integers(2, 10)
            cues[row, :, :, low : min(low + wide, half)] = 0
            cues[row, :, :, half + low // 3 : half + min((low + wide) // 3, 12)] = 0
        cues[row, :, :, half + 12 : half + 24] += dice.normal(0, 0.3)
        if dice.random() < 0.15:
            cues[row, :, :, half + 24 :] = 0
        cues[row, :, :, :half] *= np.exp(dice.normal(0, 0.2))
    cues += dice.normal(0, 0.2, cues.shape).astype(np.float32)
    return torch.from_numpy(cues.reshape(BATCH, STEPS, -1)), torch.from_numpy(said)


def loss(network: Network, cues: Tensor, said: Tensor) -> Tensor:
    each = binary_cross_entropy_with_logits(network(cues), said, reduction="none")
    return (each * WEIGHTS).mean()


def measure(
    network: Network,
    views: list[tuple[np.ndarray, np.ndarray]],
    mean: np.ndarray,
    scale: np.ndarray,
) -> float:
    """Return the mean loss over whole takes."""
    network.eval()
    with torch.no_grad():
        found = [
            loss(
                network,
                torch.tensor((cues.astype(np.float32) - mean) * scale)[None],
                torch.tensor(said)[None],
            ).item()
            for cues, said in views
        ]
    network.train()
    return float(np.mean(found))


def train(paths: list[Path], minutes: float, seed: int) -> tuple[Network, np.ndarray, np.ndarray]:
    """Learn for some minutes; return the averaged network and how cues are brought to one scale."""
    torch.manual_seed(seed)
    dice = np.random.default_rng(seed)
    kept = examples(paths[5::12])
    views = examples([path for number, path in enumerate(paths) if number % 12 != 5])
    some = np.concatenate([cues[::5].astype(np.float32) for cues, _ in views])
    mean, scale = some.mean(0), 1 / (some.std(0) + 0.02)
    network, averaged = Network(), Network()
    averaged.load_state_dict(network.state_dict())
    optimiser = torch.optim.AdamW(network.parameters(), lr=2.5e-3, weight_decay=1e-2)
    began, said, step = time.monotonic(), 0.0, 0
    while (spent := (time.monotonic() - began) / 60) < minutes:
        cooling = 0.5 * (1 + np.cos(np.pi * spent / minutes)) + 0.02
        optimiser.param_groups[0]["lr"] = 2.5e-3 * min(1, step / 60) * cooling
        now = loss(network, *batch(views, mean, scale, dice))
        optimiser.zero_grad()
        now.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        step += 1
        follow = min(0.99, step / (step + 20))
        for old, new in zip(averaged.parameters(), network.parameters(), strict=True):
            old.data.mul_(follow).add_(new.data, alpha=1 - follow)
        if spent > said:
            said = spent + 1
            apart = measure(averaged, kept, mean, scale)
            print(f"{spent:5.1f} min  step {step}  {now.item():.4f}  apart {apart:.4f}", flush=True)
    return averaged, mean, 1 / scale


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("cues", type=Path)
    parser.add_argument("--minutes", type=float, default=40)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=FOLDER)
    options = parser.parse_args()
    torch.set_num_threads(1)
    network, mean, std = train(sorted(options.cues.glob("*.npz")), options.minutes, options.seed)
    weights = {name: value.numpy() for name, value in network.state_dict().items()}
    small = {name: value.astype(np.float16) for name, value in weights.items()}
    np.savez_compressed(options.out / "weights.npz", mean=mean, std=std, **small)
    (options.out / "weights.json").write_text(json.dumps(SOURCE, indent=1) + "\n")


if __name__ == "__main__":
    main()
