"""/ws/sync: the transport both ways, notices at once, and nobody who is waited for."""

import json
import shutil
import socket
import struct
import time
from contextlib import ExitStack
from pathlib import Path

import mido
import pytest
from api_clients import Client, open_settings
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from scband.api import hub as hubs
from scband.api import messages
from scband.api.keyring import Role
from scband.api.serve import Service

WAIT = 10.0
SECRET = "a secret"


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    with Service(open_settings(tmp_path_factory.mktemp("sync"))) as running:
        yield running


class Plugin:
    """A plugin that listens, and remembers what it was told."""

    def __init__(self, socket):
        self.socket = socket
        self.told = []

    def send(self, **message):
        self.socket.send(json.dumps(message))

    def next(self, timeout=WAIT):
        message = json.loads(self.socket.recv(timeout=timeout))
        self.told.append(message)
        return message

    def until(self, kind, seconds=WAIT, **values):
        end = time.monotonic() + seconds
        while True:
            message = self.next(max(0.01, end - time.monotonic()))
            fits = all(message.get(key) == value for key, value in values.items())
            if message.get("type") == kind and fits:
                return message


@pytest.fixture
def join(service):
    with ExitStack() as open_sockets:

        def joined(name="plugin", role=Role.PLUGIN, **more):
            token = service.services.keyring.issue(name, role)
            if role is Role.PLUGIN:
                service.services.orchestrator.register_plugin(name, **more)
            headers = {"Authorization": f"Bearer {token}"}
            url = f"ws://127.0.0.1:{service.settings.plugin_port}/ws/sync"
            opened = open_sockets.enter_context(
                connect(url, additional_headers=headers, open_timeout=WAIT, close_timeout=1)
            )
            return Plugin(opened)

        yield joined


def test_a_late_joiner_gets_the_transport_and_a_snapshot_first(service, join):
    service.services.orchestrator.start_transport(90.0, 64.0)
    plugin = join()
    first, second = plugin.next(), plugin.next()
    assert first["type"] == "transport_sync"
    assert (first["isPlaying"], first["tempo"]) == (True, 90)
    assert first["currentBeat"] >= 64.0
    assert second["type"] == "snapshot"
    assert second["transport"]["isPlaying"] is True
    assert [each["plugin_id"] for each in second["plugins"]] == ["plugin"]
    assert (second["files"], second["jobs"], second["seq"]) == ([], [], 1)
    service.services.orchestrator.stop_transport()


def test_the_transport_comes_ten_times_a_second_in_order(join):
    plugin = join()
    plugin.until("snapshot")
    for _ in range(4):  # a busy machine may be late; never every time
        began = time.monotonic()
        states = [plugin.until("transport_sync") for _ in range(20)]
        if time.monotonic() - began < 2.05:
            break
    assert time.monotonic() - began < 2.05
    assert {"isPlaying", "currentBeat", "tempo", "timestamp"} <= set(states[0])
    numbers = [state["seq"] for state in states]
    assert numbers == sorted(set(numbers))
    clocks = [state["serverTime"] for state in states]
    assert clocks == sorted(clocks)


def test_what_a_plugin_reports_reaches_the_others_at_once(service, join):
    reporter, listener = join("reporter"), join("listener")
    listener.until("snapshot")
    for beat in (100.0, 7.5, 300.25):
        reporter.send(
            type="transport_sync", isPlaying=True, currentBeat=beat, tempo=133.0,
            timestamp="2025-08-24T10:30:00Z",
        )  # fmt: skip
        began = time.monotonic()
        while True:
            state = listener.until("transport_sync")
            if state["tempo"] == 133 and abs(state["currentBeat"] - beat) < 3:
                break
        assert time.monotonic() - began < 1.0
    assert service.services.orchestrator.get_transport_position() >= 300.25
    Client(service.settings.plugin_port, service.services.keyring.issue("reporter"))(
        "POST", "/api/transport/stop"
    )
    listener.until("transport_sync", isPlaying=False, currentBeat=0.0)


def test_who_reports_and_falls_silent_has_lost_the_sync(service, join, monkeypatch):
    monkeypatch.setattr(hubs, "SYNC_LOST_SECONDS", 0.3)
    reporter, listener = join("reporter"), join("listener")
    reporter.send(type="transport_sync", isPlaying=True, currentBeat=5, tempo=120)
    listener.until("transport_sync", isPlaying=True)
    reporter.socket.close()
    error = listener.until("error", code="transport_sync_lost")
    assert "reporter" in error["detail"]
    service.services.orchestrator.stop_transport()


def test_silence_is_told_as_a_time_out(service, join, monkeypatch):
    plugins = service.services.orchestrator.plugins
    plugin = join("silent")
    plugin.until("snapshot")
    monkeypatch.setattr(plugins, "timeout", 0.5)
    told = plugin.until("plugin_state", state="Disconnected")
    assert told["code"] == "connection_timeout"
    monkeypatch.undo()
    plugin.send(type="heartbeat", state="Playing")
    assert plugin.until("heartbeat")["state"] == "Playing"


def test_a_generation_asked_for_here_is_told_to_its_end(service, join):
    plugin = join("asking")
    plugin.send(
        type="generate_request", track_types=["bass", "drums"], chord_progression="C-Am-F-G",
        tempo=120, duration=16, key="C major", request_id="r1",
    )  # fmt: skip
    accepted = plugin.until("generate_accepted", request_id="r1")
    last = plugin.until("job_progress", seconds=30, state="done")
    assert last["job_id"] == accepted["job_id"]
    ready = [message for message in plugin.told if message["type"] == "midi_ready"]
    assert [message["track_type"] for message in ready] == ["bass", "drums"]
    for message in ready:
        assert (message["duration"], message["key"]) == (16, "C major")
        assert message["job_id"] == accepted["job_id"]
        assert message["filename"].endswith("_Cmaj_120.mid")
        assert service.services.orchestrator.library.get(message["file_id"]).path.is_file()
    states = [m["state"] for m in plugin.told if m["type"] == "plugin_state"]
    assert states == ["Generating", "Connected"]
    numbers = [m["seq"] for m in plugin.told if m["type"] != "transport_sync"]
    assert numbers == list(range(1, len(numbers) + 1))


def test_a_dropped_file_is_told_to_who_watches_that_folder_and_to_operators(
    service, join, tmp_path
):
    inside, outside = join("inside", monitor_folder="own"), join("outside")
    operator = join("somebody", Role.OPERATOR)
    for each in (inside, outside, operator):
        each.until("snapshot")
    mido.MidiFile(tracks=[mido.MidiTrack()]).save(tmp_path / "dropped.mid")
    folder = service.services.orchestrator.plugins.get("inside").folder
    shutil.copy(tmp_path / "dropped.mid", folder / "dropped.mid")
    assert inside.until("midi_ready")["filename"] == "dropped.mid"
    assert operator.until("midi_ready")["filename"] == "dropped.mid"
    (folder / "bad.mid").write_bytes(b"MThd")
    assert inside.until("midi_refused", filename="bad.mid")["code"] == "invalid_midi_file"
    (folder / "dropped.mid").unlink()
    inside.until("midi_removed", filename="dropped.mid")
    outside.send(type="ping", t=1)
    outside.until("pong")
    assert not [message for message in outside.told if message["type"].startswith("midi")]


def test_heartbeats_probes_and_cancelling(join):
    plugin = join("various")
    plugin.send(type="heartbeat", state="Playing")
    assert plugin.until("heartbeat")["state"] == "Playing"
    plugin.socket.send('{"t":12345,"p":"xyz"}')
    while plugin.next() != {"t": 12345, "p": "xyz"}:
        pass
    plugin.send(type="generate_request", track_types=["keys"], chord_progression="C", duration=9000)
    job = plugin.until("generate_accepted")["job_id"]
    plugin.send(type="cancel_job", job_id=job)
    assert plugin.until("job_progress", state="cancelled")["job_id"] == job


WRONG = "invalid_request"
SYNC = '{"type":"transport_sync","isPlaying":%s,"currentBeat":%s,"tempo":%s}'


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", WRONG),
        ("nonsense", WRONG),
        ("[]", WRONG),
        ("null", WRONG),
        ("{}", WRONG),
        ('{"type":"unheard_of"}', WRONG),
        ('{"type":"transport_sync"}', WRONG),
        (SYNC % ('"yes"', 1, 120), WRONG),
        (SYNC % ("true", -1, 120), "invalid_position"),
        (SYNC % ("true", "NaN", 120), WRONG),
        (SYNC % ("true", 1, 0), "invalid_position"),
        ('{"type":"generate_request","chord_progression":"C-H9x"}', "invalid_chart"),
        ('{"type":"generate_request","chord_progression":""}', WRONG),
        ('{"type":"generate_request","chord_progression":"C","tempo":1e400}', WRONG),
        ('{"type":"cancel_job","job_id":"nothing"}', "job_not_found"),
        ("[" * 20_000, WRONG),
        ('{"type":"heartbeat","state":"Asleep"}', WRONG),
    ],
)
def test_a_wrong_message_is_answered_by_its_code_and_ends_nothing(join, text, code):
    plugin = join("wrong")
    plugin.socket.send(text)
    assert plugin.until("error")["code"] == code
    plugin.send(type="ping", t=2)
    assert plugin.until("pong")["t"] == 2


def test_bytes_and_fragments_are_read_as_texts(join):
    plugin = join("bytes")
    plugin.socket.send(b'{"type":"ping","t":5}')
    assert plugin.until("pong")["t"] == 5
    plugin.socket.send(iter(['{"type":', '"ping",', '"t":6}']))
    assert plugin.until("pong")["t"] == 6


def test_the_page_may_look_and_nothing_else(join):
    page = join("page", Role.PAGE)
    page.until("transport_sync")
    page.send(type="transport_sync", isPlaying=True, currentBeat=0, tempo=120)
    assert page.until("error")["code"] == "forbidden"


def refused(service, path="/ws/sync", **options):
    url = f"ws://127.0.0.1:{service.settings.plugin_port}{path}"
    with pytest.raises(InvalidStatus) as caught, connect(url, open_timeout=WAIT, **options):
        pass
    return caught.value.response


def test_nobody_gets_in_without_a_good_token_from_a_good_place(service):
    token = service.services.keyring.issue("x")
    known = {"Authorization": f"Bearer {token}"}
    assert refused(service).status_code == 401
    assert refused(service, additional_headers={"Authorization": "Bearer no"}).status_code == 401
    assert (
        refused(service, additional_headers=known, origin="http://evil.example").status_code == 403
    )
    answer = refused(service, additional_headers={**known, "Host": "evil.example"})
    assert answer.status_code in (400, 403, 421)


def test_the_token_may_come_in_the_query_or_as_a_subprotocol(service):
    service.services.orchestrator.register_plugin("x")
    token = service.services.keyring.issue("x")
    url = f"ws://127.0.0.1:{service.settings.plugin_port}/ws/sync"
    with connect(f"{url}?token={token}", open_timeout=WAIT) as one:
        assert json.loads(one.recv(timeout=WAIT))["type"] == "transport_sync"
    with connect(url, subprotocols=["scband", f"bearer.{token}"], open_timeout=WAIT) as two:
        assert two.subprotocol == "scband"


def flood(plugin):
    for _ in range(20_000):
        plugin.send(type="ping", t=1)
    while True:
        plugin.next()


def test_who_sends_without_end_is_closed(join):
    plugin = join("flood")
    with pytest.raises(ConnectionClosed) as caught:
        flood(plugin)
    assert caught.value.rcvd is None or caught.value.rcvd.code == 1008


def stalled(service, name):
    """Open a WebSocket that never reads, with the smallest buffer."""
    token = service.services.keyring.issue(name)
    raw = socket.socket()
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    raw.connect(("127.0.0.1", service.settings.plugin_port))
    raw.sendall(
        b"GET /ws/sync HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
        b"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nAuthorization: Bearer "
        + token.encode()
        + b"\r\n\r\n"
    )
    return raw


def frame(payload):
    head = struct.pack("!BBH", 0x81, 0x80 | 126, len(payload))
    return head + b"\0\0\0\0" + payload


def test_a_client_that_reads_nothing_holds_up_nobody_and_is_closed(service, join, monkeypatch):
    monkeypatch.setattr(hubs, "STALL_SECONDS", 0.5)
    service.services.orchestrator.register_plugin("stalled")
    before = len(service.services.orchestrator.plugins.plugins())
    raw = stalled(service, "stalled")
    honest = join("honest")
    try:
        question = frame(b'{"type":"ping","t":1,"x":"' + b"x" * 200 + b'"}')
        probe = frame(b'{"t":1,"p":"' + b"x" * 20_000 + b'"}')
        worst = 0.0
        closed = False
        end = time.monotonic() + 20
        while not closed and time.monotonic() < end:
            try:
                raw.sendall(question * 5 + probe)  # their answers fill its buffers
            except OSError:
                closed = True
            began = time.monotonic()
            honest.until("transport_sync")
            worst = max(worst, time.monotonic() - began)
        assert closed, "the stalled client is still there"
        assert worst < 1.0
        assert len(service.services.orchestrator.plugins.plugins()) == before + 1
    finally:
        raw.close()


def test_a_slow_client_gets_the_latest_state_and_not_all_the_old_ones(service, join):
    slow, quick = join("slow"), join("quick")
    slow.until("snapshot")
    quick.until("snapshot")
    seen = [quick.until("transport_sync") for _ in range(10)]
    last = None
    while last is None or last["seq"] < seen[-1]["seq"]:
        last = slow.until("transport_sync")
    assert last["seq"] - seen[-1]["seq"] < 10


def test_music_is_kept_ahead_of_the_reported_transport(service, join):
    plugin = join("ahead", keep_ahead=True)
    plugin.send(
        type="generate_request", track_types=["bass"], chord_progression="C-F-G-C", tempo=120,
        duration=16,
    )  # fmt: skip
    assert plugin.until("midi_ready", seconds=30)["start"] == 0
    covered = 16.0
    end = time.monotonic() + 40
    while covered < 20 + 32:
        assert time.monotonic() < end
        plugin.send(type="transport_sync", isPlaying=True, currentBeat=20.0, tempo=120.0)
        while (message := plugin.next())["type"] not in ("midi_ready", "transport_sync"):
            pass
        if message["type"] == "midi_ready":
            assert message["start"] in (covered, 20.0)
            covered = message["start"] + message["duration"]
    plugin.send(type="transport_sync", isPlaying=False, currentBeat=0.0, tempo=120.0)


def test_every_message_of_the_documentation_is_taken_and_every_one_sent_is_documented(join):
    plugin = join("reader")
    for name, (_, text) in messages.INCOMING.items():
        assert messages.read_message(text.encode()).type == name
        if name != "cancel_job":
            plugin.socket.send(text)
    plugin.until("job_progress", seconds=30, state="done")
    plugin.send(type="cancel_job", job_id="none")
    plugin.until("error", code="job_not_found")
    told = {message["type"] for message in plugin.told}
    assert told <= set(messages.OUTGOING)
    assert told >= set(messages.OUTGOING) - {"midi_removed", "midi_refused"}
    plugin.send(type="transport_sync", isPlaying=False, currentBeat=0, tempo=120)


def test_files_are_in_the_monitored_folder(service):
    assert (Path(service.settings.monitor_folder) / "generated_accompaniments").is_dir()
