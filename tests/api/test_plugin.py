"""The plugin API, row by row, as a plain HTTP client finds it."""

import json
import re
import threading
import time
from io import BytesIO
from pathlib import Path

import mido
import pytest
from api_clients import Client, open_settings

from scband.api.serve import Service

ASKED = {
    "type": "generate_request",
    "track_types": ["bass", "drums", "keys", "guitar"],
    "chord_progression": "C-Am-F-G",
    "tempo": 120,
    "duration": 32,
    "key": "C major",
}
SECRET = "a secret of nineteen"


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    settings = open_settings(tmp_path_factory.mktemp("plugin"), heartbeat_seconds=1.0)
    with Service(settings) as running:
        yield running


@pytest.fixture(scope="module")
def register(service):
    def made(plugin_id, **more):
        plain = Client(service.settings.plugin_port)
        answer = plain(
            "POST", "/api/plugin/register", {"plugin_id": plugin_id, "secret": SECRET, **more}
        )
        assert answer.status == 200, answer.body
        return Client(service.settings.plugin_port, answer.json()["token"])

    return made


@pytest.fixture(scope="module")
def plugin(register):
    return register("juce-1", name="Accompanist", version="1.4", sample_rate=48000)


def finished(client, job_id):
    for _ in range(6):
        job = client("GET", f"/api/jobs/{job_id}?wait=9").json()
        if job["state"] not in ("queued", "running"):
            return job
    raise AssertionError(f"the job does not end: {job}")


@pytest.fixture(scope="module")
def generated(plugin):
    answer = plugin("POST", "/api/midi/generate", ASKED)
    assert answer.status == 202
    return finished(plugin, answer.json()["job_id"])


def code(answer):
    assert answer.headers["content-type"] == "application/problem+json"
    return answer.status, answer.json()["code"]


# registration, status, heartbeat


def test_registration_answers_a_token_the_settings_and_the_state(service):
    answer = Client(service.settings.plugin_port)(
        "POST", "/api/plugin/register", {"plugin_id": "new", "secret": SECRET}
    ).json()
    assert answer["state"] == "Connected"
    assert answer["token"].count(".") == 2
    assert answer["settings"] == {
        "orchestrator_url": f"http://localhost:{service.settings.plugin_port}",
        "websocket_url": f"ws://localhost:{service.settings.plugin_port}/ws/sync",
        "monitor_folder": str(Path(service.settings.monitor_folder)),
        "auto_load_files": True,
        "sync_interval_ms": 100,
        "max_file_age_seconds": 3600,
        "supported_formats": ["mid", "midi"],
        "track_types": ["bass", "drums", "keys", "guitar"],
        "heartbeat_seconds": 1.0,
    }


def test_the_same_plugin_needs_the_same_secret(service, register):
    register("guarded")
    plain = Client(service.settings.plugin_port)
    answer = plain("POST", "/api/plugin/register", {"plugin_id": "guarded", "secret": "another"})
    assert code(answer) == (401, "unauthorized")
    register("guarded")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"plugin_id": "x"},
        {"plugin_id": "", "secret": SECRET},
        {"plugin_id": 7, "secret": SECRET},
        {"plugin_id": "x\x00y", "secret": SECRET},
        {"plugin_id": "x" * 200, "secret": SECRET},
        {"plugin_id": "x", "secret": SECRET, "sample_rate": "48000"},
        [],
        "text",
    ],
)
def test_a_wrong_registration_is_refused(service, body):
    answer = Client(service.settings.plugin_port)("POST", "/api/plugin/register", body)
    assert code(answer) == (422, "invalid_request")


@pytest.mark.parametrize("folder", ["/etc", "../..", "/root/.ssh"])
def test_a_plugin_cannot_name_a_folder_elsewhere(service, folder):
    body = {"plugin_id": "bold", "secret": SECRET, "monitor_folder": folder}
    answer = Client(service.settings.plugin_port)("POST", "/api/plugin/register", body)
    assert code(answer) == (403, "forbidden")
    assert folder not in answer.json()["detail"]


def test_everything_else_needs_a_token(service):
    plain = Client(service.settings.plugin_port)
    for method, path in (
        ("GET", "/api/plugin/status"),
        ("POST", "/api/plugin/heartbeat"),
        ("POST", "/api/transport/start"),
        ("GET", "/api/transport/position"),
        ("POST", "/api/midi/generate"),
        ("GET", "/api/midi/list"),
        ("POST", "/api/midi/stream"),
        ("GET", "/api/midi/x"),
        ("DELETE", "/api/midi/x"),
        ("POST", "/api/audio/upload"),
        ("GET", "/api/jobs/x"),
        ("DELETE", "/api/jobs/x"),
    ):
        assert code(plain(method, path)) == (401, "unauthorized"), path


def test_a_plugin_sees_itself_and_an_operator_all(plugin, known_operator):
    own = plugin("GET", "/api/plugin/status").json()
    assert (own["plugin_id"], own["name"], own["sample_rate"]) == ("juce-1", "Accompanist", 48000)
    assert own == plugin("GET", "/api/plugin/status?plugin_id=juce-1").json()
    assert code(plugin("GET", "/api/plugin/status?plugin_id=new")) == (403, "forbidden")
    everybody = known_operator("GET", "/api/plugin/status").json()["plugins"]
    assert "juce-1" in {each["plugin_id"] for each in everybody}
    answer = known_operator("GET", "/api/plugin/status?plugin_id=nobody")
    assert code(answer) == (404, "plugin_not_registered")


@pytest.fixture(scope="module")
def known_operator(service):
    from scband.api.keyring import Role

    token = service.services.keyring.issue("an-operator", Role.OPERATOR)
    return Client(service.settings.plugin_port, token)


def test_heartbeats_carry_the_state_and_silence_disconnects(register):
    client = register("beating")
    for state in ("Playing", "Syncing", "Connected"):
        answer = client("POST", "/api/plugin/heartbeat", {"plugin_id": "beating", "state": state})
        assert answer.json()["state"] == state
    deadline = time.monotonic() + 8
    while client("GET", "/api/plugin/status").json()["state"] != "Disconnected":
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert client("POST", "/api/plugin/heartbeat").json()["state"] == "Connected"
    wrong = client("POST", "/api/plugin/heartbeat", {"state": "playing"})
    assert code(wrong) == (422, "invalid_request")
    others = client("POST", "/api/plugin/heartbeat", {"plugin_id": "juce-1"})
    assert code(others) == (403, "forbidden")


def test_a_token_of_a_plugin_that_never_registered_gets_no_heartbeat(service):
    token = service.services.keyring.issue("stranger")
    client = Client(service.settings.plugin_port, token)
    assert code(client("POST", "/api/plugin/heartbeat")) == (404, "plugin_not_registered")


# transport


def test_the_transport_starts_runs_resets_and_stops_at_the_beginning(plugin):
    started = plugin("POST", "/api/transport/start", {"currentBeat": 16, "tempo": 150}).json()
    assert set(started) == {"isPlaying", "currentBeat", "tempo", "timestamp"}
    assert started["isPlaying"] is True
    assert started["tempo"] == 150
    time.sleep(0.05)
    position = plugin("GET", "/api/transport/position").json()
    assert position["currentBeat"] > 16
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z", position["timestamp"])
    assert plugin("POST", "/api/transport/reset").json()["currentBeat"] < 1
    stopped = plugin("POST", "/api/transport/stop").json()
    assert (stopped["isPlaying"], stopped["currentBeat"]) == (False, 0.0)
    assert plugin("GET", "/api/transport/position").json()["currentBeat"] == 0.0


@pytest.mark.parametrize("body", [{"currentBeat": -1}, {"tempo": 0}, {"tempo": 1e9}])
def test_places_where_no_transport_can_be_are_refused(plugin, body):
    assert code(plugin("POST", "/api/transport/start", body)) == (422, "invalid_position")


def test_what_is_no_number_is_no_position(plugin):
    for body in ({"tempo": "fast"}, {"currentBeat": True}):
        assert code(plugin("POST", "/api/transport/start", body)) == (422, "invalid_request")


# generation and files


def test_a_generation_is_accepted_before_any_work(plugin):
    best = 9.0
    for seed in range(8):
        began = time.monotonic()
        answer = plugin("POST", "/api/midi/generate", {**ASKED, "seed": seed})
        best = min(best, time.monotonic() - began)
        assert answer.status == 202
        assert finished(plugin, answer.json()["job_id"])["state"] == "done"
    assert best < 0.05


def test_a_finished_job_tells_its_files_and_what_was_played(generated):
    assert (generated["state"], generated["progress"], generated["error"]) == ("done", 1.0, None)
    result = generated["result"]
    assert [file["track_type"] for file in result["files"]] == ASKED["track_types"]
    assert result["chords"] == ["C", "Am", "F", "G"] * 2
    assert (result["key"], result["tempo"], result["duration"]) == ("C major", 120, 32)


def test_files_lie_whole_in_the_folders_of_the_contract(generated, service):
    root = Path(service.settings.monitor_folder) / "generated_accompaniments"
    for file in generated["result"]["files"]:
        track = file["track_type"]
        assert re.fullmatch(rf"\d{{14}}_{track}_Cmaj_120\.mid", file["filename"])
        read = mido.MidiFile(root / track / file["filename"])
        assert any(message.type == "note_on" for one in read.tracks for message in one)
    assert not list((root / "temp").iterdir())


def test_the_list_shows_every_file_with_its_facts(plugin, generated):
    listed = plugin("GET", "/api/midi/list").json()
    by_id = {file["file_id"]: file for file in listed["files"]}
    assert listed["count"] == len(by_id)
    for file in generated["result"]["files"]:
        assert by_id[file["file_id"]] == file
        assert {"filename", "track_type", "key", "tempo", "duration", "size", "created"} <= set(
            file
        )
    page = plugin("GET", "/api/midi/list?offset=1&limit=2").json()
    assert page["files"] == listed["files"][1:3]
    assert code(plugin("GET", "/api/midi/list?limit=0")) == (422, "invalid_request")


def test_a_file_is_downloaded_and_deleted_by_its_id(plugin, service):
    job = plugin("POST", "/api/midi/generate", {**ASKED, "track_types": ["keys"]}).json()
    (file,) = finished(plugin, job["job_id"])["result"]["files"]
    answer = plugin("GET", f"/api/midi/{file['file_id']}")
    assert answer.headers["content-type"] == "audio/midi"
    assert file["filename"] in answer.headers["content-disposition"]
    assert mido.MidiFile(file=BytesIO(answer.body)).tracks[1].name == "keys"
    path = (
        Path(service.settings.monitor_folder)
        / "generated_accompaniments"
        / "keys"
        / file["filename"]
    )
    assert path.read_bytes() == answer.body
    assert plugin("DELETE", f"/api/midi/{file['file_id']}").json()["deleted"] is True
    assert not path.exists()
    for method in ("GET", "DELETE"):
        answer = plugin(method, f"/api/midi/{file['file_id']}")
        assert code(answer) == (404, "midi_file_not_found")


@pytest.mark.parametrize(
    "name", ["..%2f..%2f..%2fetc%2fpasswd", "%2e%2e", "..", "%00", "x" * 60, "a%2Fb", "c:%5Cx"]
)
def test_no_path_reaches_the_file_system(plugin, name):
    for method in ("GET", "DELETE"):
        answer = plugin(method, f"/api/midi/{name}")
        assert answer.status in (404, 405), answer.body
        assert b"root:" not in answer.body


def test_a_plugin_does_not_see_the_files_and_jobs_of_another_folder(register, plugin, generated):
    other = register("elsewhere", monitor_folder="elsewhere")
    assert other("GET", "/api/midi/list").json()["files"] == []
    file_id = generated["result"]["files"][0]["file_id"]
    assert code(other("GET", f"/api/midi/{file_id}"))[0] == 404
    assert code(other("DELETE", f"/api/midi/{file_id}"))[0] == 404
    assert code(other("POST", "/api/midi/stream", {"file_id": file_id}))[0] == 404
    assert code(other("GET", f"/api/jobs/{generated['job_id']}")) == (404, "job_not_found")
    assert code(other("DELETE", f"/api/jobs/{generated['job_id']}")) == (404, "job_not_found")


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"track_types": ["kazoo"]}, "invalid_request"),
        ({"track_types": []}, "invalid_request"),
        ({"tempo": "120"}, "invalid_request"),
        ({"tempo": 5}, "invalid_request"),
        ({"duration": -4}, "invalid_request"),
        ({"key": "H flat"}, "invalid_request"),
        ({"style": "unheard of"}, "invalid_request"),
        ({"time_signature": "4/5"}, "invalid_request"),
        ({"chord_progression": ""}, "invalid_request"),
        ({"chord_progression": "C-H9x"}, "invalid_chart"),
        ({"chord_progression": "/etc/passwd"}, "invalid_chart"),
        ({"chord_progression": "", "audio_id": "nothing"}, "audio_not_found"),
    ],
)
def test_what_cannot_be_played_is_refused_with_its_code(plugin, changed, expected):
    answer = plugin("POST", "/api/midi/generate", {**ASKED, **changed})
    assert code(answer)[1] == expected
    assert b"Traceback" not in answer.body


def lines_of(answer):
    return [json.loads(line) for line in answer.body.decode().splitlines()]


def test_a_generation_in_progress_streams_bar_by_bar(plugin):
    job = plugin("POST", "/api/midi/generate", {**ASKED, "duration": 64}).json()
    answer = plugin("POST", "/api/midi/stream", job)
    assert answer.headers["content-type"] == "application/x-ndjson"
    lines = lines_of(answer)
    bars = [line for line in lines if line["type"] == "bar"]
    assert [bar["bar"] for bar in bars] == list(range(16))
    assert {note["track"] for bar in bars for note in bar["notes"]} == set(ASKED["track_types"])
    assert lines[-1] == {"type": "end", "job_id": job["job_id"], "bars": 16}


def test_a_file_streams_too_also_as_server_sent_events(plugin, generated):
    file_id = generated["result"]["files"][0]["file_id"]
    plain = lines_of(plugin("POST", "/api/midi/stream", {"file_id": file_id}))
    answer = plugin("POST", "/api/midi/stream", {"file_id": file_id, "format": "sse"})
    assert answer.headers["content-type"].startswith("text/event-stream")
    events = [json.loads(event[6:]) for event in answer.body.decode().split("\n\n") if event]
    bars = [line for line in plain if line["type"] == "bar"]
    assert len(bars) == 8
    assert bars == [event for event in events if event["type"] == "bar"]
    for body in ({}, {"file_id": "x", "job_id": "y"}):
        assert code(plugin("POST", "/api/midi/stream", body)) == (422, "invalid_request")
    gone = plugin("POST", "/api/midi/stream", {"file_id": "gone"})
    assert code(gone) == (404, "midi_file_not_found")


def test_a_job_is_cancelled_at_once(plugin):
    job = plugin("POST", "/api/midi/generate", {**ASKED, "duration": 9000}).json()
    began = time.monotonic()
    answer = plugin("DELETE", f"/api/jobs/{job['job_id']}").json()
    assert time.monotonic() - began < 2
    assert (answer["state"], answer["error"]["code"]) == ("cancelled", "job_cancelled")
    lines = lines_of(plugin("POST", "/api/midi/stream", job))
    assert lines[-1]["type"] == "error"
    assert code(plugin("GET", "/api/jobs/nothing")) == (404, "job_not_found")


def test_many_plugins_generate_at_once_each_into_its_folder(register, service):
    names = [f"many-{number}" for number in range(10)]
    clients = {name: register(name, monitor_folder=name) for name in names}
    results = {}

    def ask(name, seed):
        asked = {**ASKED, "track_types": ["bass", "drums"], "seed": seed}
        job = clients[name]("POST", "/api/midi/generate", asked).json()
        results[name] = finished(clients[name], job["job_id"])

    threads = [threading.Thread(target=ask, args=(name, n)) for n, name in enumerate(names)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    for name in names:
        root = Path(service.settings.monitor_folder) / name / "generated_accompaniments"
        assert results[name]["state"] == "done"
        files = {path.name for path in root.rglob("*.mid")}
        assert files == {file["filename"] for file in results[name]["result"]["files"]}
        assert len(files) == 2


# uploads


def test_what_is_no_audio_is_refused_by_its_content(plugin):
    answer = plugin("POST", "/api/audio/upload", b"RIFF" + bytes(500), Content_Type="audio/wav")
    assert code(answer) == (415, "unsupported_audio_format")
    assert "/" not in answer.json()["detail"]
    empty = plugin("POST", "/api/audio/upload", b"", Content_Type="audio/wav")
    assert code(empty) == (422, "invalid_request")
    form = b'--x\r\nContent-Disposition: form-data; name="other"\r\n\r\n1\r\n--x--\r\n'
    kind = "multipart/form-data; boundary=x"
    answer = plugin("POST", "/api/audio/upload", form, Content_Type=kind)
    assert code(answer) == (422, "invalid_request")
    broken = plugin("POST", "/api/audio/upload", b"--y", Content_Type="multipart/form-data")
    assert broken.status in (400, 422)
