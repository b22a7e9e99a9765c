"""The sounds there are: which SynthDef, its range, who may play it, its General MIDI numbers.

Source of the numbers: General MIDI System Level 1 (MMA/AMEI), program and percussion maps.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from scband.errors import SynthDefError
from scband.score import Note

REFERENCE_LOUDNESS = -20.0
"""LUFS (momentary) of one note at velocity 1 in the centre, for every pitched sound."""

VELOCITY_SLOPE = 24.0
"""Decibels that a tenfold velocity is louder: 31 dB from velocity 0.05 to 1."""

KIT = "kit"
"""In the place of a SynthDef: a drum note's own number says what it strikes."""

CHOKE_GROUP = "hat"
"""The hats are one pair of cymbals: any of them ends an open one that still rings."""


@dataclass(frozen=True, slots=True)
class Sound:
    """One instrument SynthDef.

    `low` and `high` are MIDI pitches that it is in tune between; `players` who may use it,
    `programs` its General MIDI programs (0-based). `plugin` names the sc3-plugins UGen that its
    better variant is made of, "" where there is one variant only.
    """

    name: str
    players: tuple[str, ...]
    low: int
    high: int
    programs: tuple[int, ...] = ()
    plugin: str = ""


@dataclass(frozen=True, slots=True)
class DrumSound:
    """One piece of the kit.

    `pitches` are its General MIDI percussion numbers, `pan` its place seen by the audience
    (-1 left to 1 right), `loudness` LUFS (momentary) of one hit at velocity 1, `sustain` seconds
    that it is let ring. Pieces of one `choke` group end one another.
    """

    name: str
    pitches: tuple[int, ...]
    pan: float
    loudness: float = REFERENCE_LOUDNESS
    sustain: float = 1.0
    choke: str = ""


@dataclass(frozen=True, slots=True)
class Strike:
    """What a drum note becomes: SynthDef, pan, sustain in seconds, choke group ("" for none)."""

    name: str
    pan: float
    sustain: float
    choke: str


_SOUNDS = (
    Sound("bass_upright", ("bass",), 28, 67, (32,), plugin="DWGPlucked"),
    Sound("bass_electric", ("bass",), 23, 67, (33, 34, 35, 36, 37), plugin="DWGPlucked"),
    Sound("bass_synth", ("bass",), 23, 67, (38, 39)),
    Sound("piano", ("keys", "lead"), 21, 108, (*range(4), 6, 7), plugin="MdaPiano"),
    Sound("electric_piano", ("keys", "lead"), 28, 103, (4, 5)),
    Sound("organ", ("keys", "lead", "pad"), 24, 103, tuple(range(16, 24))),
    Sound("pad", ("pad", "keys"), 24, 96, (*range(48, 55), *range(88, 96))),
    Sound("guitar_nylon", ("guitar", "lead"), 40, 84, (24,), plugin="DWGPlucked"),
    Sound("guitar_steel", ("guitar", "lead"), 40, 86, (25,), plugin="DWGPlucked"),
    Sound("guitar_electric", ("guitar", "lead"), 40, 88, tuple(range(26, 32)), plugin="DWGPlucked"),
    Sound("lead", ("lead",), 36, 100, (*range(80, 88), *range(56, 80))),
)

_DRUMS = (
    DrumSound("kick", (35, 36), 0.0),
    DrumSound("snare", (38, 40), 0.0),
    DrumSound("side_stick", (37,), 0.1, -24.0, 0.4),
    DrumSound("clap", (39,), -0.1, -22.0, 0.5),
    DrumSound("tom_low", (41, 43), 0.4),
    DrumSound("tom_mid", (45, 47), 0.1),
    DrumSound("tom_high", (48, 50), -0.2),
    DrumSound("hat_closed", (42,), -0.3, -27.0, 0.3, CHOKE_GROUP),
    DrumSound("hat_pedal", (44,), -0.3, -28.0, 0.3, CHOKE_GROUP),
    DrumSound("hat_open", (46,), -0.3, -26.0, 1.5, CHOKE_GROUP),
    DrumSound("ride", (51, 59), 0.35, -25.0, 3.0),
    DrumSound("ride_bell", (53,), 0.35, -23.5, 3.0),
    DrumSound("crash", (49, 52, 55, 57), -0.4, -22.0, 4.0),
    DrumSound("shaker", (54, 56, 69, 70, 82), 0.25, -28.0, 0.3),
)

SOUNDS = MappingProxyType({sound.name: sound for sound in _SOUNDS})
"""Every pitched SynthDef by its name."""

DRUMS = MappingProxyType({drum.name: drum for drum in _DRUMS})
"""Every piece of the kit by its name."""

DEFAULT_SOUND = MappingProxyType(
    {
        "bass": "bass_electric",
        "keys": "piano",
        "guitar": "guitar_steel",
        "lead": "lead",
        "pad": "pad",
    }
)
"""The SynthDef of each pitched player where a style names none."""

_BY_PITCH = {pitch: drum for drum in _DRUMS for pitch in drum.pitches}


def sound(name: str) -> Sound:
    """Return the pitched sound of that name; SynthDefError lists them where there is none."""
    try:
        return SOUNDS[name]
    except KeyError:
        raise SynthDefError(f"no sound {name!r}; there are {', '.join(SOUNDS)}") from None


def sounds_for(player: str) -> tuple[str, ...]:
    """Return the names of the pitched sounds that a player may use, the usual one first."""
    usual = DEFAULT_SOUND.get(player)
    able = [each.name for each in _SOUNDS if player in each.players]
    return tuple(sorted(able, key=lambda name: name != usual))


def sound_of_program(program: int) -> str | None:
    """Return the sound of a General MIDI program (0-127, 0-based), or None where there is none."""
    return next((each.name for each in _SOUNDS if program in each.programs), None)


def strike(pitch: int) -> Strike | None:
    """Return what a General MIDI drum number strikes, or None where the kit has no such piece."""
    drum = _BY_PITCH.get(pitch)
    return Strike(drum.name, drum.pan, drum.sustain, drum.choke) if drum else None


def loudness(name: str, velocity: float) -> float:
    """Return the LUFS (momentary) that one note of a sound is calibrated to at `velocity`.

    `velocity` 0.05 to 1. Pitched sounds are all alike; the kit's pieces are balanced against the
    snare, as they are in a mix.
    """
    top = DRUMS[name].loudness if name in DRUMS else REFERENCE_LOUDNESS
    return top + VELOCITY_SLOPE * math.log10(velocity)


def sound_of(player: str, chosen: Mapping[str, str]) -> str:
    """Return what a player plays with: the kit for drums, else the SynthDef chosen for it."""
    return KIT if player == "drums" else chosen[player]


@dataclass(frozen=True, slots=True)
class Stroke:
    """What a note becomes on the server: SynthDef, its arguments, choke group ("" for none)."""

    sound: str
    arguments: dict[str, float]
    choke: str = ""


def stroke(note: Note, sound: str, seconds: float) -> Stroke | None:
    """Return what plays a note that lasts `seconds`; `sound` is a SynthDef, or KIT for drums.

    None for a drum number that the kit has not.
    """
    if sound == KIT:
        struck = strike(note.pitch)
        if struck is None:
            return None
        place = {"velocity": note.velocity, "sustain": struck.sustain, "pan": struck.pan}
        return Stroke(struck.name, place, struck.choke)
    freq = 440 * 2 ** ((note.pitch - 69) / 12)
    arguments = {"velocity": note.velocity, "freq": freq, "sustain": max(seconds, 0.01)}
    return Stroke(sound, arguments | ({"mute": 1.0} if note.articulation == "mute" else {}))
