"""Rendering ahead of time: the same every time, whole or not at all."""

import subprocess
import sys
import threading
import time

import numpy as np
import psutil
import pytest
import soundfile
from scipy.signal import butter, lfilter

from scband.errors import NotInstalledError, OfflineRenderError, SynthDefError
from scband.supercollider.channels import Channel
from scband.supercollider.offline import TimedNote, render
from scband.supercollider.osc_score import OfflineServer, bundle, message

RATE = 48_000
FLAT = {"bass": Channel(), "drums": Channel(), "keys": Channel()}


def tune():
    """Two bars for three players, noise and all."""
    notes = [
        TimedNote(0.25 * n, "hat_closed", "drums", {"velocity": 0.6, "pan": -0.3}, "hat")
        for n in range(8)
    ]
    notes += [TimedNote(n, "snare", "drums", {"velocity": 0.8}) for n in (0.5, 1.5)]
    notes += [
        TimedNote(0.5 * n, "bass_electric", "bass", {"freq": 55.0 + n, "sustain": 0.4})
        for n in range(4)
    ]
    notes += [TimedNote(0.0, "piano", "keys", {"freq": f, "sustain": 1.8}) for f in (262, 330, 392)]
    return notes


def read(path):
    return soundfile.read(path, always_2d=True)[0]


@pytest.mark.parametrize("program", ["supernova", "scsynth"])
def test_the_same_notes_give_the_same_bytes(tmp_path, program):
    server = OfflineServer(program)
    first = render(tune(), tmp_path / "a.wav", stems=tmp_path / "a", server=server)
    second = render(tune(), tmp_path / "b.wav", stems=tmp_path / "b", server=server)
    assert first.mix.read_bytes() == second.mix.read_bytes()
    for player in first.stems:
        assert first.stems[player].read_bytes() == second.stems[player].read_bytes()
    assert np.abs(read(first.mix)).max() > 0.05


def test_another_seed_gives_other_noise(tmp_path):
    first = render(tune(), tmp_path / "a.wav", seed=1)
    second = render(tune(), tmp_path / "b.wav", seed=2)
    assert first.mix.read_bytes() != second.mix.read_bytes()


def test_stems_hold_each_player_alone_and_sum_to_the_mix(tmp_path):
    # A master that changes nothing lets the sum be compared.
    neutral = {"trim": 1.0, "ratio": 1.0, "ceiling": 0.0}
    quiet = {name: Channel(-20, reverb=0.2) for name in FLAT}
    made = render(tune(), tmp_path / "m.flac", stems=tmp_path, channels=quiet, master=neutral)
    assert set(made.stems) == {"bass", "drums", "keys", "effects"}
    total = sum(read(path) for path in made.stems.values())
    # The one thing that the master still does.
    total = lfilter(*butter(2, 22, "highpass", fs=RATE), total, axis=0)
    mix = read(made.mix)
    delay = 37
    difference = mix[delay:] - total[: len(mix) - delay]
    assert np.sqrt((difference**2).mean()) < 0.01 * np.sqrt((mix**2).mean())


def test_the_file_has_the_length_that_was_asked_for(tmp_path):
    made = render(tune(), tmp_path / "m.wav", channels=FLAT, seconds=2.5)
    assert len(read(made.mix)) == round(2.5 * RATE)


def test_a_note_sounds_on_its_own_sample(tmp_path):
    # The first sample that sounds, less the 37 of the master's look-ahead.
    for at in (0.0, 0.5, 24_011 / RATE):
        note = TimedNote(at, "bass_synth", "bass", {"freq": 110.0})
        neutral = {"ratio": 1.0, "ceiling": 0.0}
        for program in ("supernova", "scsynth"):
            made = render(
                [note],
                tmp_path / "m.wav",
                channels=FLAT,
                seconds=1.0,
                master=neutral,
                server=OfflineServer(program),
            )
            first = int(np.nonzero(np.abs(read(made.mix)[:, 0]) > 1e-6)[0][0])
            assert 37 <= first - round(at * RATE) <= 37 + 16, program


def test_an_open_hat_is_choked_by_the_next(tmp_path):
    ringing = [TimedNote(0.0, "hat_open", "drums", {"velocity": 0.8}, "hat")]
    choked = [*ringing, TimedNote(0.2, "hat_closed", "drums", {"velocity": 0.05}, "hat")]
    free = read(render(ringing, tmp_path / "a.wav", channels=FLAT, seconds=1).mix)
    stopped = read(render(choked, tmp_path / "b.wav", channels=FLAT, seconds=1).mix)
    window = slice(round(0.35 * RATE), round(0.5 * RATE))
    assert np.abs(stopped[window]).max() < 0.05 * np.abs(free[window]).max()


def test_a_muted_channel_is_silent(tmp_path):
    channels = {**FLAT, "drums": Channel(mute=True)}
    made = render(tune(), tmp_path / "m.wav", stems=tmp_path, channels=channels)
    assert not read(made.stems["drums"])[RATE // 10 :].any()
    assert read(made.stems["bass"]).any()


def test_no_notes_make_a_silent_file(tmp_path):
    made = render([], tmp_path / "m.wav", channels=FLAT, seconds=0.5)
    assert not read(made.mix).any()


def servers():
    return [
        child
        for child in psutil.Process().children(recursive=True)
        if child.name() in ("scsynth", "supernova")
    ]


def long_tune():
    return [TimedNote(0.05 * n, "pad", "pad", {"sustain": 20.0}) for n in range(4000)]


def test_a_cancelled_render_stops_its_server_and_leaves_no_file(tmp_path):
    cancelled = threading.Event()
    threading.Timer(1.5, cancelled.set).start()
    begun = time.monotonic()
    with pytest.raises(OfflineRenderError, match="cancelled"):
        render(long_tune(), tmp_path / "m.wav", cancelled=cancelled)
    assert time.monotonic() - begun < 10
    assert not servers()
    assert not list(tmp_path.iterdir())


def test_a_render_that_takes_too_long_is_ended(tmp_path):
    with pytest.raises(OfflineRenderError, match="1 s"):
        render(long_tune(), tmp_path / "m.wav", timeout=1.0)
    assert not servers()
    assert not list(tmp_path.iterdir())


def test_the_server_ends_when_python_is_killed(tmp_path):
    program = (
        "import sys, pathlib; from scband.supercollider.offline import TimedNote, render;"
        "notes = [TimedNote(0.05 * n, 'pad', 'pad', {'sustain': 20.0}) for n in range(4000)];"
        "render(notes, pathlib.Path(sys.argv[1]))"
    )
    python = subprocess.Popen([sys.executable, "-c", program, str(tmp_path / "m.wav")])
    try:
        deadline = time.monotonic() + 20
        while not (found := servers()) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert found
    finally:
        python.kill()
        python.wait()
    psutil.wait_procs(found, timeout=8)
    assert not any(child.is_running() and child.status() != "zombie" for child in found)


@pytest.mark.parametrize(
    ("note", "error", "said"),
    [
        (TimedNote(0.0, "kazoo", "keys"), SynthDefError, "kazoo"),
        (TimedNote(-1.0, "piano", "keys"), OfflineRenderError, "-1"),
        (TimedNote(float("nan"), "piano", "keys"), OfflineRenderError, "nan"),
        (TimedNote(0.0, "piano", "keys", {"freq": float("inf")}), OfflineRenderError, "freq"),
    ],
)
def test_an_impossible_note_is_refused_by_name(tmp_path, note, error, said):
    with pytest.raises(error, match=said):
        render([note], tmp_path / "m.wav")
    assert not list(tmp_path.iterdir())


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OfflineRenderError, match="file"):
        render([], tmp_path / "file" / "m.wav", seconds=0.1)


def test_a_format_that_is_not_known_is_refused_before_rendering(tmp_path):
    with pytest.raises(OfflineRenderError, match=r"\.wav or \.flac"):
        render([], tmp_path / "m.mp3", seconds=0.1)


def test_a_missing_server_says_how_to_install_it(tmp_path, monkeypatch):
    monkeypatch.setenv("SCBAND_SUPERNOVA", str(tmp_path / "nowhere"))
    with pytest.raises(NotInstalledError, match="supernova"):
        render([], tmp_path / "m.wav", seconds=0.1, server=OfflineServer("supernova"))


def test_scsynth_steps_in_where_supernova_is_missing(tmp_path, monkeypatch):
    monkeypatch.setenv("SCBAND_SUPERNOVA", str(tmp_path / "nowhere"))
    made = render(tune(), tmp_path / "m.wav", channels=FLAT)
    assert np.abs(read(made.mix)).max() > 0.05


def test_messages_are_encoded_as_osc_1_0_says():
    assert message("/a", 1, 0.5, "bc", b"\1") == (
        b"/a\0\0,ifsb\0\0\0\0\0\0\1?\0\0\0bc\0\0\0\0\0\1\1\0\0\0"
    )
    assert bundle(1.5, [message("/a")]) == (b"#bundle\0\0\0\0\1\x80\0\0\0\0\0\0\x08/a\0\0,\0\0\0")
