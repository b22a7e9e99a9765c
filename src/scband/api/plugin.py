"""The plugin API's HTTP routes: registration and states; transport, generation, files beside it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field

from scband.api import jobs, midi, transport, uploads
from scband.api.auth import Caller, CallerOf, ServicesOf, issue_token
from scband.api.messages import Strict, plugin_fields
from scband.api.services import Services
from scband.errors import ForbiddenError
from scband.studio.plugins import Plugin, PluginState

router = APIRouter()
_plugins = APIRouter(prefix="/api/plugin", tags=["plugin"])

PluginId = Annotated[
    str, Field(min_length=1, max_length=128, pattern=r"^[^\x00-\x1f\x7f]+$", examples=["juce-1"])
]


class Registration(Strict):
    """A plugin says who it is; its secret is what it came with first, and comes with always."""

    plugin_id: PluginId
    secret: Annotated[str, Field(min_length=1, max_length=512, examples=["9f2c-4d61-a7"])]
    name: Annotated[str, Field(max_length=200, examples=["Accompanist"])] = ""
    version: Annotated[str, Field(max_length=60, examples=["1.4.2"])] = ""
    sample_rate: Annotated[float, Field(ge=0, le=768_000, examples=[48000])] = 0.0
    monitor_folder: Annotated[
        str, Field(max_length=1000, description="inside of the service's own, or of monitor_roots")
    ] = ""
    keep_ahead: Annotated[
        bool, Field(description="keep generated music ahead of the transport that it reports")
    ] = False


class PluginSettings(Strict):
    """What the plugin should use."""

    orchestrator_url: Annotated[str, Field(examples=["http://localhost:8000"])]
    websocket_url: Annotated[str, Field(examples=["ws://localhost:8000/ws/sync"])]
    monitor_folder: Annotated[str, Field(examples=["/home/me/generated_accompaniments"])]
    auto_load_files: bool
    sync_interval_ms: Annotated[int, Field(examples=[100])]
    max_file_age_seconds: Annotated[float, Field(examples=[3600])]
    supported_formats: Annotated[list[str], Field(examples=[["mid", "midi"]])]
    track_types: Annotated[list[str], Field(examples=[["bass", "drums", "keys", "guitar"]])]
    heartbeat_seconds: Annotated[float, Field(examples=[30])]


class PluginStatus(Strict):
    """A plugin as it is now."""

    plugin_id: PluginId
    state: PluginState
    name: str = ""
    version: str = ""
    sample_rate: float = 0.0
    generating: Annotated[int, Field(description="generations that run or wait")] = 0


class Registered(Strict):
    """A token for every other request, the settings, and the state."""

    plugin_id: PluginId
    token: Annotated[str, Field(description="a JWT", examples=["eyJhbGciOiJIUzI1NiIs…"])]
    token_type: Annotated[str, Field(examples=["bearer"])]
    expires_in: Annotated[int, Field(description="seconds", examples=[86400])]
    state: PluginState
    settings: PluginSettings


class AllPlugins(Strict):
    """Every plugin, for an operator."""

    plugins: list[PluginStatus]


class Beat(Strict):
    """A plugin is alive; `state` is what it does now."""

    plugin_id: PluginId | None = None
    state: Annotated[PluginState | None, Field(strict=False, examples=["Playing"])] = None


@_plugins.post("/register", status_code=200)
def register(body: Registration, given: ServicesOf) -> Registered:
    """Register a plugin, or take it back; answers its token and the settings it should use."""
    given.keyring.enrol(body.plugin_id, body.secret)
    plugin = given.orchestrator.register_plugin(
        body.plugin_id,
        name=body.name,
        version=body.version,
        sample_rate=body.sample_rate,
        monitor_folder=body.monitor_folder,
        keep_ahead=body.keep_ahead,
    )
    return Registered(
        plugin_id=plugin.plugin_id,
        token=issue_token(given, plugin.plugin_id),
        token_type="bearer",  # noqa: S106  # the scheme's name
        expires_in=round(given.keyring.token_seconds),
        state=plugin.state,
        settings=_settings(plugin, given),
    )


@_plugins.get("/status")
async def plugin_status(
    who: CallerOf,
    given: ServicesOf,
    plugin_id: Annotated[str | None, Query(max_length=128, examples=["juce-1"])] = None,
) -> PluginStatus | AllPlugins:
    """Say what a plugin does; without `plugin_id` yourself, or for an operator all of them."""
    if plugin_id is None and who.sees_all:
        return AllPlugins(plugins=[_status(each) for each in given.orchestrator.plugins.plugins()])
    return _status(given.orchestrator.plugins.get(_named(who, plugin_id)))


@_plugins.post("/heartbeat")
async def heartbeat(who: CallerOf, given: ServicesOf, body: Beat | None = None) -> PluginStatus:
    """Keep a plugin alive, and take over its state; silence makes it Disconnected."""
    told = body or Beat()
    plugin_id = _named(who, told.plugin_id)
    return _status(given.orchestrator.plugins.heartbeat(plugin_id, told.state))


def _named(who: Caller, plugin_id: str | None) -> str:
    """Return which plugin a request is about; only an operator may name another."""
    if plugin_id is not None and plugin_id != who.plugin_id and not who.sees_all:
        raise ForbiddenError("a plugin's token is for that plugin alone; others need an operator's")
    return who.plugin_id if plugin_id is None else plugin_id


def _status(plugin: Plugin) -> PluginStatus:
    return PluginStatus(**{**plugin_fields(plugin), "state": plugin.state})


def _settings(plugin: Plugin, given: Services) -> PluginSettings:
    settings = given.settings
    return PluginSettings(
        orchestrator_url=settings.orchestrator_url,
        websocket_url=settings.websocket_url,
        monitor_folder=str(plugin.folder),
        auto_load_files=settings.auto_load_files,
        sync_interval_ms=settings.sync_interval_ms,
        max_file_age_seconds=settings.max_file_age_seconds,
        supported_formats=list(settings.format_names()),
        track_types=list(settings.track_names()),
        heartbeat_seconds=settings.heartbeat_seconds,
    )


for _part in (_plugins, transport.router, midi.router, uploads.router, jobs.router):
    router.include_router(_part)
