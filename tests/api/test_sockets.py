"""The socket that a route takes over: frames as RFC 6455 has them, and turns for everybody."""

import json
import random
import select
import socket
import time

import pytest
from api_clients import open_settings
from websockets.frames import Frame, Opcode
from websockets.streams import StreamReader

from scband.api.hub import _GROUP
from scband.api.serve import Service
from scband.api.sockets import text_frame


@pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 65535, 65536, 200_000])
def test_frames_of_every_size_are_read_by_another_implementation(size):
    payload = b"x" * size
    reader = StreamReader()
    reader.feed_data(text_frame(payload))
    parser = Frame.parse(reader.read_exact, mask=False, max_size=None)
    with pytest.raises(StopIteration) as done:
        next(parser)
    frame = done.value.value
    assert (frame.opcode, frame.fin, bytes(frame.data)) == (Opcode.TEXT, True, payload)
    assert reader.buffer == b""


def open_raw(port, token):
    raw = socket.create_connection(("127.0.0.1", port), 10)
    raw.sendall(
        f"GET /ws/sync HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
        f"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nAuthorization: Bearer {token}\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode()
    )
    assert raw.recv(1 << 16).startswith(b"HTTP/1.1 101")
    return raw


def turns(clients, seconds):
    """Count what each client gets of the transport."""
    counted = dict.fromkeys(clients, 0)
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        for client in select.select(clients, [], [], left)[0]:
            counted[client] += client.recv(1 << 20).count(b'"transport_sync"')
    return list(counted.values())


def test_everybody_has_a_turn_however_clients_come_and_go(tmp_path):
    with Service(open_settings(tmp_path)) as service:
        assert service.services is not None
        service.services.orchestrator.register_plugin("x")
        token = service.services.keyring.issue("x")
        port = service.settings.plugin_port
        chance = random.Random(4)
        clients = [open_raw(port, token) for _ in range(2 * _GROUP + 6)]
        try:
            for _ in range(40):
                clients.pop(chance.randrange(len(clients))).close()
                if chance.random() < 0.5:
                    clients.append(open_raw(port, token))
            turns(clients, 0.5)
            for _ in range(4):  # a busy machine may be late; never every time
                counted = turns(clients, 2.0)
                if min(counted) >= 19:
                    break
            assert 19 <= min(counted) <= max(counted) <= 22  # twenty are due
        finally:
            for client in clients:
                client.close()


def test_a_message_of_the_largest_size_goes_through_and_a_larger_one_does_not(tmp_path):
    from websockets.exceptions import ConnectionClosed
    from websockets.sync.client import connect

    with Service(open_settings(tmp_path, max_message_kb=64)) as service:
        assert service.services is not None
        service.services.orchestrator.register_plugin("x")
        headers = {"Authorization": f"Bearer {service.services.keyring.issue('x')}"}
        url = f"ws://127.0.0.1:{service.settings.plugin_port}/ws/sync"
        with connect(url, additional_headers=headers) as client:
            client.send(json.dumps({"type": "ping", "t": 1, "x": "y" * 60_000}))
            while json.loads(client.recv(timeout=10))["type"] != "pong":
                pass
            client.send("y" * 70_000)
            with pytest.raises(ConnectionClosed) as closed:
                _read_on(client)
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 1009


def _read_on(client):
    while True:
        client.recv(timeout=10)
