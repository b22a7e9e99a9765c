"""How much the bars of a recording are alike, worked out for as few of them at a time as wanted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Likeness:
    """The cosine similarity, 0 to 1, of bars described by features (bars, features).

    The table of all pairs would grow with the square of the recording; parts of it are cut out as
    they are needed.
    """

    def __init__(self, features: NDArray[np.float64]) -> None:
        centred = features - features.mean(axis=0) if len(features) else features
        norm = np.linalg.norm(centred, axis=1, keepdims=True) + 1e-9
        self._unit = (centred / norm).astype(np.float32)

    def __len__(self) -> int:
        """Count the bars."""
        return len(self._unit)

    def between(self, rows: slice, columns: slice = slice(None)) -> NDArray[np.float64]:
        """Compare some bars (rows) with others (columns)."""
        table = 0.5 + 0.5 * (self._unit[rows] @ self._unit[columns].T)
        return np.asarray(table, dtype=np.float64)
