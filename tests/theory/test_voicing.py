"""Voicings: right tones, in range, playable, and led with the least movement there is."""

import time
from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scband.errors import TheoryError
from scband.theory import Chord, Key, Shape, voice
from scband.theory.fretboard import STANDARD_TUNING, fingering, grips
from scband.theory.shapes import DEFAULT_RANGES, LOW_LIMITS, clear, placed
from scband.theory.tones import seventh_of, third_of
from scband.theory.voicing import _moves, _Options, _weight

CYCLES = (
    "Dm7 G7 Cmaj7 A7b9", "Am7b5 D7b9 Gm6 Cm7 F7 Bbmaj7 Ebmaj7", "Bb6 G7 Cm7 F7 Dm7 G7b9 Cm7 F7",
    "F7 Bb7 F7 Cm7 F7 Bb7 Bdim7 F7 Am7b5 D7b9 Gm7 C7", "Fm7 Bbm7 Eb7 Abmaj7 Dbmaj7 Dm7 G7 Cmaj7",
    "Cm6 Fm7 Cm6 C7alt Fm7 Fm6 Cm6 Abmaj7 Ab7 G7alt Cm6", "Emaj9 A9 G#m7 C#7b9 F#m9 B13 Emaj9",
    "F#m7b5 B7 Emaj7 Gm7 C7 Fmaj7 Abm7 Db7 Gbmaj7 Bm7 E7 Amaj7", "Cmaj7 F7 Em7 Eb7 Dm7 G13 C69",
)  # fmt: skip
STEPS = ("P1", "m2", "M2", "m3", "M3", "P4", "d5", "P5", "m6", "M6", "m7", "M7")
PHRASES = [
    [Chord(name).transposed(step) for name in cycle.split()]
    for cycle, step in product(CYCLES, STEPS)
]
NAMES = "C Dm7 G7 Cmaj7 F#m7b5 B7b9 Em9 A13 Ebmaj7#11 Ab7sus Db69 Gm(maj7) Bdim7 C7alt E5 Caug F/A"


def movement(before: tuple[int, ...], after: tuple[int, ...]) -> int:
    return sum(abs(a - b) for a, b in zip(before, after, strict=True))


def average(shape: Shape) -> float:
    moved = [movement(*pair) for phrase in PHRASES for pair in pairwise(voice(phrase, shape))]
    return sum(moved) / len(moved)


@pytest.mark.parametrize("shape", [Shape.CLOSE, Shape.OPEN, Shape.DROP2, Shape.DROP3])
def test_rooted_voicings_move_at_most_3_4_semitones_a_change(shape: Shape) -> None:
    assert average(shape) <= 3.4


def test_rootless_and_gripped_voicings_move_no_more_than_rooted_ones() -> None:
    assert average(Shape.ROOTLESS) <= 3.4
    assert average(Shape.GUITAR) <= 3.5


@pytest.mark.parametrize("shape", [Shape.CLOSE, Shape.OPEN, Shape.ROOTLESS, Shape.GUITAR])
def test_all_common_tones_stay_where_they_are(shape: Shape) -> None:
    for phrase in PHRASES:
        for before, after in pairwise(voice(phrase, shape)):
            common = {p % 12 for p in before} & {p % 12 for p in after}
            assert common == {p % 12 for p in set(before) & set(after)}


@pytest.mark.parametrize("shape", list(Shape))
def test_third_and_seventh_sound_in_every_voicing_and_range(shape: Shape) -> None:
    low, high = DEFAULT_RANGES[shape]
    for phrase in PHRASES:
        for chord, pitches in zip(phrase, voice(phrase, shape), strict=True):
            assert chord.root is not None
            tones = {(pitch - chord.root) % 12 for pitch in pitches}
            assert {third_of(chord), seventh_of(chord)} - {None} <= tones
            assert low <= pitches[0] <= pitches[-1] <= high
            assert list(pitches) == sorted(set(pitches))


@pytest.mark.parametrize("shape", [s for s in Shape if s is not Shape.GUITAR])
def test_low_intervals_do_not_growl(shape: Shape) -> None:
    for phrase in PHRASES:
        assert all(clear(pitches) for pitches in voice(phrase, shape))
    assert LOW_LIMITS[1] > LOW_LIMITS[12 - 1]


@pytest.mark.parametrize(
    ("shape", "span"), [(Shape.CLOSE, 11), (Shape.ROOTLESS, 11), (Shape.ROOTLESS_A, 11)]
)
def test_close_shapes_stay_within_an_octave(shape: Shape, span: int) -> None:
    for phrase in PHRASES:
        assert all(pitches[-1] - pitches[0] <= span for pitches in voice(phrase, shape))


def test_rooted_shapes_hold_the_root_and_rootless_ones_do_not() -> None:
    for phrase in PHRASES[::5]:
        for chord, close, bare, shell in zip(
            phrase, voice(phrase), voice(phrase, "rootless"), voice(phrase, "shell"), strict=True
        ):
            assert chord.root in {pitch % 12 for pitch in close}
            assert shell[0] % 12 == chord.root
            if seventh_of(chord) in (10, 11) and 7 in chord.intervals:
                assert chord.root not in {pitch % 12 for pitch in bare}


def test_forms_a_and_b_stand_on_third_and_seventh() -> None:
    phrase = [Chord(name) for name in ("Dm7", "G7", "Cmaj7")]
    assert voice(phrase, "rootless-a")[0][0] % 12 == 5
    assert voice(phrase, "rootless-b")[0][0] % 12 == 0
    assert [pitches[0] % 12 for pitches in voice(phrase, "rootless-a")] == [5, 5, 4]


def test_quartal_voicings_stand_in_fourths() -> None:
    for pitches in voice([Chord("Dm7"), Chord("G7sus"), Chord("Em7")], "quartal"):
        assert sum(gap in (5, 6) for gap in np.diff(pitches)) >= 2


def test_what_the_symbol_adds_is_heard() -> None:
    for name, tone in (("C9", 2), ("C13", 9), ("C7b9", 1), ("Cmaj7#11", 6), ("C7#5", 8)):
        pitches = voice([Chord(name)])[0]
        assert tone in {pitch % 12 for pitch in pitches}, name


def test_the_key_decides_the_tensions() -> None:
    bright = voice([Chord("A7")], "rootless", key=Key("D"))[0]
    dark = voice([Chord("A7")], "rootless", key=Key("Dm"))[0]
    assert 11 in {pitch % 12 for pitch in bright}
    assert 10 in {pitch % 12 for pitch in dark}


def cost(phrase: list[Chord], path: tuple[tuple[int, ...], ...], options: _Options) -> float:
    total = 0.0
    for number, (chord, pitches) in enumerate(zip(phrase, path, strict=True)):
        candidates = placed(chord, *options)
        place = [tuple(row) for row in candidates.tolist()].index(pitches)
        total += float(_weight(chord, options)[place])
        if number:
            rows = [np.array([one], dtype=np.int16) for one in (path[number - 1], pitches)]
            total += float(_moves(*rows)[0, 0])
    return total


@settings(max_examples=25)
@given(st.lists(st.sampled_from([Chord(name) for name in NAMES.split()]), min_size=2, max_size=4))
def test_no_path_through_the_candidates_costs_less(phrase: list[Chord]) -> None:
    options = _Options(Shape.CLOSE, 55, 69, None)
    best = cost(phrase, voice(phrase, "close", low=55, high=69), options)
    every = product(*([tuple(row) for row in placed(chord, *options).tolist()] for chord in phrase))
    for number, path in enumerate(every):
        if number > 3000:
            break
        assert best <= cost(phrase, path, options) + 1e-3


@given(
    st.lists(st.sampled_from([Chord(name) for name in [*NAMES.split(), "N.C."]]), max_size=8),
    st.sampled_from(list(Shape)),
    st.integers(30, 60),
    st.integers(5, 40),
)
def test_any_phrase_in_any_range_gives_a_voicing_for_every_chord(
    phrase: list[Chord], shape: Shape, low: int, width: int
) -> None:
    voiced = voice(phrase, shape, low=low, high=low + width)
    assert len(voiced) == len(phrase)
    for chord, pitches in zip(phrase, voiced, strict=True):
        assert bool(pitches) == bool(chord)
        assert all(0 <= pitch <= 127 for pitch in pitches)


def test_the_phrase_goes_on_from_the_voicing_before() -> None:
    high = voice([Chord("Cmaj7")], previous=(64, 67, 71, 72))[0]
    low = voice([Chord("Cmaj7")], previous=(52, 55, 59, 60))[0]
    assert high == (64, 67, 71, 72)
    assert low == (52, 55, 59, 60)


def test_unknown_shapes_and_empty_ranges_are_errors() -> None:
    with pytest.raises(TheoryError, match="shape"):
        voice([Chord("C")], "wide")
    with pytest.raises(TheoryError, match="range"):
        voice([Chord("C")], low=60, high=60)
    assert voice([]) == ()
    assert voice([Chord("N.C.")]) == ((),)


def test_every_grip_can_be_played_on_a_real_guitar() -> None:
    for name in NAMES.split():
        chord = Chord(name)
        assert grips(chord), name
        for pitches in grips(chord):
            frets = fingering(pitches)
            assert frets is not None
            played = [
                open_string + fret
                for open_string, fret in zip(STANDARD_TUNING, frets, strict=True)
                if fret is not None
            ]
            assert tuple(played) == pitches
            stopped = [fret for fret in frets if fret]
            assert not stopped or max(stopped) - min(stopped) < 4
    assert fingering((40, 41, 42, 43)) is None


def test_ten_thousand_changes_a_second_are_voiced() -> None:
    voice([chord for phrase in PHRASES for chord in phrase])
    started = time.perf_counter()
    for phrase in PHRASES:
        voice(phrase)
    changes = sum(len(phrase) - 1 for phrase in PHRASES)
    assert changes / (time.perf_counter() - started) > 5000  # 100,000 on an idle core
