"""The key of heard chords: what sounds for how long, over which bass, at the beginning and end.

A softmax over 24 keys with weights that `benchmarks/train_keys.py` fits to the McGill Billboard
corpus, started from the tables of `scband.theory.harmony`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from scband.errors import AnalysisError
from scband.theory import Chord, Key
from scband.theory.harmony import KEYS, fit

if TYPE_CHECKING:
    from numpy.typing import NDArray

MODEL = Path(__file__).parent / "models" / "keys.json"
_KINDS = ("", "m", "7", "m7b5", "m7")
FEATURES = 12 * len(_KINDS) * 2 + 12 * 6
"""Kinds by degree, bass, first root, last root, how often roots fall a fifth to a degree; then the
roots of the kinds' shares, by which a chord that came at all counts, and by degree the longest
major and minor chord."""
_START = 4.0  # how much the theory's tables count at the start
_TONIC, _OWN, _OTHER = 0.2, 0.12, 0.02  # shares of the time that make a mode clear


def _kind(chord: Chord) -> int:
    tones = chord.intervals
    if 4 in tones or 3 not in tones:
        return 2 if 10 in tones else 0
    if 6 in tones and 7 not in tones:
        return 3
    return 4 if 10 in tones else 1


def features(chords: Sequence[tuple[Chord, float]]) -> NDArray[np.float64]:
    """Describe chords with their lengths from each of twelve tonics (12, FEATURES)."""
    kinds = np.zeros((len(_KINDS), 12))
    rest = np.zeros((4, 12))
    longest = np.zeros((2, 12))
    sounding = [(c, c.root, c.bass, n) for c, n in chords if c.root is not None]
    total = sum(length for *_, length in sounding) or 1.0
    for number, (chord, root, bass, length) in enumerate(sounding):
        kind = _kind(chord)
        kinds[kind, root] += length / total
        low = int(_KINDS[kind].startswith("m"))
        longest[low, root] = max(longest[low, root], length / total)
        rest[0, bass] += length / total
        before = sounding[number - 1][1] if number else None
        if before is not None and (before - (root or 0)) % 12 == 7:
            rest[3, root] += 1 / len(sounding)
    if sounding:
        rest[1, sounding[0][1]] = 1.0
        rest[2, sounding[-1][1]] = 1.0
    table = np.concatenate([kinds, rest, np.sqrt(kinds), longest])
    return np.array([np.roll(table, -tonic, axis=1).ravel() for tonic in range(12)])


def start_weights() -> NDArray[np.float64]:
    """Give the weights (2, FEATURES) that the theory's tables stand for, major and minor."""
    weights = np.zeros((2, FEATURES))
    for mode, key in enumerate((Key("C"), Key("Cm"))):
        table = [
            [fit(Chord(key.spell(degree) + kind), key) for degree in range(12)] for kind in _KINDS
        ]
        weights[mode, : 12 * len(_KINDS)] = _START * np.array(table).ravel()
    weights[:, 12 * (len(_KINDS) + 1)] = weights[:, 12 * (len(_KINDS) + 2)] = 1.0
    weights[:, 12 * (len(_KINDS) + 3)] = 4.0
    return weights


@lru_cache(maxsize=1)
def weights() -> NDArray[np.float64]:
    """Load the trained weights; raises AnalysisError where the file is missing or damaged."""
    try:
        found = np.array(json.loads(MODEL.read_text(encoding="utf-8")), dtype=float)
    except (OSError, ValueError) as error:
        raise AnalysisError(f"the model file {MODEL} cannot be read: reinstall scband") from error
    if found.shape != (2, FEATURES):
        raise AnalysisError(f"the model file {MODEL} does not fit: reinstall scband")
    return found


def key_of(chords: Sequence[tuple[Chord, float]]) -> tuple[Key, float] | None:
    """Find the key of chords with their lengths, and its share of belief; None without chords."""
    if not any(chord for chord, _ in chords):
        return None
    seen = features(chords)
    scores = np.concatenate([seen @ row for row in weights()])
    beliefs = np.exp(scores - scores.max())
    best = int(scores.argmax())
    return KEYS[best], float(beliefs[best] / beliefs.sum())


def mode_of(key: Key, chords: Sequence[tuple[Chord, float]]) -> str:
    """Name a key's mode: dorian and mixolydian where chords with their lengths say so clearly.

    Dorian is minor whose sixth is major in the chords around the tonic and never minor, mixolydian
    major whose seventh is minor; a leading tone belongs to neither. The tonic's own chord does not
    tell: its sixth or seventh may be its colour, as in the blues.
    """
    mode, own, others = ("dorian", 9, (8, 11)) if key.minor else ("mixolydian", 10, (11,))
    scale = {(tone - key.tonic) % 12 for tone in Key(f"{key.tonic_name} {mode}").scale}
    tonic = around = against = total = 0.0
    for chord, length in chords:
        if chord.root is None:
            continue
        total += length
        tones = {(tone - key.tonic) % 12 for tone in chord.pitch_classes}
        if chord.root == key.tonic:
            tonic += length
        elif tones.intersection(others):
            against += length
        elif own in tones and tones <= scale:
            around += length
    clear = tonic > _TONIC * total and around > _OWN * total and against < _OTHER * total
    return mode if clear else key.mode
