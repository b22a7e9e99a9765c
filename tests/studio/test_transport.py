"""The shared transport: position from tempo and time, and nothing impossible."""

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scband.errors import InvalidPositionError
from scband.studio.transport import Transport


class Clock:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


def test_the_position_follows_tempo_and_clock(clock):
    transport = Transport(120.0, clock=clock)
    transport.start()
    clock.now += 3.0
    assert transport.state().current_beat == pytest.approx(6.0)
    transport.start(tempo=60.0)
    clock.now += 3.0
    assert transport.state().current_beat == pytest.approx(9.0)


def test_stop_returns_to_the_beginning_and_reset_plays_on_from_there(clock):
    transport = Transport(clock=clock)
    transport.start(beat=8.0)
    clock.now += 1.0
    assert transport.reset().is_playing
    clock.now += 1.0
    assert transport.state().current_beat == pytest.approx(2.0)
    stopped = transport.stop()
    assert (stopped.is_playing, stopped.current_beat) == (False, 0.0)
    clock.now += 5.0
    assert transport.state().current_beat == 0.0


def test_what_a_plugin_reports_is_taken_over_and_announced_with_its_source(clock):
    heard = []
    transport = Transport(clock=clock, listener=lambda state, source: heard.append((state, source)))
    transport.report(True, 12.5, 98.0, "somebody")
    state, source = heard[-1]
    assert (state.is_playing, state.current_beat, state.tempo) == (True, 12.5, 98.0)
    assert source == "somebody"


def test_the_time_is_written_in_utc(clock):
    transport = Transport(clock=clock, now=lambda: 1_756_031_400.25)
    assert transport.state().timestamp == "2025-08-24T10:30:00.250000Z"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+Z", Transport().state().timestamp)


@pytest.mark.parametrize("beat", [-1.0, math.inf, math.nan, 1e9])
def test_positions_that_are_none_are_refused_and_change_nothing(clock, beat):
    transport = Transport(clock=clock)
    transport.start(beat=4.0)
    with pytest.raises(InvalidPositionError, match="position"):
        transport.report(True, beat, 120.0)
    assert transport.state().current_beat == 4.0


@pytest.mark.parametrize("tempo", [0.0, -120.0, 1e6, math.nan])
def test_tempos_that_are_none_are_refused(clock, tempo):
    with pytest.raises(InvalidPositionError, match="tempo"):
        Transport(clock=clock).start(tempo)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["start", "stop", "reset", "report", "wait"]),
            st.floats(0, 1e6),
            st.floats(20, 400),
        ),
        max_size=30,
    )
)
def test_it_never_runs_backwards_by_itself_and_never_leaves_its_range(steps):
    clock = Clock()
    transport = Transport(clock=clock)
    for what, beat, tempo in steps:
        if what == "report":
            transport.report(beat > 10, beat, tempo)
        elif what == "wait":
            before = transport.state()
            clock.now += beat
            after = transport.state()
            assert after.current_beat >= before.current_beat
            assert after.is_playing or after.current_beat == before.current_beat
        else:
            getattr(transport, what)()
        state = transport.state()
        assert 0.0 <= state.current_beat <= 1e6
        assert 20 <= state.tempo <= 400
        if what == "stop":
            assert (state.is_playing, state.current_beat) == (False, 0.0)
