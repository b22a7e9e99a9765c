"""A workstation's session over the engine API: lines, analysis, mixing advice, levels.

python examples/41_workstation_session.py [http://localhost:9000 TOKEN [stem.wav …]]

The token comes from `scband token my-workstation`. Without a URL it starts a service of its own,
and without stems it makes three, with a bass that is far too loud.
"""

import base64
import json
import math
import secrets
import struct
import sys
import tempfile
import urllib.request
import wave
from contextlib import ExitStack
from pathlib import Path

from scband.api.workstation import Workstation
from scband.errors import NotConnectedError

RATE = 22050


class Engine:
    """What a workstation needs of HTTP: parameters in the query, files in a form, JSON back."""

    def __init__(self, url, token):
        self.url = url
        self.token = token

    def post(self, path, body=None, content_type="application/json"):
        headers = {"Content-Type": content_type, "Authorization": f"Bearer {self.token}"}
        request = urllib.request.Request(  # noqa: S310
            f"{self.url}/api/v1/{path}", body, headers, method="POST"
        )
        with urllib.request.urlopen(request, timeout=120) as answer:  # noqa: S310
            return json.loads(answer.read())

    def post_files(self, path, files):
        boundary = secrets.token_hex(12)
        body = b""
        for file in files:
            head = f'form-data; name="file"; filename="{file.name}"'
            body += f"--{boundary}\r\nContent-Disposition: {head}\r\n\r\n".encode()
            body += file.read_bytes() + b"\r\n"
        body += f"--{boundary}--\r\n".encode()
        return self.post(path, body, f"multipart/form-data; boundary={boundary}")


def write_stems(folder):
    """Write four seconds of drums, bass and keys as plain tones: any stems do."""
    sounds = {
        "drums": lambda t: 0.5 * math.exp(-30 * (t % 0.5)) * math.sin(9e3 * t * t),
        "bass": lambda t: 0.6 * math.exp(-(t % 1.0)) * math.sin(2 * math.pi * 98 * t),
        "keys": lambda t: 0.02 * sum(math.sin(2 * math.pi * hz * t) for hz in (392, 494, 587, 988)),
    }
    for name, sound in sounds.items():
        values = [round(32000 * sound(number / RATE)) for number in range(4 * RATE)]
        with wave.open(str(folder / f"{name}.wav"), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(RATE)
            file.writeframes(struct.pack(f"<{len(values)}h", *values))
    return sorted(folder.glob("*.wav"))


def session(engine, stems, folder):
    line = engine.post("generate/bassline?key=C&scale=major&bars=8&tempo=120")
    midi = base64.b64decode(line["midi_base64"])
    (folder / "bassline.mid").write_bytes(midi)
    print(f"a bass line in C major: {line['notes']} notes over {' '.join(line['chords'])}")
    drums = engine.post("generate/midi?style=drums&tempo=120&bars=4&temperature=0")
    print(f"the most likely drums: {drums['notes']} strokes in {drums['bars']} bars")

    heard = engine.post_files("analyze/audio", stems[:1])
    print(
        f"{stems[0].name}: {heard['duration']:.1f} s, {heard['tempo']:.1f} bpm, "
        f"{heard['key'] or 'no key'}, {heard['loudness_lufs']} LUFS"
    )
    advice = engine.post_files("mixing/suggest", stems)
    print(f"the mix scores {advice['mix_quality_score']:.0f} of 100")
    for each in advice["suggestions"]:
        print(f"  {each['priority']:<6} {each['message']} {each['reason']}")
    levels = engine.post_files("mixing/auto_level", stems)
    for name, fader in levels["levels"].items():
        print(f"  {name:<8} {fader['gain_db']:+6.1f} dB, pan {fader['pan']:+.2f}")
    mix = levels["mix"]
    print(f"levelled: {mix['loudness_lufs']} LUFS, true peak {mix['true_peak_dbtp']} dBTP")

    core = Workstation("http://localhost:8080")
    try:
        core.import_midi(midi)
        core.play()
        print(f"the workstation plays it: {core.project_status()['numTracks']} tracks")
    except NotConnectedError as error:
        print(f"no workstation to hand the line to: {error}")


with ExitStack() as stack:
    place = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    if len(sys.argv) > 2:
        address, key = sys.argv[1].rstrip("/"), sys.argv[2]
    else:
        from scband.api.serve import Service
        from scband.settings import Settings

        free = {"plugin_port": 0, "engine_port": 0, "page_port": 0, "status_file": ""}
        places = {"state_folder": str(place / "state"), "monitor_folder": str(place / "midi")}
        service = stack.enter_context(Service(Settings.load(**free, **places)))
        address, key = service.urls()["engine"], service.services.keyring.issue("my-workstation")
    named = [Path(name) for name in sys.argv[3:]]
    session(Engine(address, key), named or write_stems(place), place)
