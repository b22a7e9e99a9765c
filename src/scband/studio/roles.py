"""What a track is in a mix: told by its name, or else by how it sounds."""

from __future__ import annotations

import re
from enum import StrEnum


class Role(StrEnum):
    """The part that a track has in a mix."""

    VOCALS = "vocals"
    LEAD = "lead"
    DRUMS = "drums"
    KICK = "kick"
    SNARE = "snare"
    CYMBALS = "cymbals"
    PERCUSSION = "percussion"
    BASS = "bass"
    GUITAR = "guitar"
    KEYS = "keys"
    PAD = "pad"
    EFFECTS = "effects"
    OTHER = "other"


_NAMES = (
    (Role.EFFECTS, r"effects?|fx|reverb|delay|echo|returns?|aux|hall|room"),
    (Role.KICK, r"kick|kik|bd|bass ?drum"),
    (Role.SNARE, r"snare|sd|clap|rim"),
    (Role.CYMBALS, r"hats?|hh|hi ?hats?|cymbals?|ride|crash|over ?heads?|oh"),
    (Role.PERCUSSION, r"perc|percussion|shaker|tamb|tambourine|congas?|bongos?|toms?|cajon"),
    (Role.DRUMS, r"drums?|kit|beat|drum ?loop|breaks?"),
    (Role.BASS, r"bass|sub|808|contrabass|upright"),
    (Role.VOCALS, r"vocals?|vox|voice|singer|lead ?vo(x|cals?)|bv|backings?|choir"),
    (Role.LEAD, r"lead|solo|melody|sax|saxophone|trumpet|flute|violin|horns?|brass"),
    (Role.PAD, r"pads?|strings?|atmos?|ambience|drone"),
    (Role.GUITAR, r"guitars?|gtr|gt|git|acoustic|banjo|ukulele|mandolin"),
    (Role.KEYS, r"keys?|piano|pno|rhodes|epiano|organ|synth|wurli|clav|harpsichord|arp"),
)
_PATTERNS = tuple((role, re.compile(rf"(?<![a-z])({words})(?![a-z])")) for role, words in _NAMES)

RHYTHM = (Role.DRUMS, Role.KICK, Role.SNARE, Role.CYMBALS, Role.PERCUSSION)
"""Roles that are struck."""

LOW = (Role.BASS, Role.KICK, Role.DRUMS)
"""Roles that own the lowest octaves."""

CENTRED = (Role.VOCALS, Role.LEAD, Role.DRUMS, Role.KICK, Role.SNARE, Role.BASS, Role.EFFECTS)
"""Roles that stand in the middle of the stereo image."""


def role_by_name(name: str) -> Role | None:
    """Return what a track's name says it is, None where it says nothing.

    >>> role_by_name("03_Ld Gtr-2.wav"), role_by_name("Audio 7")
    (<Role.GUITAR: 'guitar'>, None)
    """
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name[:200]).lower()
    words = re.sub(r"[^a-z0-9]+|(?<=[a-z])(?=\d)(?!808)|(?<=\d)(?=[a-z])", " ", words)
    return next((role for role, pattern in _PATTERNS if pattern.search(words)), None)


def role_by_sound(low_share: float, tonal: float, crest_db: float) -> Role:
    """Guess what a track without a telling name is.

    `low_share` is its share of energy below 200 Hz, `tonal` that in steady partials, `crest_db`
    its peak over its RMS level.
    """
    if tonal < 0.35 and crest_db > 14:
        return Role.DRUMS
    if low_share > 0.75:
        return Role.KICK if tonal < 0.35 else Role.BASS
    return Role.DRUMS if tonal < 0.25 else Role.OTHER
