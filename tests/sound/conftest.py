"""Measurements of every sound, rendered once a session and shared by the tests here."""

import functools
import sys
from pathlib import Path

import pytest

# The measures are the benchmarks' own: a figure that is printed is the figure that is tested.
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))


@pytest.fixture(scope="session")
def census():
    """Give a function from "rich" (with sc3-plugins) or "plain" to its notes, measured once."""
    import sound_census

    return functools.cache(lambda variant: sound_census.census(plain=variant == "plain"))
