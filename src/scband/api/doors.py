"""Which `Host` and `Origin` a request may carry: no name rebound, no web page from elsewhere.

A browser tells the truth about both, so a page of another site can neither reach a service on
localhost under a name of its own (DNS rebinding) nor drive it from its own origin. A client that
is no browser sends no Origin.
"""

from __future__ import annotations

import ipaddress
import socket
from dataclasses import dataclass
from urllib.parse import urlsplit

from scband.settings import Settings

_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_WILDCARDS = ("", "0.0.0.0", "::")  # noqa: S104  # compared with, not bound to


@dataclass(frozen=True, slots=True)
class Doors:
    """The names that the service answers to, and the foreign origins that may call it."""

    hosts: frozenset[str]
    origins: frozenset[str]

    def admits_host(self, header: str, local_address: str = "") -> bool:
        """Say whether a Host header names this service.

        The address that the connection arrived at is always a name of it: a page can rebind a
        name, but not a number.
        """
        name = host_name(header)
        return bool(name) and (name in self.hosts or (name == local_address != ""))

    def admits_origin(self, origin: str, host: str, scheme: str = "http") -> bool:
        """Say whether a page of this origin may call: one of ours, or one that is allowed."""
        origin = origin.lower()
        return origin == f"{scheme}://{host.lower()}" or origin in self.origins


def host_name(header: str) -> str:
    """Return the name in a Host header without its port; empty where it is no such header."""
    try:
        parts = urlsplit(f"//{header}")
        _ = parts.port  # raises where it is none
    except ValueError:
        return ""
    if parts.netloc != header or parts.username is not None:
        return ""
    name = (parts.hostname or "").rstrip(".")
    try:
        return str(ipaddress.ip_address(name))
    except ValueError:
        return name


def doors_of(settings: Settings) -> Doors:
    """Return what the settings let in."""
    names = {*_LOOPBACK, *settings.host_names()}
    if settings.host in _WILDCARDS:
        names.add(socket.gethostname().lower())
    else:
        names.add(settings.host.lower().strip("[]"))
    return Doors(frozenset(names), frozenset(settings.origin_names()))
