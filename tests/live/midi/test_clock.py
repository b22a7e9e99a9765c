"""A MIDI clock that comes in: tempo, position, jitter, changes."""

from __future__ import annotations

import random

import pytest

from scband.live.midi.clock import PULSES, ClockReader


def pulses(
    reader: ClockReader, tempo: float, beats: float, *, at: float = 0.0, jitter: float = 0.0
) -> float:
    """Send a clock and return the time of the pulse after the last."""
    chance = random.Random(3)
    period = 60 / tempo / PULSES
    for number in range(round(beats * PULSES)):
        reader.pulse(at + number * period + chance.gauss(0, jitter))
    return at + round(beats * PULSES) * period


@pytest.mark.parametrize("tempo", [40, 97.3, 120, 240])
def test_the_tempo_of_an_even_clock_is_exact(tempo: float) -> None:
    reader = ClockReader()
    pulses(reader, tempo, 2)
    assert reader.tempo == pytest.approx(tempo, rel=1e-9)


def test_before_six_pulses_there_is_no_tempo() -> None:
    reader = ClockReader()
    pulses(reader, 120, 5 / PULSES)
    assert reader.tempo is None
    pulses(reader, 120, 1 / PULSES, at=5 * 60 / 120 / PULSES)
    assert reader.tempo == pytest.approx(120)


def test_a_millisecond_of_jitter_moves_the_tempo_by_less_than_a_tenth_of_a_percent() -> None:
    reader = ClockReader()
    reader.start()
    end = pulses(reader, 120, 16, jitter=0.001)
    assert reader.tempo == pytest.approx(120, rel=0.001)
    assert reader.beat_at(end) == pytest.approx(16, abs=0.002)  # a millisecond


def test_a_jump_of_tempo_is_taken_within_half_a_beat() -> None:
    reader = ClockReader()
    end = pulses(reader, 120, 8, jitter=0.0003)
    pulses(reader, 150, 0.5, at=end, jitter=0.0003)
    assert reader.tempo == pytest.approx(150, rel=0.03)
    pulses(reader, 150, 4, at=end + 0.5 * 60 / 150)
    assert reader.tempo == pytest.approx(150, rel=0.002)


def test_a_slow_change_of_tempo_is_followed_with_the_beat() -> None:
    reader = ClockReader()
    reader.start()
    when = 0.0
    for number in range(32 * PULSES):  # from 100 to 132 over 32 beats
        reader.pulse(when)
        when += 60 / (100 + number / PULSES) / PULSES
    assert reader.tempo == pytest.approx(132, rel=0.02)
    assert reader.beat_at(when) == pytest.approx(32, abs=0.03)


def test_start_puts_the_top_at_the_next_pulse_and_stop_keeps_the_place() -> None:
    reader = ClockReader()
    end = pulses(reader, 120, 2)
    assert reader.beat_at(end) is None
    reader.start()
    end = pulses(reader, 120, 4, at=end)
    assert reader.beat_at(end) == pytest.approx(4)
    reader.stop()
    end = pulses(reader, 120, 3, at=end)
    assert not reader.running
    reader.resume()
    end = pulses(reader, 120, 1, at=end)
    assert reader.beat_at(end) == pytest.approx(5)


def test_continue_goes_on_from_the_song_position() -> None:
    reader = ClockReader()
    reader.song_position(64)  # sixteenths: four bars of 4/4
    reader.resume()
    end = pulses(reader, 120, 1)
    assert reader.beat_at(end) == pytest.approx(17)


def test_a_pulse_that_is_lost_on_the_way_loses_no_place() -> None:
    reader = ClockReader()
    reader.start()
    end = pulses(reader, 120, 4)
    period = 0.5 / PULSES
    end = pulses(reader, 120, 4, at=end + 2 * period)  # two did not come
    assert reader.beat_at(end) == pytest.approx(8 + 2 / PULSES, abs=1e-6)
    assert reader.tempo == pytest.approx(120)


def test_a_clock_that_falls_silent_is_forgotten_and_taken_anew() -> None:
    reader = ClockReader()
    end = pulses(reader, 120, 4)
    assert reader.alive(end)
    assert not reader.alive(end + 1)
    pulses(reader, 90, 1, at=end + 5)
    assert reader.tempo == pytest.approx(90)


@pytest.mark.parametrize("stall", [0.03, 0.1, 0.25])
def test_pulses_held_up_and_sent_in_a_burst_move_neither_tempo_nor_place(stall: float) -> None:
    reader = ClockReader()
    reader.start()
    period, chance = 60 / 180 / PULSES, random.Random(5)
    for number in range(12 * PULSES):
        due = number * period
        sent = 2 + stall if 2 <= due < 2 + stall else due
        reader.pulse(sent + chance.uniform(0, 0.001))
        if reader.settled:
            assert reader.tempo == pytest.approx(180, rel=0.02)
    assert reader.beat_at(12 * 60 / 180) == pytest.approx(12, abs=0.01)
