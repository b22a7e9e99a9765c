from collections import Counter
from itertools import pairwise
from statistics import mean, pstdev

import pytest

from scband.agents import PIECES, Band, Moment, load, names
from scband.agents.rhythm import pulses

KICK, SNARE, CRASH, RIDE = (PIECES[piece] for piece in ("kick", "snare", "crash", "ride"))
CYMBALS = {PIECES[p] for p in ("hat_closed", "hat_open", "ride", "ride_bell", "crash", "shaker")}
DRUMS = {PIECES[p] for p in ("snare", "tom_high", "tom_mid", "tom_low", "side_stick", "clap")}


def played(form, text, style, seed=1, humanise=0.0, **more):
    band = Band(style, ("drums",), seed=seed, humanise=humanise)
    return [(bar, band.decide(bar)["drums"]) for bar in form(text, **more)]


@pytest.mark.parametrize("style", names())
@pytest.mark.parametrize("intensity", [0.3, 0.6, 0.9])
def test_a_fill_leads_into_every_section(form, style, intensity):
    """The last bar of a section differs from the bars that the groove is made of."""
    plain, last = Counter(), []
    for seed in range(6):
        for bar, notes in played(form, "night_drive", style, seed, intensity=intensity)[:-1]:
            key = tuple((note.start, note.pitch) for note in notes)
            if bar.section_ends:
                last.append(key)
            elif not bar.section_begins and bar.bar.section_bar % 4 != 3 and bar.left != 1:
                plain[key] += 1
    assert sum(key not in plain for key in last) / len(last) > 0.8


@pytest.mark.parametrize("style", names())
def test_a_fill_never_eats_the_downbeat(form, style):
    bars = played(form, "night_drive", style, intensity=0.8)
    for bar, notes in bars:
        downbeat = {note.pitch for note in notes if note.start == 0}
        if bar.section_begins and load(style).drums.crash_from <= 0.7:
            assert KICK in downbeat
            assert CRASH in downbeat
        assert downbeat & (CYMBALS | {KICK, SNARE, PIECES["side_stick"]})


def test_a_section_opens_with_a_crash_only_if_it_is_loud_enough(form):
    for intensity, wanted in ((0.1, False), (0.6, True)):
        for bar, notes in played(form, "night_drive", "rock", intensity=intensity):
            if bar.section_begins:
                assert wanted == (CRASH in {note.pitch for note in notes if note.start == 0})


def test_sections_of_a_bar_or_two_do_not_fill_every_bar(form):
    text = "\n".join(f"[part {number}]\n| C | G |" for number in range(8))
    bars = played(form, text, "ska", intensity=0.6)
    crashes = sum(any(note.pitch == CRASH for note in notes) for _, notes in bars)
    assert 2 <= crashes <= 5


def test_swing_has_the_hat_on_two_and_four(form):
    for bar, notes in played(form, "blues_in_f", "swing", intensity=0.5):
        if bar.moment is Moment.PLAYING:
            assert {1.0, 3.0} <= {n.start for n in notes if n.pitch == PIECES["hat_pedal"]}


def test_rock_has_the_backbeat(form):
    for bar, notes in played(form, "night_drive", "rock", intensity=0.6):
        if bar.moment is Moment.PLAYING and bar.bar.section_bar % 4 != 3 and bar.left != 1:
            snare = {n.start: n.velocity for n in notes if n.pitch == SNARE}
            assert min(snare[1.0], snare[3.0]) > 0.5
            others = [velocity for beat, velocity in snare.items() if beat not in (1.0, 3.0)]
            assert mean([0, *others]) < 0.7 * min(snare[1.0], snare[3.0])


def test_the_ride_swings_with_the_tempo(form):
    for tempo, beat in ((120, 2 / 3), (240, 1.4 / 2.4)):
        off = {
            round(note.start % 1, 3)
            for _, notes in played(form, "blues_in_f", "swing", tempo=tempo)
            for note in notes
            if note.pitch == RIDE and note.start % 1
        }
        assert off == {round(beat, 3)}


def test_ghost_notes_are_soft(form):
    notes = [n for _, bar in played(form, "night_drive", "funk", intensity=0.7) for n in bar]
    ghosts = [n.velocity for n in notes if n.articulation == "ghost" and n.pitch == SNARE]
    accents = [n.velocity for n in notes if n.articulation == "accent" and n.pitch == SNARE]
    assert len(ghosts) > 20
    assert mean(ghosts) < 0.4 * mean(accents)


@pytest.mark.parametrize("style", ["rock", "funk", "soul", "hip_hop", "swing"])
def test_bars_vary_and_yet_repeat_as_much_as_peoples(form, style):
    """Of the strokes of two neighbouring bars 44-63 % are in both (Groove MIDI Dataset)."""
    bars = [
        {(note.start, note.pitch) for note in notes}
        for _, notes in played(form, "night_drive", style, intensity=0.6, choruses=3)
    ]
    shared = mean(len(one & two) / len(one | two) for one, two in pairwise(bars))
    assert 0.4 < shared < 0.75
    assert len(set(map(frozenset, bars))) / len(bars) > 0.4


def test_velocities_spread_as_peoples_do(form):
    """Human drummers: 28-36 of 127 (Groove MIDI Dataset, Gillick et al. 2019, counted by us)."""
    for style in ("rock", "funk"):
        bars = played(form, "night_drive", style, humanise=1, intensity=0.7)
        assert 18 < pstdev(127 * note.velocity for _, notes in bars for note in notes) < 40


@pytest.mark.parametrize("meter", ["3/4", "5/4", "7/8", "6/8"])
def test_there_is_a_downbeat_and_an_answer_in_other_meters(form, meter):
    for bar, notes in played(form, "night_drive", "rock", meter=meter, intensity=0.6):
        if bar.moment is not Moment.PLAYING or bar.bar.section_bar % 4 == 3:
            continue
        numerator, denominator = map(int, meter.split("/"))
        assert notes[0].start == 0
        assert any(note.pitch in DRUMS and note.start > 0 for note in notes)
        assert bar.pulses == pulses(numerator, denominator)
