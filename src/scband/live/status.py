"""Where a session is now, as one small value for displays and logs."""

from __future__ import annotations

import math
from dataclasses import dataclass

from scband.agents.form import Form
from scband.live.ears import Ears, midi_pitch
from scband.supercollider.engine import BeatReport

_CHORD_SEARCH = 16  # bars in which another chord is looked for


@dataclass(frozen=True, slots=True)
class Place:
    """Where in the song a beat lies: bars count from 1 within the form, 0 is the count-in."""

    bar: int = 0
    beat: int = 0
    section: str = ""
    chord: str = ""
    next_chord: str = ""
    chorus: int = 0


@dataclass(frozen=True, slots=True)
class Status:
    """Where the session is now: bars count from 1 within the form, 0 is the count-in.

    `heard` is the MIDI pitch heard in the input, None for none. `late` counts bundles and bars
    that came too late; `xruns` what JACK reported. `follow` and `strength` say how the performer
    is followed, `heard_tempo` and `confidence` what tempo is heard and how surely; `waiting` that
    the performer is to count in; `heard_chord` what chord the performer plays, `by_ear` that the
    band takes it.
    """

    running: bool
    bar: int
    beat: int
    section: str
    chord: str
    next_chord: str
    tempo: float
    chorus: int
    heard: float | None
    input_db: float
    onsets: int
    xruns: int
    late: int
    events: int
    follow: str = "click"
    strength: float = 0.0
    intensity: float = 0.5
    heard_tempo: float | None = None
    confidence: float = 0.0
    waiting: bool = False
    heard_chord: str = ""
    by_ear: bool = False


def place_of(form: Form, report: BeatReport | None) -> Place:
    """Return where in the song a beat lies."""
    slot = form.slot(report.bar) if report is not None else None
    if slot is None or report is None:
        return Place()
    beat = math.floor(report.in_bar) + 1
    if form.count_in and slot.number == 0:
        first = str(slot.bar.chords[0].chord)
        return Place(0, beat, "count-in", "", first, slot.chorus + 1)
    chord = slot.bar.chord_at(report.in_bar)
    return Place(
        slot.bar.index + 1,
        beat,
        slot.bar.section,
        str(chord),
        _next_chord(form, report, str(chord)),
        slot.chorus + 1,
    )


def _next_chord(form: Form, report: BeatReport, now: str) -> str:
    """Return the next chord that is another one, within the next bars."""
    for number in range(report.bar, report.bar + _CHORD_SEARCH):
        slot = form.slot(number)
        for item in slot.bar.chords if slot is not None else ():
            later = number > report.bar or item.beat > report.in_bar
            if later and str(item.chord) != now:
                return str(item.chord)
    return ""


def heard_by(ears: Ears | None) -> tuple[float | None, float, int]:
    """Return the MIDI pitch heard now (None for none), the level in dB, and the onsets so far."""
    if ears is None or ears.latest is None:
        return None, -120.0, 0
    frame = ears.latest
    pitch = midi_pitch(frame.pitch_hz) if frame.pitch_hz > 0 else None
    return pitch, frame.db, ears.onsets
