"""The TCP sockets of the service, bound first, so that a busy port is said at once."""

from __future__ import annotations

import errno
import socket
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from scband.errors import ListenError
from scband.settings import Settings

_PORTS = ("plugin_port", "engine_port", "page_port", "sync_port")
_ATTEMPTS = 8  # to find one free port for both IPv4 and IPv6
_NO_SUCH_ADDRESS = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)

_Address = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Listeners:
    """Bound sockets, and the settings with the ports that they really have."""

    sockets: tuple[socket.socket, ...]
    settings: Settings

    def urls(self) -> dict[str, str]:
        """Return the address of each port, by what it is for."""
        host = self.settings.host
        host = f"[{host}]" if ":" in host else host
        ports = {name: getattr(self.settings, name) for name in _PORTS}
        return {
            name.removesuffix("_port"): f"http://{host}:{port}"
            for name, port in ports.items()
            if port or name != "sync_port"
        }

    def close(self) -> None:
        """Give the ports back."""
        for each in self.sockets:
            each.close()


def listen(settings: Settings) -> Listeners:
    """Bind every port; raises ListenError that names port and setting, and then keeps none."""
    wanted = {name: getattr(settings, name) for name in _PORTS}
    given = [port for port in wanted.values() if port]
    if len(set(given)) != len(given):
        names = ", ".join(f"{name} {port}" for name, port in wanted.items() if port)
        raise ListenError(f"each port of the service must be another one: {names}")
    addresses = _addresses(settings.host)
    with ExitStack() as stack:
        bound: list[socket.socket] = []
        real = {}
        for name, port in wanted.items():
            if name == "sync_port" and not port:
                continue
            for each in _bind(addresses, name, port):
                bound.append(stack.enter_context(each))
            real[name] = bound[-1].getsockname()[1]
        stack.pop_all()
    return Listeners(tuple(bound), settings.at_ports(real))


def _addresses(host: str) -> list[tuple[int, _Address]]:
    try:
        found = socket.getaddrinfo(
            host.strip("[]"), 0, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
    except OSError as error:
        raise ListenError(f"setting host: {host!r} is no address of this machine") from error
    if host == "localhost":  # both, whatever the machine's list of hosts says
        return [(socket.AF_INET, ("127.0.0.1", 0)), (socket.AF_INET6, ("::1", 0, 0, 0))]
    addresses: list[tuple[int, _Address]] = [(each[0], each[4]) for each in found]
    return list(dict.fromkeys(addresses))


def _bind(addresses: list[tuple[int, _Address]], name: str, port: int) -> list[socket.socket]:
    """Bind one port on every address of the host; where it may be any, the same one on all."""
    for attempt in range(_ATTEMPTS):
        bound: list[socket.socket] = []
        try:
            for family, address in addresses:
                at = port or (bound[0].getsockname()[1] if bound else 0)
                if (made := _bound(family, address, at, name)) is not None:
                    bound.append(made)
        except ListenError:
            for each in bound:
                each.close()
            if port or attempt == _ATTEMPTS - 1:
                raise
            continue
        if bound:
            return bound
        break
    raise ListenError(f"setting host: no address of it can be listened on (port {port}, {name})")


def _bound(family: int, address: _Address, port: int, name: str) -> socket.socket | None:
    """Return a bound socket; none where this machine does not have the address (no IPv6, say)."""
    made: socket.socket | None = None
    try:
        made = socket.socket(family, socket.SOCK_STREAM)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        made.bind((address[0], port, *address[2:]))
        made.listen(1)  # two that are bound only would not yet be in each other's way
    except OSError as error:
        if made is not None:
            made.close()
        if error.errno in _NO_SUCH_ADDRESS and family == socket.AF_INET6:
            return None
        raise ListenError(_reason(error, str(address[0]), port, name)) from error
    return made


def _reason(error: OSError, address: str, port: int, name: str) -> str:
    flag = f"--{name.replace('_', '-')}"
    if error.errno == errno.EADDRINUSE:
        why = "belongs to another program; end that, or choose another port"
    elif error.errno == errno.EACCES:
        why = "needs more rights; choose a port above 1023"
    else:
        why = f"cannot be listened on: {error.strerror}; choose another one"
    return f"port {port} on {address} {why} with {flag} or the setting {name}"
