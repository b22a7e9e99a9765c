"""What a musician's controllers mean: a table that is a setting, read from a small TOML file.

channels = [1, 2]                     # listened to, from 1; without it all of them
notes = true                          # notes are the performance
programs = ["swing", "bossa", "rock"] # styles by program number, from 0

[programs]                            # or by number
12 = "funk"

[controls]                            # controllers by number; a table replaces the default one
64 = "listen"                         # above 63 the band takes its chords from you
1 = "intensity"
74 = "temperature"
80 = "tap"                            # above 63 one tap of the tempo
20 = "drums.level"
102 = "drums.mute"                    # above 63 muted
110 = "keys.play"                     # above 63 plays, below rests
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Any

from scband.agents import PLAYERS
from scband.errors import SettingsError


class Deed(StrEnum):
    """What a controller does; those of a player are written `player.deed`."""

    LISTEN = "listen"
    INTENSITY = "intensity"
    TEMPERATURE = "temperature"
    TAP = "tap"
    LEVEL = "level"
    MUTE = "mute"
    PLAY = "play"

    @property
    def of_player(self) -> bool:
        """Whether it is done to one player."""
        return self in (Deed.LEVEL, Deed.MUTE, Deed.PLAY)


@dataclass(frozen=True, slots=True)
class Action:
    """What a controller does, and to whom ("" is the whole band)."""

    deed: Deed
    player: str = ""

    def __str__(self) -> str:
        return f"{self.player}.{self.deed}" if self.player else str(self.deed)


def _usual() -> Mapping[int, Action]:
    found = {
        64: Action(Deed.LISTEN),  # sustain pedal
        1: Action(Deed.INTENSITY),  # modulation wheel
        74: Action(Deed.TEMPERATURE),  # brightness
        80: Action(Deed.TAP),  # general purpose button
    }
    found |= {20 + n: Action(Deed.LEVEL, player) for n, player in enumerate(PLAYERS)}
    found |= {102 + n: Action(Deed.MUTE, player) for n, player in enumerate(PLAYERS)}
    return MappingProxyType(found)


@dataclass(frozen=True, slots=True)
class MidiMap:
    """What MIDI messages do.

    `controls` by controller number; `programs` styles by program number, from 0 (empty: the styles
    in the order of `scband styles`); `channels` from 0 (empty: all); `notes` whether notes are
    taken as the performance.
    """

    controls: Mapping[int, Action] = field(default_factory=_usual)
    programs: Mapping[int, str] = field(default_factory=lambda: MappingProxyType({}))
    channels: frozenset[int] = frozenset()
    notes: bool = True

    def hears(self, channel: int) -> bool:
        """Say whether a channel (from 0) is listened to."""
        return not self.channels or channel in self.channels

    def style(self, program: int, styles: tuple[str, ...]) -> str | None:
        """Return the style of a program number, None for one that has none."""
        if self.programs:
            return self.programs.get(program)
        return styles[program] if program < len(styles) else None


def load_map(path: str | Path) -> MidiMap:
    """Read a mapping from a TOML file; raises SettingsError that names file, entry and choices."""
    try:
        data = tomllib.loads(Path(path).expanduser().read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(
            f"setting midi_map: {path}: cannot read it: {error.strerror}"
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"setting midi_map: {path}: {error}") from error
    try:
        return read_map(data)
    except SettingsError as error:
        raise SettingsError(f"setting midi_map: {path}: {error}") from None


def read_map(data: Mapping[str, Any]) -> MidiMap:
    """Read a mapping from a table as TOML has it; raises SettingsError by the entry's name."""
    known = ("channels", "notes", "programs", "controls")
    for name in data:
        if name not in known:
            raise SettingsError(f"there is no {name!r} in a MIDI map; there is: {', '.join(known)}")
    notes = data.get("notes", True)
    if not isinstance(notes, bool):
        raise SettingsError(f"notes must be true or false, not {notes!r}")
    usual = MidiMap()
    return MidiMap(
        controls=_controls(data["controls"]) if "controls" in data else usual.controls,
        programs=_programs(data.get("programs", {})),
        channels=_channels(data.get("channels", [])),
        notes=notes,
    )


def _number(text: object, what: str, low: int, high: int) -> int:
    try:
        number = int(str(text))
    except ValueError:
        number = low - 1
    if not low <= number <= high:
        raise SettingsError(f"{what} must be a number from {low} to {high}, not {text!r}")
    return number


def _channels(value: object) -> frozenset[int]:
    if not isinstance(value, list):
        raise SettingsError(f"channels must be a list of numbers from 1 to 16, not {value!r}")
    return frozenset(_number(each, "a channel", 1, 16) - 1 for each in value)


def _programs(value: object) -> Mapping[int, str]:
    items = dict(enumerate(value)) if isinstance(value, list) else value
    if not isinstance(items, dict):
        raise SettingsError(f"programs must be a list or a table of styles, not {value!r}")
    found = {}
    for number, style in items.items():
        place = _number(number, "a program", 0, 127)
        if not isinstance(style, str) or not style:
            raise SettingsError(f"program {place} must name a style, not {style!r}")
        found[place] = style
    return MappingProxyType(found)


def _controls(value: object) -> Mapping[int, Action]:
    if not isinstance(value, dict):
        raise SettingsError(f"controls must be a table of actions, not {value!r}")
    return MappingProxyType(
        {_number(n, "a controller", 0, 119): _action(n, text) for n, text in value.items()}
    )


def _action(number: object, text: object) -> Action:
    found = re.fullmatch(
        r"(?:(?P<player>\w+)\.)?(?P<deed>\w+)", text if isinstance(text, str) else ""
    )
    if found is not None and found["deed"] in list(Deed):
        deed = Deed(found["deed"])
        if deed.of_player == bool(found["player"]):
            return Action(deed, found["player"] or "")
    choices = [f"PLAYER.{d}" if d.of_player else str(d) for d in Deed]
    raise SettingsError(f"controller {number} cannot be {text!r}; there is: {', '.join(choices)}")


def check_map(mapping: MidiMap, styles: tuple[str, ...], players: tuple[str, ...]) -> None:
    """Raise SettingsError for a style or a player that a mapping names and that is not there.

    The default table may name players that do not play.
    """
    for number, style in mapping.programs.items():
        if style not in styles:
            raise SettingsError(
                f"setting midi_map: program {number} is no style: {style!r}; "
                f"there is: {', '.join(styles)}"
            )
    known = {*players, *PLAYERS}
    for number, action in mapping.controls.items():
        if action.player and action.player not in known:
            raise SettingsError(
                f"setting midi_map: controller {number} is for a player {action.player!r}; "
                f"there is: {', '.join(sorted(known))}"
            )
