"""What was learned from drummers, and what is made of it."""

import math
from itertools import groupby

import pytest

from scband.agents import PIECES, Band, drumming, load, names
from scband.agents.drumming import TABLE, school, schools, source

HAND = {PIECES[p] for p in PIECES if p not in ("kick", "hat_pedal")}


def test_the_table_is_small_and_names_its_source_and_licence():
    assert TABLE.stat().st_size < 1_000_000
    assert "Groove MIDI Dataset" in source()
    assert "CC BY 4.0" in source()


@pytest.mark.parametrize("name", schools())
def test_a_school_is_whole(name):
    taught = school(name)
    assert taught.grid in (3, 4)
    assert len(taught.grooves) >= 2
    assert 0.9 < sum(groove.weight for groove in taught.grooves) < 1.1
    for groove in taught.grooves:
        assert all(0 < cell.chance <= 1 and 0 < cell.velocity <= 1 for cell in groove.cells)
        assert all(0 <= cell.step < 4 * taught.grid for cell in groove.cells)
    for fill in taught.fills:
        assert 1 <= fill.beats <= 4
        assert all(0 <= cell.step < fill.beats * taught.grid for cell in fill.cells)
    assert 5 < taught.drift < 25
    assert 5 < taught.own < 20


def test_grooves_are_surer_than_single_steps_would_be():
    """A mixture tells a bar better than the mean of all bars: fewer bits a stroke, by its own."""
    taught = school("rock")
    steps = range(4 * taught.grid)
    pieces = {cell.piece for groove in taught.grooves for cell in groove.cells}
    mean = {
        (piece, step): sum(g.weight * g.strikes([piece], step) for g in taught.grooves)
        for piece in pieces
        for step in steps
    }

    def entropy(chance):
        p = min(max(chance, 1e-6), 1 - 1e-6)
        return -p * math.log2(p) - (1 - p) * math.log2(1 - p)

    pooled = sum(map(entropy, mean.values()))
    apart = sum(
        g.weight * sum(entropy(g.strikes([piece], step)) for piece, step in mean)
        for g in taught.grooves
    )
    assert apart + math.log2(len(taught.grooves)) < 0.8 * pooled


@pytest.mark.parametrize("style", [name for name in names() if load(name).drums.learned])
def test_two_hands_strike_two_things(form, style):
    for seed in range(3):
        band = Band(style, ("drums",), seed=seed, humanise=0)
        for bar in form("night_drive", intensity=0.8):
            for _, together in groupby(band.decide(bar)["drums"], key=lambda note: note.start):
                assert sum(note.pitch in HAND for note in together) <= 3


@pytest.mark.parametrize("meter", ["3/4", "5/4", "7/8"])
@pytest.mark.parametrize("style", ["rock", "funk", "swing"])
def test_what_was_learned_in_four_is_played_in_other_meters(form, style, meter):
    for bar in form("night_drive", meter, intensity=0.6):
        notes = Band(style, ("drums",), seed=1, humanise=0).decide(bar)["drums"]
        assert notes[0].start == 0
        assert all(0 <= note.start < bar.beats for note in notes)


def test_harder_sections_take_harder_grooves(form):
    told = []
    for intensity in (0.2, 0.9):
        bar = form("| C | F | G | C |", intensity=intensity)[1]
        energies = []
        for seed in range(20):
            words = Band("funk", ("drums",), seed=seed).explain(bar)["drums"]
            energies.append(int(words.split("drummers, ")[1].split("%")[0]))
        told.append(sum(energies) / len(energies))
    assert told[0] + 20 < told[1]


def test_the_source_travels_with_the_module():
    assert "CC BY 4.0" in (drumming.__doc__ or "")
