"""UDP ports on the loopback interface."""

from __future__ import annotations

import socket

from scband.errors import PortBusyError

LOOPBACK = "127.0.0.1"


def _bind(port: int) -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind((LOOPBACK, port))
        return int(sock.getsockname()[1])


def free_port(asked: int = 0) -> int:
    """Return a UDP port that is free now: `asked`, or any where `asked` is 0.

    Raises PortBusyError where the port that was asked for is taken.
    """
    try:
        return _bind(asked)
    except OSError as error:
        raise PortBusyError(
            f"UDP port {asked} cannot be used ({error.strerror}): end the program that holds it, "
            "or ask for another port (0 takes any that is free)"
        ) from error
