"""Every hole that a stock server was seen to have, tried against a real one with plain sockets."""

from __future__ import annotations

import base64
import os
import re
import socket
import struct
import time
import zlib
from collections.abc import Callable
from pathlib import Path

import jwt
import pytest
from api_clients import WAIT, Client
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from scband.api.serve import Service

Raw = Callable[[bytes], socket.socket]

PRIVATE = "/api/plugin/status"


def sync_url(service: Service) -> str:
    return f"ws://127.0.0.1:{service.settings.plugin_port}/ws/sync"


def read_all(connection: socket.socket) -> bytes:
    """Read until the other end closes; a reset counts as a close."""
    got = b""
    try:
        while piece := connection.recv(65536):
            got += piece
    except ConnectionResetError:
        pass
    return got


def assert_problem(body: object, code: str) -> None:
    assert isinstance(body, dict)
    assert body["code"] == code
    assert set(body) == {"type", "title", "status", "code", "detail", "instance", "request_id"}
    assert "Traceback" not in str(body)


# --- who may call ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "origin",
    [
        "http://evil.example",
        "null",
        "http://localhost.evil.example",
        "http://127.0.0.1:1",
        "file://",
    ],
)
def test_a_foreign_origin_gets_nothing_by_http(client: Client, token: str, origin: str) -> None:
    answer = client("GET", "/health", Origin=origin)
    assert answer.status == 403
    assert_problem(answer.json(), "forbidden")
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize("origin", ["http://evil.example", "null"])
def test_a_foreign_origin_opens_no_websocket_even_with_a_token(
    service: Service, token: str, origin: str
) -> None:
    with pytest.raises(InvalidStatus) as refused:
        connect(f"{sync_url(service)}?token={token}", origin=origin, open_timeout=WAIT)  # type: ignore[arg-type]
    assert refused.value.response.status_code == 403


def test_no_origin_is_ever_reflected(client: Client) -> None:
    for method in ("GET", "OPTIONS"):
        answer = client(
            method,
            "/health",
            Origin="http://evil.example",
            Access_Control_Request_Method="POST",
        )
        assert answer.status == 403
        assert not [name for name in answer.headers if name.startswith("access-control")]


def test_the_page_itself_and_clients_that_are_no_browser_may_call(
    service: Service, client: Client
) -> None:
    own = f"http://127.0.0.1:{service.settings.plugin_port}"
    assert client("GET", "/health").status == 200
    assert client("GET", "/health", Origin=own).status == 200


def test_another_sites_page_cannot_fetch_without_an_origin(client: Client) -> None:
    fetched = client("GET", "/health", Sec_Fetch_Site="cross-site", Sec_Fetch_Mode="no-cors")
    assert fetched.status == 403
    followed = client("GET", "/", Sec_Fetch_Site="cross-site", Sec_Fetch_Mode="navigate")
    assert followed.status == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example:80", "localhost@evil.example", "", "a b"]
)
def test_a_rebound_name_gets_nothing(client: Client, host: str) -> None:
    answer = client("GET", "/health", Host=host)
    assert answer.status in {400, 421}
    if answer.status == 421:
        assert_problem(answer.json(), "unknown_host")


def test_a_rebound_name_opens_no_websocket(service: Service, token: str) -> None:
    with pytest.raises(InvalidStatus) as refused:
        connect(
            f"ws://evil.example:{service.settings.plugin_port}/ws/sync?token={token}",
            sock=socket.create_connection(("127.0.0.1", service.settings.plugin_port), WAIT),
            open_timeout=WAIT,
        )
    assert refused.value.response.status_code == 421


def test_two_host_headers_are_refused(raw: Raw) -> None:
    sent = b"GET /health HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n"
    assert re.match(rb"HTTP/1.1 4(00|21) ", read_all(raw(sent)))


def test_nothing_but_what_is_open_answers_without_a_token(client: Client, known: Client) -> None:
    open_paths = {"/", "/health", "/api/plugin/register", "/api/page/session"}
    for path, methods in client("GET", "/openapi.json").json()["paths"].items():
        for method in methods:
            if path in open_paths:
                continue
            answer = client(method.upper(), re.sub(r"{\w+}", "x", path), {})
            assert answer.status == 401, f"{method} {path}"
            assert_problem(answer.json(), "unauthorized")
            assert answer.headers["www-authenticate"] == "Bearer"


def test_a_websocket_without_a_token_is_refused_before_it_is_accepted(service: Service) -> None:
    with pytest.raises(InvalidStatus) as refused:
        connect(sync_url(service), open_timeout=WAIT)
    assert refused.value.response.status_code == 401
    assert b"unauthorized" in (refused.value.response.body or b"")


def test_a_websocket_takes_its_token_as_header_query_or_subprotocol(
    service: Service, token: str
) -> None:
    ways = (
        {"additional_headers": {"Authorization": f"Bearer {token}"}},
        {"subprotocols": ["scband", f"bearer.{token}"]},
    )
    for way in ways:
        with connect(sync_url(service), open_timeout=WAIT, **way) as opened:  # type: ignore[arg-type]
            assert opened.subprotocol == ("scband" if "subprotocols" in way else None)
    with connect(f"{sync_url(service)}?token={token}", open_timeout=WAIT) as opened:
        assert opened.response is not None
        assert token not in str(opened.response.headers)


# --- tokens --------------------------------------------------------------------------------------


def forged(service: Service, *, without: str = "", key: bytes = b"", **changed: object) -> str:
    """Sign a token as scband does, but for one thing."""
    assert service.services is not None
    now = int(time.time())
    claims: dict[str, object] = {
        "sub": "an-operator",
        "role": "operator",
        "iat": now,
        "exp": now + 60,
        "aud": "scband",
        "iss": "scband",
        **changed,
    }
    claims.pop(without, None)
    folder = Path(service.settings.state_folder)
    return jwt.encode(claims, key or (folder / "key").read_bytes(), algorithm="HS256")


def test_a_token_forged_with_the_right_key_would_be_good(client: Client, service: Service) -> None:
    client.token = forged(service)
    assert client("GET", PRIVATE).status == 200


@pytest.mark.parametrize("claim", ["exp", "iat", "aud", "iss", "sub", "role"])
def test_a_token_without_a_claim_is_refused(client: Client, service: Service, claim: str) -> None:
    client.token = forged(service, without=claim)
    assert client("GET", PRIVATE).status == 401


@pytest.mark.parametrize(
    "changed",
    [
        {"exp": 1_000_000_000},
        {"aud": "another"},
        {"iss": "another"},
        {"role": "root"},
        {"key": b"0" * 32},
        {"iat": 9_999_999_999},
    ],
    ids=["over", "audience", "issuer", "role", "key", "future"],
)
def test_a_token_with_a_wrong_claim_or_key_is_refused(
    client: Client, service: Service, changed: dict[str, object]
) -> None:
    client.token = forged(service, **changed)  # type: ignore[arg-type]
    answer = client("GET", PRIVATE)
    assert answer.status == 401
    assert_problem(answer.json(), "unauthorized")


def test_no_other_algorithm_is_taken(client: Client, service: Service) -> None:
    good = forged(service)
    claims = good.split(".")[1]
    key = (Path(service.settings.state_folder) / "key").read_bytes()
    none = base64.urlsafe_b64encode(b'{"alg":"none","typ":"JWT"}').decode().rstrip("=")
    decoded = jwt.decode(good, options={"verify_signature": False})
    for token in (
        f"{none}.{claims}.",
        f"{none}.{claims}.{good.split('.')[2]}",
        jwt.encode(decoded, key * 2, algorithm="HS512"),
        "not.a.token",
        "",
    ):
        client.token = token
        assert client("GET", PRIVATE).status == 401


# --- how much and how slowly ---------------------------------------------------------------------


def test_a_declared_upload_of_600_mib_is_refused_at_once(raw: Raw, token: str) -> None:
    sent = raw(
        b"POST /api/v1/analyze/audio HTTP/1.1\r\nHost: localhost\r\n"
        b"Authorization: Bearer " + token.encode() + b"\r\n"
        b"Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 629145600\r\n\r\n--x"
    )
    begun = time.monotonic()
    answer = sent.recv(65536)
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"payload_too_large" in answer
    assert time.monotonic() - begun < 1.0


def test_an_upload_without_length_is_refused_while_it_streams(
    service: Service, raw: Raw, token: str
) -> None:
    sender = raw(
        b"POST /api/v1/analyze/audio HTTP/1.1\r\nHost: localhost\r\n"
        b"Authorization: Bearer " + token.encode() + b"\r\n"
        b"Content-Type: multipart/form-data; boundary=x\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    sender.setblocking(False)
    head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\n'
    piece = b"%x\r\n%s\r\n" % (len(head), head)
    zeros = b"10000\r\n" + bytes(65536) + b"\r\n"
    sent, answer, until = 0, b"", time.monotonic() + WAIT
    while not answer and time.monotonic() < until:
        try:
            sent += sender.send(piece)
            piece = zeros
        except BlockingIOError:
            time.sleep(0.005)
        except (BrokenPipeError, ConnectionResetError):
            break
        try:
            answer = sender.recv(65536)
        except BlockingIOError:
            continue
    assert answer.startswith(b"HTTP/1.1 4"), answer
    assert sent < 32 * 2**20  # of endless ones; the limit is 4 MiB, the rest lay in buffers


def test_a_json_body_has_a_limit_of_its_own(known: Client) -> None:
    answer = known("POST", "/api/midi/generate", b'{"key": "' + b"x" * 70_000 + b'"}')
    assert answer.status == 413
    assert_problem(answer.json(), "payload_too_large")


def test_50_half_sent_headers_are_closed_in_seconds_while_others_are_served(
    service: Service, client: Client, raw: Raw
) -> None:
    assert service.gate is not None
    begun = time.monotonic()
    half = [raw(b"GET /health HTTP/1.1\r\nHost: localh") for _ in range(50)]
    while len(service.gate) < 50 and time.monotonic() < begun + WAIT:
        time.sleep(0.01)
    assert client("GET", "/health").status == 200
    for connection in half:
        assert read_all(connection).startswith(b"HTTP/1.1 408 ")
    assert time.monotonic() - begun < 5.0
    assert len(service.gate) <= 2


def test_a_header_that_drips_has_no_more_time_than_one_that_stops(raw: Raw) -> None:
    begun = time.monotonic()
    connection = raw(b"GET /health HTTP/1.1\r\nHost: localhost\r\nX-Slow: ")
    connection.settimeout(0.1)
    answer = b""
    while not answer and time.monotonic() < begun + WAIT:
        try:
            connection.sendall(b"a")
            answer = connection.recv(1024)
        except TimeoutError:
            continue
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert time.monotonic() - begun < 3.0


def test_a_connection_that_says_nothing_is_closed(raw: Raw) -> None:
    assert read_all(raw(b"")).startswith(b"HTTP/1.1 408 ")


def test_headers_without_end_are_refused(raw: Raw) -> None:
    connection = raw(b"GET /health HTTP/1.1\r\nHost: localhost\r\n")
    answer = b""
    try:
        for _ in range(64):
            connection.sendall(b"X-Long: " + b"a" * 4096 + b"\r\n")
        answer = read_all(connection)
    except (BrokenPipeError, ConnectionResetError):
        answer = read_all(connection)
    assert answer.startswith(b"HTTP/1.1 431 ") or answer == b""
    assert b" 200 " not in answer


def test_a_body_that_pauses_is_given_up(raw: Raw, token: str) -> None:
    begun = time.monotonic()
    connection = raw(
        b"POST /api/midi/generate HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        b"Authorization: Bearer " + token.encode() + b'\r\nContent-Length: 100\r\n\r\n{"key"'
    )
    answer = connection.recv(65536)
    assert answer.startswith(b"HTTP/1.1 408 "), answer
    assert time.monotonic() - begun < 5.0


def test_a_client_that_does_not_read_its_answer_is_dropped(service: Service) -> None:
    assert service.gate is not None
    with socket.socket() as deaf:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.settimeout(WAIT)
        deaf.connect(("127.0.0.1", service.settings.plugin_port))
        asked = b"GET /static/swagger-ui-bundle.js HTTP/1.1\r\nHost: localhost\r\n\r\n"
        deaf.sendall(asked * 8)  # 13 MB: more than the kernel keeps
        until = time.monotonic() + WAIT
        while len(service.gate) == 0 and time.monotonic() < until:
            time.sleep(0.01)
        while len(service.gate) and time.monotonic() < until:
            time.sleep(0.05)
        assert len(service.gate) == 0


def test_a_deflate_bomb_is_never_unpacked(service: Service, token: str) -> None:
    """A 15 kB deflate frame would be 15 MiB: compression is never agreed to."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    bomb = packer.compress(bytes(15 * 2**20)) + packer.flush(zlib.Z_SYNC_FLUSH)
    assert len(bomb) < 20_000
    with socket.create_connection(("127.0.0.1", service.settings.plugin_port), WAIT) as opened:
        key = base64.b64encode(os.urandom(16))
        opened.sendall(
            b"GET /ws/sync HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\n"
            b"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: "
            + key
            + b"\r\n"
            b"Sec-WebSocket-Extensions: permessage-deflate\r\n"
            b"Authorization: Bearer " + token.encode() + b"\r\n\r\n"
        )
        got = b""
        while b"\r\n\r\n" not in got:
            got += opened.recv(65536)
        head = got.partition(b"\r\n\r\n")[0]
        assert head.startswith(b"HTTP/1.1 101 ")
        assert b"permessage-deflate" not in head.lower()
        opened.sendall(struct.pack("!BBH4s", 0xC2, 0x80 | 126, len(bomb), b"\0\0\0\0") + bomb)
        rest = read_all(opened)
    assert struct.pack("!H", 1002) in rest  # a protocol error, and the end


def test_a_websocket_message_over_the_limit_ends_the_connection(
    service: Service, token: str
) -> None:
    with connect(f"{sync_url(service)}?token={token}", open_timeout=WAIT) as opened:
        opened.send('{"type": "' + "x" * 100_000 + '"}')
        with pytest.raises(ConnectionClosed) as closed:
            list(opened)  # what it says before the end does not matter
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1009


# --- what comes out ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        "/static/../../errors.py",
        "/static/..%2f..%2ferrors.py",
        "/static/%2e%2e/%2e%2e/errors.py",
        "/static/....//errors.py",
        "/static/%00",
        "/api/midi/..%2f..%2f..%2fetc%2fpasswd",
        "/api/midi/file/..%2f..%2f..%2fetc%2fpasswd",
        "//etc/passwd",
    ],
)
def test_no_path_escapes_to_the_file_system(known: Client, path: str) -> None:
    for method in ("GET", "DELETE"):
        answer = known(method, path)
        assert answer.status in {404, 405, 422}
        assert answer.headers["content-type"] == "application/problem+json"
        assert b"root:" not in answer.body
        assert b"ScbandError" not in answer.body


def test_the_documentation_loads_nothing_from_third_parties(client: Client) -> None:
    page = client("GET", "/docs").body.decode()
    wanted = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert wanted
    for path in wanted:
        assert re.fullmatch(r"/static/[\w.-]+", path)
        assert client("GET", path).status == 200
    assert "://" not in page
    assert not re.search(r"<script(?![^>]*src=)", page)


@pytest.mark.parametrize("path", ["/", "/health", "/docs", "/openapi.json", "/nothing", PRIVATE])
def test_every_answer_carries_the_security_headers(client: Client, path: str) -> None:
    headers = client("GET", path).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "http" not in policy
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "no-referrer"
    assert "server" not in headers
    assert re.fullmatch(r"[0-9a-f]{16}", headers["x-request-id"])


def test_an_error_nobody_foresaw_leaves_as_a_problem_without_its_story(
    service: Service,
    client: Client,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def broken() -> None:
        raise ZeroDivisionError("a secret of the inside")

    monkeypatch.setattr(service.services, "engine_state", broken)
    answer = client("GET", "/health")
    assert answer.status == 500
    assert_problem(answer.json(), "internal_error")
    assert b"secret" not in answer.body
    assert answer.json()["request_id"] == answer.headers["x-request-id"]
    assert answer.json()["request_id"] in caplog.text
    assert "a secret of the inside" in caplog.text


def test_no_token_is_written_to_the_log(
    service: Service, token: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("INFO"):
        with connect(f"{sync_url(service)}?token={token}", open_timeout=WAIT):
            pass
        with pytest.raises(InvalidStatus):
            connect(f"{sync_url(service)}?token={token}x", open_timeout=WAIT)
    assert token[:40] not in caplog.text


def test_what_is_no_http_is_refused(raw: Raw) -> None:
    for sent in (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"HELO there\r\n\r\n"):
        assert b" 200 " not in read_all(raw(sent))


def test_a_request_cannot_be_smuggled_behind_another(raw: Raw) -> None:
    sent = (
        b"POST /health HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
        b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"
    )
    assert b" 200 " not in read_all(raw(sent))
