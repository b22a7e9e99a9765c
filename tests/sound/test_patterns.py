"""What a player does when nothing comes, when it rests, and when its Pdef fails."""

import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from scband.errors import PatternError
from scband.score import Note
from scband.supercollider.engine import Engine, EngineOptions
from scband.supercollider.jack import AudioDriver, JackOptions
from scband.supercollider.language import LanguageOptions
from scband.supercollider.patterns import Harmony

C_THEN_F = [
    Harmony(0.0, 0, 0, frozenset({0, 4, 7})),
    Harmony(4.0, 5, 5, frozenset({5, 9, 0})),
]

OWN_PATTERNS = """[
    (name: \\mine, players: [\\solo], pattern: Pbind(
        \\dur, 1, \\legato, 0.8, \\velocity, 0.8,
        \\midinote, Pfunc { |event| event[\\chord][\\root] + 60 }
    )),
    (name: \\breaks, players: [\\solo], pattern: Pbind(
        \\dur, 1, \\midinote, Pfunc { |event| if(event[\\inBar] > 1) { nil.explode } { 72 } }
    )),
    (name: \\ends, players: [\\solo], pattern: Pbind(\\dur, Pseq([1, 1]), \\midinote, 72))
]"""


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    own = tmp_path_factory.mktemp("patterns")
    (own / "mine.scd").write_text(OWN_PATTERNS)
    (own / "unreadable.scd").write_text("[ (name: \\x, ")
    options = EngineOptions(
        jack=JackOptions(driver=AudioDriver.DUMMY),
        language=LanguageOptions(user_patterns=str(own)),
    )
    with Engine(options) as booted:
        booted.add_player("solo", "electric_piano")
        yield booted


@pytest.fixture(autouse=True)
def fresh(engine: Engine) -> Iterator[None]:
    engine.patterns.set_harmonic_progression(C_THEN_F, 0.0, 8.0)
    engine.patterns.set_pattern("solo", "sent")
    engine.patterns.on("solo")
    yield
    engine.patterns.stop()
    engine.patterns.panic()


def record(engine: Engine, path: Path, seconds: float) -> tuple[np.ndarray, int]:
    """Start the clock at 240 and return the player's channel from beat 0 on."""
    engine.recorder.record({path: engine.mixer.strips["solo"].bus})
    engine.patterns.start(240, 0.2)
    time.sleep(seconds)
    engine.patterns.stop()
    engine.recorder.stop()
    samples, rate = soundfile.read(path, always_2d=True)
    left = samples.sum(axis=1)
    begin = int(np.argmax(np.abs(left) > 0.003))
    return left[begin:], rate


def pitch_at(samples: np.ndarray, rate: int, beat: float) -> float:
    """MIDI pitch in the half beat after `beat` at 240 bpm, by autocorrelation; 0 for silence."""
    part = samples[int((beat * 0.25 + 0.05) * rate) : int((beat * 0.25 + 0.17) * rate)]
    if np.sqrt(np.mean(part**2)) < 0.003:
        return 0.0
    part = part - part.mean()
    correlation = np.correlate(part, part, "full")[part.size - 1 :]
    low, high = int(rate / 1000), int(rate / 100)
    # the first strong peak is the period, later ones its multiples
    best = correlation[low:high].max()
    period = low + int(np.argmax(correlation[low:high] > 0.9 * best))
    while correlation[period + 1] > correlation[period]:
        period += 1
    return 69 + 12 * np.log2(rate / period / 440)


def four(pitch: int) -> list[Note]:
    return [Note(float(n), 0.9, pitch, 0.8) for n in range(4)]


def test_a_player_that_gets_nothing_repeats_its_bar_moved_to_the_chord(
    engine: Engine, tmp_path: Path
) -> None:
    before = len(engine.events)
    engine.patterns.send_bar("solo", 0, 0.0, 4.0, [*four(60)[:2], *four(64)[2:]]).result(2)
    samples, rate = record(engine, tmp_path / "alone.wav", 3.3)
    heard = [round(pitch_at(samples, rate, beat)) for beat in range(12)]
    # root and third of C, of F (the third moves to the nearest third), of C again
    assert heard[:4] == [60, 60, 64, 64]
    assert [p % 12 for p in heard[4:8]] == [5, 5, 9, 9]
    assert heard[8:12] == [60, 60, 64, 64]
    assert any(e.kind == "missing" and "bar 1" in e.text for e in engine.events[before:])


def test_a_bar_sent_again_holds_from_the_beat_that_was_said(engine: Engine, tmp_path: Path) -> None:
    whole = [Note(0.0, 3.9, 60, 0.8)]
    for bar in range(2):
        engine.patterns.send_bar("solo", bar, 4.0 * bar, 4.0, whole).result(2)
    engine.recorder.record({tmp_path / "again.wav": engine.mixer.strips["solo"].bus})
    engine.patterns.start(120, 0.2)
    time.sleep(0.2 + 0.6)  # in the second beat
    turned = [Note(0.0, 1.9, 60, 0.8), Note(2.0, 1.9, 67, 0.8)]
    engine.patterns.send_bar_again("solo", 0, 0.0, 4.0, turned, since=2.0).result(2)
    time.sleep(2.0)  # in the second beat of the second bar
    # a note that should have begun already is struck for what is left of it
    engine.patterns.send_bar_again("solo", 1, 4.0, 4.0, [Note(0.0, 3.9, 72, 0.8)], since=2.0)
    with pytest.raises(PatternError, match="has begun already"):
        engine.patterns.send_bar_again("solo", 1, 4.0, 4.0, turned, since=0.0).result(2)
    time.sleep(1.6)
    engine.patterns.stop()
    engine.recorder.stop()
    samples, rate = soundfile.read(tmp_path / "again.wav", always_2d=True)
    left = samples.sum(axis=1)
    left = left[int(np.argmax(np.abs(left) > 0.003)) :]
    middles = [left[int((beat + 0.3) * rate / 2) :] for beat in range(8)]
    heard = [round(pitch_at(middle, rate, 0)) for middle in middles]
    assert heard == [60, 60, 67, 67, 60, 60, 72, 72]


def test_a_player_that_rests_is_silent_from_the_bar_on_and_comes_back(
    engine: Engine, tmp_path: Path
) -> None:
    for bar in range(4):
        engine.patterns.send_bar("solo", bar, 4.0 * bar, 4.0, four(60)).result(2)
    engine.recorder.record({tmp_path / "rest.wav": engine.mixer.strips["solo"].bus})
    engine.patterns.start(240, 0.2)
    time.sleep(0.2 + 0.5)
    engine.patterns.off("solo")
    time.sleep(1.0)
    engine.patterns.on("solo")
    time.sleep(1.6)
    engine.patterns.stop()
    engine.recorder.stop()
    samples, rate = soundfile.read(tmp_path / "rest.wav", always_2d=True)
    left = samples.sum(axis=1)
    left = left[int(np.argmax(np.abs(left) > 0.003)) :]
    heard = [pitch_at(left, rate, beat) > 0 for beat in range(12)]
    assert heard[:4] == [True] * 4
    assert heard[5:8] == [False] * 3  # beat 4 still hears the release of the last note
    assert heard[8:] == [True] * 4


def test_a_user_s_own_pattern_is_handed_the_harmony(engine: Engine, tmp_path: Path) -> None:
    assert engine.patterns.patterns()["mine"] == ("solo",)
    engine.patterns.set_pattern("solo", "mine")
    samples, rate = record(engine, tmp_path / "mine.wav", 2.3)
    heard = [round(pitch_at(samples, rate, beat)) for beat in range(8)]
    assert heard == [60] * 4 + [65] * 4


def test_an_error_in_a_user_s_pattern_is_reported_and_gives_the_place_back(
    engine: Engine, tmp_path: Path
) -> None:
    before = len(engine.events)
    for bar in range(3):
        engine.patterns.send_bar("solo", bar, 4.0 * bar, 4.0, four(60)).result(2)
    engine.patterns.set_pattern("solo", "breaks")
    samples, rate = record(engine, tmp_path / "breaks.wav", 2.3)
    heard = [round(pitch_at(samples, rate, beat)) for beat in range(8)]
    assert heard[:2] == [72, 72]
    assert heard[4:8] == [60] * 4
    faults = [e for e in engine.events[before:] if e.kind == "fault"]
    assert any("explode" in e.text for e in faults)


def test_a_pattern_that_ends_gives_the_place_back(engine: Engine, tmp_path: Path) -> None:
    for bar in range(3):
        engine.patterns.send_bar("solo", bar, 4.0 * bar, 4.0, four(60)).result(2)
    engine.patterns.set_pattern("solo", "ends")
    samples, rate = record(engine, tmp_path / "ends.wav", 2.3)
    heard = [round(pitch_at(samples, rate, beat)) for beat in range(8)]
    assert heard[:2] == [72, 72]
    assert heard[4:8] == [60] * 4


def test_an_unreadable_file_of_the_user_is_reported_and_leaves_the_others(engine: Engine) -> None:
    assert any("unreadable.scd" in e.text for e in engine.events)
    assert "mine" in engine.patterns.patterns()
    assert "walking" in engine.patterns.patterns()


def test_no_note_hangs_after_panic_or_stop(engine: Engine) -> None:
    long = [Note(0.0, 60.0, p, 0.8) for p in (60, 64, 67)]
    group = engine.mixer.strips["solo"].group
    engine.patterns.send_bar("solo", 0, 0.0, 4.0, long).result(2)
    engine.patterns.start(240, 0.1)
    time.sleep(0.5)
    assert len(_synths(engine, group)) == 3
    engine.patterns.stop()
    deadline = time.monotonic() + 3
    while _synths(engine, group) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert _synths(engine, group) == []


def _synths(engine: Engine, group: int) -> list[int]:
    """Node ids in a group, asked of supernova itself."""
    from supriya.contexts.requests import QueryTree

    reply = QueryTree([(group, False)]).communicate(server=engine.server.server)
    assert reply is not None
    return [entry.node_id for entry in reply.items]
