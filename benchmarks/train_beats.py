"""Teach the beat network: make `src/scband/analysis/beat/weights.npz` from takes.

    python benchmarks/beat_takes.py TAKES --charts BILLBOARD --groove GROOVE
    python benchmarks/train_beats.py TAKES --minutes 15

needs PyTorch (2.x, the CPU is enough), which nothing else here does. Every fifteenth take is kept
apart to show when the network has learnt enough. The weights are averaged over the last steps
(Polyak) and written in half precision with `weights.json`, which names what they come from.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from scband.analysis.beat.features import ATTACK_BANDS, CUES, summarise
from scband.analysis.beat.network import DILATIONS

FOLDER = Path(__file__).parent.parent / "src" / "scband" / "analysis" / "beat"
WIDTH = 20
LEVELS = slice(ATTACK_BANDS // 2, ATTACK_BANDS // 2 + ATTACK_BANDS // 4)
LENGTH = 1500
"""Frames of a training example: 30 seconds."""
SOURCE = {
    "made by": "benchmarks/train_beats.py",
    "material": "takes rendered by benchmarks/beat_takes.py: scband's own band and inventions, "
    "over progressions of the McGill Billboard corpus (CC0), and human drumming from the Groove "
    "MIDI Dataset (Gillick et al., ICML 2019, magenta.tensorflow.org/datasets/groove, CC BY 4.0)",
    "licence": "CC BY 4.0",
}


class Dilated(nn.Module):
    def __init__(self, dilation: int) -> None:
        super().__init__()
        self.wide = nn.Conv1d(WIDTH, WIDTH, 5, padding=2 * dilation, dilation=dilation)
        self.mix = nn.Conv1d(WIDTH, WIDTH, 1)
        self.drop = nn.Dropout1d(0.15)

    def forward(self, flow: Tensor) -> Tensor:
        return flow + self.mix(self.drop(torch.relu(self.wide(flow))))


class Network(nn.Module):
    """The same as `scband.analysis.beat.network`, over batches (examples, frames, cues)."""

    def __init__(self) -> None:
        super().__init__()
        self.join = nn.Conv1d(CUES, WIDTH, 5, padding=2)
        self.tcn = nn.ModuleList([Dilated(d) for d in DILATIONS])
        self.out = nn.Conv1d(WIDTH, 2, 1)
        nn.init.constant_(self.out.bias, -2.5)

    def forward(self, cues: Tensor) -> Tensor:
        flow = torch.relu(self.join(cues.transpose(1, 2)))
        for layer in self.tcn:
            flow = layer(flow)
        return self.out(flow).transpose(1, 2)


class Takes:
    """All takes in memory, and examples drawn from them."""

    def __init__(self, paths: list[Path], seed: int) -> None:
        self.views: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
        self.dice = np.random.default_rng(seed)
        for path in paths:
            with np.load(path) as take:
                for number, spacing in enumerate(take["spacings"]):
                    frames = summarise(take[f"view{number}"].astype(np.float32)).astype(np.float16)
                    where = take["beats"] / spacing
                    if tapped(str(take["name"]), 3000 / float(np.median(np.diff(where)))):
                        self.views.append((frames, where, take["places"]))

    def batch(self, size: int) -> tuple[Tensor, Tensor]:
        drawn = [
            self._example(*self.views[i]) for i in self.dice.integers(len(self.views), size=size)
        ]
        frames, targets = (np.stack(part) for part in zip(*drawn, strict=True))
        return torch.from_numpy(frames), torch.from_numpy(targets)

    def _example(
        self, frames: np.ndarray, where: np.ndarray, places: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        start = int(self.dice.integers(-100, max(len(frames) - LENGTH + 100, 1)))
        cut = np.zeros((LENGTH, CUES), np.float32)
        cut[:, LEVELS] = -1  # what silence looks like
        low, high = max(start, 0), min(start + LENGTH, len(frames))
        cut[low - start : high - start] = frames[low:high]
        cut[:, : LEVELS.start] *= self.dice.uniform(0.7, 1.3) * self.dice.uniform(
            0.8, 1.2, LEVELS.start
        ).astype(np.float32)
        width = LEVELS.stop - LEVELS.start
        cut[:, LEVELS] += self.dice.normal(0, 0.15, width).astype(np.float32)
        return cut, targets(where - start, places, LENGTH)


def tapped(name: str, bpm: float) -> bool:
    """Tell whether people would tap at this tempo; beyond it they take half or double."""
    fastest = 225 if "swing" in name or "jazz" in name or "3/4" in name else 190
    if name == "invented 4/4":
        fastest = 150  # inventions know no half time, which is what people feel beyond
    return 52 <= bpm <= fastest


def targets(where: np.ndarray, places: np.ndarray, count: int) -> np.ndarray:
    """Lay a peak around every beat and downbeat: 1 at the beat, less up to 2 frames away."""
    found = np.zeros((count, 2), np.float32)
    for at, place in zip(where, places, strict=True):
        for frame in range(int(at) - 1, int(at) + 3):
            if 0 <= frame < count:
                height = max(0.0, 1 - abs(frame - at) / 2)
                found[frame, 0] = max(found[frame, 0], height)
                if place == 0:
                    found[frame, 1] = max(found[frame, 1], height)
    return found


def export(state: dict[str, Tensor], folder: Path, about: dict[str, object]) -> None:
    arrays = {name: value.numpy() for name, value in state.items()}
    np.savez_compressed(
        folder / "weights.npz", **{k: v.astype(np.float16) for k, v in arrays.items()}
    )
    (folder / "weights.json").write_text(json.dumps(SOURCE | about, indent=2) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("takes", type=Path, nargs="+")
    parser.add_argument("--minutes", type=float, default=15)
    parser.add_argument("--out", type=Path, default=FOLDER)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rate", type=float, default=3e-3)
    parser.add_argument("--resume", type=Path, help="a state saved beside earlier weights")
    options = parser.parse_args()
    torch.manual_seed(options.seed)
    torch.set_num_threads(1)
    paths = sorted(path for folder in options.takes for path in folder.glob("*.npz"))
    apart = Takes(paths[::15], options.seed)
    known = Takes([path for i, path in enumerate(paths) if i % 15], options.seed)
    check = [apart.batch(16) for _ in range(4)]
    network = Network()
    if options.resume:
        state = torch.load(options.resume)
        missing = CUES - state["join.weight"].shape[1]  # cues added since begin at zero
        state["join.weight"] = nn.functional.pad(state["join.weight"], (0, 0, 0, missing))
        network.load_state_dict(state)
    mean = torch.optim.swa_utils.AveragedModel(
        network, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.995)
    )
    optimizer = torch.optim.AdamW(network.parameters(), lr=options.rate, weight_decay=1e-2)
    loss_of = nn.BCEWithLogitsLoss()
    began, step, shown = time.monotonic(), 0, 0.0
    while (spent := (time.monotonic() - began) / 60) < options.minutes:
        part = spent / options.minutes
        rate = options.rate * min(1, (step + 1) / 100) * max(0.02, 0.5 + 0.5 * np.cos(np.pi * part))
        for group in optimizer.param_groups:
            group["lr"] = rate
        frames, wanted = known.batch(8)
        loss = loss_of(network(frames), wanted)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        mean.update_parameters(network)
        step += 1
        if spent - shown > 0.5:
            shown = spent
            mean.eval()
            with torch.no_grad():
                checked = np.mean([loss_of(mean(f), w).item() for f, w in check])
            print(
                f"{spent:5.1f} min {step:5d} steps {loss.item():.4f} apart {checked:.4f}",
                flush=True,
            )
            state = {k: v.clone() for k, v in mean.module.state_dict().items()}
            torch.save(state, options.out / "state.pt") if options.out != FOLDER else None
    state = {k: v.detach().clone() for k, v in mean.module.state_dict().items()}
    about = {"takes": len(paths), "steps": step, "loss apart": round(float(checked), 4)}
    export(state, options.out, about)
    if options.out != FOLDER:
        torch.save(state, options.out / "state.pt")


if __name__ == "__main__":
    main()
