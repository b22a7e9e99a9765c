"""Train the weights by which a recording's chords tell its key (`analysis/models/keys.json`).

`python benchmarks/train_keys.py FOLDER_OF_BILLBOARD [--check]`: excerpts of 12 to 40 bars from the
McGill Billboard corpus (CC0; Burgoyne, Wild and Fujinaga, ISMIR 2011) with the corpus' tonics, and
the mode of the tonic's chords, each once as written and once as an ear might mistake it; a softmax
over 24 keys whose weights are shared by all keys of a mode, held near the tables of
`scband.theory.harmony`. `--check` trains three times on two thirds of the songs and prints how
often the rest is right, as written and misheard; without it all songs train.
"""

from __future__ import annotations

import argparse
import json
import random
from pathlib import Path

import mir_eval
import numpy as np
from scipy.optimize import minimize

from scband.analysis.keys import FEATURES, MODEL, features, start_weights
from scband.chart import read
from scband.errors import ScbandError
from scband.theory import Chord

EXCERPTS = 10
STEPS = 120
HELD = 5e-4
MISHEARD = 0.1
FOLDS = 3


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


def misheard(chords: list[tuple[Chord, float]], rng: random.Random) -> list[tuple[Chord, float]]:
    """Mistake a few chords: for another kind, for the relative one, or for the one before."""
    found: list[tuple[Chord, float]] = []
    for chord, beats in chords:
        if rng.random() >= MISHEARD:
            found.append((chord, beats))
        elif found and rng.random() < 0.3:
            found[-1] = (found[-1][0], found[-1][1] + beats)
        else:
            low = 3 in chord.intervals and 4 not in chord.intervals
            kinds = (("m", "m7"), ("", "7", "maj7"))
            relative = rng.random() < 0.3
            plain = Chord(chord.root_name + rng.choice(kinds[low == relative]))
            step = ("m3" if low else "M6") if relative else "P1"
            found.append((plain.transposed(step), beats))
    return found


def merged(chords: list[tuple[Chord, float]]) -> list[tuple[Chord, float]]:
    """Join a chord that goes on over bar lines."""
    found: list[tuple[Chord, float]] = []
    for chord, beats in chords:
        if found and found[-1][0] == chord:
            found[-1] = (chord, found[-1][1] + beats)
        else:
            found.append((chord, beats))
    return found


def examples(found: list, rng: random.Random, ears: bool) -> tuple[np.ndarray, np.ndarray]:
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
                chords = merged(chords)
                inputs.append(features(misheard(chords, rng) if ears else chords))
                answers.append(tonic + 12 * mode)
    return np.array(inputs), np.array(answers)


def train(inputs: np.ndarray, answers: np.ndarray) -> np.ndarray:
    """Fit weights (2, FEATURES); inputs are (n, 12, FEATURES)."""
    start = start_weights()
    rows = np.arange(len(answers))
    flat = inputs.reshape(-1, FEATURES)

    def loss(vector: np.ndarray) -> tuple[float, np.ndarray]:
        weights = vector.reshape(start.shape)
        both = (flat @ weights.T).reshape(len(answers), 12, 2)
        scores = np.concatenate([both[:, :, 0], both[:, :, 1]], axis=1)
        scores -= scores.max(axis=1, keepdims=True)
        beliefs = np.exp(scores)
        beliefs /= beliefs.sum(axis=1, keepdims=True)
        missed = -np.log(beliefs[rows, answers] + 1e-12).mean()
        beliefs[rows, answers] -= 1.0
        slope = np.stack([beliefs[:, :12].ravel() @ flat, beliefs[:, 12:].ravel() @ flat])
        held = HELD * (weights - start)
        return missed + 0.5 * float((held * (weights - start)).sum()), (
            slope / len(answers) + held
        ).ravel()

    found = minimize(loss, start.ravel(), jac=True, method="L-BFGS-B", options={"maxiter": STEPS})
    return np.asarray(found.x).reshape(start.shape)


def right(weights: np.ndarray, inputs: np.ndarray, answers: np.ndarray) -> float:
    """Give the MIREX weighted score."""
    names = [f"{n} {m}" for m in ("major", "minor") for n in
             ("C", "Db", "D", "Eb", "E", "F", "Gb", "G", "Ab", "A", "Bb", "B")]  # fmt: skip
    scores = np.concatenate([inputs @ weights[0], inputs @ weights[1]], axis=1).argmax(axis=1)
    pairs = zip(answers, scores, strict=True)
    return float(np.mean([mir_eval.key.weighted_score(names[a], names[b]) for a, b in pairs]))


def both_ways(found: list) -> tuple[np.ndarray, np.ndarray]:
    """Cut excerpts as written and as misheard."""
    one, other = (examples(found, random.Random(n), n == 2) for n in (1, 2))
    return np.concatenate([one[0], other[0]]), np.concatenate([one[1], other[1]])


def check(found: list) -> None:
    """Train without a third of the songs, and print how often it is right; thrice."""
    random.Random(7).shuffle(found)
    for fold in range(FOLDS):
        inputs, answers = both_ways([s for n, s in enumerate(found) if n % FOLDS != fold])
        weights = train(inputs, answers)
        written, heard = (examples(found[fold::FOLDS], random.Random(n), n == 4) for n in (3, 4))
        print(
            f"{len(answers)} excerpts: {right(weights, inputs, answers):.3f}; of {len(written[1])} "
            f"others {right(weights, *written):.3f}, misheard {right(weights, *heard):.3f}; "
            f"before training {right(start_weights(), *written):.3f}",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    found = songs(options.folder)
    if options.check:
        check(found)
        return
    weights = train(*both_ways(found))
    MODEL.write_text(json.dumps(np.round(weights, 3).tolist()) + "\n")


if __name__ == "__main__":
    main()
