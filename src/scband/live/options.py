"""Settings as the engine takes them."""

from __future__ import annotations

from scband.settings import Settings
from scband.supercollider.engine import EngineOptions
from scband.supercollider.jack import AudioDriver, JackOptions, JackState
from scband.supercollider.language import LanguageOptions
from scband.supercollider.server import ServerOptions

_CARD_PERIODS = 4


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


def follow_latency(settings: Settings, jack: JackState) -> float:
    """Return how far ahead notes go where the performer is followed: past the card's buffers."""
    return settings.follow_latency + 2 * jack.period / jack.sample_rate


def input_latency(settings: Settings, jack: JackState) -> float:
    """Return how long it takes from a note to its sample and from a sample to the ear.

    A period until it is there, and three until it is heard; nobody hears the dummy device.
    """
    if settings.input_latency >= 0:
        return settings.input_latency
    periods = 0 if jack.driver is AudioDriver.DUMMY else _CARD_PERIODS
    return periods * jack.period / jack.sample_rate
