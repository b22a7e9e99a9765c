"""A band that follows, on the real server: what it says of itself is what is heard."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
import soundfile
from performer import beats, perform, truth

from scband.errors import SessionError
from scband.live.bus import Event
from scband.live.countin import Entry
from scband.live.events import Followed, InputBegun, Loudened, Planned
from scband.live.session import Session
from scband.score import Note
from scband.settings import Settings
from scband.supercollider.engine import BeatReport, Engine
from scband.supercollider.measure import onsets

CHART = "tempo: 168\nstyle: rock\nmeter: 4/4\n[A]\n| C | F | G | C |\n| Am | F | G | C |\n"
TEMPO = 168.0
CHORUSES, SOFT_FROM = 2, 40


def dummy(**flags: object) -> Settings:
    return Settings.load(audio="dummy", humanise=0.0, **flags)


@dataclass
class Take:
    """One performance with everything that was told and recorded of it."""

    times: list[float]
    events: list[Event] = field(default_factory=list)
    reports: list[tuple[float, float]] = field(default_factory=list)  # beat, sample
    begun: int = 0
    drums: np.ndarray = field(default_factory=lambda: np.zeros(0))
    input: np.ndarray = field(default_factory=lambda: np.zeros(0))
    rate: int = 48_000
    finished: bool = False
    xruns: int = 0
    late: int = 0

    def of(self, kind: type) -> list[Event]:
        return [event for event in self.events if isinstance(event, kind)]


@pytest.fixture(scope="module")
def take(tmp_path_factory: pytest.TempPathFactory) -> Take:
    """Play two choruses, soft from the second half of the second on, and stop."""
    folder = tmp_path_factory.mktemp("following")
    count = CHORUSES * 8 * 4
    tempos = [TEMPO] * 4 + [TEMPO * (1 + 0.03 * np.sin(n / 10)) for n in range(count - 1)]
    times = beats(tempos, start=3.0)
    levels = [0.4 if n < 4 + SOFT_FROM else 0.08 for n in range(len(times))]
    file = perform(folder / "performer.wav", times, levels, tail=12.0, counted=4)
    found = Take(times[4:])
    session = Session(
        CHART,
        input=file,
        follow="adaptive",
        count_in="player",
        settings=dummy(players="drums,bass", seed=2),
        log=folder / "log.jsonl",
    )
    mailbox = session.bus.subscribe(1 << 15)
    with session:
        mixer = session.engine.mixer
        paths = folder / "drums.wav", folder / "input.wav"
        buses = mixer.strip("drums").bus, mixer.input_bus
        session.engine.recorder.record(dict(zip(paths, buses, strict=True)))
        deadline = time.monotonic() + times[-1] + 12
        while time.monotonic() < deadline and not session.finished.is_set():
            event = mailbox.wait(0.2)
            if event is None:
                continue
            if isinstance(event, InputBegun):
                found.begun = event.samples
            elif isinstance(event, BeatReport):
                found.reports.append((event.beat, session.samples_at(event.time)))
            if isinstance(event, InputBegun | BeatReport | Followed | Loudened | Planned):
                found.events.append(event)
        found.finished = session.finished.is_set()
        found.xruns, found.late = session.engine.jack.xruns, session.late
        session.engine.recorder.stop()
    for name, path in zip(("drums", "input"), paths, strict=True):
        samples, found.rate = soundfile.read(path, always_2d=True)
        setattr(found, name, samples[:, 0])
    return found


def told(take: Take) -> np.ndarray:
    """Return the band's asynchronies as its clock tells them, in seconds."""
    band = np.array(take.reports)
    samples = np.interp(np.arange(len(take.times)), band[:, 0], band[:, 1])
    return (samples - take.begun) / take.rate - np.array(take.times)


def test_four_notes_of_the_performer_s_count_in_and_the_band_enters_on_beat_one(take: Take) -> None:
    assert take.reports[0][0] == 0.0
    assert abs(told(take)[0]) < 0.03 or take.xruns


def test_it_plays_with_the_performer_and_keeps_every_bar(take: Take) -> None:
    off = told(take)[4:]
    assert np.abs(off).max() < 60 / TEMPO / 2  # never so far off that a bar could be lost
    if take.xruns == 0:  # each is a step in time
        assert abs(off.mean()) < 0.025
        assert off.std() < 0.03


def test_what_the_clock_tells_is_what_is_heard(take: Take) -> None:
    """Drum strokes in the recording against plucks in the recording, and both against reports."""
    strokes, plucks = sharp(take.drums, take.rate), sharp(take.input, take.rate)
    first = plucks[np.argmin(np.abs(plucks - plucks[0]))]
    said, heard = [], []
    for number, off in enumerate(told(take)[8:40], 8):
        played = first + (take.times[number] - (take.times[0] - 4 * 60 / TEMPO)) * take.rate
        stroke = strokes[np.argmin(np.abs(strokes - played - off * take.rate))]
        said.append(off)
        heard.append((stroke - played) / take.rate)
    difference = np.array(heard) - np.array(said)
    if take.xruns == 0:
        assert abs(np.median(difference)) < 0.003
        assert np.quantile(np.abs(difference), 0.8) < 0.006


def sharp(samples: np.ndarray, rate: int) -> np.ndarray:
    """Return the samples at which the level jumps, to a millisecond."""
    hop = rate // 2000
    level = np.sqrt((samples[: samples.size // hop * hop].reshape(-1, hop) ** 2).mean(1)) + 1e-4
    before = np.array([level[max(0, n - 16) : max(1, n - 1)].max() for n in range(level.size)])
    jumps = np.flatnonzero(level > 2.0 * before)
    kept = [int(jumps[0])]
    for jump in jumps[1:]:
        if jump - kept[-1] > 100:
            kept.append(int(jump))
    return np.array(kept) * hop


def test_every_beat_and_every_bar_came_once_and_in_order(take: Take) -> None:
    numbers = [beat for beat, _ in take.reports]
    assert numbers == [float(n) for n in range(len(numbers))]
    assert np.all(np.diff([sample for _, sample in take.reports]) > 0)


def test_the_clock_was_moved_by_small_steps_only(take: Take) -> None:
    moves = [event for event in take.events if isinstance(event, Followed)]
    assert len(moves) > 20
    assert max(abs(move.seconds / move.beats) for move in moves) < 0.3
    assert all(TEMPO * 0.8 < move.tempo < TEMPO * 1.25 for move in moves[4:])


def test_when_the_performer_plays_softly_so_does_the_band_within_a_beat(take: Take) -> None:
    softer = take.begun + take.times[SOFT_FROM] * take.rate
    changes = [event for event in take.events if isinstance(event, Loudened)]
    line = np.array(take.reports)

    def beat_of(event: Loudened) -> float:
        # the events' times and the reports' are of one clock: the reports tell the samples
        return float(np.interp(event.time, times, line[:, 0]))

    times = [event.time for event in take.of(BeatReport)]  # type: ignore[attr-defined]
    before = [e.intensity for e in changes if SOFT_FROM - 6 < beat_of(e) < SOFT_FROM]
    within = [e.intensity for e in changes if SOFT_FROM < beat_of(e) <= SOFT_FROM + 1.1]
    later = [e.intensity for e in changes if SOFT_FROM + 2 < beat_of(e) < SOFT_FROM + 6]
    usual, low = before[-1], (later or within)[-1]
    assert softer > 0
    assert low < usual - 0.2
    assert within[-1] < usual - 0.7 * (usual - low)
    loud = level(take, 28, 40)
    soft = level(take, SOFT_FROM + 2, 56)
    assert soft < 0.8 * loud


def level(take: Take, first: int, last: int) -> float:
    plucks = sharp(take.input, take.rate)
    zero = plucks[0] - (take.times[0] - 4 * 60 / TEMPO) * take.rate
    part = take.drums[
        round(zero + take.times[first] * take.rate) : round(zero + take.times[last] * take.rate)
    ]
    return float(np.sqrt(np.mean(part**2)))


def test_when_the_performer_stops_at_the_end_of_the_form_the_band_ends(take: Take) -> None:
    assert take.finished
    last = take.of(Planned)[-1]
    assert isinstance(last, Planned)
    assert last.plan.slot.moment.value == "ending"
    assert CHORUSES * 8 <= last.plan.slot.number <= CHORUSES * 8 + 4


def test_nothing_was_late(take: Take) -> None:
    assert take.late == 0 or take.xruns


@pytest.fixture(scope="module")
def moved() -> Iterator[Engine]:
    from scband.supercollider.engine import EngineOptions
    from scband.supercollider.jack import AudioDriver, JackOptions

    with Engine(EngineOptions(jack=JackOptions(driver=AudioDriver.DUMMY))) as engine:
        yield engine


def test_however_the_clock_is_moved_each_note_sounds_once(moved: Engine, tmp_path: Path) -> None:
    dice, bars = np.random.default_rng(5), 6
    moved.add_player("moved", "click")
    for bar in range(bars + 2):  # the last ones are empty
        notes = [Note(n / 2, 0.05, 69, 1.0) for n in range(8 if bar < bars else 0)]
        moved.patterns.send_bar("moved", bar, 4.0 * bar, 4.0, notes).result(2)
    (path,) = moved.recorder.record({tmp_path / "moved.wav": moved.mixer.strip("moved").bus})
    moved.patterns.start(150, 0.2)
    begun, seconds = time.monotonic(), 0.2 + bars * 4 * 60 / 150
    while time.monotonic() < begun + seconds + 1.5:
        moved.patterns.set_tempo(150 * float(dice.uniform(0.85, 1.2)))
        moved.patterns.nudge(float(dice.uniform(-0.05, 0.05)), float(dice.uniform(0.5, 2)))
        time.sleep(float(dice.uniform(0.02, 0.2)))
        if moved.patterns.ping().beat > 4 * bars + 0.5:
            break
    moved.patterns.stop()
    moved.recorder.stop()
    samples, rate = soundfile.read(path, always_2d=True)
    clicks = onsets(samples[:, 0], rate)
    assert clicks.size == bars * 8
    assert np.diff(clicks).min() > 0.05 * rate


def test_how_it_follows_can_be_set_while_it_plays() -> None:
    with Session(CHART, settings=dummy(players="drums")) as session:
        assert (session.follow, session.status().follow) == ("click", "click")
        session.follow, session.strength, session.dynamics = "free", 0.4, True
        status = session.status()
        assert (status.follow, status.strength, session.dynamics) == ("free", 0.4, True)
        for name, value in (("follow", "telepathy"), ("strength", 2.0)):
            with pytest.raises(SessionError):
                setattr(session, name, value)
        with pytest.raises(SessionError, match="plays already"):
            session.enter(Entry(time.time() + 1, 120.0, 0))


def test_with_link_the_peers_keep_the_time() -> None:
    with pytest.raises(SessionError, match="peers keep the time"):
        Session(CHART, link=True, follow="adaptive", settings=dummy())


def test_a_rehearsal_prints_how_together_they_were_and_draws_it(tmp_path: Path) -> None:
    times = beats([160.0] * 20)
    chart = tmp_path / "song.txt"
    chart.write_text(CHART)
    take = perform(tmp_path / "take.wav", times)
    plot = tmp_path / "together.png"
    done = subprocess.run(
        [
            *(sys.executable, "-m", "scband", "rehearse", str(chart), "--audio", "dummy"),
            *("--input", str(take), "--truth", str(truth(tmp_path / "take.beats", times))),
            *("--count-in", "none", "--players", "drums", "--json", "--plot", str(plot)),
        ],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    told = json.loads(done.stdout)
    assert told["follow"] == "adaptive"
    assert told["beats"] > 14
    assert told["bars_out"] == 0
    assert abs(told["asynchronies"][0][3]) < 0.003 or told["xruns"]
    assert plot.read_bytes().startswith(b"\x89PNG")
