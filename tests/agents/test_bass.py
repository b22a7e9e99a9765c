from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scband.agents import PIECES, Band, load, names
from scband.agents.harmony import core
from scband.theory.chord import Chord

CHORDS = st.lists(
    st.builds(
        "{}{}{}".format,
        st.sampled_from(["C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B"]),
        st.sampled_from(
            ["", "m", "7", "m7", "maj7", "m7b5", "dim7", "7b9", "sus4", "6", "7#5", "13"]
        ),
        st.sampled_from(["", "", "", "/G", "/E", "/Bb"]),
    ),
    min_size=2,
    max_size=8,
)


def line(form, text, style="swing", seed=0, **more):
    band = Band(style, ("bass",), seed=seed, humanise=0)
    return [(bar, band.decide(bar)["bass"]) for bar in form(text, **more)]


@settings(max_examples=40, deadline=None)
@given(
    chords=CHORDS,
    style=st.sampled_from(names()),
    intensity=st.floats(0, 1),
    seed=st.integers(0, 99),
)
def test_every_bar_begins_on_a_chord_tone_within_the_range(form, chords, style, intensity, seed):
    part = load(style).bass
    text = "| " + " | ".join(chords) + " |"
    for bar, notes in line(form, text, style, seed, intensity=intensity):
        assert notes[0].start < 1
        assert notes[0].pitch % 12 in core(bar.chord_at(0))
        assert all(part.low <= note.pitch <= part.high for note in notes)


@settings(max_examples=400, deadline=None)
@given(style=st.sampled_from(names()), intensity=st.floats(0, 1), seed=st.integers(0, 99))
def test_the_bass_never_ignores_a_slash(form, style, intensity, seed):
    text = "| C | C/E | F | G7/F C/E | Dm7/C | G7 |"
    for bar, notes in line(form, text, style, seed, intensity=intensity)[:-1]:
        for change in bar.bar.chords:
            if change.chord.bass == change.chord.root:
                continue
            first = next(note for note in notes if note.start >= change.beat - 0.55)
            if first.start < change.beat:
                first = next(note for note in notes if note.end > change.beat)
            assert first.pitch % 12 == change.chord.bass


def test_a_walking_line_walks(form):
    for bar, notes in line(form, "autumn_walk", intensity=0.6)[:-1]:
        beats = [note.start for note in notes if note.articulation != "ghost"]
        assert beats == [0, 1, 2, 3], bar.bar.index


def test_a_walking_line_has_the_habits_of_people(form):
    """Bounds lie around the figures of human lines (Weimar Jazz Database, counted by us)."""
    counts = Counter()
    for seed in range(3):
        for name in ("autumn_walk", "blues_in_f"):
            notes = [
                (note.pitch, bar.chord_at(note.start), note.start)
                for bar, played in line(form, name, seed=seed, intensity=0.6, choruses=3)
                for note in played
            ]
            for (before, old, _), (pitch, chord, beat) in pairwise(notes):
                counts["moves"] += 1
                counts["same"] += pitch == before
                counts["steps"] += abs(pitch - before) in (1, 2)
                counts["leaps"] += abs(pitch - before) >= 8
                if beat == 0:
                    counts["ones"] += 1
                    counts["roots"] += pitch % 12 == chord.bass
                if chord != old:
                    counts["changes"] += 1
                    counts["half steps in"] += abs(pitch - before) == 1
    assert 0.55 < counts["roots"] / counts["ones"] < 0.9
    assert 0.3 < counts["half steps in"] / counts["changes"] < 0.55
    assert 0.04 < counts["same"] / counts["moves"] < 0.18
    assert 0.3 < counts["steps"] / counts["moves"] < 0.55
    assert 0.04 < counts["leaps"] / counts["moves"] < 0.17


def test_a_line_knows_where_the_next_bar_begins(form):
    """No jump over the bar line is wider than an octave: the bar before has made room."""
    for seed in range(5):
        played = line(form, "autumn_walk", seed=seed, intensity=0.6, choruses=2)
        for (_, notes), (_, following) in pairwise(played[:-1]):
            assert abs(notes[-1].pitch - following[0].pitch) <= 14


def test_playing_softly_is_in_two(form):
    played = line(form, "blues_in_f", intensity=0.1)
    assert sum(len(notes) for _, notes in played) / len(played) < 3.2


def test_a_rock_bass_locks_to_the_kick(form):
    band = Band("rock", ("drums", "bass"), seed=1, humanise=0)
    together = kicks = 0
    for bar in form("night_drive", intensity=0.6):
        decided = band.decide(bar)
        starts = {note.start for note in decided["bass"]}
        for note in decided["drums"]:
            if note.pitch == PIECES["kick"] and (note.start * 2).is_integer():
                kicks += 1
                together += note.start in starts
    assert together / kicks > 0.8


@pytest.mark.parametrize("symbol", ["C7", "F#m7b5", "Bbmaj7", "G/B", "N.C."])
def test_the_core_of_a_chord_is_among_its_tones(symbol):
    chord = Chord(symbol)
    assert core(chord) <= chord.pitch_classes


def test_a_pedal_stays_while_the_chords_move_and_still_hears_a_slash(form):
    text = "key: C\n[intro]\n| Dm7 | G7 | Dm7 | G7/B |\n[A]\n| C | F | G | C |"
    played = line(form, text, intensity=0.6)[:4]
    first = {note.pitch % 12 for _, notes in played[:2] for note in notes}
    second = {note.pitch % 12 for _, notes in played[2:3] for note in notes}
    assert first == {7}
    assert second == {0}
    assert played[3][1][0].pitch % 12 == 11


def test_a_bass_fill_leads_into_a_section_and_nowhere_else(form):
    """Figures in eighths stand at the ends of sections only, in some of them."""
    ends = filled = elsewhere = 0
    for seed in range(12):
        for bar, notes in line(form, "night_drive", "alberti", seed, intensity=0.2)[:-1]:
            figure = {3.0, 3.5} <= {note.start for note in notes}
            ends += bar.section_ends
            filled += figure and bar.section_ends
            elsewhere += figure and not bar.section_ends
    assert not elsewhere
    assert 0.15 < filled / ends < 0.8


@settings(max_examples=200, deadline=None)
@given(style=st.sampled_from(names()), intensity=st.floats(0, 1), seed=st.integers(0, 30))
def test_no_chord_is_silence_for_everyone_who_has_pitches(form, style, intensity, seed):
    text = "[A]\n| C | N.C. | G | N.C. |\n[B]\n| F | N.C. | Am G | C |"
    for bar in form(text, intensity=intensity)[:-1]:
        if bar.bar.chords[0].chord.root is None:
            decided = Band(style, seed=seed, humanise=0).decide(bar)
            following = bar.next_bar
            for player in ("bass", "keys", "guitar", "lead", "pad"):
                early = [n for n in decided[player] if n.start < bar.beats - 0.8]
                assert not early or following is None, player
