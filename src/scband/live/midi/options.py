"""Settings as MIDI takes them."""

from __future__ import annotations

from collections.abc import Sequence

from scband.live.midi.mapping import MidiMap, check_map, load_map
from scband.live.midi.ports import Door
from scband.live.midi.rig import MidiOptions
from scband.settings import Settings


def midi_options(
    settings: Settings, styles: tuple[str, ...], players: Sequence[str]
) -> MidiOptions:
    """Return which ports are used, and for what.

    Raises SettingsError for a table of controllers that is wrong, or that names a style or a player
    that is not there.
    """
    mapping = load_map(settings.midi_map) if settings.midi_map else MidiMap()
    check_map(mapping, styles, tuple(players))
    return MidiOptions(
        inputs=settings.midi_in,
        outputs=settings.midi_out,
        doors=doors_of(settings),
        clock_in=settings.midi_clock in {"in", "both"},
        clock_out=settings.midi_clock in {"out", "both"},
        notes_out=settings.midi_notes,
        delay=settings.midi_delay,
        mapping=mapping,
    )


def doors_of(settings: Settings) -> tuple[Door, ...]:
    """Return the doors through which ports are looked for."""
    return tuple(Door) if settings.midi_api == "both" else (Door(settings.midi_api),)
