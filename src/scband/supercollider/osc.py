"""OSC over UDP on the loopback interface: encode, decode, and a port that listens in a thread."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from pythonosc.osc_message import OscMessage
from pythonosc.osc_message import ParseError as MessageParseError
from pythonosc.osc_message_builder import OscMessageBuilder
from pythonosc.parsing.osc_types import ParseError as TypeParseError

from scband.errors import SuperColliderError
from scband.supercollider.ports import LOOPBACK, free_port

NTP_EPOCH = 2208988800
"""Seconds from NTP's epoch (1900), in which OSC time tags count, to Unix's (1970)."""

MAX_DATAGRAM = 60_000
"""Bytes that one UDP datagram may safely hold."""

_MAX_DEPTH = 8

OscValue = str | int | float | bytes


@dataclass(frozen=True, slots=True)
class Received:
    """One message as it came in; `time` is its bundle's time tag in Unix seconds, 0 for none."""

    address: str
    values: tuple[OscValue, ...]
    time: float
    sender: tuple[str, int]


def encode(address: str, values: Sequence[OscValue], types: str) -> bytes:
    """Return the datagram of one message; `types` has one OSC type tag for each value.

    `d` (64 bits) is what beats and tempos need: a 32-bit beat loses the sample after minutes.
    """
    builder = OscMessageBuilder(address)
    for value, tag in zip(values, types, strict=True):
        builder.add_arg(value, tag)
    return bytes(builder.build().dgram)


def bundle(message: bytes, unix_seconds: float) -> bytes:
    """Return `message` in a bundle that is due at `unix_seconds`."""
    ntp = int((unix_seconds + NTP_EPOCH) * 2**32)
    return b"#bundle\0" + struct.pack(">Qi", ntp, len(message)) + message


def bundle_time(datagram: bytes) -> float:
    """Return a bundle's time tag in Unix seconds; 0 for a bare message or "immediately"."""
    if not datagram.startswith(b"#bundle\0") or len(datagram) < 16:
        return 0.0
    ntp = int(struct.unpack(">Q", datagram[8:16])[0])
    return 0.0 if ntp <= 1 else ntp / 2**32 - NTP_EPOCH


def _elements(datagram: bytes, depth: int = 0) -> Iterator[bytes]:
    """Give the messages inside nested bundles.

    python-osc's own loop never ends on a negative size, so the sizes are checked here.
    """
    if not datagram.startswith(b"#bundle\0"):
        yield datagram
        return
    if depth > _MAX_DEPTH or len(datagram) < 16:
        raise SuperColliderError("a bundle that is cut off or nested too deep")
    place = 16
    while place < len(datagram):
        size = int.from_bytes(datagram[place : place + 4], "big", signed=True)
        if size <= 0 or size % 4 or place + 4 + size > len(datagram):
            raise SuperColliderError(f"a bundle with an element of {size} bytes")
        yield from _elements(datagram[place + 4 : place + 4 + size], depth + 1)
        place += 4 + size


def decode(datagram: bytes, sender: tuple[str, int]) -> list[Received]:
    """Return the messages in a datagram; raises SuperColliderError where it is no OSC."""
    when = bundle_time(datagram)
    found = []
    for element in _elements(datagram):
        if not OscMessage.dgram_is_message(element):
            raise SuperColliderError(f"{len(element)} bytes from {sender} are no OSC")
        try:
            message = OscMessage(element)
        except (MessageParseError, TypeParseError, ValueError, IndexError) as error:
            raise SuperColliderError(f"malformed OSC from {sender}: {error}") from error
        found.append(Received(message.address, tuple(message.params), when, sender))
    return found


class OscPort:
    """A UDP port that hands each message it hears to `on_message`, in its own thread.

    `on_malformed(SuperColliderError)` hears of datagrams that are no OSC; they change nothing.
    Only the loopback interface is bound.
    """

    def __init__(
        self,
        on_message: Callable[[Received], None],
        on_malformed: Callable[[SuperColliderError], None] | None = None,
        *,
        port: int = 0,
        name: str = "osc",
    ) -> None:
        self._on_message = on_message
        self._on_malformed = on_malformed
        free_port(port)
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((LOOPBACK, port))
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        self._closing = False
        self._thread = threading.Thread(target=self._listen, name=f"scband-{name}", daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        """The port's number."""
        return int(self._socket.getsockname()[1])

    def send(self, datagram: bytes, to: tuple[str, int]) -> None:
        """Send one datagram; raises SuperColliderError where it is too large or cannot go out."""
        if len(datagram) > MAX_DATAGRAM:
            raise SuperColliderError(
                f"an OSC message of {len(datagram)} bytes is over the limit of {MAX_DATAGRAM}: "
                "send fewer notes or chords at a time"
            )
        try:
            self._socket.sendto(datagram, to)
        except OSError as error:
            raise SuperColliderError(f"cannot send OSC to {to}: {error}") from error

    def _listen(self) -> None:
        while not self._closing:
            try:
                datagram, sender = self._socket.recvfrom(65536)
            except ConnectionRefusedError:
                continue  # an earlier datagram found nobody: the peer ended, the port lives on
            except OSError:
                return
            if self._closing:
                return
            try:
                messages = decode(datagram, sender)
            except SuperColliderError as error:
                if self._on_malformed is not None:
                    self._on_malformed(error)
                continue
            for message in messages:
                self._on_message(message)

    def close(self) -> None:
        """Stop listening and free the port."""
        if self._closing:
            return
        self._closing = True
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as knock:
            knock.sendto(b"", (LOOPBACK, self.port))
        if threading.current_thread() is not self._thread:
            self._thread.join(timeout=2)
        self._socket.close()


__all__ = [
    "MAX_DATAGRAM",
    "NTP_EPOCH",
    "OscPort",
    "OscValue",
    "Received",
    "bundle",
    "bundle_time",
    "decode",
    "encode",
]
