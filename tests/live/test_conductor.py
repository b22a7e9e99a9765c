from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scband.agents import Band, Moment
from scband.agents.form import Form
from scband.chart import read
from scband.errors import SessionError, StyleError
from scband.live.conductor import Conductor
from scband.live.harmony import harmony_of

SONG = read("meter: 4/4\n[A]\n| Dm7 | G7 Db7 |\n[B]\n| Cmaj7 | A7 |\n")
WALTZ = read("meter: 3/4\n| C | F | G7 | C |\n")
CHARTS = sorted((Path(__file__).parents[2] / "examples" / "charts").glob("*.txt"))


def conductor(choruses: int = 2, *, count_in: bool = True, style: str = "swing") -> Conductor:
    form = Form(SONG, choruses=choruses, count_in=count_in)
    return Conductor(form, Band(style), tempo=140)


def test_the_count_in_comes_before_the_form_and_is_as_long_as_its_first_bar() -> None:
    form = Form(WALTZ, count_in=True)
    first, second = form.slot(0), form.slot(1)
    assert first is not None
    assert second is not None
    assert (first.moment, first.start, first.beats) == (Moment.COUNT_IN, 0.0, 3.0)
    assert (second.moment, second.start, second.bar.index) == (Moment.PLAYING, 3.0, 0)


@given(st.integers(1, 5), st.booleans())
def test_slots_follow_one_another_without_a_gap_and_end_after_the_last_chorus(
    choruses: int, count_in: bool
) -> None:
    form = Form(SONG, choruses=choruses, count_in=count_in)
    assert form.length == choruses * 4 + count_in
    slots = [form.slot(n) for n in range(form.length)]
    for before, after in pairwise(slots):
        assert before is not None
        assert after is not None
        assert after.start == before.start + before.beats
    assert slots[-1] is not None
    assert slots[-1].moment is Moment.ENDING
    assert form.slot(form.length) is None


def test_a_form_without_an_end_goes_round_for_ever() -> None:
    form = Form(SONG, choruses=0, count_in=False)
    slot = form.slot(4001)
    assert slot is not None
    assert (slot.chorus, slot.bar.index, slot.start) == (1000, 1, 16004.0)


def test_every_bar_goes_out_once_and_one_bar_ahead() -> None:
    lead = conductor()
    out = [plan.slot.number for plan in lead.first()]
    assert out == [0, 1]
    for number in range(9):
        out += [plan.slot.number for plan in lead.at_bar(number)]
        assert out[-1] == min(number + 1, 8)
    assert out == list(range(9))
    assert lead.over(9)


def test_a_change_is_decided_anew_for_the_bars_that_are_out_already() -> None:
    lead = conductor(style="swing")
    lead.first()
    lead.at_bar(1)
    before = {p.slot.number: p.notes for p in [lead.decide(lead.form.slot(2))]}
    lead.change_style("rock")
    again = lead.again(1)
    assert [plan.slot.number for plan in again] == [2]
    assert again[0].notes["drums"] != before[2]["drums"]


def test_an_unknown_style_changes_nothing() -> None:
    lead = conductor()
    with pytest.raises(StyleError):
        lead.change_style("polka-metal")
    assert lead.style.name == "swing"


def test_the_same_seed_plays_the_same_notes() -> None:
    first, second = conductor(), conductor()
    assert [p.notes for p in first.first()] == [p.notes for p in second.first()]


def test_a_mode_that_is_not_built_is_refused_by_name() -> None:
    with pytest.raises(SessionError, match="telepathy"):
        Conductor(Form(SONG), Band("swing"), tempo=120, mode="telepathy")


@pytest.mark.parametrize("chart", CHARTS, ids=lambda path: path.stem)
def test_the_harmony_for_sclang_has_every_chord_of_the_form_with_a_scale_that_holds_it(
    chart: Path,
) -> None:
    form = Form(read(chart))
    chords = harmony_of(form)
    assert chords[0].beat == 0
    assert [c.beat for c in chords] == sorted(c.beat for c in chords)
    assert chords[-1].beat < form.beats
    for chord in chords:
        assert chord.root in chord.pitch_classes
        assert chord.pitch_classes - {chord.bass} <= chord.scale | chord.pitch_classes


def test_a_ritardando_slows_each_step_within_its_own_bar() -> None:
    lead = Conductor(Form(SONG, choruses=2), Band("ballad"), tempo=80)
    assert lead.style.ending == "ritardando"
    steps = [step for number in range(9) for step in lead.slowings(number)]
    assert len(steps) >= 5
    assert [tempo for _, tempo in steps] == sorted((t for _, t in steps), reverse=True)
    assert all(40 < tempo < 80 for _, tempo in steps)
    assert Conductor(Form(SONG), Band("ballad"), tempo=80).slowings(3) == []
