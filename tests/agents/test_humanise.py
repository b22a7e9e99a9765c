from statistics import mean, pstdev

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scband.agents import PIECES, Band, load
from scband.agents.humanise import humanise
from scband.score import Note

MS = 132 / 60000  # beats in a millisecond at the chart's tempo


def offsets(form, style, player, pitches=None):
    """How late notes are, in ms, by more than the bar line cuts off."""
    plain, played = Band(style, (player,), seed=6, humanise=0), Band(style, (player,), seed=6)
    found = []
    for bar in form("blues_in_f", choruses=3, tempo=132.0):
        before = [n for n in plain.decide(bar)[player] if not pitches or n.pitch in pitches]
        after = [n for n in played.decide(bar)[player] if not pitches or n.pitch in pitches]
        before.sort(key=lambda note: (note.pitch, note.start))
        after.sort(key=lambda note: (note.pitch, note.start))
        pairs = zip(before, after, strict=True)
        found += [(b.start - a.start) / MS for a, b in pairs if a.start > 0]
    return found


@pytest.mark.parametrize("player", ["keys", "lead"])
def test_everyone_sits_where_the_style_says(form, player):
    """Against the bass, since the whole band drifts together."""
    style = load("swing")
    late, bass = (mean(offsets(form, "swing", one)) for one in (player, "bass"))
    assert late - bass == pytest.approx(style.feel[player] - style.feel["bass"], abs=2.5)


@pytest.mark.parametrize("style", ["swing", "rock", "funk"])
def test_drummers_scatter_as_people_do(form, style):
    """Human drummers: 20-30 ms around the grid (Groove MIDI Dataset), flams and slips counted."""
    late = offsets(form, style, "drums")
    assert abs(mean(late)) < 8
    assert 10 < pstdev(late) < 28


def test_what_is_struck_together_stays_together(form):
    """Hands and feet part less from each other than the beat from the grid."""
    band = Band("rock", ("drums",), seed=6)
    plain = Band("rock", ("drums",), seed=6, humanise=0)
    apart, late = [], []
    for bar in form("night_drive", choruses=2, intensity=0.6):
        played = {(n.pitch, round(n.start * 4)): n.start for n in band.decide(bar)["drums"]}
        for note in plain.decide(bar)["drums"]:
            kick = played.get((PIECES["kick"], round(note.start * 4)))
            other = played.get((note.pitch, round(note.start * 4)))
            if kick is not None and other is not None and note.start > 0 and note.pitch != 36:
                apart.append((other - kick) / MS)
                late.append((other - note.start) / MS)
    assert len(apart) > 100
    assert pstdev(apart) / 2**0.5 < pstdev(late)


@settings(max_examples=60, deadline=None)
@given(
    starts=st.lists(st.floats(0, 3.99), min_size=1, max_size=12),
    amount=st.floats(0, 3),
    seed=st.integers(0, 1000),
)
def test_nothing_crosses_the_bar_line(form, starts, amount, seed):
    bar = form("blues_in_f")[0]
    notes = tuple(Note(start, 4 - start, 60, 0.5) for start in sorted(starts))
    played = humanise("keys", notes, bar, style=load("swing"), seed=seed, amount=amount)
    assert len(played) == len(notes)
    assert [note.start for note in played] == sorted(note.start for note in played)
    assert all(0 <= note.start < 4 and note.end <= 4 + 1e-9 and note.length > 0 for note in played)
    assert all(0 < note.velocity <= 1 for note in played)


def test_strums_run_over_the_strings(form):
    bar = form("night_drive", intensity=0.5)[1]
    played = Band("pop", ("guitar",), seed=1).decide(bar)["guitar"]
    first = sorted(played[:5], key=lambda note: note.start)
    assert [note.pitch for note in first] == sorted(note.pitch for note in first)
    assert 0.02 < first[-1].start - first[0].start < 0.25
