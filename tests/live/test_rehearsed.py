"""What musicians do to a band that follows, on the real server: begin, pause, slow down, switch."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from performer import beats, perform, truth

from scband.live.rehearsal import Rehearsed, rehearse
from scband.live.session import Session
from scband.settings import Settings

CHART = "tempo: 160\nstyle: rock\nmeter: 4/4\n[A]\n" + "| C | F | G | C | Am | F | G | C |\n" * 2
TEMPO, BARS = 160.0, 16
BREAKS = {28: 4, 44: 8}
"""Beats on which the performer stops, and for how many."""
SLOWING = 6
"""Beats at the end, each slower than the one before."""


def together(
    folder: Path,
    times: list[float],
    levels: list[float],
    *,
    follow: str = "adaptive",
    count_in: str,
    on_beat: Callable[[Session, float], None] | None = None,
) -> Rehearsed:
    """Rehearse a performance; again, where a drop-out of JACK has moved the performer."""
    chart = folder / "song.txt"
    chart.write_text(CHART)
    take = perform(folder / "take.wav", times, levels)
    for _ in range(3):
        found = rehearse(
            chart,
            take,
            truth(folder / "take.beats", times),
            follow=follow,
            count_in=count_in,
            settings=Settings.load(audio="dummy", players="drums,bass", humanise=0.0),
            on_beat=on_beat,
        )
        if not found.xruns:
            break
    return found


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Rehearsed:
    """Let the performer begin alone, pause twice, and slow down into the end."""
    count = BARS * 4
    tempos = [TEMPO * (1 + 0.02 * np.sin(n / 9)) for n in range(count)]
    for n in range(1, SLOWING + 1):
        tempos[count - SLOWING - 1 + n] *= 1 - 0.04 * n
    levels = [0.4] * (count + 1)
    for first, length in BREAKS.items():
        levels[first : first + length] = [0.0] * length
    folder = tmp_path_factory.mktemp("rehearsed")
    return together(folder, beats(tempos)[:count], levels[:count], count_in="performance")


def off(found: Rehearsed, first: int, last: int) -> np.ndarray:
    """Return the band's asynchronies from a beat to another, in seconds."""
    return np.array([b.asynchrony for b in found.beats[first:last] if b.asynchrony is not None])


def test_a_band_that_waits_comes_in_on_a_bar_line_in_the_right_bar(played: Rehearsed) -> None:
    first = next(beat for beat in played.beats if beat.asynchrony is not None)
    assert first.beat % 4 == 0
    assert 4 <= first.beat <= 12
    assert abs(first.asynchrony or 0.0) < 0.04 or played.xruns


def test_every_bar_is_kept_through_the_breaks(played: Rehearsed) -> None:
    assert played.together.bars >= BARS - 3
    assert played.together.bars_out == 0


def test_in_a_break_the_band_goes_on_and_is_there_when_the_performer_is_back(
    played: Rehearsed,
) -> None:
    if played.xruns:  # each is a step in time that no performer has made
        return
    for first, length in BREAKS.items():
        assert np.abs(off(played, first, first + length)).max() < 0.08
        assert np.abs(off(played, first + length, first + length + 8)).max() < 0.05
    assert abs(off(played, 8, BARS * 4 - SLOWING).mean()) < 0.012
    assert off(played, 8, BARS * 4 - SLOWING).std() < 0.025


def test_the_band_slows_down_into_the_end_with_the_performer(played: Rehearsed) -> None:
    last = off(played, BARS * 4 - SLOWING, BARS * 4)
    assert last.size >= SLOWING - 1
    assert np.abs(last).max() < 0.12 or played.xruns


MODES = {8: "adaptive", 16: "free", 24: "click", 32: "adaptive"}


def test_how_it_follows_can_be_switched_while_it_plays_and_no_beat_leaps(tmp_path: Path) -> None:
    latencies: dict[float, float] = {}

    def switch(session: Session, beat: float) -> None:
        latencies[beat] = session.latency
        if beat in MODES:
            session.follow = MODES[int(beat)]

    times = beats([TEMPO] * 43)
    found = together(
        tmp_path, times, [0.4] * len(times), follow="click", count_in="none", on_beat=switch
    )
    assert latencies[6.0] == pytest.approx(0.1)
    assert latencies[40.0] < 0.08  # the performer is answered sooner than a click
    assert found.together.bars_out == 0
    if not found.xruns:
        asynchronies = off(found, 0, 40)
        assert np.abs(asynchronies).max() < 0.04
        assert np.abs(np.diff(asynchronies)).max() < 0.02
