# ruff: noqa: E501, SIM905  # tables read best in rows
"""Keys, modulations, Roman numerals and chord scales."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scband.errors import ChordError, TheoryError
from scband.theory import Chord, Key, chord_scale, guess
from scband.theory.harmony import find_modulations
from scband.theory.roman import from_roman, roman
from scband.theory.scales import SCALES, tensions


def chords(text: str) -> list[Chord]:
    return [Chord(name) for name in text.split()]


@pytest.mark.parametrize(
    ("text", "tonic", "mode", "signature"),
    [
        ("C", "C", "major", 0), ("Bb", "Bb", "major", -2), ("F#m", "F#", "minor", 3),
        ("A-", "A", "minor", 0), ("c", "C", "minor", -3), ("D dorian", "D", "dorian", 0),
        ("E♭ major", "Eb", "major", -3), ("g moll", "G", "minor", -2), ("A Dur", "A", "major", 3),
        ("G mixolydian", "G", "mixolydian", 0), ("Bb-", "Bb", "minor", -5), ("C:min", "C", "minor", -3),
    ],
)  # fmt: skip
def test_keys_are_read(text: str, tonic: str, mode: str, signature: int) -> None:
    key = Key(text)
    assert (key.tonic_name, key.mode, key.signature) == (tonic, mode, signature)
    assert Key(str(key)) == key


@pytest.mark.parametrize("text", ["", "H", "C foo", "Cmaj7", "1", "C#b"])
def test_what_is_no_key_is_an_error(text: str) -> None:
    with pytest.raises(TheoryError):
        Key(text)


def test_a_key_spells_its_notes() -> None:
    assert [Key("Eb").spell(p) for p in Key("Eb").scale] == ["Eb", "F", "G", "Ab", "Bb", "C", "D"]
    assert [Key("E").spell(p) for p in Key("E").scale] == ["E", "F#", "G#", "A", "B", "C#", "D#"]
    assert Key("F#").transposed("P5") == Key("C#")
    assert Key("C#").transposed("P5") == Key("Ab")


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("Dm7 G7 Cmaj7 A7", "C"), ("Cm7 Fm7 Dm7b5 G7", "Cm"), ("F7 Bb7 F7 C7", "F"),
        ("Em7b5 A7b9 Dm6", "Dm"), ("C Am F G", "C"), ("Am F C G", "Am"), ("Gbmaj7 Ebm7 Abm7 Db7", "Gb"),
        ("F#m7 B7 Emaj7 C#m7", "E"), ("Bb6 G7 Cm7 F7 Dm7 G7 Cm7 F7", "Bb"), ("Em C D Em", "Em"),
        ("Am7b5 D7b9 Gm7 Gm6 Cm7 F7 Bbmaj7 Ebmaj7 Am7b5 D7b9 Gm6", "Gm"),
    ],
)  # fmt: skip
def test_the_key_of_a_progression_is_found(text: str, key: str) -> None:
    found = guess(chords(text))
    assert found.key == Key(key)
    assert 0 < found.confidence <= 1


@given(st.sampled_from(["m2", "M2", "m3", "M3", "P4", "d5", "P5", "m6", "M6", "m7", "M7"]))
def test_the_key_moves_with_the_progression(interval: str) -> None:
    moved = [chord.transposed(interval) for chord in chords("Dm7 G7 Em7 A7 Dm7 G7 Cmaj7")]
    assert guess(moved).key.tonic == Key("C").transposed(interval).tonic
    assert not guess(moved).key.minor


def test_confidence_is_high_where_the_key_is_plain_and_low_where_it_is_not() -> None:
    plain = guess(chords("Dm7 G7 Cmaj7 Am7 Dm7 G7 C6 Dm7 G7 Cmaj7"))
    vague = guess(chords("Caug Ebdim7 F#7b5"))
    assert plain.confidence > 0.9 > vague.confidence
    with pytest.raises(TheoryError):
        guess(chords("N.C. N.C."))


def test_lengths_count() -> None:
    pairs = [(Chord("C"), 16.0), (Chord("G7"), 4.0), (Chord("D7"), 1.0)]
    assert guess(pairs).key == Key("C")


def test_modulations_are_found_where_they_happen() -> None:
    text = "Fm7 Bbm7 Eb7 Abmaj7 Dbmaj7 Dm7 G7 Cmaj7 Cmaj7 Cm7 Fm7 Bb7 Ebmaj7 Abmaj7 Am7b5 D7 Gmaj7 Gmaj7"
    spans = find_modulations(chords(text))
    assert [span.key for span in spans] == [Key("Ab"), Key("C"), Key("Eb"), Key("G")]
    assert (spans[0].start, spans[-1].end) == (0, 18)
    assert all(one.end == other.start for one, other in pairwise(spans))
    assert [span.key for span in find_modulations(chords("Dm7 G7 C6 A7 Dm7 G7 C6"))] == [Key("C")]


@pytest.mark.parametrize(
    ("text", "key", "numeral"),
    [
        ("Dm7", "C", "ii7"), ("G7b9/B", "C", "V7b9/7"), ("Bb7", "C", "bVII7"), ("Ebmaj7", "Cm", "bIIImaj7"),
        ("F#m7b5", "C", "#iv7b5"), ("Bdim7", "C", "viio7"), ("Am", "F", "iii"), ("Db7", "C", "bII7"),
        ("Cm(maj7)", "Cm", "i(maj7)"), ("Caug", "C", "Iaug"), ("C/Bb", "C", "I/b7"), ("N.C.", "C", "N.C."),
    ],
)  # fmt: skip
def test_roman_numerals_are_written(text: str, key: str, numeral: str) -> None:
    assert roman(Chord(text), Key(key)) == numeral
    assert from_roman(numeral, Key(key)) == Chord(text)


@pytest.mark.parametrize(
    ("numeral", "text"),
    [
        ("V7/V", "D7"), ("viio7/ii", "C#dim7"), ("iv6", "Fm6"), ("♭VII", "Bb"), ("#ivø7", "F#m7b5"),
        ("I6", "C6"), ("Imaj7/3", "Cmaj7/E"), ("vi", "Am"), ("V7sus4", "G7sus"),
    ],
)  # fmt: skip
def test_roman_numerals_are_read(numeral: str, text: str) -> None:
    assert from_roman(numeral, Key("C")) == Chord(text)


@given(
    st.sampled_from("C Dbmaj7 F#m7b5/C Bb7/D Ebm(maj7) Adim7 G7sus Abaug B13b9/D# Cdim E7alt Gm9".split()),
    st.sampled_from(["C", "Ebm", "F#", "Am", "Db", "D dorian", "B", "Gb"]),
)  # fmt: skip
def test_roman_numerals_come_back_as_the_same_sound(text: str, key: str) -> None:
    chord = Chord(text)
    again = from_roman(roman(chord, Key(key)), Key(key))
    assert (again.root, again.bass, again.intervals) == (chord.root, chord.bass, chord.intervals)


@pytest.mark.parametrize(("text", "position"), [("VIII", 3), ("xyz", 0), ("", 0), ("V7q", 2)])
def test_what_is_no_numeral_is_an_error(text: str, position: int) -> None:
    with pytest.raises(ChordError) as caught:
        from_roman(text, Key("C"))
    assert caught.value.position == position


@pytest.mark.parametrize(
    ("text", "key", "scale"),
    [
        ("Dm7", "C", "dorian"), ("G7", "C", "mixolydian"), ("Cmaj7", "C", "ionian"),
        ("Fmaj7", "C", "lydian"), ("Em7", "C", "phrygian"), ("Am7", "C", "aeolian"),
        ("Bm7b5", "C", "locrian"), ("G7b9", "Cm", "phrygian dominant"), ("G7alt", "Cm", "altered"),
        ("Bb7#11", "C", "lydian dominant"), ("G7#5", "C", "whole tone"), ("Bdim7", "C", "whole-half"),
        ("A7", "C", "mixolydian b6"), ("Cm(maj7)", "Cm", "harmonic minor"), ("F7", "C", "lydian dominant"),
        ("G13b9", "C", "half-whole"),
    ],
)  # fmt: skip
def test_the_scale_of_a_chord_strays_least_from_its_key(text: str, key: str, scale: str) -> None:
    found = chord_scale(Chord(text), Key(key))
    assert found.name == scale
    assert Chord(text).pitch_classes - {Chord(text).bass} <= set(found.tones)


def test_a_melody_passes_over_the_avoid_notes() -> None:
    assert chord_scale(Chord("Cmaj7"), Key("C")).avoid == {5}
    assert chord_scale(Chord("G7"), Key("C")).avoid == {0}
    assert not chord_scale(Chord("Dm7"), Key("C")).avoid & {7}
    assert 2 in tensions(Chord("Dm7"), Key("C"))
    assert tensions(Chord("G7alt")) >= {1, 3, 6, 8}


def test_silence_takes_the_keys_scale() -> None:
    assert chord_scale(Chord("N.C."), Key("G")).tones == Key("G").scale
    assert len(chord_scale(Chord("N.C.")).tones) == 12


def test_every_set_of_tones_has_a_scale() -> None:
    for text in ("C13#11", "Cm7b9", "C7b9#11b13", "C", "Csus24", "C(#11)", "Cdim7(addmaj7)"):
        found = chord_scale(Chord(text), Key("C"))
        assert Chord(text).intervals <= set(SCALES[found.name])
