"""Lines that a workstation asks for: in their scale, in their bars, repeatable."""

from __future__ import annotations

import pytest

from scband.errors import InvalidRequestError, TheoryError
from scband.score.midifile import read_midi
from scband.studio.engine_lines import PLAYERS, LineRequest, play_line
from scband.studio.scale_lines import SCALE_KINDS, read_scale


@pytest.mark.parametrize("style", ["bass", "melody"])
@pytest.mark.parametrize("scale", SCALE_KINDS)
def test_every_note_is_of_the_scale(style: str, scale: str) -> None:
    for key, temperature in (("C", 1.0), ("F#", 2.0), ("Bb", 0.0)):
        request = LineRequest(style, 120, 8, temperature, 5, key, scale)
        score = read_midi(play_line(request).midi)
        tones = read_scale(key, scale).tones
        assert {note.pitch % 12 for note in score.parts[0].notes} <= tones


@pytest.mark.parametrize("style", PLAYERS)
@pytest.mark.parametrize("bars", [1, 3, 16])
def test_a_line_fills_its_bars_and_stays_in_them(style: str, bars: int) -> None:
    line = play_line(LineRequest(style, 97.5, bars, seed=2))
    score = read_midi(line.midi)
    starts = {int(note.start // 4) for note in score.parts[0].notes}
    assert score.end <= 4 * bars + 1e-6
    assert len(starts) >= 0.75 * bars
    assert score.tempo.bpm_at(0) == pytest.approx(97.5, abs=0.01)
    assert line.notes == len(score.parts[0].notes)
    assert len(line.chords) == bars


@pytest.mark.parametrize("style", PLAYERS)
def test_cold_is_one_line_and_heat_brings_variety(style: str) -> None:
    def heard(temperature: float) -> list[bytes]:
        return [play_line(LineRequest(style, 120, 8, temperature, n)).midi for n in range(8)]

    assert len(set(heard(0.0))) == 1
    assert len(set(heard(1.0))) > 4
    assert heard(2.0) == heard(2.0)


def test_keys_and_scales_are_read_as_people_say_them() -> None:
    assert read_scale("a", "minor").key.tonic_name == "A"
    assert read_scale("Am", "major").name == "minor"
    assert read_scale("D dorian", "major").name == "dorian"
    assert read_scale("C", "Harmonic_Minor").name == "harmonic minor"
    assert read_scale("Eb", "aeolian").name == "minor"
    with pytest.raises(InvalidRequestError, match="harmonic minor"):
        read_scale("C", "nonsense")
    with pytest.raises(TheoryError):
        read_scale("H#", "major")


def test_what_nobody_can_play_is_refused() -> None:
    with pytest.raises(InvalidRequestError, match="style is drums"):
        play_line(LineRequest("kazoo"))
    with pytest.raises(InvalidRequestError, match="bars"):
        play_line(LineRequest("bass", bars=0))
