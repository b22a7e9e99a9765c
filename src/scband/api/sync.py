"""The WebSocket /ws/sync: transport and notices, both ways."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

from fastapi import APIRouter, FastAPI, WebSocket
from starlette.concurrency import run_in_threadpool

from scband.api.auth import Caller, ServicesOf, SocketCallerOf, chosen
from scband.api.hub import Client, Hub
from scband.api.messages import (
    CancelJob,
    GenerateRequest,
    Heartbeat,
    Incoming,
    Probe,
    TransportSync,
    job_fields,
    plugin_fields,
    read_message,
)
from scband.api.services import Services
from scband.api.sockets import EXTENSION, DirectSocket
from scband.errors import ForbiddenError, JobNotFoundError, ScbandError, ServiceUnavailableError

_PROBE = b'{"t":'


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Run the hub while the application does."""
    given = cast("Services", app.state.services)
    hub = Hub(given.orchestrator, given.settings.sync_interval_ms / 1000.0)
    app.state.hub = hub
    hub.start()
    try:
        yield
    finally:
        hub.stop()


router = APIRouter(lifespan=_lifespan)


@router.websocket("/ws/sync")
async def sync(websocket: WebSocket, who: SocketCallerOf, given: ServicesOf) -> None:
    """Keep a client in sync: see the OpenAPI description for the messages."""
    offered = websocket.scope.get("extensions", {}).get(EXTENSION)
    if offered is None:
        raise ServiceUnavailableError("/ws/sync needs scband's own server: run `scband serve`")
    socket = cast("DirectSocket", offered["socket"])
    folder = None
    if not who.sees_all:
        # one that is not known yet has folders made for it
        plugin = await run_in_threadpool(given.orchestrator.ensure_plugin, who.plugin_id)
        folder = plugin.folder
        given.orchestrator.plugins.touch(who.plugin_id)
    client = Client(socket, who.plugin_id, folder, sees_all=who.sees_all)
    desk = _Desk(client, who, given)
    hub = cast("Hub", websocket.app.state.hub)
    await websocket.accept(subprotocol=chosen(websocket))
    socket.take(desk.take)
    hub.join(client)
    try:
        while (message := await websocket.receive())["type"] != "websocket.disconnect":
            desk.take((message.get("text") or "").encode())  # came before the socket was taken
    finally:
        hub.part(client)


class _Desk:
    """Takes one client's messages in; all answers go out through the client."""

    def __init__(self, client: Client, who: Caller, given: Services) -> None:
        self._client, self._who, self._given = client, who, given
        self._orchestrator = given.orchestrator

    def take(self, text: bytes) -> None:
        """Do what a message asks; what is wrong with it is answered, and ends nothing."""
        if not self._client.admits():
            return
        if text.startswith(_PROBE):  # a bare probe of latency comes back as it is
            self._client.send(text)
            return
        message: Incoming | None = None
        try:
            message = read_message(text)
            self._do(message)
        except ScbandError as error:
            about = (
                {"request_id": message.request_id} if isinstance(message, GenerateRequest) else {}
            )
            self._client.fail(error, **about)

    def _do(self, message: Incoming) -> None:
        if isinstance(message, Probe):
            self._client.notify({"type": "pong", "t": message.t})
            return
        if self._who.page:
            raise ForbiddenError("the page may only look; use a plugin's or an operator's token")
        if not self._who.operator:
            self._orchestrator.plugins.touch(self._who.plugin_id)
        match message:
            case TransportSync():
                self._orchestrator.report_transport(
                    self._plugin, message.isPlaying, message.currentBeat, message.tempo,
                    source=self._client,
                )  # fmt: skip
            case GenerateRequest():
                self._generate(message)
            case Heartbeat():
                self._beat(message)
            case CancelJob():
                self._cancel(message.job_id)

    @property
    def _plugin(self) -> str:
        return "" if self._who.operator else self._who.plugin_id

    def _generate(self, message: GenerateRequest) -> None:
        self._given.limiter.take("generate", self._who.plugin_id)
        job = self._orchestrator.generate(
            message.asked(), self._plugin, keep_ahead=message.keep_ahead
        )
        told = {"type": "generate_accepted", "job_id": job.id, "request_id": message.request_id}
        self._client.notify(told)

    def _beat(self, message: Heartbeat) -> None:
        told = {}
        if self._plugin:
            told = plugin_fields(self._orchestrator.plugins.heartbeat(self._plugin, message.state))
        self._client.notify({"type": "heartbeat", **told})

    def _cancel(self, job_id: str) -> None:
        job = self._orchestrator.jobs.get(job_id)
        if self._plugin and job.owner != self._plugin:
            raise JobNotFoundError("there is no such job of yours")
        self._client.notify(
            {"type": "job_progress", **job_fields(self._orchestrator.jobs.cancel(job_id))}
        )
