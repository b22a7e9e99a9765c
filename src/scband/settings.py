"""Every setting with its range: from flags, environment (`SCBAND_…`), file, or its default.

The file is `config.toml` in the user's configuration folder for scband; `SCBAND_CONFIG` names
another one.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal, Self, get_args, get_origin

import platformdirs
from annotated_types import Ge, Gt, Le
from pydantic import Field, ValidationError, field_validator
from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from scband.errors import SettingsError


def config_file() -> Path:
    """Return the path of the settings file, whether or not it is there."""
    named = os.environ.get("SCBAND_CONFIG")
    return Path(named) if named else Path(platformdirs.user_config_dir("scband")) / "config.toml"


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


class ServiceSettings(BaseSettings):
    """What a user may set about the service: ports, limits, folders, what plugins are told."""

    serve: bool = Field(True, description="start the service beside the band in `scband live`")
    host: str = Field(
        "localhost", min_length=1, description="name or address that the service listens on"
    )
    plugin_port: int = Field(
        8000, ge=0, le=65535, description="TCP port of the plugin API; 0 is any free one"
    )
    engine_port: int = Field(9000, ge=0, le=65535, description="TCP port of the engine API")
    page_port: int = Field(5001, ge=0, le=65535, description="TCP port of the live page")
    sync_port: int = Field(
        0, ge=0, le=65535, description="one more port for old clients (8001); 0 is none"
    )
    engine_token: bool = Field(
        True,
        description="callers of the engine API must carry a token; off lets every program of this "
        "machine call it, never a web page elsewhere",
    )
    allowed_hosts: str = Field(
        "", description="further names that a request may call the service by, with commas"
    )
    allowed_origins: str = Field(
        "", description="web pages elsewhere that may call, for example https://daw.example"
    )
    state_folder: str = Field("", description="folder of the service's key; empty: the user's own")
    token_hours: float = Field(24.0, gt=0, le=8760, description="hours that a token is good for")
    max_upload_mb: float = Field(200.0, gt=0, le=4096, description="largest upload, MiB")
    max_body_kb: float = Field(512.0, ge=1, le=65536, description="largest JSON body, KiB")
    max_message_kb: float = Field(
        128.0, ge=1, le=16384, description="largest WebSocket message, KiB"
    )
    max_connections: int = Field(2048, ge=4, le=65536, description="connections at once")
    max_connections_per_address: int = Field(
        1536, ge=2, le=65536, description="connections at once from one address"
    )
    header_seconds: float = Field(
        5.0, ge=0.1, le=120, description="a request's headers must be here in this time"
    )
    body_seconds: float = Field(
        20.0, ge=0.1, le=600, description="longest pause in a body that is being received"
    )
    rate_register: float = Field(
        20.0, gt=0, le=1e6, description="registrations a second from one address"
    )
    rate_generate: float = Field(
        20.0, gt=0, le=1e6, description="generations a second for one caller"
    )
    rate_upload: float = Field(5.0, gt=0, le=1e6, description="uploads a second for one caller")
    rate_other: float = Field(
        500.0, gt=0, le=1e6, description="other requests a second for one caller"
    )
    heartbeat_seconds: float = Field(
        30.0, ge=0.5, le=3600, description="a plugin silent for longer is Disconnected"
    )
    orchestrator_url: str = Field(
        default_factory=lambda data: f"http://localhost:{data['plugin_port']}",
        description="where plugins find the service",
    )
    websocket_url: str = Field(
        default_factory=lambda data: f"ws://localhost:{data['plugin_port']}/ws/sync",
        description="where plugins find the WebSocket",
    )
    monitor_folder: str = Field(
        "./generated_accompaniments", description="folder that plugins watch for MIDI files"
    )
    monitor_roots: str = Field(
        "", description="further folders that plugins may name as theirs, with commas"
    )
    keep_ahead_beats: float = Field(
        32.0, ge=4, le=1024, description="beats generated ahead of a plugin that asks for it"
    )
    max_upload_minutes: float = Field(
        30.0, gt=0, le=120, description="longest recording that is taken, decoded"
    )
    job_workers: int = Field(0, ge=0, le=64, description="heavy jobs at once; 0 is one a core")
    job_queue: int = Field(64, ge=1, le=10000, description="jobs that may wait")
    job_seconds: float = Field(600.0, ge=1, le=86400, description="longest run of one job")
    auto_load_files: bool = Field(True, description="plugins load new files on their own")
    sync_interval_ms: int = Field(
        100, ge=5, le=1000, description="milliseconds between transport messages"
    )
    max_file_age_seconds: float = Field(
        3600.0, ge=1, le=31536000, description="generated files older than this go"
    )
    supported_formats: str = Field("mid,midi", description="endings of MIDI files, with commas")
    track_types: str = Field(
        "bass,drums,keys,guitar", description="tracks that plugins may ask for, with commas"
    )
    core_url: str = Field("http://localhost:8080", description="the workstation's core")
    projects_folder: str = Field(
        "~/Music/DAWG/Projects", description="the workstation's projects, only read"
    )
    status_file: str = Field(
        "~/Development/status/DAWG-AI_status.json", description="status file; empty: none"
    )
    status_interval_seconds: float = Field(
        300.0, ge=1, le=86400, description="seconds between writings of the status file"
    )

    @field_validator("orchestrator_url", "core_url")
    @classmethod
    def _http(cls, value: str) -> str:
        if not value.startswith(("http://", "https://")):
            raise ValueError("must begin with http:// or https://")
        return value.rstrip("/")

    @field_validator("websocket_url")
    @classmethod
    def _ws(cls, value: str) -> str:
        if not value.startswith(("ws://", "wss://")):
            raise ValueError("must begin with ws:// or wss://")
        return value

    @field_validator("supported_formats")
    @classmethod
    def _formats(cls, value: str) -> str:
        if unknown := set(_names(value)) - {"mid", "midi"}:
            raise ValueError(f"formats are mid and midi, not {', '.join(sorted(unknown))}")
        return value

    @field_validator("track_types")
    @classmethod
    def _tracks(cls, value: str) -> str:
        if unknown := set(_names(value)) - {"bass", "drums", "keys", "guitar"}:
            raise ValueError(
                f"tracks are bass, drums, keys and guitar, not {', '.join(sorted(unknown))}"
            )
        return value

    @field_validator("allowed_origins")
    @classmethod
    def _origins(cls, value: str) -> str:
        for origin in _names(value):
            scheme, _, rest = origin.partition("://")
            if scheme not in {"http", "https"} or not rest or "/" in rest or "*" in rest:
                raise ValueError(f"{origin!r} is no origin; write http://name:port, without a path")
        return value.lower()

    def at_ports(self, ports: dict[str, int]) -> Self:
        """Return the settings with the ports that were really bound, and the URLs that follow."""
        changed: dict[str, Any] = dict(ports)
        port = ports.get("plugin_port", self.plugin_port)
        for name, scheme, path in (
            ("orchestrator_url", "http", ""),
            ("websocket_url", "ws", "/ws/sync"),
        ):
            if name not in self.model_fields_set:
                changed[name] = f"{scheme}://localhost:{port}{path}"
        return self.model_copy(update=changed)

    def monitor_root_names(self) -> tuple[str, ...]:
        """Return the further folders that plugins may name."""
        return _names(self.monitor_roots)

    def host_names(self) -> tuple[str, ...]:
        """Return the further names that a request may call the service by."""
        return tuple(name.lower() for name in _names(self.allowed_hosts))

    def origin_names(self) -> tuple[str, ...]:
        """Return the foreign origins that may call."""
        return _names(self.allowed_origins)

    def track_names(self) -> tuple[str, ...]:
        """Return the track types that plugins may ask for."""
        return _names(self.track_types)

    def format_names(self) -> tuple[str, ...]:
        """Return the endings of MIDI files, without dots."""
        return _names(self.supported_formats)


class CountIn(StrEnum):
    """Who counts the band in."""

    BAND = "band"
    PLAYER = "player"
    PERFORMANCE = "performance"
    NONE = "none"


class Settings(ServiceSettings):
    """What a user may set. Raises SettingsError, by name and range, through `load`."""

    model_config = SettingsConfigDict(env_prefix="SCBAND_", extra="forbid", frozen=True)

    audio: Literal["auto", "running", "card", "dummy"] = Field(
        "auto", description="where sound goes: a running JACK, the sound card, the dummy device"
    )
    device: str = Field(
        "", description="sound card as JACK names it, for example hw:USB; empty: best"
    )
    jack_name: str = Field("", description="name of the JACK server; empty: default, or a new one")
    sample_rate: int = Field(0, ge=0, le=192000, description="hertz; 0 takes what there is")
    period: int = Field(
        0,
        ge=0,
        le=4096,
        description="samples in the card's buffer, a multiple of 64; 0 is 128 "
        "on a card and 1024 on the dummy device",
    )
    threads: int = Field(0, ge=0, le=64, description="audio threads of supernova; 0 is one a core")
    clock: Literal["auto", "sample", "system"] = Field(
        "auto", description="what supernova times notes by; auto is sample on the dummy device"
    )
    latency: float = Field(
        0.1, ge=0.005, le=2.0, description="seconds that notes are sent ahead of sounding"
    )
    server_port: int = Field(
        0, ge=0, le=65535, description="supernova's UDP port; 0 is any free one"
    )
    patterns: str = Field("", description="folder of your own Pdefs (.scd)")
    styles: str = Field("", description="folder of your own styles (.toml)")
    extensions: bool = Field(
        False, description="let sclang compile your own classes (slower start)"
    )
    players: str = Field("drums,bass,keys,guitar", description="who plays, by name")
    seed: int = Field(0, ge=0, description="seed of every musical choice")
    intensity: float = Field(0.5, ge=0, le=1, description="how hard the band plays")
    temperature: float = Field(
        1.0, ge=0, le=2, description="how far the players stray: 0 the most likely, 2 wild"
    )
    humanise: float = Field(
        1.0, ge=0, le=3, description="how human timing and touch are; 0 is exact"
    )
    count_in: CountIn = Field(
        CountIn.BAND,
        description="who counts in: `band`; `player`, by a bar of clicks or notes; `performance`: "
        "you begin and the band comes in; `none`",
    )
    follow: Literal["click", "adaptive", "free"] = Field(
        "click", description="whose tempo it is: a fixed one, smoothly yours, or yours at once"
    )
    strength: float = Field(
        0.7, ge=0, le=1, description="share of what it is off that the band takes back in a beat"
    )
    follow_latency: float = Field(
        0.03,
        ge=0.005,
        le=0.5,
        description="seconds that notes are sent ahead while it follows, beside the card's buffers",
    )
    input_latency: float = Field(
        -1.0,
        ge=-1,
        le=1,
        description="seconds from your note to its sample and from a sample to your ear; -1: by "
        "the card's buffers",
    )

    midi_in: str = Field(
        "all", description="MIDI inputs: `all`, `none`, `virtual`, or parts of names, with commas"
    )
    midi_out: str = Field("none", description="MIDI outputs for notes and clock, named likewise")
    midi_api: Literal["system", "jack", "both"] = Field(
        "system", description="where MIDI ports are: the system's (ALSA …), the band's JACK, both"
    )
    midi_clock: Literal["off", "in", "out", "both"] = Field(
        "out", description="MIDI clock: `in` is obeyed (the band waits for Start), `out` is sent"
    )
    midi_notes: bool = Field(True, description="send the band's notes to `midi_out`, too")
    midi_map: str = Field("", description="file that says what controllers do (.toml)")
    midi_delay: float = Field(
        0.0, ge=-0.1, le=0.5, description="seconds by which all that MIDI sends is later"
    )

    @field_validator("count_in", mode="before")
    @classmethod
    def _whoever_counts(cls, value: Any) -> Any:
        """Take yes for the band and no for nobody."""
        answers = {"true": "band", "yes": "band", "1": "band", "false": "none", "no": "none"}
        return answers.get(str(value).lower(), "none" if value in (0, "0") else value)

    @field_validator("period")
    @classmethod
    def _whole_blocks(cls, value: int) -> int:
        if value % 64:
            raise ValueError("must be a multiple of 64, supernova's control block")
        return value

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Look at flags first, then the environment, then the file."""
        file = TomlConfigSettingsSource(settings_cls, config_file())
        return (init_settings, env_settings, file)

    @classmethod
    def load(cls, **flags: Any) -> Settings:
        """Return the settings; a flag that is None counts as not given.

        Raises SettingsError that names setting, value and range.
        """
        try:
            return cls(**{k: v for k, v in flags.items() if v is not None})
        except ValidationError as error:
            first = error.errors()[0]
            name = ".".join(str(part) for part in first["loc"]) or "a setting"
            given = first.get("input")
            raise SettingsError(
                f"setting {name}: {first['msg']} (got {given!r}); see the table of settings "
                f"in the README; looked at flags, SCBAND_{name.upper()} and {config_file()}"
            ) from error
        except ValueError as error:  # a settings file that is no TOML
            raise SettingsError(f"{config_file()}: {error}") from error

    def player_names(self) -> tuple[str, ...]:
        """Return the players' names."""
        return _names(self.players)


def assigned(texts: Sequence[str]) -> dict[str, str]:
    """Read flags such as `max_upload_mb=50`; raises SettingsError for what is no assignment."""
    found = {}
    for text in texts:
        name, sign, value = text.partition("=")
        if not sign or name.strip() not in Settings.model_fields:
            raise SettingsError(f"{text!r} sets nothing; write name=value, see `scband settings`")
        found[name.strip()] = value.strip()
    return found


def table() -> str:
    """Return all settings as a Markdown table, the band's first, for the documentation."""
    rows = ["| setting | default | range | sense |", "| --- | --- | --- | --- |"]
    defaults = Settings.model_construct()
    fields = sorted(Settings.model_fields.items(), key=lambda f: f[0] in _SERVICE)
    for name, info in fields:
        default = getattr(defaults, name)
        rows.append(f"| `{name}` | `{default}` | {_range(info)} | {info.description} |")
    return "\n".join(rows)


_SERVICE = frozenset(ServiceSettings.model_fields)


def _range(info: FieldInfo) -> str:
    """Return what a setting may be: `0 … 1`, `> 0 … 24` or the words to choose from."""
    if get_origin(info.annotation) is Literal:
        return ", ".join(str(word) for word in get_args(info.annotation))
    low = high = ""
    for limit in info.metadata:
        if isinstance(limit, Ge | Gt):
            value = limit.ge if isinstance(limit, Ge) else limit.gt
            low = f"{'' if isinstance(limit, Ge) else '> '}{value:.10g}"
        elif isinstance(limit, Le):
            high = f"{limit.le:.10g}"
    return f"{low} … {high}".strip() if low or high else ""
