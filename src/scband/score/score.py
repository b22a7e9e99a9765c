"""A piece as parts of notes under one tempo map, with meters, key and markers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from scband.errors import ScoreError
from scband.score.note import Note
from scband.score.timeline import Meter, MeterChange, TempoMap
from scband.theory.key import Key

DRUM_CHANNEL = 9
"""The MIDI channel (from 0) on which General MIDI plays drums."""

CHANNELS: Mapping[str, int] = MappingProxyType(
    {"bass": 0, "keys": 1, "guitar": 2, "lead": 3, "pad": 4, "drums": DRUM_CHANNEL}
)
"""MIDI channels (from 0) of the players, in files and live."""

DRUM_NAMES: dict[int, str] = {
    35: "kick", 36: "kick", 37: "side_stick", 38: "snare", 39: "clap", 40: "snare",
    41: "tom_low", 42: "hat_closed", 43: "tom_low", 44: "hat_pedal", 45: "tom_mid",
    46: "hat_open", 47: "tom_mid", 48: "tom_high", 49: "crash", 50: "tom_high", 51: "ride",
    53: "ride_bell", 57: "crash", 59: "ride", 70: "shaker", 82: "shaker",
}  # fmt: skip
"""Sounds of the kit by General MIDI drum number."""

DRUM_NUMBERS: dict[str, int] = {
    "kick": 36, "side_stick": 37, "snare": 38, "clap": 39, "tom_low": 43, "hat_closed": 42,
    "hat_pedal": 44, "tom_mid": 47, "hat_open": 46, "tom_high": 50, "crash": 49, "ride": 51,
    "ride_bell": 53, "shaker": 82,
}  # fmt: skip
"""General MIDI drum numbers by the sounds of the kit."""


@dataclass(frozen=True, slots=True)
class Part:
    """A player's notes: MIDI `channel` 0-15 and General MIDI `program` 0-127.

    Notes' starts are beats from the top of the piece. Raises ScoreError for values out of range.
    """

    name: str
    notes: tuple[Note, ...]
    program: int = 0
    channel: int = 0

    def __post_init__(self) -> None:
        if not (0 <= self.program <= 127 and 0 <= self.channel <= 15):
            raise ScoreError(
                f"the part {self.name!r} needs a program 0-127 and a channel 0-15, "
                f"not {self.program} and {self.channel}"
            )

    @property
    def drums(self) -> bool:
        """Tell whether the pitches are drums."""
        return self.channel == DRUM_CHANNEL

    @property
    def end(self) -> float:
        """Where the last note stops, in beats."""
        return max((note.end for note in self.notes), default=0.0)


@dataclass(frozen=True, slots=True)
class Marker:
    """Words at a beat: a section's name, a chord."""

    beat: float
    text: str


@dataclass(frozen=True, slots=True)
class Score:
    """Parts that sound together; beats are quarter notes from the top.

    `meters` start at beat 0 and lie on bar lines. `length` is where a file of it ends, if that is
    later than the last note (a whole number of bars, say).
    """

    parts: tuple[Part, ...]
    tempo: TempoMap = TempoMap.constant(120.0)  # noqa: RUF009  # frozen
    meters: tuple[MeterChange, ...] = (MeterChange(0.0, Meter(4, 4)),)
    key: Key | None = None
    title: str = ""
    markers: tuple[Marker, ...] = ()
    length: float = 0.0

    @property
    def end(self) -> float:
        """Where the last note or marker lies, in beats."""
        last = max((marker.beat for marker in self.markers), default=0.0)
        return max([last, *(part.end for part in self.parts)])

    @property
    def seconds(self) -> float:
        """How long the piece lasts."""
        return self.tempo.seconds(self.end)

    def bars(self) -> tuple[tuple[float, Meter], ...]:
        """Give the start and meter of every bar up to the end."""
        found: list[tuple[float, Meter]] = []
        changes = list(self.meters) or [MeterChange(0.0, Meter(4, 4))]
        at, meter = 0.0, changes[0].meter
        marked = max((marker.beat for marker in self.markers), default=-1.0)
        end = max(self.end, marked + 1e-3)  # a marker on a bar line belongs to the bar after it
        while at < end - 1e-6 or not found:
            while changes and changes[0].beat <= at + 1e-6:
                meter = changes.pop(0).meter
            found.append((at, meter))
            at += meter.beats
        return tuple(found)
