import pytest

from scband.agents.form import Form
from scband.analysis.follow import Pulse
from scband.chart import read
from scband.errors import SessionError
from scband.live.countin import ClickCount, PerformanceStart, checked_count_in, clicks_of
from scband.score import Meter

SONG = read("meter: 4/4\n| C | F | G | C |\n")


@pytest.mark.parametrize("gap", [0.31, 0.5, 0.8])
def test_four_even_clicks_give_tempo_and_beat_one(gap: float) -> None:
    count = ClickCount(4, 1.0, 120.0)
    late = (0.004, -0.003, 0.002, -0.004)
    heard = [count.hear(10 + n * gap + late[n]) for n in range(4)]
    assert heard[:3] == [None, None, None]
    assert heard[3] is not None
    assert heard[3].time == pytest.approx(10 + 4 * gap, abs=0.012)
    assert heard[3].tempo == pytest.approx(60 / gap, rel=0.02)
    assert heard[3].number == 0


def test_a_click_s_echo_and_a_false_start_are_no_count() -> None:
    count = ClickCount(4, 1.0, 120.0)
    for time in (3.0, 5.1):  # somebody tunes
        assert count.hear(time) is None
    found = [count.hear(8 + n * 0.5 + echo) for n in range(4) for echo in (0.0, 0.06)]
    entry = next(entry for entry in found if entry is not None)
    assert entry.time == pytest.approx(10.0, abs=0.01)


def test_clicks_half_as_fast_as_the_chart_are_not_its_beats() -> None:
    count = ClickCount(4, 1.0, 120.0)
    assert [count.hear(n * 1.0) for n in range(8)] == [None] * 8


def test_who_counts_in_eighths_is_understood() -> None:
    count = ClickCount(4, 1.0, 120.0)
    heard = [count.hear(n * 0.25) for n in range(7)]  # one and two and three and four
    assert heard[:6] == [None] * 6
    assert heard[6] is not None
    assert (heard[6].time, heard[6].tempo) == (pytest.approx(2.0), pytest.approx(120.0))


def test_the_end_of_a_note_between_two_clicks_does_no_harm() -> None:
    count = ClickCount(4, 1.0, 140.0)
    heard = [count.hear(time) for time in (3.0, 3.3575, 3.4286, 3.8571, 4.2857)]
    assert heard[4] is not None
    assert heard[4].time == pytest.approx(4.7143, abs=0.002)


def test_bars_of_two_beats_are_counted_twice_and_compound_beats_are_dotted() -> None:
    assert [clicks_of(Meter.parse(text)) for text in ("4/4", "3/4", "6/8", "2/4")] == [4, 3, 4, 4]
    count = ClickCount(4, 1.5, 90.0)
    entry = [count.hear(n * 1.0) for n in range(4)][3]
    assert entry is not None
    assert entry.tempo == pytest.approx(90.0)


class Sure:
    """A tracker that knows the beat from where it was placed, at another tempo than it was told."""

    def __init__(self, confidence: float) -> None:
        self.placed = (0.0, 0.0)
        self.confidence = confidence

    def place(self, time: float, beat: float, tempo: float) -> None:
        self.placed = (time, beat)

    def pulse(self, time: float) -> Pulse:
        start, beat = self.placed
        return Pulse(start, beat, 100.0, self.confidence).at(time)


def test_a_band_that_listens_first_comes_in_on_a_bar_line_in_the_right_bar() -> None:
    start = PerformanceStart(Form(SONG, count_in=False), Sure(0.9), 120.0)  # type: ignore[arg-type]
    start.hear(20.0)
    assert start.entry(21.0) is None  # not a bar yet
    entry = start.entry(20.0 + 4.5 * 0.6)
    assert entry is not None
    assert (entry.number, entry.tempo) == (2, pytest.approx(100.0))
    assert entry.time == pytest.approx(20.0 + 8 * 0.6)


def test_a_band_that_is_not_sure_waits() -> None:
    start = PerformanceStart(Form(SONG, count_in=False), Sure(0.1), 120.0)  # type: ignore[arg-type]
    start.hear(20.0)
    assert start.entry(30.0) is None


def test_nobody_else_can_count_in() -> None:
    with pytest.raises(SessionError, match="band, player, performance, none"):
        checked_count_in("conductor")
