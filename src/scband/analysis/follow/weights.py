"""Read the weights of a small network that travels with the package."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from zipfile import BadZipFile

import numpy as np

from scband.errors import AnalysisError

if TYPE_CHECKING:
    from numpy.typing import NDArray


def read_weights(path: Path) -> dict[str, NDArray[np.float32]]:
    """Return every array of a .npz by name; raises AnalysisError where it is missing or damaged."""
    try:
        with path.open("rb") as file, np.load(file) as held:  # numpy leaks a damaged one's handle
            return {name: held[name].astype(np.float32) for name in held.files}
    except (OSError, ValueError, EOFError, BadZipFile) as error:
        raise AnalysisError(f"the model file {path} cannot be read: reinstall scband") from error
