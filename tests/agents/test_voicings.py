from itertools import groupby, pairwise
from statistics import mean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scband.agents import Band, Moment, names
from scband.agents.fretboard import Fretting, fretting
from scband.agents.voicings import next_voicing, voicings
from scband.theory.chord import Chord
from scband.theory.fretboard import SPAN, STANDARD_TUNING
from scband.theory.shapes import guide_tones

SYMBOLS = st.builds(
    "{}{}".format,
    st.sampled_from(["C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B"]),
    st.sampled_from(
        ["", "m", "7", "m7", "maj7", "m7b5", "dim7", "7b9", "7alt", "sus4", "6", "m6", "7#5", "9",
         "13", "maj9", "m11", "5", "aug", "dim", "7sus4", "69", "mMaj7", "add9"]
    ),
)  # fmt: skip
KINDS = ("barre", "open", "power", "freddie", "jazz", "chop")


@given(SYMBOLS, st.sampled_from(KINDS), st.integers(42, 66))
def test_guitars_stay_playable(symbol, kind, home):
    chord = Chord(symbol)
    shape = fretting(chord, kind, home)
    assert shape is not None
    pressed = [fret for fret in shape.frets if fret]
    assert len(set(shape.strings)) == len(shape.strings)
    assert shape.fingers <= 4
    assert not pressed or max(pressed) - min(pressed) < SPAN
    assert all(0 <= fret <= 14 for fret in shape.frets)
    assert shape.pitches == tuple(
        STANDARD_TUNING[s] + f for s, f in zip(shape.strings, shape.frets, strict=True)
    )
    assert {pitch % 12 for pitch in shape.pitches} <= chord.pitch_classes


@pytest.mark.parametrize("kind", ["barre", "freddie", "jazz"])
@pytest.mark.parametrize("quality", ["", "m", "7", "m7", "maj7", "m7b5", "dim7", "sus4", "6", "m6"])
def test_shapes_tell_the_chord(kind, quality):
    for root in ("C", "Eb", "E", "F#", "G", "A", "B"):
        chord = Chord(root + quality)
        shape = fretting(chord, kind, 50)
        heard = {(pitch - chord.root) % 12 for pitch in shape.pitches}
        assert set(guide_tones(chord)) <= heard


def test_a_barre_damps_no_open_string():
    assert not Fretting((0, 1, 2, 3, 4, 5), (2, 0, 2, 2, 2, 2)).playable
    assert Fretting((0, 1, 2, 3, 4, 5), (2, 4, 4, 2, 2, 2)).fingers == 3
    assert Fretting((1, 2, 3, 4, 5), (0, 2, 2, 1, 0)).fingers == 3
    assert not Fretting((0, 1, 2), (1, 3, 6)).playable


def test_a_power_chord_is_root_and_fifth():
    assert fretting(Chord("Em"), "power", 45).pitches == (40, 47, 52)
    assert fretting(Chord("A"), "power", 45).pitches == (45, 52, 57)


def test_silence_has_no_shape():
    assert fretting(Chord("N.C."), "barre", 50) is None


@pytest.mark.parametrize("name", names())
def test_guitar_notes_of_one_stroke_fit_on_six_strings(form, name):
    for bar in form("autumn_walk", intensity=0.6):
        notes = Band(name, ("guitar",), humanise=0).decide(bar)["guitar"]
        for _, stroke in groupby(notes, key=lambda note: note.start):
            pitches = [note.pitch for note in stroke]
            assert len(pitches) <= 6
            assert len(set(pitches)) == len(pitches)


def test_freddie_green_plays_four_to_the_bar(form):
    for bar in form("blues_in_f", intensity=0.6):
        if bar.moment is Moment.PLAYING:
            notes = Band("swing", ("guitar",), humanise=0).decide(bar)["guitar"]
            assert sorted({note.start for note in notes}) == [0, 1, 2, 3]
            assert len(notes) == 12


def test_up_strokes_meet_the_high_strings_first(form):
    strokes = []
    for bar in form("night_drive", intensity=0.5):
        notes = Band("pop", ("guitar",), humanise=0).decide(bar)["guitar"]
        strokes += [[n.pitch for n in group] for _, group in groupby(notes, key=lambda n: n.start)]
    up = [pitches for pitches in strokes if pitches != sorted(pitches)]
    assert up
    assert all(pitches == sorted(pitches, reverse=True) for pitches in up)


def test_voicings_move_no_more_than_they_need(form):
    """MMA moves 3.4-3.6 semitones a change in all voices together; so do these, rootless."""
    moves = []
    for name in ("autumn_walk", "blues_in_f"):
        voiced = []
        for bar in form(name):
            chords = voicings(bar, "rootless", 48, 67)
            voiced += [chords[change.chord] for change in bar.bar.chords]
        for one, other in pairwise(voiced):
            if one != other:
                moves.append(sum(abs(a - b) for a, b in zip(one, other, strict=True)))
    assert mean(moves) < 4.2


def test_what_a_bar_anticipates_is_what_the_next_bar_plays(form):
    for bar, following in pairwise(form("autumn_walk", choruses=2)[:-1]):
        ahead = next_voicing(bar, "rootless", 48, 67)
        assert ahead == voicings(following, "rootless", 48, 67)[following.chord_at(0)]


@pytest.mark.parametrize("name", names())
def test_keys_leave_the_low_register_to_the_bass(form, name):
    band = Band(name, ("bass", "keys", "pad"), seed=2, humanise=0)
    for bar in form("autumn_walk", intensity=0.6):
        decided = band.decide(bar)
        for player in ("keys", "pad"):
            assert all(note.pitch >= 48 for note in decided[player])


@pytest.mark.parametrize("name", names())
def test_held_chords_change_with_the_harmony(form, name):
    """No chord of keys or pad is held over into another one."""
    band = Band(name, ("keys", "pad"), seed=2, humanise=0)
    for bar in form("| Cmaj7 Ebm7 | F#7 Dm | G | C |", intensity=0.4):
        if bar.moment is Moment.ENDING:
            continue
        decided = band.decide(bar)
        for change in bar.bar.chords[1:]:
            for note in decided["keys"] + decided["pad"]:
                assert not note.start < change.beat - 0.6 or note.end <= change.beat + 0.05
