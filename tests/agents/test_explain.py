from dataclasses import replace

import pytest

from scband.agents import PLAYERS, Band, Moment, Performer, names


@pytest.mark.parametrize("style", names())
def test_every_decision_says_why(form, style):
    band = Band(style, seed=3)
    for bar in form("night_drive", intensity=0.6)[-18:]:
        told = band.explain(bar)
        assert set(told) == set(PLAYERS)
        assert all(len(text) > 4 for text in told.values())


def test_the_bass_names_its_notes_and_where_they_lead(form):
    bar = form("| Dm7 | G7 | Cmaj7 | C6 |", intensity=0.6)[0]
    decided = Band("swing", ("bass",), seed=1, humanise=0).decide(bar)["bass"]
    told = Band("swing", ("bass",), seed=1).explain(bar)["bass"]
    assert told.startswith("walks toward the next bar: D (root of Dm7)")
    assert told.count("(") == len([n for n in decided if n.articulation != "ghost"])
    assert Band("rock", seed=1).explain(form("| C/E | F |")[0])["bass"].count("bass of C/E")


def test_the_drummer_says_when_a_section_turns(form):
    band = Band("rock", ("drums",), seed=2)
    told = {bar.bar.index: band.explain(bar)["drums"] for bar in form("night_drive", intensity=0.7)}
    for bar in form("night_drive", intensity=0.7)[:-1]:
        assert ("fill" in told[bar.bar.index]) or not bar.section_ends
        assert ("crash" in told[bar.bar.index]) == bar.section_begins
    assert "learned from rock drummers" in told[1]


def test_who_is_silent_says_why(form):
    bar = form("blues_in_f")[2]
    busy = replace(bar, performer=Performer(density=3.0))
    assert Band("swing").explain(busy)["lead"] == "leaves the stage to the performer"
    count_in = replace(bar, moment=Moment.COUNT_IN)
    assert "count-in" in Band("swing").explain(count_in)["bass"]
    intro = form("[intro]\n| C | F | G | C | C | F | G | C |\n[verse]\n| C | G |")[0]
    assert Band("pop").explain(intro)["guitar"] == "waits for its entry"
