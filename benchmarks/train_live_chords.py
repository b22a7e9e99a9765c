"""Teach the live chord network: make `src/scband/analysis/follow/chord_weights.npz` from takes.

    python benchmarks/live_chord_takes.py TAKES --charts BILLBOARD
    python benchmarks/train_live_chords.py TAKES --minutes 8

needs PyTorch (2.x, the CPU is enough), which nothing else here does. Every twelfth take is kept
apart, and the weights that do best there are written. The network sees one spectrum of 72
semitones at a time, from each of the twelve roots, and tells the kinds of chords that it could be
on that root.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from scband.analysis.follow.chord_network import HIDDEN, INPUTS, KINDS, aligned, kind_of, seen
from scband.analysis.frames import LOWEST_BAND
from scband.theory import Chord

FOLDER = Path(__file__).parent.parent / "src" / "scband" / "analysis" / "follow"
BATCH = 512
SUNG = 48
"""Bands, from E1 to D#5, in which fundamentals are looked for."""
LENGTHS = (6, 40)
"""Frames that a spectrum is averaged over: 60 to 400 ms."""
SOURCE = {
    "made by": "benchmarks/train_live_chords.py",
    "material": "takes by benchmarks/live_chord_takes.py: scband's own players over progressions "
    "of the McGill Billboard corpus (CC0; Burgoyne, Wild and Fujinaga, ISMIR 2011)",
    "licence": "CC0",
}
Spectra = NDArray[np.float32]


class Take:
    """A take's spectra, and at each frame the chord's number and since how many frames."""

    def __init__(self, path: Path) -> None:
        with np.load(path) as found:
            self.spectra = found["spectra"]
            changes = np.round(found["changes"] * 100).astype(int)
            chords = [Chord(text) for text in found["chords"]]
        count = len(self.spectra)
        self.chord = np.full(count, -1)
        self.age = np.zeros(count, dtype=int)
        for first, last, chord in zip(changes[:-1], changes[1:], chords, strict=True):
            kind = kind_of(chord)
            if kind is not None and chord.root is not None:
                self.chord[first:last] = chord.root * len(KINDS) + kind
                self.age[first:last] = np.arange(len(self.age[first:last]))
        level = self.spectra.max(1)
        self.heard = level > 0.02 * np.percentile(level, 95)

    def draw(self, dice: np.random.Generator, count: int) -> tuple[Spectra, NDArray[np.int64]]:
        """Draw windows within chords (count, 72) with the numbers of their chords."""
        ends = dice.choice(np.flatnonzero((self.chord >= 0) & (self.age > 12) & self.heard), count)
        lengths = np.minimum(dice.integers(*LENGTHS, count), self.age[ends] - 3)
        means = np.array(
            [self.spectra[e - n : e].mean(0) for e, n in zip(ends, lengths, strict=True)]
        )
        chords = self.chord[ends]
        known = _root_sounds(means, chords // len(KINDS))
        return means[known], chords[known]


def _root_sounds(spectra: Spectra, roots: NDArray[np.int_]) -> NDArray[np.bool_]:
    """Say where the root is among what sounds: no ear can tell it otherwise."""
    levels = np.array([seen(each) for each in spectra])
    chroma = np.zeros((len(levels), 12))
    for band in range(SUNG):
        pitch_class = (band + LOWEST_BAND) % 12
        chroma[:, pitch_class] = np.maximum(chroma[:, pitch_class], levels[:, band])
    return np.asarray(chroma[np.arange(len(roots)), roots] > 0.3)


class Network(nn.Module):
    """The same as `scband.analysis.follow.chord_network`, over batches (examples, 72)."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(INPUTS, HIDDEN)
        self.second = nn.Linear(HIDDEN, HIDDEN)
        self.out = nn.Linear(HIDDEN, len(KINDS))
        self.drop = nn.Dropout(0.15)

    def forward(self, views: Tensor) -> Tensor:
        flow = self.drop(torch.relu(self.first(views)))
        flow = self.drop(torch.relu(self.second(flow)))
        scores: Tensor = self.out(flow).flatten(1)
        return scores


def batch(takes: list[Take], dice: np.random.Generator) -> tuple[Tensor, Tensor]:
    drawn = [take.draw(dice, BATCH // 12) for take in dice.choice(np.array(takes), 16)]
    spectra = np.concatenate([each for each, _ in drawn])
    bands = np.arange(spectra.shape[1])
    tilt = dice.normal(0, 0.5, (len(spectra), 1)) * (bands / len(bands) - 0.5)
    spectra = spectra * np.exp(tilt + dice.normal(0, 0.25, spectra.shape))
    spilt = dice.uniform(0, 0.5, (len(spectra), 1)) ** 2 * 2  # as a tone out of tune does
    sharp = dice.random((len(spectra), 1)) < 0.5
    spectra = spectra + spilt * np.where(sharp, np.roll(spectra, 1, 1), np.roll(spectra, -1, 1))
    views = np.array([aligned(seen(each)) for each in spectra], dtype=np.float32)
    return torch.from_numpy(views), torch.from_numpy(np.concatenate([each for _, each in drawn]))


def right(scores: Tensor, chords: Tensor) -> tuple[float, float]:
    """Give the shares of right roots and of right chords."""
    best = scores.argmax(1)
    roots = (best // len(KINDS) == chords // len(KINDS)).float().mean()
    return float(roots), float((best == chords).float().mean())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("takes", type=Path)
    parser.add_argument("--minutes", type=float, default=8)
    parser.add_argument("--out", type=Path, default=FOLDER)
    options = parser.parse_args()
    torch.manual_seed(1)
    torch.set_num_threads(1)
    dice = np.random.default_rng(1)
    takes = [Take(path) for path in sorted(options.takes.glob("*.npz"))]
    takes = [take for take in takes if ((take.chord >= 0) & (take.age > 12) & take.heard).any()]
    apart = batch(takes[::12], np.random.default_rng(2))
    taught = [take for number, take in enumerate(takes) if number % 12]
    network = Network()
    optimiser = torch.optim.AdamW(network.parameters(), lr=2e-3, weight_decay=1e-2)
    begun, steps, shown, best = time.process_time(), 0, 0.0, float("inf")
    kept = network.state_dict()
    loss_of = nn.CrossEntropyLoss(label_smoothing=0.02)
    while (spent := (time.process_time() - begun) / 60) < options.minutes:
        for group in optimiser.param_groups:
            group["lr"] = 2e-3 * (1 - spent / options.minutes) + 2e-5
        views, chords = batch(taught, dice)
        loss = loss_of(network(views), chords)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        steps += 1
        if spent - shown > 0.15:
            shown = spent
            network.eval()
            with torch.no_grad():
                scores = network(apart[0])
                lost = float(nn.functional.cross_entropy(scores, apart[1]))
            network.train()
            root, chord = right(scores, apart[1])
            if lost < best:
                best = lost
                kept = {k: v.detach().clone() for k, v in network.state_dict().items()}
            print(f"{spent:5.1f} min {steps:6d} steps {float(loss.detach()):.3f} apart {lost:.3f}, "
                  f"root {root:.3f} chord {chord:.3f}", flush=True)  # fmt: skip
    weights = {name: each.numpy().astype(np.float16) for name, each in kept.items()}
    options.out.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(options.out / "chord_weights.npz", **weights)
    facts = {**SOURCE, "takes": len(takes), "steps": steps, "loss apart": round(best, 4)}
    (options.out / "chord_weights.json").write_text(json.dumps(facts, indent=2) + "\n")


if __name__ == "__main__":
    main()
