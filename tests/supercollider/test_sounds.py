"""The catalogue of sounds."""

import math

import pytest

from scband.errors import SynthDefError
from scband.supercollider.sounds import (
    DEFAULT_SOUND,
    DRUMS,
    SOUNDS,
    loudness,
    sound,
    sound_of_program,
    sounds_for,
    strike,
)


def test_every_default_exists_and_its_player_may_use_it():
    for player, name in DEFAULT_SOUND.items():
        assert player in SOUNDS[name].players
        assert sounds_for(player)[0] == name


def test_no_drum_number_and_no_program_belongs_to_two_sounds():
    pitches = [pitch for drum in DRUMS.values() for pitch in drum.pitches]
    programs = [program for each in SOUNDS.values() for program in each.programs]
    assert len(pitches) == len(set(pitches))
    assert len(programs) == len(set(programs))


@pytest.mark.parametrize(
    ("pitch", "name"),
    [(36, "kick"), (38, "snare"), (42, "hat_closed"), (46, "hat_open"), (51, "ride")],
)
def test_general_midi_drum_numbers_strike_their_pieces(pitch, name):
    assert strike(pitch).name == name


def test_a_number_without_a_piece_strikes_nothing():
    assert strike(27) is None


def test_the_hats_choke_one_another_and_nothing_else():
    assert {name for name, drum in DRUMS.items() if drum.choke} == {
        "hat_closed",
        "hat_pedal",
        "hat_open",
    }
    assert len({drum.choke for drum in DRUMS.values() if drum.choke}) == 1


def test_programs_lead_to_sounds():
    assert sound_of_program(0) == "piano"
    assert sound_of_program(32) == "bass_upright"
    assert sound_of_program(119) is None


def test_an_unknown_sound_is_answered_with_the_list():
    with pytest.raises(SynthDefError, match="bass_upright"):
        sound("kazoo")


def test_loudness_grows_with_velocity_by_more_than_20_db():
    for name in [*SOUNDS, *DRUMS]:
        assert loudness(name, 1.0) - loudness(name, 0.05) > 20
        assert math.isfinite(loudness(name, 0.05))
