"""With `link` the band keeps time on Ableton Link's clock."""

import time
from collections.abc import Iterator
from itertools import pairwise

import pytest

from scband.errors import PatternError
from scband.supercollider.engine import BeatReport, Engine, EngineOptions
from scband.supercollider.jack import AudioDriver, JackOptions
from scband.supercollider.language import LanguageOptions

BEATS: list[BeatReport] = []


@pytest.fixture(scope="module")
def linked() -> Iterator[Engine]:
    options = EngineOptions(
        jack=JackOptions(driver=AudioDriver.DUMMY), language=LanguageOptions(link=True)
    )
    with Engine(options, on_beat=BEATS.append) as engine:
        yield engine


def test_beats_come_at_the_tempo_that_was_asked_for(linked: Engine) -> None:
    BEATS.clear()
    linked.patterns.start(240, 0.1)
    deadline = time.monotonic() + 8
    while len(BEATS) < 8 and time.monotonic() < deadline:
        time.sleep(0.02)
    linked.patterns.stop()
    steps = [b.time - a.time for a, b in pairwise(BEATS[:8])]
    assert steps == pytest.approx([0.25] * 7, abs=0.005)


def test_the_phase_belongs_to_link_s_peers(linked: Engine) -> None:
    with pytest.raises(PatternError, match="Ableton Link"):
        linked.patterns.nudge(0.01)


def test_a_tempo_is_shared_at_once(linked: Engine) -> None:
    linked.patterns.set_tempo(150)
    BEATS.clear()
    linked.patterns.start(150, 0.1)
    deadline = time.monotonic() + 8
    while len(BEATS) < 4 and time.monotonic() < deadline:
        time.sleep(0.02)
    linked.patterns.stop()
    assert BEATS[3].tempo == pytest.approx(150, abs=0.01)
