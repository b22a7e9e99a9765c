"""Sample counts and the times by which notes are timed."""

import time

import numpy as np
import pytest

from scband.live.sampleclock import SampleClock, SampleProbe
from scband.supercollider.engine import Engine

RATE, BLOCK = 48_000, 64


def probed(clock: SampleClock, origin: float, count: int = 12, start: float = 100.0) -> None:
    """Add probes as a server gives them whose sample 0 sounds at `origin`."""
    dice = np.random.default_rng(3)
    for number in range(count):
        when = start + number + dice.uniform(0, 0.01)
        sample = (when - origin) * RATE
        clock.add(when, int(sample // BLOCK - 1) * BLOCK)


def test_twelve_probes_tell_the_time_of_a_sample_to_a_quarter_of_a_millisecond() -> None:
    clock = SampleClock(RATE)
    probed(clock, 17.25)
    assert clock.time_of(480_000) == pytest.approx(27.25, abs=0.00025)
    assert clock.samples_at(27.25) == pytest.approx(480_000, abs=12)


def test_after_a_drop_out_what_was_before_is_forgotten_at_once() -> None:
    clock = SampleClock(RATE)
    probed(clock, 17.25)
    for late in (0.0213, 0.3, -0.002):
        probed(clock, 17.25 + late, count=1, start=200)
        assert clock.time_of(0) == pytest.approx(17.25 + late, abs=0.0015)


def test_one_probe_is_right_to_a_block() -> None:
    clock = SampleClock(RATE)
    probed(clock, 17.25, count=1)
    assert clock.time_of(0) == pytest.approx(17.25, abs=0.0015)


def test_the_server_tells_when_its_samples_sound(engine: Engine) -> None:
    """A click timed by a bundle is heard by the analysis at the sample that the clock foretells."""
    analysis = engine.listen()
    heard: list[int] = []
    analysis.start(lambda values: probe.poll(), lambda values: heard.append(count(values)))
    clock = SampleClock(RATE)
    probe = SampleProbe(engine.server, analysis.clock_bus, clock)
    deadline = time.monotonic() + 10
    while clock.probes < 12 and time.monotonic() < deadline:
        time.sleep(0.05)
    xruns = engine.jack.xruns
    due = [time.time() + 0.3 + 0.2 * n for n in range(5)]
    for when in due:
        engine.server.send_at(
            when, ("/s_new", "click", -1, 0, 101, "out", analysis.bus, "velocity", 1.0)
        )
    time.sleep(1.6)
    probe.close()
    analysis.stop()
    if engine.jack.xruns == xruns:
        assert len(heard) == 5
        off = [clock.time_of(sample) - when for sample, when in zip(heard, due, strict=True)]
        assert np.abs(off).max() < 0.003


def count(values: tuple[object, ...]) -> int:
    return int(float(str(values[2]))) * 2**20 + int(float(str(values[3])))
