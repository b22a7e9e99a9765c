"""The harmony by ear: while the pedal is held, what the performer plays becomes the band's chord.

A chord that is heard holds from the next quarter note on: the bar that sounds is decided again and
sent again from there, and so are the bars that are out already.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable

from scband.agents.form import Slot
from scband.analysis.follow.chords import HeardChord, LiveChords
from scband.analysis.frames import Frame, Onset
from scband.live.bus import Event
from scband.live.clockline import ClockLine
from scband.live.conductor import Conductor
from scband.live.events import ChordTaken
from scband.live.harmony import harmony_from, harmony_of
from scband.live.planner import Planner
from scband.live.whereabouts import Evidence
from scband.supercollider.engine import BeatReport
from scband.supercollider.patterns import PatternController
from scband.theory import Chord

_SURE = 0.5  # of the root, before the band moves
_LOOKS_SECONDS = (0.09, 0.18, 0.3)  # after a key is struck: nothing more may come from it
_READY_SECONDS = 0.03  # to decide a bar, to send it, and for sclang to take it


class ChordFollowing:
    """Lets the band play the chords that it hears, from the next beat on.

    `line()` is the clock's, `tell` hears of every chord taken, `later(seconds, command)` does
    something in a while. `on_evidence` is told how well chords fit, as long as they are the
    chart's. Called in the thread that decides.
    """

    def __init__(
        self,
        conductor: Conductor,
        planner: Planner,
        patterns: PatternController,
        *,
        line: Callable[[], ClockLine],
        tell: Callable[[Event], None],
        later: Callable[[float, Callable[[], None]], None],
        on_evidence: Callable[[Evidence, float], None],
    ) -> None:
        self._conductor = conductor
        self._planner = planner
        self._patterns = patterns
        self._line = line
        self._tell = tell
        self._later = later
        self._report: BeatReport | None = None
        self._on_evidence = on_evidence
        self._chords = LiveChords(conductor.form.song.tonality, self._fitted)
        self.held = False
        self.heard: HeardChord | None = None
        """What the performer plays, whether or not the band takes it."""

    def hold(self, held: bool) -> None:  # a pedal is a truth value
        """Take chords by ear from now on, or go back to the chart's with the next bar."""
        if held == self.held:
            return
        self.held = held
        if held:
            self._consider(time.time())
        elif self._conductor.heard_chord is not None:
            self._conductor.leave_chords()
            self._planner.again(self._report)
            form = self._conductor.form
            self._patterns.post_harmony(harmony_of(form), form.lead, form.beats)

    def at_beat(self, report: BeatReport) -> None:
        """Know where the band is: the chart's chord there is the likeliest to be played."""
        self._report = report
        slot = self._conductor.form.slot(report.bar)
        if slot is not None:
            # what is heard until the next report was played after this beat
            self._chords.expect(slot.bar.chord_at(report.in_bar))

    # --- what is heard -------------------------------------------------------------------------

    def hear_frame(self, frame: Frame, time: float) -> None:
        """Take in a frame of the input analysis."""
        self._chords.hear_frame(frame, time)
        self._consider(time)

    def hear_onset(self, onset: Onset, time: float) -> None:
        """Take in the beginning of a sound."""
        self._chords.hear_onset(onset, time)

    def hear_note(self, time: float, velocity: float, pitch: float | None = None) -> None:
        """Take in a note of a keyboard's; velocity 0 releases it."""
        self._chords.hear_note(time, velocity, pitch)
        for wait in _LOOKS_SECONDS if velocity > 0 else ():
            self._later(wait, self._look)

    def _look(self) -> None:
        self._consider(time.time())

    def _fitted(self, evidence: Evidence, time: float) -> None:
        if not self.held:
            self._on_evidence(evidence, time)

    def _consider(self, when: float) -> None:
        self.heard = self._chords.heard(when)
        if not (self.held and self.heard is not None and self._line().known):
            return
        if self.heard.confidence >= _SURE and self.heard.chord != self._conductor.heard_chord:
            self._take(self.heard.chord)

    # --- what comes of it ----------------------------------------------------------------------

    def _take(self, chord: Chord) -> None:
        ready = time.time() + self._planner.latency + _READY_SECONDS
        beat = self._line().beat_at(ready)
        slot = self._slot_at(beat)
        if slot is None:
            return
        since = float(math.floor(beat - slot.start) + 1)
        if since >= slot.beats:
            following = self._conductor.form.slot(slot.number + 1)
            if following is None:
                return
            slot, since = following, 0.0
        self._conductor.take_chord(chord, slot.number, since)
        self._planner.from_beat(slot.number, since)
        start = slot.start + since
        self._patterns.post_harmony([harmony_from(chord, self._conductor.form)], start, 0.0)
        now = time.time()
        self._tell(ChordTaken(now, chord, start, 0.0 if self.heard is None else self.heard.since))

    def _slot_at(self, beat: float) -> Slot | None:
        """Return the bar that holds a beat of the band, looked for from the bar that sounds."""
        number = 0 if self._report is None else self._report.bar
        slot = self._conductor.form.slot(number)
        while slot is not None and beat >= slot.start + slot.beats:
            slot = self._conductor.form.slot(slot.number + 1)
        return slot
