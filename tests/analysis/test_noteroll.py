"""The keys that sound, heard block by block and pooled on any grid."""

import numpy as np
import pytest

from scband.analysis.chord_model import pooled
from scband.analysis.networks import NOTE_HOP, RATE, hear_notes
from scband.analysis.noteroll import hear_roll

NOTES = (45, 57, 60, 64, 69, 52, 48, 67)


def melody(seconds: float, cents: float = 0.0) -> np.ndarray:
    """A note every second, each a few decaying partials, `cents` off A = 440 Hz."""
    time = np.arange(round(seconds * RATE)) / RATE
    beat = np.floor(time).astype(int)
    hz = 440.0 * 2.0 ** ((np.array(NOTES)[beat % len(NOTES)] - 69 + cents / 100) / 12)
    fade = np.exp(-2.0 * (time - beat))
    phase = 2 * np.pi * np.cumsum(hz) / RATE
    return sum(0.2 / n * fade * np.sin(n * phase) for n in (1, 2, 3)).astype(np.float32)


def test_blocks_hear_what_one_long_look_hears() -> None:
    samples = melody(64.0)
    edges = np.arange(0.0, 64.5, 0.5)
    whole = pooled(hear_notes(samples)[0], NOTE_HOP / RATE, edges)
    blocks = hear_roll(samples, 0.0).pooled(edges)
    assert blocks.shape == (128, 88)
    assert np.abs(blocks - whole).mean() < 0.005
    assert (blocks.argmax(axis=1) == whole.argmax(axis=1)).mean() > 0.97


@pytest.mark.parametrize("cents", [-40.0, 0.0, 35.0])
def test_keys_are_named_on_the_second_however_the_recording_is_tuned(cents: float) -> None:
    heard = hear_roll(melody(35.0, cents), cents).pooled(np.arange(0.0, 36.0))
    named = heard.argmax(axis=1) + 21
    wanted = np.resize(NOTES, 35)
    assert (named == wanted).mean() > 0.9
    # beyond the first block the seconds are still the recording's own
    assert (named[30:] == wanted[30:]).mean() >= 0.8


def test_a_moment_is_enough_and_long_cells_are_covered() -> None:
    assert hear_roll(melody(0.2), 0.0).pooled(np.array([0.0, 0.2])).shape == (1, 88)
    long = hear_roll(melody(50.0), 0.0).pooled(np.array([0.0, 25.0, 50.0]))
    assert np.isfinite(long).all()
    assert long.max() > 0.05
