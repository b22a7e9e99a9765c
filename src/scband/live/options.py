"""Settings as the engine takes them."""

from __future__ import annotations

from scband.settings import Settings
from scband.supercollider.engine import EngineOptions
from scband.supercollider.jack import AudioDriver, JackOptions
from scband.supercollider.language import LanguageOptions
from scband.supercollider.server import ServerOptions


def engine_options(settings: Settings, *, link: bool = False) -> EngineOptions:
    """Return how JACK, supernova and sclang are to be started."""
    return EngineOptions(
        jack=JackOptions(
            driver=AudioDriver(settings.audio),
            name=settings.jack_name,
            device=settings.device,
            sample_rate=settings.sample_rate,
            period=settings.period,
        ),
        server=ServerOptions(port=settings.server_port, threads=settings.threads),
        language=LanguageOptions(
            user_patterns=settings.patterns,
            extensions=settings.extensions,
            latency=settings.latency,
            link=link,
        ),
        sample_clock=None if settings.clock == "auto" else settings.clock == "sample",
    )
