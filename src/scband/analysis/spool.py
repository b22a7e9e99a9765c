"""Decoded samples on disk that do not gather in memory while they are read."""

from __future__ import annotations

import mmap
from typing import IO, TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Spool(np.memmap[Any, np.dtype[np.float32]]):
    """Floats in a file: a slice is a float32 copy, and its pages are given back at once.

    `gain` multiplies what is read. Two hours of music cost as much memory as the slice in hand.
    """

    gain: float = 1.0

    def __getitem__(self, key: Any) -> Any:
        """Copy a slice into memory."""
        found = super().__getitem__(key)
        if not isinstance(found, np.ndarray):
            return found * np.float32(self.gain)
        copy = np.multiply(found, np.float32(self.gain)).view(np.ndarray)
        if isinstance(pages := getattr(self, "_mmap", None), mmap.mmap):
            pages.madvise(mmap.MADV_DONTNEED)
        return copy


def spooled(samples: NDArray[np.float32], gain: float = 1.0) -> NDArray[np.float32]:
    """Read mapped samples without keeping them, multiplied by `gain`; others are scaled at once."""
    if not isinstance(samples, np.memmap):
        return samples if gain == 1.0 else samples * np.float32(gain)
    found = samples.view(Spool)
    found.gain = gain
    return found


def mapped(
    file: IO[bytes], shape: tuple[int, ...], kind: type[np.floating[Any]] = np.float32
) -> NDArray[Any]:
    """Map floats that were written to a temporary file, which may be closed then."""
    file.flush()
    # the map outlives the unlinked file's name; the pages are the system's to keep or drop
    return np.memmap(file, dtype=kind, mode="r", shape=shape)
