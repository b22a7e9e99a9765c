"""Teach the beat network: make `src/scband/analysis/beat/beats.onnx` from takes.

    python benchmarks/beat_takes.py TAKES --charts BILLBOARD --groove GROOVE
    python benchmarks/beat_views.py TAKES VIEWS
    python benchmarks/train_beats.py VIEWS --minutes 40

needs PyTorch 2 with onnx (the CPU is enough), which nothing else here does. Every fifteenth take is
kept apart to show when the network has learnt enough. The weights are averaged over the last steps
(Polyak); `beats.json` beside them names what they come from.

The network is a pyramid of dilated convolutions over time: Davies and Böck's temporal
convolutional network (EUSIPCO 2019) with the halving and doubling of the frame rate of Stoller,
Ewert and Dixon's Wave-U-Net (ISMIR 2018), so that its far sight costs little.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np
import onnx
import torch
from torch import Tensor, nn

from scband.analysis.beat.features import ATTACK_BANDS, CUES, LEVELS, summarise

FOLDER = Path(__file__).parent.parent / "src" / "scband" / "analysis" / "beat"
LENGTH = 1000
"""Frames of a training example: 20 seconds."""
BATCH = 4
WIDTHS = (32, 48, 64)
"""Channels at 50, 25 and 12.5 frames a second."""
FAR = (1, 2, 4, 8, 16, 32)
"""Dilations at the lowest rate."""
STRETCHED = 0.4
"""Share of examples that are slowed down or hurried by as much as an eighth."""
SOURCE = {
    "material": "takes rendered by benchmarks/beat_takes.py: scband's own band and inventions, "
    "over progressions of the McGill Billboard corpus (CC0), and human drumming from the Groove "
    "MIDI Dataset (Gillick et al., ICML 2019, magenta.tensorflow.org/datasets/groove, CC BY 4.0)",
    "licence": "CC BY 4.0",
}


class Norm(nn.Module):
    """Bring the channels of every frame to zero mean and unit variance."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(1, width, 1))
        self.shift = nn.Parameter(torch.zeros(1, width, 1))

    def forward(self, flow: Tensor) -> Tensor:
        flow = flow - flow.mean(1, keepdim=True)
        flow = flow * torch.rsqrt((flow * flow).mean(1, keepdim=True) + 1e-4)
        return flow * self.scale + self.shift


class Dilated(nn.Module):
    def __init__(self, width: int, dilation: int) -> None:
        super().__init__()
        self.norm = Norm(width)
        self.wide = nn.Conv1d(width, width, 5, padding=2 * dilation, dilation=dilation)
        self.mix = nn.Conv1d(width, width, 1)
        self.drop = nn.Dropout1d(0.1)

    def forward(self, flow: Tensor) -> Tensor:
        return flow + self.mix(self.drop(torch.relu(self.wide(self.norm(flow)))))


class Network(nn.Module):
    """From cues (examples, frames, CUES) to logits of beat and downbeat (examples, frames, 2).

    The number of frames is a multiple of four.
    """

    def __init__(self) -> None:
        super().__init__()
        near, middle, far = WIDTHS
        self.join = nn.Conv1d(CUES, near, 3, padding=1)
        self.near = Dilated(near, 1)
        self.down1 = nn.Conv1d(near, middle, 4, stride=2, padding=1)
        self.middle = nn.Sequential(Dilated(middle, 1), Dilated(middle, 2))
        self.down2 = nn.Conv1d(middle, far, 4, stride=2, padding=1)
        self.far = nn.Sequential(*(Dilated(far, dilation) for dilation in FAR))
        self.up2 = nn.ConvTranspose1d(far, middle, 2, stride=2)
        self.after = Dilated(middle, 1)
        self.up1 = nn.ConvTranspose1d(middle, near, 2, stride=2)
        self.last = Dilated(near, 1)
        self.out = nn.Conv1d(near, 2, 1)
        nn.init.constant_(self.out.bias, -2.5)

    def forward(self, cues: Tensor) -> Tensor:
        near = self.near(torch.relu(self.join(cues.transpose(1, 2))))
        middle = self.middle(self.down1(near))
        far = self.far(self.down2(middle))
        middle = self.after(middle + self.up2(far))
        return self.out(self.last(near + self.up1(middle))).transpose(1, 2)


View = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Cues, the frames of the beats, and their places in the bar."""


class Takes:
    """All takes in memory, and examples drawn from them, from each folder its share."""

    def __init__(self, folders: list[Path], seed: int, shares: list[float] | None = None) -> None:
        self.folders, self.shares, self.known = folders, shares, set[Path]()
        self.views: list[list[View]] = [[] for _ in folders]
        self.apart: list[list[View]] = [[] for _ in folders]
        self.dice = np.random.default_rng(seed)
        self.read()

    def read(self) -> None:
        """Read the takes that are there and were not read before."""
        found = [
            (i, path) for i, folder in enumerate(self.folders) for path in folder.glob("*.npz")
        ]
        for folder, path in sorted(found):
            if path in self.known or time.time() - path.stat().st_mtime < 5:
                continue
            self.known.add(path)
            kept = self.apart if int(path.stem.split("-")[-1]) % 15 == 0 else self.views
            target = kept[folder]
            with np.load(path) as take:
                for number, spacing in enumerate(take["spacings"]):
                    where = take["beats"] / spacing
                    if tapped(str(take["name"]), 3000 / float(np.median(np.diff(where)))):
                        cues = summarise(take[f"view{number}"].astype(np.float32))
                        target.append((cues.astype(np.float16), where, take["places"]))

    def batch(self, size: int, *, apart: bool = False) -> tuple[Tensor, Tensor]:
        source = self.apart if apart else self.views
        parts = np.array(self.shares or [len(views) for views in source], float)
        folders = self.dice.choice(len(source), size=size, p=parts / parts.sum())
        drawn = [
            self._example(*source[i][self.dice.integers(len(source[i]))], varied=not apart)
            for i in folders
        ]
        frames, targets = (np.stack(part) for part in zip(*drawn, strict=True))
        return torch.from_numpy(frames), torch.from_numpy(targets)

    def _example(
        self, frames: np.ndarray, where: np.ndarray, places: np.ndarray, *, varied: bool
    ) -> tuple[np.ndarray, np.ndarray]:
        if varied and self.dice.random() < STRETCHED:
            frames, where = stretched(frames, where, float(self.dice.uniform(0.88, 1.13)))
        start = int(self.dice.integers(-100, max(len(frames) - LENGTH + 100, 1)))
        cut = np.zeros((LENGTH, CUES), np.float32)
        cut[:, LEVELS] = -1  # what silence looks like
        low, high = max(start, 0), min(start + LENGTH, len(frames))
        cut[low - start : high - start] = frames[low:high]
        if varied:
            self._vary(cut)
        return cut, targets(where - start, places, LENGTH)

    def _vary(self, cut: np.ndarray) -> None:
        """Change the colour, and hide one kind of cue now and then."""
        knots = self.dice.normal(0, 0.2, 6)
        colour = np.interp(np.linspace(0, 5, ATTACK_BANDS), np.arange(6), knots)
        cut[:, :ATTACK_BANDS] *= (np.exp(colour) * self.dice.uniform(0.7, 1.3)).astype(np.float32)
        cut[:, LEVELS] += colour[::2].astype(np.float32) + np.float32(self.dice.normal(0, 0.1))
        hidden = self.dice.random()
        if hidden < 0.08:
            cut[:, LEVELS.stop :] = 0
        elif hidden < 0.16:
            cut[:, ATTACK_BANDS * 5 // 8 : ATTACK_BANDS] = 0
            cut[:, LEVELS.start + ATTACK_BANDS * 5 // 16 : LEVELS.stop] = -1
        elif hidden < 0.22:
            cut[:, : ATTACK_BANDS // 5] = 0
            cut[:, LEVELS.start : LEVELS.start + ATTACK_BANDS // 10] = -1


def stretched(frames: np.ndarray, where: np.ndarray, factor: float) -> tuple[np.ndarray, ...]:
    """Make cues last so many times as long; attacks keep their height."""
    place = np.arange(int((len(frames) - 1) * factor)) / factor
    index = place.astype(np.int64)
    part = (place - index).astype(np.float32)[:, None]
    return frames[index] * (1 - part) + frames[index + 1] * part, where * factor


def weights(path: Path) -> dict[str, Tensor]:
    """Read a network's weights from a state.pt, or from the beats.onnx that was made of it."""
    if path.suffix == ".pt":
        return torch.load(path)
    shapes = {name: value.shape for name, value in Network().state_dict().items()}
    stored = {
        part.name.removeprefix("0."): torch.from_numpy(onnx.numpy_helper.to_array(part).copy())
        for part in onnx.load(path).graph.initializer
    }
    return {name: stored[name].reshape(shape) for name, shape in shapes.items()}


def tapped(name: str, bpm: float) -> bool:
    """Tell whether people would tap at this tempo; beyond it they take half or double."""
    quick = ("swing", "jazz", "3/4", "fast")
    fastest = 225 if any(word in name for word in quick) else 190
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


def export(network: nn.Module, folder: Path, about: dict[str, object]) -> None:
    """Write the network with its sigmoid as ONNX, and where it comes from."""
    whole = nn.Sequential(network, nn.Sigmoid()).eval()
    torch.onnx.export(
        whole,
        (torch.zeros(1, 400, CUES),),
        str(folder / "beats.onnx"),
        input_names=["cues"],
        output_names=["heard"],
        dynamic_axes={"cues": {1: "frames"}, "heard": {1: "frames"}},
        opset_version=17,
        dynamo=False,
    )
    facts = {"made by": "benchmarks/train_beats.py"} | SOURCE | about
    (folder / "beats.json").write_text(json.dumps(facts, indent=2) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("views", type=Path, nargs="+")
    parser.add_argument("--minutes", type=float, default=40)
    parser.add_argument("--out", type=Path, default=FOLDER)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--resume", type=Path, help="earlier weights: state.pt or beats.onnx")
    parser.add_argument("--shares", type=float, nargs="+", help="of examples, for each folder")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(options.seed)
    torch.set_num_threads(1)
    takes = Takes(options.views, options.seed, options.shares)
    network = Network()
    if options.resume:
        network.load_state_dict(weights(options.resume))
    mean = torch.optim.swa_utils.AveragedModel(
        network, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.995)
    )
    optimizer = torch.optim.AdamW(network.parameters(), lr=options.rate, weight_decay=1e-2)
    loss_of = nn.BCEWithLogitsLoss()
    began, step, shown, checked, recent = time.monotonic(), 0, 0.0, np.nan, []
    while (spent := (time.monotonic() - began) / 60) < options.minutes:
        part = spent / options.minutes
        rate = options.rate * min(1, (step + 1) / 200) * max(0.02, 0.5 + 0.5 * np.cos(np.pi * part))
        for group in optimizer.param_groups:
            group["lr"] = rate
        frames, wanted = takes.batch(BATCH)
        loss = loss_of(network(frames), wanted)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        mean.update_parameters(network)
        recent.append(loss.item())
        step += 1
        if spent - shown > 1:
            shown = spent
            takes.read()
            takes.dice, kept = np.random.default_rng(5), takes.dice
            check = [takes.batch(BATCH, apart=True) for _ in range(6)]
            takes.dice = kept
            mean.eval()
            with torch.no_grad():
                checked = np.mean([loss_of(mean(f), w).item() for f, w in check])
            print(
                f"{spent:5.1f} min {len(takes.known)} takes {step:5d} steps "
                f"{np.mean(recent):.4f} apart {checked:.4f}",
                flush=True,
            )
            recent = []
            torch.save(mean.module.state_dict(), options.out / "state.pt")
    torch.save(mean.module.state_dict(), options.out / "state.pt")
    about = {"takes": len(takes.known), "steps": step, "loss apart": round(float(checked), 4)}
    export(mean.module, options.out, about)


if __name__ == "__main__":
    main()
