"""A live session under a user's hands, on the real engine."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

import scband
from scband.errors import ChartError, SessionError, StyleError, SuperColliderError
from scband.live.display import line
from scband.live.ears import Heard
from scband.live.keyboard import Keyboard
from scband.live.session import Session
from scband.settings import Settings
from scband.supercollider.jack import jack_environment

CHARTS = Path(__file__).parents[2] / "examples" / "charts"
SHORT = "tempo: 240\nstyle: rock\n[A]\n| C | F | G | C |\n"


def dummy(**flags: object) -> Settings:
    return Settings.load(audio="dummy", **flags)


@pytest.fixture(scope="module")
def band(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    chart = CHARTS / "night_drive.txt"
    take = tmp_path_factory.mktemp("session") / "take.wav"
    with Session(chart, settings=dummy(), record=take, stems=True) as session:
        yield session


def await_bar(session: Session, bars: int = 1, seconds: float = 12.0) -> None:
    """Wait until so many bars have begun from now on."""
    target = session._now() + bars
    deadline = time.monotonic() + seconds
    while session._now() < target and time.monotonic() < deadline:
        time.sleep(0.01)
    assert session._now() >= target


def loudness(session: Session, player: str, seconds: float = 1.2) -> float:
    """Greatest RMS that a player's meter shows in a while."""
    deadline, most = time.monotonic() + seconds, 0.0
    while time.monotonic() < deadline:
        most = max(most, session.engine.mixer.levels()[player].rms)
        time.sleep(0.02)
    return most


def test_it_boots_within_the_time_that_was_promised(band: Session) -> None:
    # 4 s is the promise on a quiet machine; a loaded one gets twice that before this fails
    assert band.engine.boot_seconds < 8.0


def test_the_status_goes_through_the_chart(band: Session) -> None:
    await_bar(band, 2)
    seen = band.status()
    assert seen.running
    assert seen.bar >= 1
    assert seen.chord in {str(c.chord) for bar in band.song.expand() for c in bar.chords}
    assert seen.tempo == pytest.approx(116, abs=0.01)
    assert "bar" in line(seen)
    assert "116.0 bpm" in line(seen)


def test_every_player_is_heard(band: Session) -> None:
    deadline = time.monotonic() + 30
    while band.status().section in ("", "count-in", "intro") and time.monotonic() < deadline:
        time.sleep(0.05)  # in an intro they come in one after another
    await_bar(band, 1)
    for player in ("drums", "bass", "keys", "guitar"):
        assert loudness(band, player) > 0.005, player


def test_a_muted_player_is_silent_and_comes_back(band: Session) -> None:
    band.bass.mute()
    time.sleep(0.8)
    assert loudness(band, "bass", 0.5) < 0.002
    band.bass.unmute()
    time.sleep(0.3)
    assert loudness(band, "bass") > 0.005


def test_a_level_of_a_quarter_is_twelve_decibels_softer(band: Session) -> None:
    usual = loudness(band, "bass", 4.0)
    band.bass.level = 0.25
    time.sleep(1.0)
    softer = loudness(band, "bass", 4.0)
    band.bass.level = 1.0
    assert 20 * np.log10(usual / softer) == pytest.approx(12, abs=3)


def test_a_player_that_is_off_rests_from_the_next_bar_on(band: Session) -> None:
    band.keys.off()
    await_bar(band, 2)
    time.sleep(1.0)
    assert loudness(band, "keys", 1.0) < 0.005
    band.keys.on()
    await_bar(band, 2)
    assert loudness(band, "keys", 2.0) > 0.005


def test_a_new_tempo_holds_at_once(band: Session) -> None:
    band.tempo = 150
    await_bar(band, 1)
    assert band.status().tempo == pytest.approx(150, abs=0.01)
    band.tempo = 116


def test_a_new_style_is_played_from_the_next_bar_on(band: Session) -> None:
    missing = sum(e.kind == "missing" for e in band.engine.events)
    band.style = "swing"
    await_bar(band, 3)
    band.style = "rock"
    await_bar(band, 2)
    assert sum(e.kind == "missing" for e in band.engine.events) == missing
    assert band.style == "rock"


def test_a_library_pattern_takes_a_player_s_place_and_gives_it_back(band: Session) -> None:
    band.drums.play("rock_beat")
    await_bar(band, 2)
    assert loudness(band, "drums") > 0.005
    band.drums.play("sent")
    await_bar(band, 1)


def test_intensity_is_heard(band: Session) -> None:
    band.intensity = 0.1
    await_bar(band, 3)
    soft = loudness(band, "drums", 4.0)
    band.intensity = 0.95
    await_bar(band, 3)
    loud = loudness(band, "drums", 4.0)
    band.intensity = 0.5
    assert loud > 1.3 * soft


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"tempo": 9000}, SessionError, "between 20 and 400"),
        ({"tempo": "fast"}, SessionError, "between 20 and 400"),
        ({"intensity": 2}, SessionError, "between 0 and 1"),
        ({"style": "nosuch"}, StyleError, "nosuch"),
    ],
)
def test_a_bad_change_is_refused_and_stops_nothing_that_plays(
    band: Session, change: dict[str, object], error: type[Exception], words: str
) -> None:
    for name, value in change.items():
        with pytest.raises(error, match=words):
            setattr(band, name, value)
    await_bar(band, 1)


def test_a_bad_mix_is_refused_by_name_and_range(band: Session) -> None:
    with pytest.raises(SuperColliderError, match="pan must be between -1 and 1"):
        band.bass.pan = 7
    with pytest.raises(SuperColliderError, match="reverb_send must be between"):
        band.bass.send("reverb", 5)
    with pytest.raises(AttributeError, match="its players are drums, bass"):
        band.tuba.mute()


def test_keys_conduct_the_band(band: Session) -> None:
    keys = Keyboard(band)
    with keys:  # no terminal here: nothing is read, keys are pressed by hand
        keys.read()
        assert keys.press("2") == "bass rests"
        assert not band.bass.playing
        assert keys.press("2") == "bass plays"
        assert keys.press("+") == "tempo 118"
        assert keys.press("-") == "tempo 116"
        assert keys.press("]") == "intensity 0.6"
        assert keys.press("[") == "intensity 0.5"
        assert [keys.press("f") for _ in range(3)] == [
            "follow adaptive",
            "follow free",
            "follow click",
        ]
        assert keys.press("x") == ""
        assert not keys.quit
        keys.press("q")
        assert keys.quit


def test_nothing_came_late_and_nobody_was_left_alone(band: Session) -> None:
    kinds = [event.kind for event in band.engine.events]
    assert "missing" not in kinds
    assert "fault" not in kinds
    assert band.late == 0 or band.engine.jack.xruns > 0


def test_a_song_with_an_end_ends_by_itself_and_is_logged_whole(tmp_path: Path) -> None:
    take = tmp_path / "short.flac"
    with Session(SHORT, settings=dummy(seed=3), choruses=1, record=take, stems=True) as session:
        assert session.wait(20)
    samples, rate = soundfile.read(take, always_2d=True)
    seconds = 5 * 4 * 60 / 240  # count-in and four bars
    assert samples.shape[0] / rate > seconds
    assert np.abs(samples).max() > 0.05
    assert {p.name for p in tmp_path.glob("*.flac")} == {
        "short.flac",
        *(f"short.{player}.flac" for player in ("drums", "bass", "keys", "guitar")),
    }
    lines = [json.loads(text) for text in take.with_suffix(".jsonl").read_text().splitlines()]
    kinds = [entry["kind"] for entry in lines]
    assert kinds[0] == "session"
    assert kinds[-1] == "end"
    bars = [entry for entry in lines if entry["kind"] == "bar"]
    assert [entry["bar"] for entry in bars] == list(range(5))
    assert [entry["moment"] for entry in bars] == ["count-in", *["playing"] * 3, "ending"]
    assert [c for entry in bars[1:] for _, c in entry["chords"]] == ["C", "F", "G", "C"]
    beats = [entry["seconds"] for entry in lines if entry["kind"] == "beat"]
    assert np.diff(beats) == pytest.approx(0.25, abs=0.001)


def test_frames_and_onsets_arrive_in_python_as_values(recordings: Path) -> None:
    heard: list[Heard] = []
    take = recordings / "loop_amen_full.flac"
    session = Session(SHORT, settings=dummy(), input=take)
    session.on_heard = heard.append
    with session:
        time.sleep(4)
    frames = [h for h in heard if h.frame is not None]
    onsets = [h for h in heard if h.onset is not None]
    samples = [h.frame.samples for h in frames if h.frame is not None]
    assert np.diff(samples).mean() == pytest.approx(480, abs=5)  # 100 a second at 48 kHz
    assert len(onsets) > 8
    assert all(h.time > 0 for h in heard)


def test_the_same_seed_decides_the_same_notes_again(tmp_path: Path) -> None:
    decided = []
    for number in range(2):
        log = tmp_path / f"{number}.jsonl"
        with Session(SHORT, settings=dummy(seed=5), log=log) as session:
            await_bar(session, 3)
        lines = [json.loads(text) for text in log.read_text().splitlines()]
        decided.append([entry["notes"] for entry in lines if entry["kind"] == "bar"][:3])
    assert decided[0] == decided[1]


def test_what_cannot_be_played_is_refused_before_anything_boots(tmp_path: Path) -> None:
    with pytest.raises(ChartError, match="line 2"):
        Session("title: x\n| C | Hq7 |", settings=dummy())
    with pytest.raises(StyleError, match="nosuch"):
        Session(SHORT, style="nosuch", settings=dummy())
    with pytest.raises(SessionError, match="input file"):
        Session(SHORT, input=tmp_path / "nosuch.wav", settings=dummy())
    with pytest.raises(SessionError, match="follow"):
        Session(SHORT, follow="telepathy", settings=dummy())


def test_an_input_that_is_no_audio_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    broken = tmp_path / "broken.wav"
    broken.write_bytes(b"RIFF not audio at all")
    with (
        pytest.raises(Exception, match=r"broken\.wav"),
        Session(SHORT, input=broken, settings=dummy()),
    ):
        pytest.fail("it played")


def test_a_recording_that_cannot_be_written_is_refused_before_anything_boots() -> None:
    with pytest.raises(SessionError, match="/proc/nowhere"):
        Session(SHORT, record="/proc/nowhere/take.wav", settings=dummy())
    with pytest.raises(SuperColliderError, match=r"\.wav or \.flac"):
        Session(SHORT, record="take.mp3", settings=dummy())


def test_a_song_brings_its_style_tempo_players_and_seed_to_its_session() -> None:
    song = scband.chart(SHORT, style="bossa", tempo=99, players=("bass", "keys"), seed=4)
    session = Session(song, settings=None)
    assert (session.style, session.tempo) == ("bossa", 99.0)
    assert list(session.players) == ["bass", "keys"]
    assert session.settings.seed == 4
    assert Session(song, style="rock", tempo=120).style == "rock"


def test_a_session_that_has_not_started_says_so() -> None:
    session = Session(SHORT, settings=dummy())
    with pytest.raises(SessionError, match="not running"):
        session.tempo = 100
    session.stop()


def test_two_bands_have_jack_servers_of_their_own() -> None:
    assert jack_environment("a")["JACK_DEFAULT_SERVER"] == "a"
    with Session(SHORT, settings=dummy()) as one, Session(SHORT, settings=dummy()) as two:
        assert one.jack.name != two.jack.name
        assert one.engine.server.port != two.engine.server.port
        await_bar(one, 1)
        await_bar(two, 1)
