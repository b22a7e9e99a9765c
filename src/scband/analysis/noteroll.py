"""The keys that sound through a whole recording, heard while others look for its beats."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from scband.analysis.chord_model import pooled
from scband.analysis.networks import NOTE_HOP, RATE, hear_notes
from scband.analysis.spool import mapped, spooled
from scband.analysis.tuning import retuned

if TYPE_CHECKING:
    from numpy.typing import NDArray

_BLOCK = 30.0  # seconds heard at a time
_MARGIN = 1.0  # seconds around a block: the network sees two seconds at a time
_KEYS = 88


@dataclass(frozen=True, slots=True, eq=False)
class NoteRoll:
    """Activations of 88 keys, 0 to 1, block after block; they lie on disk as half floats.

    Of each block: the second where its rows begin, and its rows in `rows`, which are read as
    float32. `hop` is the seconds from one row to the next.
    """

    rows: NDArray[np.float32]
    begins: tuple[float, ...]
    places: tuple[slice, ...]
    hop: float

    def pooled(self, edges: NDArray[np.float64]) -> NDArray[np.float32]:
        """Average the activations over the cells between edges (seconds): (cells, 88)."""
        block = np.minimum(edges[:-1] // _BLOCK, len(self.begins) - 1).astype(int)
        found = np.zeros((len(edges) - 1, _KEYS), dtype=np.float32)
        for number in np.unique(block):
            cells = np.flatnonzero(block == number)
            local = edges[cells[0] : cells[-1] + 2] - self.begins[number]
            found[cells] = pooled(self.rows[self.places[number]], self.hop, local)
        return found


def hear_roll(samples: NDArray[np.float32], cents: float) -> NoteRoll:
    """Hear the notes of mono samples at 22.05 kHz that are `cents` off A = 440 Hz.

    Raises AnalysisError where the model is missing.
    """
    begins, places, stretch, total = [], [], 1.0, 0
    with tempfile.TemporaryFile(prefix="scband-") as spool:
        for number in range(max(1, int(np.ceil(len(samples) / RATE / _BLOCK)))):
            begin = max(0, int((number * _BLOCK - _MARGIN) * RATE))
            end = min(len(samples), int(((number + 1) * _BLOCK + _MARGIN) * RATE))
            tuned, stretch = retuned(samples[begin:end], cents)
            rows = hear_notes(tuned)[0].astype(np.float16)
            spool.write(rows.tobytes())
            begins.append(begin / RATE)
            places.append(slice(total, total + len(rows)))
            total += len(rows)
        rolled = spooled(mapped(spool, (total, _KEYS), np.float16))
    return NoteRoll(rolled, tuple(begins), tuple(places), NOTE_HOP / RATE / stretch)
