"""What each instrument promises, measured from the real server's samples."""

from collections import defaultdict

import numpy as np
import pytest

from scband.supercollider.sounds import DRUMS, SOUNDS, loudness

# Each sound as it is installed, and without sc3-plugins where that is another one.
PITCHED = [
    *((name, "rich") for name in SOUNDS),
    *((name, "plain") for name, sound in SOUNDS.items() if sound.plugin),
]
STRUCK = [(name, "rich") for name in DRUMS]
ALL = [*PITCHED, *STRUCK]


def by_velocity(seen, name, value):
    """The mean over pitches (or strokes) of a figure, a velocity."""
    found = defaultdict(list)
    for (_, _, velocity), note in seen.of(name):
        found[velocity].append(value(note))
    return {velocity: float(np.mean(values)) for velocity, values in found.items()}


@pytest.mark.parametrize(("name", "variant"), PITCHED)
def test_every_note_of_its_range_is_within_3_cents(census, name, variant):
    off = {note: seen.cents for note, seen in census(variant).of(name) if abs(seen.cents) > 3}
    assert not off


@pytest.mark.parametrize(("name", "variant"), PITCHED)
def test_every_note_is_within_1_db_of_the_loudness_that_all_share(census, name, variant):
    wrong = {
        note: round(seen.loudness - loudness(name, note[2]), 2)
        for note, seen in census(variant).of(name)
        if abs(seen.loudness - loudness(name, note[2])) > 1
    }
    assert not wrong


@pytest.mark.parametrize(("name", "variant"), PITCHED)
def test_every_semitone_of_the_range_is_in_tune_and_as_loud_as_the_next(name, variant):
    from sound_render import measured

    pitches = range(SOUNDS[name].low, SOUNDS[name].high + 1)
    heard = measured([(name, pitch, 0.7) for pitch in pitches], plain=variant == "plain")
    assert max(abs(each.cents) for each in heard.values()) <= 3
    level = np.array([heard[name, pitch, 0.7].loudness for pitch in pitches])
    assert np.abs(np.diff(level)).max() < 1


@pytest.mark.parametrize(("name", "variant"), STRUCK)
def test_a_drums_strokes_are_on_average_within_1_db_of_its_place_in_the_kit(census, name, variant):
    for velocity, heard in by_velocity(census(variant), name, lambda seen: seen.loudness).items():
        assert heard == pytest.approx(loudness(name, velocity), abs=1), velocity


@pytest.mark.parametrize(("name", "variant"), ALL)
def test_velocity_spans_at_least_20_db(census, name, variant):
    heard = by_velocity(census(variant), name, lambda seen: seen.loudness)
    assert heard[1.0] - heard[0.05] > 20


@pytest.mark.parametrize(("name", "variant"), ALL)
def test_a_harder_note_is_a_brighter_one(census, name, variant):
    heard = by_velocity(census(variant), name, lambda seen: np.log2(seen.centroid))
    assert heard[1.0] - heard[0.2] > 0.25, "a quarter of an octave"
    for pitch in {note[1] for note, _ in census(variant).of(name)}:
        one = {
            note[2]: seen.centroid for note, seen in census(variant).of(name) if note[1] == pitch
        }
        assert one[1.0] > 1.03 * one[0.2], pitch


@pytest.mark.parametrize(("name", "variant"), ALL)
def test_a_note_begins_and_ends_without_a_click(census, name, variant):
    for note, seen in census(variant).of(name):
        assert seen.first < 0.02, note
        assert seen.last_step < 0.002, note
        assert seen.release_click < 6, note


@pytest.mark.parametrize(("name", "variant"), ALL)
def test_samples_are_sound_numbers_without_an_offset(census, name, variant):
    for note, seen in census(variant).of(name):
        assert seen.finite, note
        assert seen.denormal == 0, note
        assert seen.offset < 0.02, note


@pytest.mark.parametrize(("name", "variant"), ALL)
def test_a_released_note_falls_silent_and_frees_its_node(census, name, variant):
    for note, seen in census(variant).of(name):
        assert seen.silent > 0.2, note
    assert "NODE TREE" in census(variant).tree
    assert f" {name}\n" not in census(variant).tree
