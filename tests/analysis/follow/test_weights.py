"""The networks of following: a missing or damaged file is told in one typed error."""

from pathlib import Path

import numpy as np
import pytest

from scband.analysis.follow.weights import read_weights
from scband.errors import AnalysisError


def test_every_array_is_read_by_its_name(tmp_path: Path) -> None:
    np.savez(tmp_path / "w.npz", first=np.eye(2, dtype=np.float16))
    found = read_weights(tmp_path / "w.npz")
    assert found["first"].dtype == np.float32
    assert (found["first"] == np.eye(2)).all()


@pytest.mark.parametrize("content", [None, b"", b"no archive", b"PK\x03\x04 cut off"])
def test_a_missing_or_damaged_file_says_what_to_do(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "w.npz"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(AnalysisError, match="reinstall scband"):
        read_weights(path)
