"""The service on its ports: one application, one uvicorn server, several sockets, one thread."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType

import uvicorn

from scband.api.app import create_app
from scband.api.connections import Gate, protocols_of
from scband.api.keyring import keyring_of
from scband.api.listeners import Listeners, listen
from scband.api.services import BandState, EngineState, Services
from scband.api.sound import sound_alone
from scband.errors import ScbandError, ServiceUnavailableError
from scband.settings import Settings
from scband.studio.orchestrator import Orchestrator

_START_SECONDS = 30.0
_GRACE_SECONDS = 1  # for answers that are on their way when the service ends
_STOP_SECONDS = 2.5
_KEEP_ALIVE_SECONDS = 65
_PING_SECONDS = 20.0
_LOOK_SECONDS = 0.5


def open_services(
    settings: Settings,
    engine_state: Callable[[], EngineState] = sound_alone,
    band: Callable[[], BandState] = BandState,
) -> Services:
    """Return everything that an application works with, made from the settings."""
    return Services(settings, Orchestrator(settings), keyring_of(settings), engine_state, band)


class Service:
    """The service in a thread of its own; a context manager that ends it and gives ports back.

    `start` raises ListenError for a busy port, and what keeps the application from starting.
    """

    def __init__(
        self,
        settings: Settings,
        engine_state: Callable[[], EngineState] = sound_alone,
        band: Callable[[], BandState] = BandState,
    ) -> None:
        self.settings = settings
        self._engine_state = engine_state
        self._band = band
        self._listeners: Listeners | None = None
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None
        self.gate: Gate | None = None
        self.services: Services | None = None

    def __enter__(self) -> Service:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> Service:
        """Bind the ports and begin to answer; on failure nothing is left."""
        self._listeners = listen(self.settings)
        try:
            self.settings = self._listeners.settings
            self.services = open_services(self.settings, self._engine_state, self._band)
            config, self.gate = _config(self.services)
            self._server = _Server(config)
            self._thread = threading.Thread(target=self._run, name="scband-service", daemon=True)
            self._thread.start()
            self._await_start()
        except BaseException:
            self.stop()
            raise
        return self

    def _run(self) -> None:
        assert self._server is not None
        assert self._listeners is not None
        self._server.run(list(self._listeners.sockets))

    def _await_start(self) -> None:
        assert self._server is not None
        assert self._thread is not None
        if not self._server.ready.wait(_START_SECONDS):
            raise ServiceUnavailableError(
                f"the service did not start within {_START_SECONDS:g} s; the log says why"
            )
        if self._server.failure is not None:
            raise self._server.failure

    def urls(self) -> dict[str, str]:
        """Return the address of each port, by what it is for: plugin, engine, page, sync."""
        return {} if self._listeners is None else self._listeners.urls()

    def wait(self) -> None:
        """Wait until the service ends; raises what ended it."""
        assert self._thread is not None
        assert self._server is not None
        while self._thread.is_alive():
            self._thread.join(_LOOK_SECONDS)
        if self._server.failure is not None:
            raise self._server.failure

    def stop(self) -> None:
        """Finish what is being answered, end within three seconds, give the ports back."""
        if self._server is not None:
            self._server.should_exit = True
        if self._thread is not None:
            self._thread.join(_STOP_SECONDS + 2)
            self._thread = None
        if self.services is not None:
            self.services.close()
        if self._listeners is not None:
            self._listeners.close()
            self._listeners = None


def _config(services: Services) -> tuple[uvicorn.Config, Gate]:
    settings = services.settings
    http, websocket, gate = protocols_of(settings)
    config = uvicorn.Config(
        create_app(services),
        http=http,
        ws=websocket,
        loop="uvloop",
        lifespan="on",
        log_config=None,
        log_level="warning",  # its lines for information would tell the tokens in URLs
        access_log=False,
        server_header=False,
        proxy_headers=False,
        backlog=1024,
        ws_max_size=round(settings.max_message_kb * 1024),
        ws_per_message_deflate=False,
        ws_ping_interval=_PING_SECONDS,
        ws_ping_timeout=_PING_SECONDS,
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )
    return config, gate


class _Server(uvicorn.Server):
    """uvicorn's server, which tells when it is ready and leaves no connection at its end."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = threading.Event()
        self.failure: ScbandError | None = None

    def run(self, sockets: list[socket.socket] | None = None) -> None:
        """Serve until `should_exit`; what goes wrong is kept in `failure`."""
        try:
            super().run(sockets)
        except SystemExit:  # uvicorn's word for an application that did not start
            self.failure = ServiceUnavailableError("the service did not start: see the lines above")
        finally:
            self.ready.set()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to answer."""
        await super().startup(sockets)
        self.ready.set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End all connections: politely, then at once."""
        try:
            await asyncio.wait_for(super().shutdown(sockets), _STOP_SECONDS)
        except TimeoutError:
            uvicorn.server.logger.error("the service's parts took too long to end")
        finally:
            for connection in list(self.server_state.connections):
                connection.transport.abort()


@contextmanager
def beside(
    settings: Settings,
    say: Callable[[str], None],
    engine_state: Callable[[], EngineState],
    band: Callable[[], BandState] = BandState,
) -> Iterator[Service | None]:
    """Serve while a band plays; where the service cannot start, say so and let it play on."""
    if not settings.serve:
        yield None
        return
    service = Service(settings, engine_state, band)
    try:
        service.start()
    except ScbandError as error:
        say(f"playing without the service: {error}")
        yield None
        return
    try:
        say(f"live page: {service.urls()['page']}")
        yield service
    finally:
        service.stop()
