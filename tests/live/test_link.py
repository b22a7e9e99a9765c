"""Ableton Link between sclang and a second peer: one tempo, one beat, one place in the bar."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from itertools import pairwise

import link
import pytest

from scband.live.session import Session
from scband.settings import Settings
from scband.supercollider.engine import BeatReport, Engine, EngineOptions
from scband.supercollider.jack import AudioDriver, JackOptions
from scband.supercollider.language import LanguageOptions

PEER_SECONDS = 8.0
PHASE_SECONDS = 0.001  # how far the band may be from the peer's beat


class Peer:
    """A second program with Ableton Link."""

    def __init__(self, tempo: float) -> None:
        self._link = link.Link(tempo)
        self._link.enabled = True
        # Link's clock has an origin of its own; the shortest look at both clocks is the best
        looks = []
        for _ in range(20):
            before, micros = time.time(), self._link.clock().micros()
            after = time.time()
            looks.append((after - before, (before + after) / 2 - micros / 1e6))
        self._offset = min(looks)[1]

    def found(self, peers: int = 1) -> None:
        until(lambda: self._link.numPeers() >= peers)

    @property
    def tempo(self) -> float:
        return float(self._link.captureSessionState().tempo())

    @tempo.setter
    def tempo(self, value: float) -> None:
        state = self._link.captureSessionState()
        state.setTempo(value, self._link.clock().micros())
        self._link.commitSessionState(state)

    def beat_at(self, unix: float, quantum: float = 4.0) -> float:
        micros = round((unix - self._offset) * 1e6)
        return float(self._link.captureSessionState().beatAtTime(micros, quantum))

    def off(self, report: BeatReport) -> float:
        """Return how many seconds after the peer's beat a beat of the band sounds."""
        beats = self.beat_at(report.time, report.bar_beats) - report.in_bar
        beats -= report.bar_beats * round(beats / report.bar_beats)
        return beats * 60 / report.tempo

    def leave(self) -> None:
        self._link.enabled = False


def until(true: Callable[[], bool], seconds: float = PEER_SECONDS) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not come in time"
        time.sleep(0.01)


class Linked:
    """An engine on Link, with the beats that it reports."""

    def __init__(self) -> None:
        self.beats: list[BeatReport] = []
        self.engine = Engine(
            EngineOptions(
                jack=JackOptions(driver=AudioDriver.DUMMY), language=LanguageOptions(link=True)
            ),
            on_beat=self.beats.append,
        )

    def play(self, tempo: float, numerator: int = 4) -> None:
        self.engine.patterns.stop()
        self.beats.clear()
        self.engine.patterns.set_meter(numerator, 4, 0)
        self.engine.patterns.start(tempo, 0.25)

    def next_beats(self, count: int) -> list[BeatReport]:
        """Wait for so many beats from now on and return them."""
        begun = len(self.beats)
        until(lambda: len(self.beats) >= begun + count)
        return self.beats[begun : begun + count]


@pytest.fixture(scope="module")
def band() -> Iterator[Linked]:
    made = Linked()
    with made.engine:
        yield made


@pytest.fixture
def peer() -> Iterator[Callable[[float], Peer]]:
    made: list[Peer] = []

    def join(tempo: float) -> Peer:
        made.append(Peer(tempo))
        return made[-1]

    yield join
    for each in made:
        each.leave()


@pytest.mark.parametrize("numerator", [4, 3])
def test_the_band_sounds_on_the_peer_s_beat_in_its_place_in_the_bar(
    band: Linked, peer: Callable[[float], Peer], numerator: int
) -> None:
    other = peer(100.0)
    band.play(240, numerator)
    other.found()
    beats = band.next_beats(4)
    off = [other.off(report) for report in beats]
    print(f"Link: worst {max(map(abs, off)) * 1e3:.3f} ms off in {numerator}/4")
    assert max(map(abs, off)) < PHASE_SECONDS
    assert {report.bar_beats for report in beats} == {numerator}


def test_a_tempo_that_the_peer_sets_is_played_by_the_band_within_a_beat(
    band: Linked, peer: Callable[[float], Peer]
) -> None:
    band.play(240)
    other = peer(120.0)
    other.found()
    band.next_beats(1)
    for tempo in (180.0, 260.0):
        other.tempo = tempo
        beats = band.next_beats(4)
        assert [r.tempo for r in beats[2:]] == pytest.approx([tempo] * 2, rel=1e-4)
        assert max(abs(other.off(report)) for report in beats[2:]) < PHASE_SECONDS


def test_a_tempo_that_the_band_sets_is_the_peer_s(
    band: Linked, peer: Callable[[float], Peer]
) -> None:
    band.play(200)
    other = peer(120.0)
    other.found()
    band.engine.patterns.set_tempo(160)
    until(lambda: abs(other.tempo - 160) < 0.01, 2)
    beats = band.next_beats(3)
    assert max(abs(other.off(report)) for report in beats[1:]) < PHASE_SECONDS


def test_the_band_keeps_its_bars_while_peers_come_and_go(
    band: Linked, peer: Callable[[float], Peer]
) -> None:
    band.play(240)
    begun = len(band.beats)
    for _ in range(2):
        other = peer(90.0)
        other.found()
        band.next_beats(4)
        other.leave()
        band.next_beats(3)
    beats = band.beats[begun:]
    assert [r.beat for r in beats] == list(range(round(beats[0].beat), round(beats[-1].beat) + 1))
    assert all(r.bar * 4 + r.in_bar == r.beat for r in beats)
    gaps = [b.time - a.time for a, b in pairwise(beats)]
    assert gaps == pytest.approx([0.25] * len(gaps), abs=PHASE_SECONDS)


def test_a_band_that_joins_peers_starts_on_their_bar_line(
    band: Linked, peer: Callable[[float], Peer]
) -> None:
    band.engine.patterns.stop()
    other = peer(130.0)
    other.found()
    time.sleep(0.3)
    band.play(130)
    first = band.next_beats(1)[0]
    assert first.beat == 0
    assert abs(other.off(first)) < PHASE_SECONDS


def test_a_session_decides_its_bars_in_the_peer_s_tempo(
    band: Linked, peer: Callable[[float], Peer]
) -> None:
    band.engine.patterns.stop()
    settings = Settings.load(audio="dummy", players="bass")
    with Session("tempo: 200\n| C | F |", settings=settings, link=True) as session:
        other = peer(120.0)
        other.found(2)  # the session, and the band of this module
        other.tempo = 240
        until(lambda: abs(session.conductor.tempo - 240) < 0.1)
        session.tempo = 220
        until(lambda: abs(other.tempo - 220) < 0.1, 2)
