"""What the routes work with, made once for each application and handed in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

from starlette.requests import HTTPConnection

from scband.api.keyring import Keyring
from scband.api.limits import Limiter, limiter_of
from scband.settings import Settings

if TYPE_CHECKING:
    from scband.studio.orchestrator import Orchestrator


@dataclass(frozen=True, slots=True)
class EngineState:
    """How SuperCollider is: each a short phrase, `not running` where there is none.

    `missing` says in sentences what cannot be done, and what to do about it.
    """

    supernova: str = "not running"
    sclang: str = "not running"
    audio: str = "not running"
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BandState:
    """Where the live band is: bars count from 1 within the form, 0 is the count-in."""

    playing: bool = False
    title: str = ""
    style: str = ""
    section: str = ""
    bar: int = 0
    beat: int = 0
    chord: str = ""
    next_chord: str = ""
    tempo: float = 0.0
    follow: str = ""
    xruns: int = 0
    late: int = 0


@dataclass(slots=True)
class Services:
    """Everything behind the routes: settings, orchestrator, keys, and how the engine is."""

    settings: Settings
    orchestrator: Orchestrator
    keyring: Keyring
    engine_state: Callable[[], EngineState] = EngineState
    band: Callable[[], BandState] = BandState
    limiter: Limiter = field(init=False)

    def __post_init__(self) -> None:
        self.limiter = limiter_of(self.settings)

    def close(self) -> None:
        """End all work and write what is not written yet; may be called twice."""
        self.orchestrator.close()
        self.keyring.close()


def services(connection: HTTPConnection) -> Services:
    """Give a route (HTTP or WebSocket) the application's services: `Depends(services)`."""
    return cast("Services", connection.app.state.services)
