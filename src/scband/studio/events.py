"""What happens in the service, as values that are announced to whoever listens."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scband.studio.jobs import Job
from scband.studio.plugins import Plugin, PluginState
from scband.studio.transport import TransportState

if TYPE_CHECKING:
    from scband.studio.library import MidiEntry


@dataclass(frozen=True, slots=True)
class PluginChanged:
    """A plugin's state is another one than it `was`."""

    plugin: Plugin
    was: PluginState


@dataclass(frozen=True, slots=True)
class TransportChanged:
    """The transport was moved, by `source` (None: by nobody who listens)."""

    state: TransportState
    source: Any = None


@dataclass(frozen=True, slots=True)
class MidiReady:
    """A MIDI file has appeared, whole."""

    entry: MidiEntry


@dataclass(frozen=True, slots=True)
class MidiRemoved:
    """A MIDI file is gone."""

    entry: MidiEntry


@dataclass(frozen=True, slots=True)
class MidiRefused:
    """A file that was dropped into a plugin's `folder` is none that can be used."""

    folder: Path
    filename: str
    reason: str


@dataclass(frozen=True, slots=True)
class JobChanged:
    """A job went on or came to its end."""

    job: Job


Event = PluginChanged | TransportChanged | MidiReady | MidiRemoved | MidiRefused | JobChanged
