"""The service without HTTP: what scripts do with an Orchestrator."""

import json
import time
import wave
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

import scband
from scband.errors import (
    AudioFileError,
    AudioNotFoundError,
    AudioTooLongError,
    ForbiddenError,
    InvalidRequestError,
    JobCancelledError,
    PayloadTooLargeError,
    PluginNotRegisteredError,
)
from scband.score.midifile import load_midi
from scband.settings import Settings
from scband.studio.events import JobChanged, MidiReady, PluginChanged
from scband.studio.plugins import PluginState

WAIT = 60.0


@pytest.fixture(scope="module")
def studio(tmp_path_factory):
    folder = tmp_path_factory.mktemp("studio")
    settings = Settings.load(
        monitor_folder=str(folder / "watched"),
        monitor_roots=str(folder / "others"),
        max_upload_mb=4,
        max_upload_minutes=0.5,
    )
    with scband.Orchestrator(settings) as orchestrator:
        yield orchestrator


def write_song(path: Path, seconds: float = 10.0, rate: int = 22_050) -> Path:
    """Write four chords with a click on each beat at 120 bpm."""
    time_axis = np.arange(round(seconds * rate)) / rate
    sound = np.zeros_like(time_axis)
    for number, roots in enumerate([(48, 52, 55), (45, 48, 52), (41, 45, 48), (43, 47, 50)] * 4):
        inside = (time_axis >= 2 * number) & (time_axis < 2 * number + 2)
        fading = np.exp(-1.5 * (time_axis[inside] - 2 * number))
        for pitch in (roots[0] - 12, *roots, roots[0] + 12):
            hertz = 440 * 2 ** ((pitch - 69) / 12)
            for partial in (1, 2, 3):
                wave_of = np.sin(2 * np.pi * hertz * partial * time_axis[inside])
                sound[inside] += 0.06 / partial * fading * wave_of
    beat = time_axis % 0.5
    noise = np.random.default_rng(1).normal(size=len(sound))
    sound += 0.15 * noise * np.exp(-beat * 60) * (beat < 0.08)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((np.clip(sound, -1, 1) * 32767).astype("<i2").tobytes())
    return path


def test_a_script_registers_generates_and_finds_the_files(studio):
    studio.register_plugin("scripted")
    assert studio.get_plugin_status("scripted") == "connected"
    job = studio.generate_accompaniment(
        ["bass", "drums"], 120, chord_progression="C-Am-F-G", duration=16, plugin_id="scripted"
    )
    assert isinstance(job, str)
    files = studio.wait_for_generation(job)
    assert [path.parent.name for path in files] == ["bass", "drums"]
    assert all(path.is_file() and path.suffix == ".mid" for path in files)
    assert load_midi(files[0]).parts[0].notes


def test_the_transport_runs_and_stop_returns_it(studio):
    studio.start_transport()
    time.sleep(0.05)
    assert studio.get_transport_position() > 0.0
    studio.stop_transport()
    assert studio.get_transport_position() == 0.0


def test_a_recording_gives_beats_key_and_chords(studio, tmp_path):
    audio = studio.upload_audio(write_song(tmp_path / "song.wav"))
    job = studio.generate_accompaniment(["bass", "keys"], audio_id=audio)
    files = studio.wait_for_generation(job)
    done = studio.jobs.get(job).result
    assert done.generated.tempo == pytest.approx(120, rel=0.03)
    assert {"C", "Am", "F", "G"} & {chord.split("/")[0] for chord in done.generated.chords}
    assert done.generated.duration >= 12
    assert {path.parent.name for path in files} == {"bass", "keys"}


def test_without_chords_the_last_upload_is_played_to(studio, tmp_path):
    studio.register_plugin("silent")
    with pytest.raises(InvalidRequestError, match="chord_progression"):
        studio.generate_accompaniment(["bass"], 120, plugin_id="silent")
    studio.upload_audio(write_song(tmp_path / "song.wav", 6.0), "silent")
    job = studio.generate_accompaniment(["bass"], 120, plugin_id="silent")
    assert len(studio.wait_for_generation(job)) == 1


def test_an_upload_belongs_to_who_sent_it(studio, tmp_path):
    audio = studio.upload_audio(write_song(tmp_path / "song.wav", 1.0), "silent")
    studio.register_plugin("thief")
    with pytest.raises(AudioNotFoundError):
        studio.generate_accompaniment(["bass"], audio_id=audio, plugin_id="thief")


def test_what_is_no_audio_or_too_much_of_it_is_refused(studio, tmp_path):
    kept = set(studio.uploads.folder.iterdir())
    (tmp_path / "no.wav").write_bytes(b"RIFF" + bytes(100))
    with pytest.raises(AudioFileError):
        studio.upload_audio(tmp_path / "no.wav")
    with pytest.raises(AudioFileError, match="gone"):
        studio.upload_audio(tmp_path / "gone.wav")
    (tmp_path / "big.wav").write_bytes(bytes(5 << 20))
    with pytest.raises(PayloadTooLargeError):
        studio.upload_audio(tmp_path / "big.wav")
    import soundfile

    soundfile.write(tmp_path / "hour.flac", np.zeros(8000 * 120, dtype="int16"), 8000)
    assert (tmp_path / "hour.flac").stat().st_size < 100_000  # silence packs well
    with pytest.raises(AudioTooLongError):
        studio.upload_audio(tmp_path / "hour.flac")
    assert set(studio.uploads.folder.iterdir()) == kept


def test_each_plugin_has_its_files_in_its_own_folder(studio, tmp_path_factory):
    others = Path(studio.settings.monitor_roots)
    studio.register_plugin("one", monitor_folder=str(others / "one"))
    studio.register_plugin("two", monitor_folder="inner")
    heard = []
    leave = studio.subscribe(heard.append)
    for name in ("one", "two"):
        job = studio.generate_accompaniment(
            ["keys"], 90, chord_progression="Dm-G", plugin_id=name, seed=3
        )
        (path,) = studio.wait_for_generation(job)
        assert path.is_relative_to(studio.plugins.get(name).folder)
    leave()
    ready = [event.entry.folder for event in heard if isinstance(event, MidiReady)]
    assert ready == [others / "one", studio.folder / "inner"]
    job = studio.generate_accompaniment(["bass"], 100, chord_progression="C")
    folders = {plugin.folder for plugin in studio.plugins.plugins()}
    assert len(studio.wait_for_generation(job)) == len(folders) >= 3


def test_a_folder_elsewhere_is_refused(studio):
    with pytest.raises(ForbiddenError):
        studio.register_plugin("bold", monitor_folder="/etc")
    with pytest.raises(PluginNotRegisteredError):
        studio.get_plugin_status("bold")


def test_every_state_and_step_is_announced_in_order(studio, until):
    heard = []
    leave = studio.subscribe(heard.append)
    studio.register_plugin("watched")
    job = studio.generate_accompaniment(["bass"], 100, chord_progression="C", plugin_id="watched")
    studio.wait_for_generation(job)
    until(lambda: isinstance(heard[-1], JobChanged) and heard[-1].job.over)
    leave()
    states = [event.plugin.state for event in heard if isinstance(event, PluginChanged)]
    assert states == [PluginState.CONNECTED, PluginState.GENERATING, PluginState.CONNECTED]
    kinds = [type(event).__name__ for event in heard]
    assert kinds.index("MidiReady") > kinds.index("JobChanged")
    assert kinds[-1] == "JobChanged"


def test_a_cancelled_generation_leaves_nothing(studio, until):
    studio.register_plugin("hasty")
    temp = studio.folder / "generated_accompaniments" / "temp"
    before = {entry.file_id for entry in studio.library.entries()}
    job = studio.generate_accompaniment(
        ["bass", "drums", "keys", "guitar"],
        120,
        chord_progression="C-Am-F-G",
        duration=8000,
        plugin_id="hasty",
    )
    until(lambda: studio.jobs.get(job).partials)
    studio.jobs.cancel(job)
    with pytest.raises(JobCancelledError):
        studio.wait_for_generation(job)
    until(lambda: studio.get_plugin_status("hasty") == "connected")
    until(lambda: not list(temp.iterdir()), 5.0)
    assert {entry.file_id for entry in studio.library.entries()} == before


def test_music_is_kept_32_beats_ahead_of_a_plugin_that_asked_for_it(studio, until):
    studio.register_plugin("live", keep_ahead=True)
    job = studio.generate_accompaniment(
        ["bass"], 120, chord_progression="C-F", duration=16, plugin_id="live"
    )
    studio.wait_for_generation(job)
    made = [(0.0, 16.0)]
    for beat in (0.0, 4.0, 12.0, 30.0, 47.0):
        for _ in range(2):
            studio.report_transport("live", True, beat, 120.0)
            until(lambda: not [j for j in studio.jobs.jobs() if j.owner == "live" and not j.over])
    jobs = [job.result.generated for job in studio.jobs.jobs() if job.owner == "live"]
    made = sorted((done.start, done.duration) for done in jobs)
    assert made[0] == (0.0, 16.0)
    for (start, length), (following, _) in pairwise(made):
        assert start + length == following  # no gap, no overlap
    assert made[-1][0] + made[-1][1] >= 47.0 + 32.0
    studio.report_transport("live", False, 0.0, 120.0)


def test_generations_are_logged_and_plugins_states_kept(studio, until):
    log = studio.folder / "logs" / "generations.jsonl"
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert lines
    assert {"job_id", "files", "key", "tempo", "style"} <= set(lines[0])
    studio.register_plugin("kept", name="Named", monitor_folder="kept-here")
    state = studio.folder / "kept-here" / "plugin_state"
    until(lambda: [p for p in state.glob("*.json") if '"Named"' in p.read_text()])
    again = scband.Orchestrator(studio.settings)
    try:
        plugin = again.ensure_plugin("kept")
        assert (plugin.name, plugin.folder) == ("Named", studio.folder / "kept-here")
    finally:
        again.close()
