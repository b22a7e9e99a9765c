"""A plugin's session as a C++ or JUCE client would do it: plain HTTP and one WebSocket.

python examples/40_plugin_session.py [http://localhost:8000 [recording]]

Registers, listens, sends its transport, asks for four tracks to a chord progression and to a
recording, and takes the files as they are announced. Without a URL it starts a service of its own.
"""

import json
import math
import struct
import sys
import tempfile
import urllib.request
import wave
from contextlib import ExitStack
from pathlib import Path

from websockets.sync.client import connect

TRACKS = ["bass", "drums", "keys", "guitar"]


class Plugin:
    """What a plugin needs of HTTP: JSON in, JSON out, a bearer token."""

    def __init__(self, url):
        self.url = url
        self.token = ""

    def call(self, method, path, body=None, content_type="application/json"):
        data = json.dumps(body).encode() if isinstance(body, dict) else body
        headers = {"Content-Type": content_type, "Authorization": f"Bearer {self.token}"}
        request = urllib.request.Request(self.url + path, data, headers, method=method)  # noqa: S310
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
            return json.loads(answer.read())

    def register(self, plugin_id, secret):
        told = self.call(
            "POST",
            "/api/plugin/register",
            {"plugin_id": plugin_id, "secret": secret, "name": "Example", "sample_rate": 48000},
        )
        self.token = told["token"]
        return told


def wait_for_files(socket, job_id):
    """Read messages until the job is over; the transport comes in between all the time."""
    files = []
    while True:
        message = json.loads(socket.recv(timeout=120))
        if message["type"] == "midi_ready":
            files.append(message)
            print(f"  {message['filename']}: {message['duration']:g} beats in {message['key']}")
        elif message["type"] == "job_progress" and message["job_id"] == job_id:
            if message["state"] == "done":
                return files
            if message["error"]:
                sys.exit(f"no music: {message['error']['detail']}")


def write_recording(path):
    """Write eight seconds of C, Am, F, G with a pulse at 120 bpm: any recording does."""
    rate, samples = 22050, []
    for number in range(8 * rate):
        beat = number / rate * 2
        root = (48, 45, 41, 43)[int(beat / 4)]
        third = 3 if root == 45 else 4
        pulse = math.exp(-3 * (beat % 1))
        tones = (root - 12, root, root + third, root + 7)
        hertz = [440 * 2 ** ((pitch - 69) / 12) for pitch in tones]
        sound = sum(math.sin(2 * math.pi * each * number / rate) for each in hertz)
        samples.append(round(5000 * pulse * sound))
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(struct.pack(f"<{len(samples)}h", *samples))
    return path


def session(url, recording):
    plugin = Plugin(url)
    told = plugin.register("example-plugin", "keep this one between sessions")
    print(f"{told['state']}; MIDI files come to {told['settings']['monitor_folder']}")
    headers = {"Authorization": f"Bearer {plugin.token}"}
    sync = url.replace("http", "ws", 1) + "/ws/sync"
    with connect(sync, additional_headers=headers) as socket:
        state = json.loads(socket.recv(timeout=10))
        print(f"the transport is at beat {state['currentBeat']:g}, {state['tempo']:g} bpm")
        # a plugin sends this ten times a second from its host's position
        socket.send(
            json.dumps(
                {"type": "transport_sync", "isPlaying": False, "currentBeat": 0.0, "tempo": 120.0}
            )
        )
        print("to C-Am-F-G:")
        asked = {"track_types": TRACKS, "chord_progression": "C-Am-F-G", "tempo": 120}
        job = plugin.call("POST", "/api/midi/generate", {**asked, "duration": 32, "key": "C major"})
        files = wait_for_files(socket, job["job_id"])
        print("to a recording:")
        audio = plugin.call("POST", "/api/audio/upload", recording.read_bytes(), "audio/wav")
        job = plugin.call(
            "POST", "/api/midi/generate", {"track_types": TRACKS, "audio_id": audio["audio_id"]}
        )
        files += wait_for_files(socket, job["job_id"])
        plugin.call("POST", "/api/plugin/heartbeat", {"state": "Playing"})
        listed = plugin.call("GET", "/api/midi/list")
        print(f"{listed['count']} files in the folder, {len(files)} of them announced here")
        plugin.call("DELETE", f"/api/midi/{files[0]['file_id']}")


with ExitStack() as stack:
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    if len(sys.argv) > 1:
        address = sys.argv[1].rstrip("/")
    else:
        from scband.api.serve import Service
        from scband.settings import Settings

        free = {"plugin_port": 0, "engine_port": 0, "page_port": 0, "status_file": ""}
        places = {"state_folder": str(folder / "state"), "monitor_folder": str(folder / "midi")}
        service = stack.enter_context(Service(Settings.load(**free, **places)))
        address = service.urls()["plugin"]
    take = Path(sys.argv[2]) if len(sys.argv) > 2 else write_recording(folder / "take.wav")
    session(address, take)
