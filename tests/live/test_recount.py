"""A count of beats that was lost in a change of tempo is found again."""

import numpy as np
import pytest

from scband.analysis.follow import Pulse
from scband.live.follow import ControlLaw
from scband.live.recount import Recount
from scband.live.simulation import simulate


class SlowHearing:
    """A tracker that needs some beats to believe a step, and then counts on from the old line."""

    def __init__(self, beats: np.ndarray, step: int, slow: int) -> None:
        self.beats, self.believed = beats, beats[step + slow]
        self.old = 60 / (beats[1] - beats[0])
        self.new = 60 / (beats[-1] - beats[-2])
        foreseen = float(step + slow + round(self.line(self.believed).beat - (step + slow)))
        self.lost = round(foreseen - (step + slow))

    def line(self, time: float) -> Pulse:
        return Pulse(time, time * self.old / 60, self.old, 0.9)

    def pulse(self, time: float) -> Pulse:
        if time < self.believed:
            return self.line(time)
        beat = float(np.interp(time, self.beats, np.arange(self.beats.size)))
        return Pulse(time, beat + self.lost, self.new, 0.9)


def followed(
    factor: float, slow: int, *, places: tuple[float, ...] = (0.0, 0.5)
) -> tuple[SlowHearing, np.ndarray]:
    """Follow a step of tempo heard so late; return how late the band is at each beat."""
    dice = np.random.default_rng(7)
    gaps = np.concatenate([np.full(24, 0.5), np.full(30, 0.5 / factor)])
    beats = np.concatenate([[0.0], np.cumsum(gaps)])
    hearing, recount = SlowHearing(beats, 24, slow), Recount()
    onsets = [
        beats[n] + (beats[n + 1] - beats[n]) * place + dice.normal(0, 0.006)
        for n in range(54)
        for place in places
    ]
    waiting = sorted(onsets, reverse=True)

    def hear(now: float) -> None:
        while waiting and waiting[-1] <= now:
            recount.hear_onset(waiting.pop())

    clock = simulate(
        ControlLaw("adaptive", 0.7, 120.0),
        hear,
        hearing.pulse,
        tempo=120.0,
        seconds=beats[-1],
        recount=recount,
    )
    sounded = dict(clock.sounded)
    return hearing, np.array([sounded.get(n, np.nan) - beats[n] for n in range(54)])


@pytest.mark.parametrize(
    ("factor", "slow"), [(1.2, 4), (1.2, 5), (1.2, 6), (0.8, 3), (0.8, 4), (0.8, 5)]
)
def test_a_step_that_is_heard_too_late_costs_no_beat_of_the_form(factor: float, slow: int) -> None:
    hearing, off = followed(factor, slow)
    assert abs(hearing.lost) == 1  # so that there is something to be found
    assert np.abs(off[44:53]).max() < 0.03
    assert np.abs(off[40]) < 0.25


def test_a_step_that_is_heard_in_time_is_not_recounted() -> None:
    hearing, off = followed(1.2, 2)
    assert hearing.lost == 0
    assert np.abs(off[32:53]).max() < 0.03


def test_too_few_notes_change_nothing() -> None:
    hearing, off = followed(1.2, 4, places=())
    assert hearing.lost == -1
    assert off[50] == pytest.approx(0.5 / 1.2, abs=0.05)


def test_a_steady_or_drifting_performer_is_never_recounted() -> None:
    dice = np.random.default_rng(2)
    for share in (0.0, 0.05):
        recount, time = Recount(), 0.0
        for beat in range(200):
            tempo = 110 * (1 + share * np.sin(beat / 10))
            for part in range(5):
                at = time + part / 5 * 60 / tempo
                assert recount.see(Pulse(at, beat + part / 5, tempo, 0.9)) == 0
            recount.hear_onset(time + dice.normal(0, 0.01))
            recount.hear_onset(time + 30 / tempo + dice.normal(0, 0.01))
            time += 60 / tempo


class CountingHearing(SlowHearing):
    """A tracker that knows, once it believes a step, on which beat it was."""

    def __init__(self, beats: np.ndarray, step: int, slow: int) -> None:
        super().__init__(beats, step, slow)
        self.lost = 0


@pytest.mark.parametrize("factor", [1.2, 0.8])
@pytest.mark.parametrize("slow", [3, 4])
def test_a_tracker_that_counts_anew_as_the_tempo_leaps_is_followed_at_once(
    factor: float, slow: int
) -> None:
    step = 24
    gaps = np.concatenate([np.full(step, 0.5), np.full(30, 0.5 / factor)])
    beats = np.concatenate([[0.0], np.cumsum(gaps)])
    hearing = CountingHearing(beats, step, slow)
    clock = simulate(
        ControlLaw("adaptive", 0.7, 120.0),
        lambda now: None,
        hearing.pulse,
        tempo=120.0,
        seconds=beats[-1],
    )
    off = np.array([time - beats[beat] for beat, time in clock.sounded if beat < beats.size - 1])
    assert np.abs(off[step + slow + 5 : 50]).max() < 0.03  # and so no beat was lost
    assert np.abs(off).max() < 0.65  # what the tracker needed, and no more


@pytest.mark.parametrize("tempo", [60.0, 240.0])
def test_another_octave_is_no_leap(tempo: float) -> None:
    recount = Recount()
    for step in range(100):
        recount.see(Pulse(step / 10, step / 5, 120.0, 0.9))
    before = recount.count
    recount.see(Pulse(10.0, 20.9, tempo, 0.9))
    assert not recount.leapt
    assert abs(recount.count - before - 0.2) < 0.5
