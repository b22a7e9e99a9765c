"""The band as the slave of a MIDI clock, without sound: a clock that obeys as sclang's does."""

from __future__ import annotations

import random

import pytest

from scband.agents.form import Form
from scband.chart import read
from scband.live.midi.clock import PULSES
from scband.live.midi.slave import ClockMaster
from scband.supercollider.engine import BeatReport

LATENCY = 0.1


def play(
    tempo: float, *, off: float, beats: int, jitter: float = 0.0, change: tuple[int, float] = (0, 0)
) -> list[float]:
    """Let a band at 100 bpm, `off` beats behind, obey a clock; return its error at each beat.

    `change` is (beat, tempo) of the master's jump. Errors are seconds behind, within half a bar.
    """
    chance = random.Random(7)
    master = ClockMaster()
    master.message("a", [0xFA], 0.0)
    pulse, errors = 0, []
    band, sounds, speed, nudges = 0, off * 0.6, 100.0, []
    beat_times = [0.0]
    period = 60 / tempo / PULSES
    due = 0.0
    for band in range(beats):
        while due < sounds - LATENCY:
            master.message("a", [0xF8], due + chance.gauss(0, jitter))
            pulse += 1
            if pulse == change[0] * PULSES and change[0]:
                period = 60 / change[1] / PULSES
            due += period
            if pulse % PULSES == 0:
                beat_times.append(due)
        steering = master.steer(BeatReport(band, band // 4, band % 4, 4, speed, sounds))
        speed = steering.tempo or speed
        if steering.seconds:
            nudges = [steering.seconds / steering.beats] * round(steering.beats)
        errors.append(steering.error if steering.error is not None else float("nan"))
        sounds += 60 / speed - (nudges.pop() if nudges else 0.0)
    return errors


def test_a_band_that_is_off_by_a_third_of_a_beat_comes_to_the_clock_and_stays() -> None:
    errors = play(120, off=0.33, beats=32)
    assert abs(errors[2]) > 0.05
    assert max(abs(e) for e in errors[12:]) < 0.002


def test_a_band_that_is_beats_off_comes_to_the_clock_s_place_in_the_bar() -> None:
    errors = play(120, off=1.5, beats=48)
    assert max(abs(e) for e in errors[-8:]) < 0.002


def test_a_jittering_clock_does_not_make_the_band_jitter() -> None:
    errors = play(120, off=0.0, beats=64, jitter=0.002)
    assert max(abs(e) for e in errors[16:]) < 0.003


def test_a_jump_of_the_master_s_tempo_is_made_up_for_within_eight_beats() -> None:
    errors = play(100, off=0.0, beats=48, change=(16, 125.0))
    worst = max(abs(e) for e in errors[16:24])
    assert worst < 0.3
    assert max(abs(e) for e in errors[28:]) < 0.003


def test_a_clock_without_a_position_gives_the_tempo_and_leaves_the_phase() -> None:
    master = ClockMaster()
    for number in range(2 * PULSES):
        master.message("a", [0xF8], number * 0.5 / PULSES)
    steering = master.steer(BeatReport(0, 0, 0, 4, 100, 1.1))
    assert steering.tempo == pytest.approx(120)
    assert steering.seconds == 0
    assert steering.error is None


def test_a_second_clock_is_left_alone_while_the_first_one_comes() -> None:
    master = ClockMaster()
    for number in range(4 * PULSES):
        master.message("a", [0xF8], number * 0.5 / PULSES)
        master.message("b", [0xF8], number * 0.5 / PULSES + 0.003)
    assert master.reader.tempo == pytest.approx(120)
    for number in range(2 * PULSES):
        master.message("b", [0xF8], 10 + number * 0.4 / PULSES)
    assert master.reader.tempo == pytest.approx(150)


def running(tempo: float, beats: float, position: int = 0) -> ClockMaster:
    """Let a clock run for so many beats from a song position (sixteenths) on, from time 0."""
    master = ClockMaster()
    master.message("a", [0xF2, position & 0x7F, position >> 7], 0)
    master.message("a", [0xFB], 0)
    for number in range(round(beats * PULSES)):
        master.message("a", [0xF8], number * 60 / tempo / PULSES)
    return master


def test_a_band_that_stands_comes_in_on_the_clock_s_next_bar_line() -> None:
    form = Form(read("| C | F | G | Am |"), count_in=False)
    entry = running(120, 1).entry(form, 0.5)
    assert entry is not None
    assert entry.number == 1
    assert entry.tempo == pytest.approx(120)
    assert entry.time == pytest.approx(2.0)


def test_a_clock_that_continues_in_the_middle_gives_the_bar_of_the_song() -> None:
    form = Form(read("| C | F | G | Am |"), count_in=False)
    entry = running(120, 1, position=16 * 6).entry(form, 0.5)  # bar 7, the second time round
    assert entry is not None
    assert entry.number == 7
    assert entry.time == pytest.approx(2.0)


def test_a_bar_line_too_near_to_be_met_is_let_go() -> None:
    form = Form(read("| C | F |"), count_in=False)
    entry = running(120, 3.8).entry(form, 1.9)
    assert entry is not None
    assert entry.number == 2
    assert entry.time == pytest.approx(4.0)


def test_where_the_clock_stands_or_the_song_is_over_nobody_comes_in() -> None:
    form = Form(read("| C | F |"), choruses=1, count_in=False)
    assert ClockMaster().entry(form, 0) is None
    assert running(120, 0.1).entry(form, 0.1) is None
    assert running(120, 9).entry(form, 4.5) is None
    master = running(120, 1)
    master.message("a", [0xFC], 0.5)
    assert master.entry(form, 0.5) is None
