"""Every setting with its range: from flags, environment (`SCBAND_…`), file, or its default.

The file is `config.toml` in the user's configuration folder for scband; `SCBAND_CONFIG` names
another one.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Literal

import platformdirs
from pydantic import Field, ValidationError, field_validator
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


class Settings(BaseSettings):
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
    count_in: bool = Field(True, description="count one bar in")

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
        return tuple(name.strip() for name in self.players.split(",") if name.strip())


def table() -> str:
    """Return all settings as a Markdown table, for the documentation."""
    rows = ["| setting | default | sense |", "| --- | --- | --- |"]
    for name, info in Settings.model_fields.items():
        rows.append(f"| `{name}` | `{info.default}` | {info.description} |")
    return "\n".join(rows)
