"""The whole flow with clients that are not ours: audio in, four MIDI files announced."""

import json
import subprocess
import threading
import time
import wave
from pathlib import Path

import mido
import numpy as np
import psutil
import pytest
from api_clients import Client, open_settings
from websockets.sync.client import connect

from scband.api.serve import Service

EXAMPLES = Path(__file__).parents[2] / "examples"
CHORDS = ((36, 48, 52, 55), (33, 45, 48, 52), (29, 41, 45, 48), (31, 43, 47, 50))
TRACKS = ["bass", "drums", "keys", "guitar"]


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    with Service(open_settings(tmp_path_factory.mktemp("flow"))) as running:
        yield running


@pytest.fixture(scope="module")
def take(tmp_path_factory):
    """Write twelve seconds of C, Am, F, G in half notes and a pulse at 100 bpm."""
    rate, beat = 22_050, 0.6
    axis = np.arange(12 * rate) / rate
    sound = np.zeros(len(axis))
    for number in range(10):
        inside = (axis >= 2 * beat * number) & (axis < 2 * beat * (number + 1))
        local = axis[inside] - 2 * beat * number
        for pitch in CHORDS[number % 4]:
            hertz = 440 * 2 ** ((pitch - 69) / 12)
            for partial in (1, 2, 3, 4):
                tone = np.sin(2 * np.pi * hertz * partial * local)
                sound[inside] += 0.07 / partial * np.exp(-1.2 * local) * tone
    pulse = axis % beat
    noise = np.random.default_rng(3).normal(size=len(axis))
    sound += 0.2 * noise * np.exp(-60 * pulse) * (pulse < 0.08)
    path = tmp_path_factory.mktemp("take") / "take.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((np.clip(sound, -1, 1) * 32000).astype("<i2").tobytes())
    return path


def form(path):
    head = f'--x\r\nContent-Disposition: form-data; name="file"; filename="{path.name}"\r\n'
    return head.encode() + b"Content-Type: audio/wav\r\n\r\n" + path.read_bytes() + b"\r\n--x--\r\n"


def test_a_recording_becomes_four_files_that_are_announced(service, take):
    plain = Client(service.settings.plugin_port)
    told = plain("POST", "/api/plugin/register", {"plugin_id": "daw", "secret": "s"}).json()
    plugin = Client(service.settings.plugin_port, told["token"])
    headers = {"Authorization": f"Bearer {told['token']}"}
    with connect(told["settings"]["websocket_url"], additional_headers=headers) as socket:
        answer = plugin(
            "POST", "/api/audio/upload", form(take), Content_Type="multipart/form-data; boundary=x"
        )
        assert answer.status == 201, answer.body
        audio = answer.json()
        assert (audio["format"], audio["filename"]) == ("WAV", "take.wav")
        assert audio["duration"] == pytest.approx(12.0)
        asked = {"track_types": TRACKS, "audio_id": audio["audio_id"]}
        job = plugin("POST", "/api/midi/generate", asked).json()
        ready = []
        end = time.monotonic() + 90
        while len(ready) < 4:
            message = json.loads(socket.recv(timeout=max(0.1, end - time.monotonic())))
            assert message["type"] != "error", message
            if message["type"] == "midi_ready":
                ready.append(message)
    assert [message["track_type"] for message in ready] == TRACKS
    result = plugin("GET", f"/api/jobs/{job['job_id']}?wait=9").json()["result"]
    assert result["tempo"] == pytest.approx(100, rel=0.03)
    heard = {chord.split("/")[0] for chord in result["chords"]}
    assert len(heard & {"C", "Am", "F", "G"}) >= 3
    folder = Path(told["settings"]["monitor_folder"]) / "generated_accompaniments"
    for message in ready:
        file = mido.MidiFile(folder / message["track_type"] / message["filename"])
        tempo = next(m.tempo for m in file.tracks[0] if m.type == "set_tempo")
        assert mido.tempo2bpm(tempo) == pytest.approx(result["tempo"], abs=0.01)


def test_the_session_with_curl_goes_through(service, tmp_path):
    done = subprocess.run(
        ["bash", str(EXAMPLES / "40_plugin_session.sh"), service.urls()["plugin"]],
        cwd=tmp_path, capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert mido.MidiFile(tmp_path / "bass.mid").tracks[1].name == "bass"
    assert '"type":"end"' in done.stdout


def test_plugins_at_ten_hertz_all_hear_each_other(service):
    """Ten plugins report at 10 Hz each for two seconds; everybody is told all the time."""
    heard = {}

    def play(number):
        plain = Client(service.settings.plugin_port)
        name = f"instance-{number}"
        body = {"plugin_id": name, "secret": "s"}
        told = plain("POST", "/api/plugin/register", body).json()
        headers = {"Authorization": f"Bearer {told['token']}"}
        states = []
        with connect(told["settings"]["websocket_url"], additional_headers=headers) as socket:
            begin = time.monotonic()
            for step in range(20):
                sync = {"type": "transport_sync", "isPlaying": True, "tempo": 120.0}
                socket.send(json.dumps({**sync, "currentBeat": 0.2 * step}))
                while time.monotonic() < begin + 0.1 * (step + 1):
                    message = json.loads(socket.recv(timeout=5))
                    if message["type"] == "transport_sync":
                        states.append(message["seq"])
        heard[number] = states

    threads = [threading.Thread(target=play, args=(number,)) for number in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(heard) == 10
    for states in heard.values():
        assert len(states) >= 20
        assert states == sorted(set(states))


def test_the_service_ends_while_everybody_is_connected(tmp_path):
    before = set(psutil.Process().children())
    with Service(open_settings(tmp_path)) as short:
        plain = Client(short.settings.plugin_port)
        told = plain("POST", "/api/plugin/register", {"plugin_id": "x", "secret": "s"}).json()
        headers = {"Authorization": f"Bearer {told['token']}"}
        with connect(told["settings"]["websocket_url"], additional_headers=headers) as socket:
            socket.recv(timeout=5)
            job = Client(short.settings.plugin_port, told["token"])
            job("POST", "/api/midi/generate", {"chord_progression": "C", "duration": 9000})
            began = time.monotonic()
            short.stop()
            assert time.monotonic() - began < 8
    assert set(psutil.Process().children()) <= before
