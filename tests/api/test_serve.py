"""One application on three ports: it starts, says what is wrong, and ends with nothing left."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import jwt
import psutil
import pytest
from api_clients import Client, open_settings
from websockets.sync.client import connect

from scband.api.serve import Service, beside
from scband.api.services import EngineState
from scband.errors import ListenError, SettingsError
from scband.settings import Settings, assigned


def free_ports(count: int) -> list[int]:
    opened = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in opened]
    for each in opened:
        each.close()
    return ports


def test_the_same_application_answers_on_all_ports(tmp_path: Path) -> None:
    with Service(open_settings(tmp_path)) as service:
        settings = service.settings
        ports = (settings.plugin_port, settings.engine_port, settings.page_port)
        assert len(set(ports)) == 3
        for port in ports:
            about = Client(port)("GET", "/").json()
            assert about == {"service": "scband", "version": about["version"], "status": "running"}
            assert Client(port)("GET", "/health").json()["status"] == "healthy"
        assert settings.orchestrator_url == f"http://localhost:{settings.plugin_port}"
        assert settings.websocket_url == f"ws://localhost:{settings.plugin_port}/ws/sync"


def test_old_clients_find_a_fourth_port_where_one_is_set(tmp_path: Path) -> None:
    (port,) = free_ports(1)
    with Service(open_settings(tmp_path, sync_port=port)) as service:
        assert Client(port)("GET", "/health").status == 200
        assert service.urls()["sync"] == f"http://localhost:{port}"


def test_it_listens_on_loopback_only_by_default(tmp_path: Path) -> None:
    with Service(open_settings(tmp_path)) as service:
        port = service.settings.plugin_port
        bound = {
            each.laddr.ip
            for each in psutil.Process().net_connections("tcp")
            if each.status == psutil.CONN_LISTEN and each.laddr.port == port
        }
        assert bound
        assert bound <= {"127.0.0.1", "::1"}


@pytest.mark.parametrize("name", ["plugin_port", "engine_port", "page_port"])
def test_a_busy_port_is_named_with_its_setting(tmp_path: Path, name: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ListenError, match=rf"port {port} .*--{name.replace('_', '-')}.*{name}"):
            Service(open_settings(tmp_path, **{name: port})).start()
    assert not [t for t in threading.enumerate() if t.name == "scband-service"]


def test_one_port_cannot_serve_twice(tmp_path: Path) -> None:
    with pytest.raises(ListenError, match="another one"):
        Service(open_settings(tmp_path, plugin_port=8123, page_port=8123)).start()


def test_a_host_that_is_not_here_is_named(tmp_path: Path) -> None:
    with pytest.raises(ListenError, match="host"):
        Service(open_settings(tmp_path, host="no.such.host.invalid")).start()


def test_it_ends_in_seconds_and_gives_its_ports_back(tmp_path: Path) -> None:
    service = Service(open_settings(tmp_path)).start()
    port = service.settings.plugin_port
    idle = socket.create_connection(("127.0.0.1", port), 5)
    half = socket.create_connection(("127.0.0.1", port), 5)
    half.sendall(
        b"POST /api/midi/generate HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\n{"
    )
    begun = time.monotonic()
    service.stop()
    assert time.monotonic() - begun < 3.0
    for each in (idle, half):
        each.settimeout(5)
        while each.recv(65536):
            continue
        each.close()
    with socket.create_server(("127.0.0.1", port)):
        assert not [t for t in threading.enumerate() if t.name == "scband-service"]


def test_beside_the_band_a_busy_port_is_said_and_the_band_plays_on(tmp_path: Path) -> None:
    said: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as taken:
        settings = open_settings(tmp_path, serve=True, page_port=taken.getsockname()[1])
        with beside(settings, said.append, EngineState) as service:
            assert service is None
    assert "playing without the service" in said[0]
    assert "page_port" in said[0]


def test_beside_the_band_health_tells_how_the_engine_is(tmp_path: Path) -> None:
    state = EngineState("running", "running", "running: dummy, 48000 Hz, 0 xruns")
    with beside(open_settings(tmp_path, serve=True), lambda text: None, lambda: state) as service:
        assert service is not None
        health = Client(service.settings.page_port)("GET", "/health").json()
        assert health["supernova"] == "running"
        assert health["audio"] == "running: dummy, 48000 Hz, 0 xruns"


def test_it_can_be_turned_off_beside_the_band(tmp_path: Path) -> None:
    with beside(open_settings(tmp_path, serve=False), pytest.fail, EngineState) as service:
        assert service is None


@contextmanager
def served(
    folder: Path, *flags: str, **environment: str
) -> Iterator[tuple[subprocess.Popen[str], int]]:
    plugin, engine, page = free_ports(3)
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "scband", "serve"),
            *("--plugin-port", str(plugin), "--engine-port", str(engine)),
            *("--page-port", str(page), "--state-folder", str(folder / "state")),
            *("--monitor-folder", str(folder / "monitored")),
        ],
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=folder,
    )
    try:
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith("Ctrl-C"):
                break
        yield process, plugin
    finally:
        process.kill()
        process.communicate(timeout=10)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_scband_serve_ends_by_a_signal_in_three_seconds(tmp_path: Path, number: int) -> None:
    with served(tmp_path) as (process, port):
        token = command("token", "a-script", "--operator", state=tmp_path / "state")
        client = Client(port, token)
        assert client("GET", "/api/plugin/status").status == 200  # the same key, on or off
        with connect(f"ws://127.0.0.1:{port}/ws/sync?token={token}", open_timeout=10):
            children = psutil.Process(process.pid).children(recursive=True)
            begun = time.monotonic()
            process.send_signal(number)
            assert process.wait(10) == 0
            assert time.monotonic() - begun < 3.0
        assert not [child for child in children if child.is_running()]


def test_it_serves_without_supercollider_and_says_what_is_missing(tmp_path: Path) -> None:
    nowhere = {f"SCBAND_{name}": "/nowhere" for name in ("SUPERNOVA", "SCLANG", "JACKD")}
    with served(tmp_path, **nowhere) as (_, port):
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=10) as answer:
            health = json.load(answer)
        assert health["status"] == "healthy"
        assert health["supernova"] == health["sclang"] == health["audio"] == "not installed"
        assert any("apt-get install" in line or "install" in line for line in health["missing"])


def command(*words: str, state: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "scband", *words, "--state-folder", str(state)],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_scband_token_needs_no_service(tmp_path: Path) -> None:
    token = command("token", "my-script", "--hours", "1", state=tmp_path / "state")
    claims = jwt.decode(
        token, (tmp_path / "state" / "key").read_bytes(), ["HS256"], audience="scband"
    )
    assert claims["sub"] == "my-script"
    assert claims["role"] == "plugin"
    assert claims["exp"] - claims["iat"] == 3600


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("plugin_port", 70000, "65535"),
        ("sync_interval_ms", 1, "5"),
        ("max_upload_mb", -1, "0"),
        ("supported_formats", "mid,wav", "wav"),
        ("track_types", "bass,tuba", "tuba"),
        ("allowed_origins", "*", "origin"),
        ("allowed_origins", "https://*.example", "origin"),
        ("orchestrator_url", "ftp://x", "http"),
        ("token_hours", 0, "0"),
    ],
)
def test_a_wrong_setting_is_refused_by_name_and_range(name: str, value: object, told: str) -> None:
    with pytest.raises(SettingsError, match=f"setting {name}: .*{told}"):
        Settings.load(**{name: value})


def test_any_setting_can_be_a_flag() -> None:
    flags = assigned(["max_upload_mb=50", "auto_load_files = false"])
    settings = Settings.load(**flags)
    assert settings.max_upload_mb == 50
    assert settings.auto_load_files is False
    for wrong in ("max_upload_mb", "max_uplaod_mb=5", "=5"):
        with pytest.raises(SettingsError, match="sets nothing"):
            assigned([wrong])


def test_the_plugins_defaults_are_those_of_the_contract(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings.load()
    assert settings.orchestrator_url == "http://localhost:8000"
    assert settings.websocket_url == "ws://localhost:8000/ws/sync"
    assert settings.monitor_folder == "./generated_accompaniments"
    assert settings.auto_load_files is True
    assert settings.sync_interval_ms == 100
    assert settings.max_file_age_seconds == 3600
    assert settings.format_names() == ("mid", "midi")
    assert settings.track_names() == ("bass", "drums", "keys", "guitar")
    assert (settings.plugin_port, settings.engine_port, settings.page_port) == (8000, 9000, 5001)
    monkeypatch.setenv("SCBAND_PLUGIN_PORT", "8010")
    assert Settings.load().orchestrator_url == "http://localhost:8010"


def test_a_workstation_without_tokens_is_let_in_to_the_engine_api_alone(tmp_path: Path) -> None:
    with Service(open_settings(tmp_path, engine_token=False)) as running:
        engine = Client(running.settings.engine_port)
        line = "/api/v1/generate/midi?style=bass&bars=1"
        assert engine("POST", line).status == 200
        assert engine("POST", "/api/transport/start").status == 401
        assert engine("POST", line, Origin="https://elsewhere.example").status == 403
        assert engine("POST", line, Authorization="Bearer of.nothing.good").status == 401
