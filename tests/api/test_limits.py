"""Rates, connections and the names a service answers to, counted exactly."""

import socket
import threading
from pathlib import Path

import pytest
from api_clients import Client, open_settings

from scband.api.connections import Gate
from scband.api.doors import Doors, doors_of, host_name
from scband.api.limits import Limiter, family_of
from scband.api.serve import Service
from scband.errors import RateLimitedError


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_rate_lets_its_burst_through_and_then_its_rate() -> None:
    clock = Clock()
    limiter = Limiter({"other": 2.0}, burst_seconds=5.0, clock=clock)
    for _ in range(10):
        limiter.take("other", "a")
    with pytest.raises(RateLimitedError) as limited:
        limiter.take("other", "a")
    assert limited.value.retry_after == pytest.approx(0.5)
    limiter.take("other", "b")
    clock.now += 1.0
    limiter.take("other", "a")
    limiter.take("other", "a")
    with pytest.raises(RateLimitedError):
        limiter.take("other", "a")


def test_a_limiter_forgets_the_longest_unused_before_it_grows() -> None:
    limiter = Limiter({"other": 1.0}, clock=Clock())
    for number in range(20_000):
        limiter.take("other", str(number))
    assert len(limiter._buckets) <= 4096


@pytest.mark.parametrize(
    ("method", "path", "content_type", "family"),
    [
        ("POST", "/api/plugin/register", "application/json", "register"),
        ("POST", "/api/midi/generate", "application/json", "generate"),
        ("POST", "/api/v1/generate/bassline", "", "generate"),
        ("POST", "/api/v1/mixing/suggest", "", "generate"),
        ("POST", "/api/v1/analyze/audio", "multipart/form-data; boundary=x", "upload"),
        ("GET", "/api/midi/list", "", "other"),
    ],
)
def test_each_family_of_endpoints_has_its_rate(
    method: str, path: str, content_type: str, family: str
) -> None:
    assert family_of(method, path, content_type) == family


def test_too_many_requests_are_told_to_wait(tmp_path: Path) -> None:
    settings = open_settings(tmp_path, rate_register=0.5, rate_other=1)
    with Service(settings) as service:
        client = Client(service.settings.plugin_port)
        answers = [client("POST", "/api/page/session") for _ in range(4)]
        assert [answer.status for answer in answers] == [200, 200, 429, 429]
        assert answers[-1].json()["code"] == "rate_limited"
        assert int(answers[-1].headers["retry-after"]) >= 1
        client.token = "wrong"
        tried = [client("GET", "/api/plugin/status").status for _ in range(7)]
        assert tried == [401] * 5 + [429] * 2


class _Transport:
    def __init__(self, address: str) -> None:
        self.address = address

    def get_extra_info(self, name: str) -> tuple[str, int]:
        return (self.address, 1)


def test_the_gate_counts_in_all_and_by_address() -> None:
    gate = Gate(most=3, most_per_address=2)
    inside = [_Transport(address) for address in ("a", "a", "a", "b", "c")]
    assert [gate.enter(each) for each in inside] == [True, True, False, True, False]  # type: ignore[arg-type]
    gate.leave(inside[0])  # type: ignore[arg-type]
    gate.leave(inside[0])  # type: ignore[arg-type]
    assert len(gate) == 2
    assert gate.enter(inside[2])  # type: ignore[arg-type]


def test_one_connection_too_many_is_turned_away_and_room_comes_back(tmp_path: Path) -> None:
    with Service(open_settings(tmp_path, max_connections=4, max_connections_per_address=3)) as s:
        address = ("127.0.0.1", s.settings.plugin_port)
        kept = [socket.create_connection(address, 5) for _ in range(3)]
        assert s.gate is not None
        wait = threading.Event()
        while len(s.gate) < 3:
            wait.wait(0.01)
        with socket.create_connection(address, 5) as one_more:
            assert one_more.recv(1000).startswith(b"HTTP/1.1 503 ")
        for each in kept:
            each.close()
        while len(s.gate):
            wait.wait(0.01)
        assert Client(s.settings.plugin_port)("GET", "/health").status == 200


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("localhost", "localhost"),
        ("LOCALHOST.:80", "localhost"),
        ("127.0.0.1:8000", "127.0.0.1"),
        ("[::1]:8000", "::1"),
        ("[0:0:0:0:0:0:0:1]", "::1"),
        ("localhost:port", ""),
        ("a@localhost", ""),
        ("localhost/..", ""),
        ("[::1", ""),
        ("", ""),
    ],
)
def test_a_host_header_is_read_as_one_name(header: str, name: str) -> None:
    assert host_name(header) == name


def test_names_and_origins_of_the_settings_are_let_in(tmp_path: Path) -> None:
    settings = open_settings(
        tmp_path, host="0.0.0.0", allowed_hosts="daw.lan", allowed_origins="https://daw.lan:8443"
    )
    doors = doors_of(settings)
    assert doors.admits_host("daw.lan:8000")
    assert doors.admits_host("192.168.1.7:8000", "192.168.1.7")
    assert not doors.admits_host("192.168.1.8:8000", "192.168.1.7")
    assert not doors.admits_host("0.0.0.0:8000")
    assert doors.admits_origin("https://daw.lan:8443", "localhost:8000")
    assert not doors.admits_origin("https://daw.lan", "localhost:8000")


def test_an_origin_is_ours_only_with_scheme_name_and_port() -> None:
    doors = Doors(frozenset({"localhost"}), frozenset())
    assert doors.admits_origin("http://localhost:8000", "localhost:8000")
    for origin in ("https://localhost:8000", "http://localhost", "http://localhost:80001", "null"):
        assert not doors.admits_origin(origin, "localhost:8000")


def test_an_allowed_page_elsewhere_may_call_without_credentials(tmp_path: Path) -> None:
    with Service(open_settings(tmp_path, allowed_origins="http://daw.example:3000")) as service:
        client = Client(service.settings.plugin_port)
        asked = client("OPTIONS", "/api/midi/generate", Origin="http://daw.example:3000")
        assert asked.status == 204
        assert "authorization" in asked.headers["access-control-allow-headers"]
        answer = client("GET", "/health", Origin="http://daw.example:3000")
        assert answer.status == 200
        assert answer.headers["access-control-allow-origin"] == "http://daw.example:3000"
        assert "access-control-allow-credentials" not in answer.headers
        assert answer.headers["vary"] == "Origin"
        assert client("GET", "/health", Origin="http://daw.example").status == 403
