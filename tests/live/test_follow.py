"""The control law, in no time: a clock like sclang's, a performer, no sound."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scband.analysis.follow import Pulse
from scband.errors import SessionError
from scband.live.clockline import ClockLine
from scband.live.follow import ControlLaw, off_by, within_octave
from scband.live.simulation import IntervalHearing, SimulatedClock, simulate
from scband.live.togetherness import Sounding, Together, figures

CLOSE = 0.03


def performed(*stretches: tuple[int, float]) -> list[float]:
    """Return the times of beats: so many at each tempo."""
    gaps = [60 / tempo for count, tempo in stretches for _ in range(count)]
    return [0.0, *np.cumsum(gaps)]


def asynchronies(
    beats: list[float],
    *,
    mode: str = "adaptive",
    strength: float = 0.7,
    heard: list[float] | None = None,
    latency: float = 0.04,
) -> np.ndarray:
    """Let a band follow that begins with the performer; seconds, positive where it is late."""
    tempo = 60 / (beats[1] - beats[0])
    hearing = IntervalHearing(heard or beats, tempo)
    clock = simulate(
        ControlLaw(mode, strength, tempo),
        hearing.hear,
        hearing.pulse,
        tempo=tempo,
        seconds=beats[-1],
        latency=latency,
    )
    sounded = dict(clock.sounded)
    return np.array([sounded[n] - time for n, time in enumerate(beats) if n in sounded])


def told(beats: list[float], **options: object) -> Together:
    off = asynchronies(beats, **options)  # type: ignore[arg-type]
    return figures([Sounding(beats[n], float(n), n // 4, o) for n, o in enumerate(off)])


@pytest.mark.parametrize("tempo", [80.0, 120.0, 160.0])
@pytest.mark.parametrize("factor", [1.2, 0.8])
@pytest.mark.parametrize("mode", ["adaptive", "free"])
def test_a_step_of_a_fifth_is_taken_within_three_beats_and_never_overshot(
    mode: str, factor: float, tempo: float
) -> None:
    (step,) = told(performed((16, tempo), (16, tempo * factor)), mode=mode).adaptations
    assert step.beats is not None
    assert step.beats <= 3
    assert step.overshoot < 5
    assert step.tempo_overshoot < 5


@pytest.mark.parametrize("to", [144.0, 96.0])
def test_a_ramp_of_a_fifth_over_two_bars_is_followed_without_swinging(to: float) -> None:
    tempos = np.linspace(120, to, 9)[1:]
    beats = performed((16, 120.0), *((1, float(tempo)) for tempo in tempos), (16, to))
    off = asynchronies(beats)
    assert np.abs(off).max() < 0.09
    after = off[27:]
    assert np.abs(after).max() < CLOSE
    assert np.sum(np.diff(np.sign(after[np.abs(after) > 0.002])) != 0) <= 1


def test_a_performer_who_slows_down_into_the_end_is_followed_all_the_way() -> None:
    tempos = [120.0] * 16 + [120 * (1 - 0.055 * n) for n in range(1, 10)]
    beats = performed(*((1, tempo) for tempo in tempos))
    hearing = IntervalHearing(beats, 120.0)
    law = ControlLaw("adaptive", 0.7, 120.0)
    law.ending = True
    clock = simulate(law, hearing.hear, hearing.pulse, tempo=120.0, seconds=beats[-1])
    off = np.array([dict(clock.sounded)[n] - beats[n] for n in range(len(beats) - 1)])
    assert np.abs(off).max() < 0.125
    assert np.argmax(np.abs(off)) > 16
    last = np.diff([time for _, time in clock.sounded[-3:]])
    assert 60 / last[-1] < 0.62 * 120


def test_a_tempo_that_drifts_as_people_s_does_is_followed_as_people_follow() -> None:
    dice = np.random.default_rng(1)
    tempos = 110 * (1 + 0.04 * np.sin(np.arange(160) / 12))
    beats = performed(*((1, float(tempo)) for tempo in tempos))
    heard = [float(t) for t in np.array(beats) + dice.normal(0, 0.008, len(beats))]
    off = asynchronies(beats, heard=heard)[8:]
    assert abs(off.mean()) < 0.01
    assert off.std() < 0.02


def test_click_and_strength_nothing_leave_the_clock_alone() -> None:
    beats = performed((8, 120.0), (8, 140.0))
    for mode, strength in (("click", 1.0), ("adaptive", 0.0), ("free", 0.0)):
        off = asynchronies(beats, mode=mode, strength=strength)
        assert off[12] == pytest.approx(12 * 0.5 - beats[12])


def test_the_stronger_the_closer() -> None:
    beats = performed((12, 120.0), (8, 132.0))
    spans = [np.abs(asynchronies(beats, strength=s)[14:18]).sum() for s in (0.2, 0.5, 0.8)]
    assert spans == sorted(spans, reverse=True)


def pulses(beats: list[Pulse | None]) -> np.ndarray:
    """Let the band follow pulses as a tracker might give them, one a beat at 120 a minute."""
    known = ControlLaw("adaptive", 0.7, 120.0)
    clock = simulate(
        known,
        lambda time: None,
        lambda time: (
            None if (p := beats[min(int(time * 2), len(beats) - 1)]) is None else p.at(time)
        ),
        tempo=120.0,
        seconds=len(beats) / 2,
    )
    return np.array([time for _, time in clock.sounded])


def steady(count: int) -> list[Pulse | None]:
    return [Pulse(n / 2, float(n), 120.0, 0.9) for n in range(count)]


def test_one_note_far_off_is_not_followed_and_a_lasting_shift_is() -> None:
    once, lasting = steady(24), steady(24)
    for n in (8,):
        once[n] = Pulse(n / 2, n - 0.3, 120.0, 0.9)
    for n in range(8, 24):
        lasting[n] = Pulse(n / 2, n - 0.3, 120.0, 0.9)
    grid = np.arange(24) / 2
    assert np.abs(pulses(once)[:24] - grid).max() < 0.04
    assert pulses(lasting)[20] - grid[20] == pytest.approx(0.15, abs=0.02)


@pytest.mark.parametrize(
    "odd",
    [
        None,
        Pulse(0.0, 0.0, 120.0, 0.05),  # unsure
        Pulse(0.0, 0.45, 120.0, 0.9),  # off by nearly half a beat
        Pulse(0.0, 0.0, 240.0, 0.9),  # twice as fast, on the beat
        Pulse(0.0, 0.0, 60.0, 0.9),
    ],
)
def test_silence_doubt_half_beats_and_octaves_are_coasted_over(odd: Pulse | None) -> None:
    beats = steady(8)
    for n in range(8, 24):
        beats.append(
            odd and Pulse(n / 2, n + odd.beat, odd.tempo, odd.confidence)  # the same all along
        )
    if odd is not None and odd.tempo != 120.0:
        beats[8:] = [Pulse(n / 2, float(n), odd.tempo, 0.9) for n in range(8, 24)]
        heard = pulses(beats)
        assert np.abs(np.diff(heard) - 0.5).max() < 0.2
        return
    assert pulses(beats)[:24] == pytest.approx(np.arange(24) / 2, abs=1e-6)


def test_three_minutes_with_breaks_keep_every_bar() -> None:
    dice = np.random.default_rng(4)
    tempos = 124 * (1 + 0.03 * np.sin(np.arange(370) / 30))
    beats = performed(*((1, float(tempo)) for tempo in tempos))
    times = np.array(beats) + dice.normal(0, 0.01, len(beats))
    hearing = IntervalHearing([float(t) for t in times], 124.0)
    breaks = [(60, 76), (150, 158), (230, 254), (300, 304)]

    def pulse(time: float) -> Pulse | None:
        number = int(np.searchsorted(times, time))
        silent = any(a < number <= b for a, b in breaks)
        return None if silent else hearing.pulse(time)

    clock = simulate(
        ControlLaw("adaptive", 0.7, 124.0), hearing.hear, pulse, tempo=124.0, seconds=beats[-1]
    )
    assert beats[-1] > 170
    sounded = dict(clock.sounded)
    playing = [n for n in range(370) if not any(a < n <= b + 3 for a, b in breaks)]
    off = np.array([sounded[n] - beats[n] for n in playing if n in sounded])
    assert off.size > 280
    assert np.abs(off).max() < 60 / 124 / 4  # never so much as a quarter of a beat, let alone a bar


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.floats(0.02, 3.0),  # seconds until the next move
            st.floats(50, 240),
            st.floats(-0.25, 0.25),
            st.floats(0.5, 8),
        ),
        max_size=25,
    )
)
def test_however_the_clock_is_moved_each_beat_sounds_once_in_order_and_as_foreseen(
    moves: list[tuple[float, float, float, float]],
) -> None:
    clock, line, now = SimulatedClock(120.0), ClockLine(120.0), 0.0
    line.pin(0.0, 0.0)
    for wait, tempo, seconds, beats in moves:
        now += wait
        for beat, time in clock.advance(now):
            assert line.time_of(beat) == pytest.approx(time, abs=1e-6)
            line.pin(float(beat), time)
        assert line.beat_at(now) == pytest.approx(clock.beat, abs=1e-6)
        plain = beats * 60 / tempo
        clock.set_tempo(tempo)
        line.set_tempo(tempo, clock.beat)
        whole = seconds + line.left(clock.beat)
        if not plain / 2.9 <= plain - whole <= plain * 2.9:
            continue
        clock.nudge(seconds, beats)
        line.set_nudge(seconds, beats, clock.beat)
    clock.advance(now + 20)
    assert [beat for beat, _ in clock.sounded] == list(range(1, len(clock.sounded) + 1))
    assert all(a[1] < b[1] for a, b in pairwise(clock.sounded))


@pytest.mark.parametrize(
    ("heard", "band", "off"), [(4.1, 4.0, 0.1), (3.9, 4.0, -0.1), (9.2, 4.1, 0.1), (4.5, 4.0, -0.5)]
)
def test_phase_is_told_to_the_nearest_beat(heard: float, band: float, off: float) -> None:
    assert off_by(heard, band) == pytest.approx(off)


def test_in_compound_meters_the_beat_is_dotted() -> None:
    assert off_by(3.1, 1.5, 1.5) == pytest.approx(0.1)
    assert off_by(1.0, 1.5, 1.5) == pytest.approx(-0.5)


@pytest.mark.parametrize(("tempo", "found"), [(61.0, 122.0), (240.0, 120.0), (130.0, 130.0)])
def test_a_tempo_in_another_octave_is_the_same_pulse(tempo: float, found: float) -> None:
    assert within_octave(tempo, 120.0) == pytest.approx(found)


@pytest.mark.parametrize("strength", [-0.1, 1.1, float("nan"), "much"])
def test_a_strength_out_of_range_is_refused(strength: float) -> None:
    with pytest.raises(SessionError, match="between 0 and 1"):
        ControlLaw("adaptive", strength, 120.0)


def test_an_unknown_mode_is_refused_by_name() -> None:
    with pytest.raises(SessionError, match="click, adaptive, free"):
        ControlLaw("telepathy", 0.5, 120.0)
