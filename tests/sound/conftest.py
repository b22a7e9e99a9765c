"""Measurements of every sound, rendered once a session and shared by the tests here."""

import sys
from pathlib import Path

import pytest

# The measures are the benchmarks' own: a figure that is printed is the figure that is tested.
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))

VARIANTS = ("rich", "plain")


@pytest.fixture(scope="session", params=VARIANTS)
def sounds_measured(request):
    """Each variant's notes, measured: with sc3-plugins, and without them."""
    import sound_census

    return sound_census.census(plain=request.param == "plain")
