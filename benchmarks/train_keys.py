"""Train the weights by which a recording's chords tell its key (`analysis/models/keys.json`).

`python benchmarks/train_keys.py FOLDER_OF_BILLBOARD [--check]`: excerpts of 12 to 40 bars from the
McGill Billboard corpus (CC0; Burgoyne, Wild and Fujinaga, ISMIR 2011) with the corpus' tonics, and
the mode of the tonic's chords; a softmax over 24 keys whose weights are shared by all keys of a
mode, started at the tables of `scband.theory.harmony` and held near them. `--check` trains on every
other song and prints how often the rest is right; without it all songs train.
"""

from __future__ import annotations

import argparse
import json
import random
from pathlib import Path

import mir_eval
import numpy as np

from scband.analysis.keys import FEATURES, MODEL, features, start_weights
from scband.chart import read
from scband.errors import ScbandError
from scband.theory import Chord

EXCERPTS = 14
STEPS = 1500
RATE = 0.03
HELD = 2e-3


def songs(folder: Path) -> list[tuple[list[list[tuple[Chord, float]]], int, int]]:
    """Read songs: bars of chords with beats, tonic, mode (0 major, 1 minor)."""
    found = []
    for path in sorted(folder.glob("*.txt")):
        try:
            song = read(path)
            bars = song.expand()
        except ScbandError:
            continue
        if song.key is None:
            continue
        rows = []
        for bar in bars:
            ends = [item.beat for item in bar.chords[1:]] + [bar.meter.beats]
            rows.append(
                [(item.chord, end - item.beat) for item, end in zip(bar.chords, ends, strict=True)]
            )
        share = [0.0, 0.0]
        for row in rows:
            for chord, beats in row:
                if chord.root == song.key.tonic:
                    share[0] += beats * (4 in chord.intervals)
                    share[1] += beats * (3 in chord.intervals and 4 not in chord.intervals)
        if max(share) > 2 * min(share):
            found.append((rows, song.key.tonic, int(share[1] > share[0])))
    return found


def examples(found: list, rng: random.Random) -> tuple[np.ndarray, np.ndarray]:
    """Cut excerpts in which the tonic's chord sounds for an eighth of the time or more."""
    inputs, answers = [], []
    for rows, tonic, mode in found:
        for _ in range(EXCERPTS):
            size = rng.randint(12, 40)
            start = rng.randrange(max(1, len(rows) - size))
            chords = [pair for row in rows[start : start + size] for pair in row if pair[0]]
            total = sum(beats for _, beats in chords)
            third = 3 if mode else 4
            home = sum(b for c, b in chords if c.root == tonic and third in c.intervals)
            if total and home >= total / 8:
                inputs.append(features(chords))
                answers.append(tonic + 12 * mode)
    return np.array(inputs), np.array(answers)


def train(inputs: np.ndarray, answers: np.ndarray) -> np.ndarray:
    """Fit weights (2, FEATURES) by Adam; inputs are (n, 12, FEATURES)."""
    start = start_weights()
    weights, first, second = start.copy(), np.zeros_like(start), np.zeros_like(start)
    rows = np.arange(len(answers))
    for step in range(1, STEPS + 1):
        scores = np.concatenate([inputs @ weights[0], inputs @ weights[1]], axis=1)
        beliefs = np.exp(scores - scores.max(axis=1, keepdims=True))
        beliefs /= beliefs.sum(axis=1, keepdims=True)
        beliefs[rows, answers] -= 1.0
        slope = np.stack(
            [np.einsum("nk,nkf->f", beliefs[:, 12 * m : 12 * m + 12], inputs) for m in (0, 1)]
        )
        slope = slope / len(answers) + HELD * (weights - start)
        first = 0.9 * first + 0.1 * slope
        second = 0.999 * second + 0.001 * slope**2
        rate = RATE * np.sqrt(1 - 0.999**step) / (1 - 0.9**step)
        weights -= rate * first / (np.sqrt(second) + 1e-8)
    return weights


def right(weights: np.ndarray, inputs: np.ndarray, answers: np.ndarray) -> float:
    """Give the MIREX weighted score."""
    names = [f"{n} {m}" for m in ("major", "minor") for n in
             ("C", "Db", "D", "Eb", "E", "F", "Gb", "G", "Ab", "A", "Bb", "B")]  # fmt: skip
    scores = np.concatenate([inputs @ weights[0], inputs @ weights[1]], axis=1).argmax(axis=1)
    pairs = zip(answers, scores, strict=True)
    return float(np.mean([mir_eval.key.weighted_score(names[a], names[b]) for a, b in pairs]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    found = songs(options.folder)
    if options.check:
        inputs, answers = examples(found[::2], random.Random(1))
        others = examples(found[1::2], random.Random(2))
        weights = train(inputs, answers)
        print("songs", len(found), "excerpts", len(answers), len(others[1]), "features", FEATURES)
        print(f"before {right(start_weights(), *others):.3f}")
        print(
            f"trained {right(weights, inputs, answers):.3f}, others {right(weights, *others):.3f}"
        )
        return
    weights = train(*examples(found, random.Random(1)))
    MODEL.write_text(json.dumps(np.round(weights, 3).tolist()) + "\n")


if __name__ == "__main__":
    main()
