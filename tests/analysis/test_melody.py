"""A line of one voice becomes notes."""

from pathlib import Path

import numpy as np
import pytest
from analysis_recordings import RATE, tone, write

from scband.analysis.melody import transcribe


@pytest.mark.parametrize("low", [31, 45, 60, 81])
def test_a_line_becomes_its_notes(tmp_path: Path, low: int) -> None:
    pitches = [low, low + 2, low + 4, low + 7, low + 7, low + 5, low]
    line = np.concatenate([tone(pitch, 0.4) for pitch in pitches])
    notes = transcribe(write(tmp_path / "line.wav", 0.2 * line))
    assert [note.midi for note in notes] == pitches
    for number, note in enumerate(notes):
        assert note.start == pytest.approx(0.4 * number, abs=0.05)
        assert note.pitch == pytest.approx(pitches[number], abs=0.2)


def test_silence_and_noise_have_no_notes(tmp_path: Path) -> None:
    assert transcribe(write(tmp_path / "silence.wav", np.zeros(RATE))) == []
    noise = 0.1 * np.random.default_rng(3).normal(size=RATE)
    assert transcribe(write(tmp_path / "noise.wav", noise)) == []


def test_a_detuned_voice_with_vibrato_is_one_note(tmp_path: Path) -> None:
    times = np.arange(RATE) / RATE
    midi = 64.3 + 0.3 * np.sin(2 * np.pi * 5.5 * times)
    phase = 2 * np.pi * np.cumsum(440 * 2 ** ((midi - 69) / 12)) / RATE
    voice = np.sin(phase) + 0.5 * np.sin(2 * phase) + 0.3 * np.sin(3 * phase)
    notes = transcribe(write(tmp_path / "voice.wav", 0.2 * voice))
    assert len(notes) == 1
    assert notes[0].pitch == pytest.approx(64.3, abs=0.1)
