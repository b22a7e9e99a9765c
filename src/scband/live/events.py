"""What travels on the bus beside frames, onsets and beats; every event says when it happened."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from scband.analysis.follow.line import HeardNote
from scband.live.bus import Event
from scband.live.conductor import BarPlan
from scband.live.ears import Heard
from scband.theory import Chord


@dataclass(frozen=True, slots=True)
class Command:
    """Something that somebody wants done, in the thread that decides."""

    time: float
    run: Callable[[], None]


@dataclass(frozen=True, slots=True)
class PlayedNote:
    """A note that the performer plays on a keyboard: MIDI pitch, velocity 0-1 (0: released)."""

    time: float
    pitch: int
    velocity: float


@dataclass(frozen=True, slots=True)
class Pedal:
    """The performer's pedal is `held` or let go: while it is held, chords are taken by ear."""

    time: float
    held: bool


@dataclass(frozen=True, slots=True)
class InputBegun:
    """The first sample of the input file was heard: `time` and the count of samples."""

    time: float
    samples: int


@dataclass(frozen=True, slots=True)
class InputEnded:
    """The input file has been played to its end."""

    time: float


@dataclass(frozen=True, slots=True)
class Planned:
    """A bar was decided and sent, in a style, at an intensity."""

    time: float
    plan: BarPlan
    style: str
    intensity: float


@dataclass(frozen=True, slots=True)
class Followed:
    """The clock was moved to be with the performer.

    `error` is how many beats the band was behind (negative: ahead), `tempo` the new one in quarter
    notes a minute, `seconds` by how much the band gets earlier over `beats`, `heard` the tempo and
    `confidence` of the pulse that was followed.
    """

    time: float
    beat: float
    error: float
    tempo: float
    seconds: float
    beats: float
    heard: float
    confidence: float


@dataclass(frozen=True, slots=True)
class Loudened:
    """The band's intensity follows the performer's level (in decibels below full scale)."""

    time: float
    intensity: float
    db: float


@dataclass(frozen=True, slots=True)
class ChordTaken:
    """The band takes a chord that it hears, from a beat on.

    `beat` is the band's beat from which it holds, `since` when it is thought to have begun.
    """

    time: float
    chord: Chord
    beat: float
    since: float


@dataclass(frozen=True, slots=True)
class LineHeard:
    """A note of the performer's line begins to sound (`note.end` None), or has ended."""

    time: float
    note: HeardNote


def is_analysis(event: Event) -> bool:
    """Say whether an event is a frame: 100 a second come, and the next one stands for the last."""
    return isinstance(event, Heard) and event.frame is not None
