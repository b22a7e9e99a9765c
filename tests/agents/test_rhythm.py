from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scband.agents.rhythm import STRAIGHT, Swing, fitted, hits, pulses, read_pattern

RATIOS = st.floats(1.0, 4.0)
PULSES = st.text("xXo.-", min_size=1, max_size=6)
METERS = st.tuples(st.integers(1, 15), st.sampled_from([2, 4, 8, 16]))


@pytest.mark.parametrize(
    ("meter", "lengths"),
    [
        ((4, 4), (1.0,) * 4),
        ((3, 4), (1.0,) * 3),
        ((6, 8), (1.5, 1.5)),
        ((12, 8), (1.5,) * 4),
        ((7, 8), (1.0, 1.0, 1.5)),
        ((5, 4), (1.0,) * 5),
        ((1, 8), (0.5,)),
    ],
)
def test_a_pulse_is_a_quarter_or_a_dotted_quarter(meter, lengths):
    assert pulses(*meter) == lengths


@given(METERS)
def test_pulses_fill_the_bar(meter):
    numerator, denominator = meter
    assert sum(pulses(*meter)) == pytest.approx(numerator * 4 / denominator)


@given(st.lists(PULSES, min_size=1, max_size=8), METERS, RATIOS, st.booleans())
def test_hits_stay_in_the_bar_and_never_overlap(bar, meter, ratio, sixteenths):
    lengths = pulses(*meter)
    row = hits(tuple(bar), lengths, Swing(ratio, sixteenths))
    assert all(hit.beat >= 0 and hit.length > 0 for hit in row)
    for one, other in pairwise(row):
        assert one.beat + one.length <= other.beat + 1e-9
    if row:
        assert row[-1].beat + row[-1].length <= sum(lengths) + 1e-9


@given(st.lists(PULSES, min_size=1, max_size=8), st.integers(1, 16))
def test_a_bar_fits_any_number_of_pulses_and_keeps_its_downbeat(bar, count):
    result = fitted(tuple(bar), count)
    assert len(result) == count
    assert result[0] == bar[0]


def test_a_backbeat_stays_a_backbeat_in_other_meters():
    backbeat = ("K", "S", "k", "S")
    assert fitted(backbeat, 3) == ("K", "S", "S")
    assert fitted(backbeat, 5) == ("K", "S", "S", "K", "S")
    assert fitted(backbeat, 2) == ("K", "S")


def test_holds_make_notes_longer_and_rests_end_them():
    row = hits(("x-", "-.", "x-"), (1.0, 1.0, 1.0), STRAIGHT)
    assert [(hit.beat, hit.length) for hit in row] == [(0.0, 1.5), (2.0, 1.0)]


def test_swing_delays_eighths_and_leaves_triplets():
    eighths = hits(("xx",), (1.0,), Swing(2.0))
    triplets = hits(("xxx",), (1.0,), Swing(3.0))
    assert eighths[1].beat == pytest.approx(2 / 3)
    assert [hit.beat for hit in triplets] == pytest.approx([0, 1 / 3, 2 / 3])


def test_swung_sixteenths_leave_eighths_where_they_are():
    row = hits(("xxxx",), (1.0,), Swing(2.0, sixteenths=True))
    assert [hit.beat for hit in row] == pytest.approx([0, 1 / 3, 0.5, 0.5 + 1 / 3])


def test_eighths_become_triplets_in_compound_meters():
    row = hits(("xx", "xx"), (1.5, 1.5), STRAIGHT)
    assert [hit.beat for hit in row] == pytest.approx([0, 1.0, 1.5, 2.5])


@pytest.mark.parametrize("text", ["", "x||x", "x x|x", "x" * 13])
def test_a_bad_pattern_says_what_is_wrong(text):
    with pytest.raises(ValueError, match="pulse"):
        read_pattern(text)


def test_a_pattern_is_written_as_it_was_read():
    assert str(read_pattern("x.|xx / ..|x-")) == "x.|xx / ..|x-"
