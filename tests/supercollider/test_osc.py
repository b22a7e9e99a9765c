import contextlib
import queue
import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scband.errors import PortBusyError, SuperColliderError
from scband.supercollider.osc import OscPort, Received, bundle, decode, encode

SENDER = ("127.0.0.1", 9)


@given(st.integers(-(2**31), 2**31 - 1), st.floats(allow_nan=False), st.text(max_size=40))
def test_what_is_encoded_decodes_to_the_same_values(whole: int, double: float, text: str) -> None:
    text = text.replace("\0", "")
    [message] = decode(encode("/scband/x", [whole, double, text], "ids"), SENDER)
    assert message == Received("/scband/x", (whole, double, text), 0.0, SENDER)


@given(st.floats(1e9, 2.08e9))
def test_a_bundle_carries_its_time_to_the_microsecond(when: float) -> None:
    [message] = decode(bundle(encode("/a", [], ""), when), SENDER)
    assert message.time == pytest.approx(when, abs=1e-6)


@given(st.binary(max_size=200))
def test_any_datagram_decodes_or_is_refused_by_our_own_error(datagram: bytes) -> None:
    with contextlib.suppress(SuperColliderError):
        decode(datagram, SENDER)


@given(st.binary(min_size=1, max_size=60), st.integers(0, 60))
def test_a_damaged_message_decodes_or_is_refused_by_our_own_error(junk: bytes, at: int) -> None:
    whole = bundle(encode("/scband/bar", ["tok", 1, 2.0], "sid"), 1e9)
    with contextlib.suppress(SuperColliderError):
        decode(whole[:at] + junk + whole[at + len(junk) :], SENDER)


def test_a_port_hears_messages_and_counts_malformed_ones() -> None:
    heard: queue.Queue[Received] = queue.Queue()
    malformed: queue.Queue[SuperColliderError] = queue.Queue()
    port = OscPort(heard.put, malformed.put)
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.sendto(b"no osc at all", ("127.0.0.1", port.port))
            sender.sendto(encode("/a", [1], "i"), ("127.0.0.1", port.port))
        assert heard.get(timeout=2).values == (1,)
        assert "no OSC" in str(malformed.get(timeout=2))
    finally:
        port.close()


def test_a_port_listens_on_the_loopback_interface_only() -> None:
    port = OscPort(lambda message: None)
    try:
        assert port._socket.getsockname()[0] == "127.0.0.1"
    finally:
        port.close()


def test_a_closed_port_is_free_again() -> None:
    first = OscPort(lambda message: None)
    number = first.port
    with pytest.raises(PortBusyError, match=str(number)):
        OscPort(lambda message: None, port=number)
    first.close()
    second = OscPort(lambda message: None, port=number)
    second.close()


def test_a_message_too_large_for_a_datagram_is_refused_with_its_size() -> None:
    port = OscPort(lambda message: None)
    try:
        with pytest.raises(SuperColliderError, match="over the limit"):
            port.send(b"x" * 61_000, ("127.0.0.1", port.port))
    finally:
        port.close()


@pytest.mark.parametrize("size", [-4, 0, 3, 2**31 - 1, -(2**31)])
def test_a_bundle_with_an_impossible_size_is_refused_at_once(size: int) -> None:
    with pytest.raises(SuperColliderError, match="element of"):
        decode(b"#bundle\0" + bytes(8) + size.to_bytes(4, "big", signed=True) + bytes(8), SENDER)


def test_bundles_nested_too_deep_are_refused() -> None:
    datagram = encode("/a", [], "")
    for _ in range(2000):
        datagram = bundle(datagram, 1e9)
    with pytest.raises(SuperColliderError, match="too deep"):
        decode(datagram, SENDER)
