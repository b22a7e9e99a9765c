"""What the API's tests share: a real service on free ports, and plain clients for it."""

from __future__ import annotations

import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from scband.api.keyring import Role
from scband.api.serve import Service

sys.path.insert(0, str(Path(__file__).parent))

from api_clients import WAIT, Client, open_settings


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Run a service with small limits for the tests of a module."""
    settings = open_settings(
        tmp_path_factory.mktemp("service"),
        header_seconds=1.0,
        body_seconds=1.0,
        max_upload_mb=4,
        max_body_kb=64,
        max_message_kb=64,
    )
    with Service(settings) as running:
        yield running


@pytest.fixture
def client(service: Service) -> Client:
    """Give a client of the plugin port without a token."""
    return Client(service.settings.plugin_port)


@pytest.fixture
def token(service: Service) -> str:
    """Give an operator's token."""
    assert service.services is not None
    return service.services.keyring.issue("an-operator", Role.OPERATOR)


@pytest.fixture
def known(service: Service, token: str) -> Client:
    """Give a client of the plugin port with an operator's token."""
    return Client(service.settings.plugin_port, token)


@pytest.fixture
def raw(service: Service) -> Iterator[Callable[[bytes], socket.socket]]:
    """Give a function that opens a TCP connection and sends bytes as they are."""
    opened = []

    def connect(sent: bytes) -> socket.socket:
        made = socket.create_connection(("127.0.0.1", service.settings.plugin_port), WAIT)
        opened.append(made)
        made.sendall(sent)
        return made

    yield connect
    for each in opened:
        each.close()
