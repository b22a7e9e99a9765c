"""The client of the workstation's core, against a real HTTP server that behaves well or badly."""

from __future__ import annotations

import socket
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from core_double import (
    Behave,
    Core,
    breaks_off,
    drips,
    drips_headers,
    floods,
    garbage,
    hangs,
    hangs_up,
    redirects,
    running_core,
    status,
)

from scband.api.workstation import Patience, Workstation
from scband.errors import NotConnectedError, WorkstationError

QUICK = Patience(seconds=0.4, tries=2, pause=0.01)


@pytest.fixture
def core() -> Iterator[Core]:
    with running_core(numTracks=3) as running:
        yield running


@pytest.fixture
def client(core: Core) -> Workstation:
    return Workstation(core.url, QUICK)


def test_every_endpoint_of_the_core_is_called_as_it_is_written(
    core: Core, client: Workstation
) -> None:
    midi = bytes(range(256))
    assert client.health()["status"] == "ok"
    assert client.project_status()["numTracks"] == 3
    client.play()
    assert client.project_status()["isPlaying"] is True
    client.stop()
    assert client.project_status()["isPlaying"] is False
    client.import_midi(midi)
    assert core.imported == [midi]
    assert [(verb, path) for verb, path, _ in core.asked][-3:] == [
        ("POST", "/api/v1/transport/stop"),
        ("GET", "/api/v1/project/status"),
        ("POST", "/api/v1/midi/import"),
    ]


def test_a_core_that_is_not_there_is_not_connected_and_said_so_at_once() -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))  # bound, but nobody listens
        client = Workstation(f"http://127.0.0.1:{held.getsockname()[1]}", QUICK)
        begun = time.monotonic()
        with pytest.raises(NotConnectedError, match=r"not connected.*core_url"):
            client.project_status()
        assert client.connected() is False
        assert time.monotonic() - begun < 1.0


@pytest.mark.parametrize(
    "bad",
    [status(500), status(503), hangs_up, hangs(1.0), breaks_off],
    ids=["500", "503", "hangs up", "hangs", "breaks off"],
)
def test_one_failure_is_tried_again(core: Core, client: Workstation, bad: Behave) -> None:
    core.behaviours = [bad]
    assert client.project_status()["numTracks"] == 3
    assert len(core.asked) == 2


@pytest.mark.parametrize(
    "bad", [hangs(1.0), drips, drips_headers], ids=["hangs", "drips", "drips headers"]
)
def test_a_core_that_takes_for_ever_is_given_up_in_time(
    core: Core, client: Workstation, bad: Behave
) -> None:
    core.behaviours = [bad] * 4
    begun = time.monotonic()
    with pytest.raises(NotConnectedError, match="no answer within"):
        client.health()
    assert time.monotonic() - begun < 2 * QUICK.seconds + 1.0


@pytest.mark.parametrize(
    "body",
    [b"", b"not json", b"[1, 2]", b"null", b'{"numTracks": "many"}', b'{"numTracks": -1}',
     b'{"numTracks": true}', b"[" * 100_000, b"\xff\xfe\x00", b'{"isPlaying": false}'],
)  # fmt: skip
def test_nonsense_is_refused_with_our_error(core: Core, client: Workstation, body: bytes) -> None:
    core.behaviours = [garbage(body)]
    with pytest.raises(WorkstationError, match="core at"):
        client.project_status()


@pytest.mark.parametrize("bad", [status(404), status(401), redirects], ids=["404", "401", "302"])
def test_a_refusal_is_told_with_its_status_and_no_redirect_is_followed(
    core: Core, client: Workstation, bad: Behave
) -> None:
    core.behaviours = [bad]
    with pytest.raises(WorkstationError, match="with status"):
        client.play()
    assert len(core.asked) == 1


def test_an_endless_answer_is_cut_off(core: Core, client: Workstation) -> None:
    core.behaviours = [floods]
    patient = Workstation(core.url, Patience(seconds=5.0, tries=1))
    with pytest.raises(WorkstationError, match="more than 4 MiB"):
        patient.health()
    assert client.health()["status"] == "ok"


def test_midi_that_may_have_arrived_is_not_imported_twice(core: Core, client: Workstation) -> None:
    core.behaviours = [hangs_up]
    with pytest.raises(NotConnectedError):
        client.import_midi(b"MThd")
    assert len(core.asked) == 1


def test_a_core_that_starts_a_moment_later_is_waited_for() -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        port = held.getsockname()[1]
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        answers = threading.Thread(target=_answer_later, args=(held,), daemon=True)
        answers.start()
        client = Workstation(f"http://127.0.0.1:{port}", Patience(1.0, tries=6, pause=0.05))
        assert client.health() == {"status": "ok"}
        answers.join(5)


def _answer_later(held: socket.socket) -> None:
    time.sleep(0.2)
    held.listen()
    connection, _ = held.accept()
    with connection:
        connection.recv(4096)
        connection.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 16\r\n\r\n{"status": "ok"}')


def test_no_thread_and_no_socket_is_left(core: Core, client: Workstation) -> None:
    before = threading.active_count()
    for _ in range(20):
        client.health()
    time.sleep(0.1)
    assert threading.active_count() <= before + 1
