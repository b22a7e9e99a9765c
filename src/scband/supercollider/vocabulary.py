"""The pattern-control vocabulary: every message between Python and sclang, in one place.

Python → sclang: `/scband/<verb> token sequence arguments…`, answered by `/scband/ack sequence
verb beat` or `/scband/error sequence verb code reason`. sclang → Python, unasked: the `REPORTS`.
Beats are quarter notes from the band's beat 0 and travel as 64-bit floats; where an argument says
so, -1 means "now". The sclang end of the same list stands in `sc/patterns/vocabulary.scd`; a test
holds the two against each other.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from types import MappingProxyType

from scband.errors import PatternError
from scband.supercollider.osc import OscValue, encode

PREFIX = "/scband/"
"""What every address of the vocabulary begins with."""

MAX_NOTES = 512
"""Notes that one player's bar may hold."""


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument: its OSC type (`i`, `f`, `d`, `s`), its range (both ends allowed), its sense."""

    name: str
    type: str
    sense: str
    low: float = -math.inf
    high: float = math.inf

    def check(self, verb: str, value: OscValue) -> OscValue:
        """Return the value as it will be sent; raises PatternError with name and range."""
        if self.type == "s":
            if not isinstance(value, str):
                raise PatternError(f"{verb}: {self.name} must be text, not {value!r}")
            return value
        if isinstance(value, str | bytes) or not math.isfinite(value):
            raise PatternError(f"{verb}: {self.name} must be a finite number, not {value!r}")
        if not self.low <= value <= self.high:
            raise PatternError(
                f"{verb}: {self.name} must be between {self.low:g} and {self.high:g}, not {value:g}"
            )
        return int(value) if self.type == "i" else float(value)


@dataclass(frozen=True, slots=True)
class Verb:
    """One message to sclang: fixed arguments, then any number of groups of `repeated` ones."""

    name: str
    sense: str
    arguments: tuple[Argument, ...] = ()
    repeated: tuple[Argument, ...] = ()

    @property
    def address(self) -> str:
        """The OSC address."""
        return PREFIX + self.name

    @property
    def types(self) -> str:
        """OSC types of the fixed arguments, a `|`, those of one repeated group."""
        return "".join(a.type for a in self.arguments) + (
            "|" + "".join(a.type for a in self.repeated) if self.repeated else ""
        )

    def encode(self, token: str, sequence: int, values: Sequence[OscValue]) -> bytes:
        """Return the datagram; raises PatternError where values do not fit the message."""
        fixed = len(self.arguments)
        rest = len(values) - fixed
        size = len(self.repeated)
        if rest < 0 or (rest % size if size else rest):
            raise PatternError(f"{self.name} takes {self.types!r}, got {len(values)} values")
        arguments = [*self.arguments, *(self.repeated * (rest // size) if size else ())]
        checked = [a.check(self.name, v) for a, v in zip(arguments, values, strict=True)]
        types = "si" + "".join(a.type for a in arguments)
        return encode(self.address, [token, sequence, *checked], types)


_PLAYER = Argument("player", "s", "name of the player: drums, bass, keys, guitar, lead, pad …")
_BEAT = Argument("beat", "d", "band's beat at which it takes effect; -1 is now", -1)
_QUANT = Argument("quant", "s", "when it takes effect: now, beat or bar")
_BAR = (
    Argument("index", "i", "number of the bar as played, from 0", 0),
    Argument("start", "d", "band's beat at which the bar starts", 0),
    Argument("length", "d", "beats in the bar", 0.25, 64),
    Argument("loudness", "f", "how loud it was decided; 0 is never scaled", 0, 1),
)
_NOTES = (
    Argument("beat", "d", "beats after the bar's start", 0, 64),
    Argument("length", "d", "beats", 0, 256),
    Argument("pitch", "i", "MIDI pitch, or General MIDI drum number", 0, 127),
    Argument("velocity", "f", "0 to 1", 0, 1),
    Argument("articulation", "s", "ghost, mute, accent, staccato; - is none"),
)

_VERBS = (
    Verb(
        "attach",
        "Attach to the server and answer with ready",
        (
            Argument("server_port", "i", "supernova's UDP port", 1, 65535),
            Argument("client_id", "i", "supernova client id of sclang", 1, 31),
            Argument("max_logins", "i", "clients that supernova takes", 2, 32),
            Argument("latency", "d", "seconds that notes are sent ahead", 0.005, 2),
            Argument("link", "i", "1 keeps time on Ableton Link, 0 on a clock of its own", 0, 1),
        ),
    ),
    Verb(
        "player",
        "Make a player, or give one another sound",
        (
            _PLAYER,
            Argument("group", "i", "node id of its group", 1),
            Argument("bus", "i", "its stereo audio bus", 0),
            Argument("channel", "i", "node id of its mixer channel", 1),
            Argument("instrument", "s", "SynthDef of its notes; kit reads it from the kit"),
        ),
    ),
    Verb(
        "kit",
        "Say what drum numbers strike",
        (),
        (
            Argument("pitch", "i", "General MIDI drum number", 0, 127),
            Argument("instrument", "s", "SynthDef"),
            Argument("pan", "f", "place, -1 left to 1 right", -1, 1),
            Argument("ring", "f", "seconds that it rings", 0.001, 30),
            Argument("choke", "s", "pieces of one choke group end one another; - is none"),
        ),
    ),
    Verb(
        "start",
        "Start the clock: the band's beat 0 comes after the lead",
        (
            Argument("tempo", "d", "quarter notes a minute", 5, 999),
            Argument("lead", "d", "seconds until beat 0 is due", 0, 10),
            Argument("beat", "d", "beat to start from, a bar line", 0),
        ),
    ),
    Verb("stop", "Stop the clock; sounding notes are released"),
    Verb(
        "tempo",
        "Change the tempo",
        (Argument("tempo", "d", "quarter notes a minute", 5, 999), _BEAT),
    ),
    Verb(
        "nudge",
        "Move the phase, spread over beats",
        (
            Argument("seconds", "d", "how much earlier (negative: later) the band is then", -1, 1),
            Argument("beats", "d", "beats over which it is spread", 0.25, 64),
        ),
    ),
    Verb(
        "meter",
        "Set the meter of bars that nobody sent",
        (
            Argument("numerator", "i", "beats written in a bar", 1, 64),
            Argument("denominator", "i", "note value of one of them", 1, 64),
            _BEAT,
        ),
    ),
    Verb(
        "harmony",
        "Give the chords of the coming bars",
        (
            Argument("from", "d", "band's beat that the chords' beats count from", 0),
            Argument("loop", "d", "beats after which they begin again; 0 holds the last", 0),
        ),
        (
            Argument("beat", "d", "beats after `from`", 0),
            Argument("root", "i", "pitch class of the root; -1 is no chord", -1, 11),
            Argument("bass", "i", "pitch class of the bass; -1 is no chord", -1, 11),
            Argument("chord", "i", "pitch classes of the chord, bit 0 is C", 0, 4095),
            Argument("scale", "i", "pitch classes that fit it, bit 0 is C", 0, 4095),
        ),
    ),
    Verb("bar", "Give a player the notes of one bar", (_PLAYER, *_BAR), _NOTES),
    Verb(
        "rebar",
        "Give a player the notes of the bar that sounds again, to hold from a beat of it on",
        (_PLAYER, *_BAR, Argument("from", "d", "beats after the bar's start", 0, 64)),
        _NOTES,
    ),
    Verb("on", "Let a player play", (_PLAYER, _QUANT)),
    Verb("off", "Let a player rest; its notes are released", (_PLAYER, _QUANT)),
    Verb(
        "pattern",
        "Choose what a player plays: a Pdef by name, or sent for the notes that Python sends",
        (_PLAYER, Argument("name", "s", "sent, or a name that the library holds"), _QUANT),
    ),
    Verb("intensity", "Say how hard the band plays", (Argument("value", "f", "0 to 1", 0, 1),)),
    Verb(
        "loudness",
        "Scale what was sent: notes from now on are as loud as this over what their bar says",
        (Argument("value", "f", "0 to 1; 0 scales nothing", 0, 1),),
    ),
    Verb("swing", "Say how the eighths divide", (Argument("ratio", "f", "1 to 4", 1, 4),)),
    Verb(
        "mix",
        "Set one control of a player's mixer channel",
        (
            _PLAYER,
            Argument("control", "s", "gain, pan, mute, reverb_send or delay_send"),
            Argument("value", "f", "as the mixer_channel SynthDef takes it", -1, 8),
        ),
    ),
    Verb(
        "latency",
        "Set how far ahead notes are sent",
        (Argument("seconds", "d", "seconds", 0.005, 2),),
    ),
    Verb("library", "Ask for the names of the Pdefs that can be chosen"),
    Verb("verbs", "Ask for the messages that sclang knows, with their types"),
    Verb("ping", "Ask for an answer"),
    Verb("panic", "End every note at once and forget what was sent; the clock runs on"),
    Verb("quit", "End sclang"),
)

VERBS = MappingProxyType({verb.name: verb for verb in _VERBS})
"""Every message that sclang takes, by name."""

REPORTS = MappingProxyType(
    {
        "hello": "port: sclang has read its code and listens on that port",
        "ready": "port, version, link: attached to supernova and ready to play",
        "ack": "sequence, verb, beat, values…: done, at that beat of the band (-1: clock stands)",
        "error": "sequence, verb, code, reason: refused, nothing has changed",
        "beat": "beat, bar, beat of the bar, bar length, tempo: time-tagged with when it sounds",
        "late": "player, bar, cause: arrived (too late, not played) or missing (it goes on alone)",
        "fault": "class, reason, player: an error inside sclang; the rest plays on",
    }
)
"""What sclang says unasked, with the values that each carries."""


def table() -> str:
    """Return the whole vocabulary as a Markdown table, for the documentation."""
    lines = ["| message | arguments | does |", "| --- | --- | --- |"]
    for verb in VERBS.values():
        names = [f"`{a.name}`:{a.type}" for a in verb.arguments]
        if verb.repeated:
            names.append("(" + " ".join(f"`{a.name}`:{a.type}" for a in verb.repeated) + ")…")
        lines.append(f"| `{verb.address}` | {' '.join(names) or '–'} | {verb.sense} |")
    lines += ["", "| report | values |", "| --- | --- |"]
    lines += [f"| `{PREFIX}{name}` | {values} |" for name, values in REPORTS.items()]
    return "\n".join(lines)
