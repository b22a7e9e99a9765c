"""How chords usually follow each other, whatever the key.

Log odds by the families of two chords and the step between their roots, counted by
`benchmarks/train_successions.py` in the McGill Billboard corpus (CC0; Burgoyne, Wild and Fujinaga,
ISMIR 2011) and in cells that jazz tunes are made of.
"""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from scband.analysis.chord_model import KINDS, states
from scband.errors import AnalysisError

if TYPE_CHECKING:
    from numpy.typing import NDArray

MODEL = Path(__file__).parent / "models" / "successions.json"
FAMILIES = ("major", "minor", "diminished", "dominant")
_FAMILY = {
    "maj": 0, "maj7": 0, "maj6": 0, "sus4": 0, "sus2": 0,
    "min": 1, "min7": 1, "min6": 1, "minmaj7": 1,
    "dim": 2, "hdim7": 2, "dim7": 2,
    "7": 3, "sus4(b7)": 3, "aug": 3,
}  # fmt: skip


def family(kind: str) -> int:
    """Give the number in `FAMILIES` of a kind of chord, as named in `chord_model.KINDS`."""
    return _FAMILY[kind]


@lru_cache(maxsize=1)
def weights() -> NDArray[np.float64]:
    """Load the log odds (families before, after, semitones up).

    Raises AnalysisError where the file is missing or damaged.
    """
    try:
        found = np.array(json.loads(MODEL.read_text(encoding="utf-8")), dtype=float)
    except (OSError, ValueError) as error:
        raise AnalysisError(f"the model file {MODEL} cannot be read: reinstall scband") from error
    if found.shape != (len(FAMILIES), len(FAMILIES), 12):
        raise AnalysisError(f"the model file {MODEL} does not fit: reinstall scband")
    return found


@lru_cache(maxsize=1)
def groups() -> tuple[NDArray[np.int_], NDArray[np.int_]]:
    """Group the states of one root and kind, whatever their bass.

    Gives each state's group (states,), and the states of each group (groups, most of them), filled
    up with the number of all states. The first group is no chord.
    """
    found = states()
    numbers: dict[tuple[int, int], int] = {}
    group = np.array([numbers.setdefault((s.root, s.kind), len(numbers)) for s in found])
    members = np.full((len(numbers), int(np.bincount(group).max())), len(found))
    for number in range(len(numbers)):
        inside = np.flatnonzero(group == number)
        members[number, : len(inside)] = inside
    return group, members


@lru_cache(maxsize=1)
def follows() -> NDArray[np.float32]:
    """Give the log odds of each group of states (rows) after each other (columns).

    A change of the bass alone, and no chord at all, have none.
    """
    _, members = groups()
    found = [states()[row[0]] for row in members]
    roots = np.array([state.root for state in found])
    families = np.array([family(KINDS[s.kind].name) if s.root >= 0 else 0 for s in found])
    table = weights()[families[None, :], families[:, None], (roots[:, None] - roots) % 12]
    silent = roots < 0
    table[silent] = 0.0
    table[:, silent] = 0.0
    np.fill_diagonal(table, 0.0)
    return np.asarray(table, dtype=np.float32)
