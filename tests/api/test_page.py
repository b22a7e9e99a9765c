"""The page and the API's documentation in a real browser: they live, and load nothing else."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator

import pytest
from api_clients import WAIT, Client
from browser import Browser, chromium
from websockets.sync.client import connect

from scband.api.serve import Service

ELSEWHERE = "return performance.getEntriesByType('resource').map(entry => entry.name)"


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with chromium(tmp_path_factory.mktemp("profile"), port) as opened:
        yield opened


@pytest.fixture
def page(service: Service) -> str:
    return f"http://localhost:{service.settings.page_port}"


def assert_self_contained(browser: Browser, page: str) -> None:
    loaded = browser.run(ELSEWHERE)
    assert loaded
    assert all(name.startswith((page, "data:")) for name in loaded)
    assert browser.complaints() == []


def test_a_browser_gets_the_page_and_a_program_gets_json(client: Client) -> None:
    seen = client("GET", "/", Accept="text/html,application/xhtml+xml,*/*;q=0.8")
    assert seen.headers["content-type"].startswith("text/html")
    assert "://" not in seen.body.decode()
    for accept in ("application/json", "*/*"):
        assert client("GET", "/", Accept=accept).json()["service"] == "scband"


def test_the_page_shows_transport_plugins_jobs_and_files_as_they_happen(
    browser: Browser, page: str, client: Client, service: Service
) -> None:
    browser.open(page)
    browser.wait("document.getElementById('link').dataset.state === 'live'")
    browser.wait("document.getElementById('engine').textContent.includes('supernova')")
    registered = client(
        "POST", "/api/plugin/register", {"plugin_id": "daw-1", "secret": "s", "name": "Bass <b>"}
    )
    assert registered.status == 200
    browser.wait("document.getElementById('plugins').textContent.includes('Bass <b>Connected')")
    client.token = registered.json()["token"]
    asked = {"chord_progression": "C-G", "key": "C major", "track_types": ["bass"], "tempo": 120}
    job = client("POST", "/api/midi/generate", asked).json()["job_id"]
    browser.wait(f"document.getElementById('jobs').textContent.includes('{job}')")
    browser.wait("document.getElementById('files').textContent.includes('_bass_Cmaj_120.mid')", 60)
    url = f"ws://127.0.0.1:{service.settings.plugin_port}/ws/sync?token={client.token}"
    with connect(url, open_timeout=WAIT) as plugin:
        message = {"type": "transport_sync", "isPlaying": True, "currentBeat": 40.0, "tempo": 150}
        plugin.send(json.dumps({**message, "timestamp": "2026-01-01T00:00:00Z"}))
        browser.wait("document.getElementById('playing').textContent === 'playing'")
    assert browser.run("return document.getElementById('tempo').textContent") == "150.0"
    browser.wait("Number(document.getElementById('beat').textContent) >= 40")
    first = float(browser.run("return document.getElementById('beat').textContent"))
    browser.wait(f"Number(document.getElementById('beat').textContent) > {first + 1}")
    assert_self_contained(browser, page)


def test_the_page_fits_a_phone(browser: Browser, page: str) -> None:
    browser.open(page)
    browser.wait("document.getElementById('link').dataset.state === 'live'")
    overflow = browser.run(
        "document.body.style.width = '340px';"
        "return [...document.querySelectorAll('section')].filter(part =>"
        " part.scrollWidth > part.clientWidth + 1).length"
    )
    assert overflow == 0


def test_the_documentation_shows_every_operation_from_our_own_files(
    browser: Browser, page: str, client: Client
) -> None:
    browser.open(f"{page}/docs")
    paths = client("GET", "/openapi.json").json()["paths"]
    operations = sum(len(methods) for methods in paths.values())
    browser.wait(f"document.querySelectorAll('.opblock').length === {operations}")
    assert_self_contained(browser, page)
