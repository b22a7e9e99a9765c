"""The band's ear for time: what is heard of the performer goes in, the clock is moved.

The shell about the control law: it hands frames, onsets and notes to the tracker, keeps the line
of the clock up to date with sclang's reports and answers, and sends what the law decides.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future

from scband.analysis.follow import BeatTracker, Pulse
from scband.live.bus import Event
from scband.live.clockline import ClockLine
from scband.live.ears import Heard
from scband.live.events import Followed, PlayedNote
from scband.live.feel import Feel
from scband.live.follow import ControlLaw, FollowMode
from scband.live.follower import Follower, Move
from scband.live.whereabouts import Evidence, Whereabouts
from scband.score import Meter
from scband.supercollider.engine import BeatReport
from scband.supercollider.patterns import Answer, PatternController

_MESSAGE_SECONDS = 0.003  # from a decision to sclang's having done it
_DOUBTED_BEATS = 6.0
_ANSWER_SECONDS = 1.0  # after which an answer is lost, and the next report tells where the clock is
_NEARER_SECONDS = 0.003  # a beat: what nobody hears as a step


class Following:
    """Follows the performer with the clock of the patterns.

    `later(command)` does something in the thread that decides: answers come in another. `tell`
    hears of every move. `meter` is the chart's, `swing` the style's, `whereabouts` hears
    where in the chart the performer is. Everything else is called in the thread that decides.
    """

    def __init__(
        self,
        patterns: PatternController,
        law: ControlLaw,
        meter: Meter,
        swing: float,
        *,
        later: Callable[[Callable[[], None]], None],
        tell: Callable[[Event], None],
        whereabouts: Whereabouts | None = None,
    ) -> None:
        self._patterns = patterns
        self._later = later
        self._tell = tell
        self._asked = 0
        self._asked_at = 0.0
        self._meter = meter
        self._feel = Feel(swing) if law.unit == 1.0 else None  # dotted beats have three parts
        self.tracker = BeatTracker(tempo=law.home, meter_beats=meter.beats, pulse=law.unit)
        self.line = ClockLine(law.home)
        self._whereabouts = whereabouts
        self.follower = Follower(law, self.line, 0.0)
        self.pulse: Pulse | None = None
        self.latency = 0.0
        """How far ahead (seconds) notes are sent."""
        self._nearer: float | None = None
        self._counted = False

    @property
    def law(self) -> ControlLaw:
        """The control law: its mode and strength may be set at any time."""
        return self.follower.law

    def start(self, tempo: float, latency: float, home: float, *, counted: bool = False) -> None:
        """Know that the clock starts at a tempo; `latency` is how far ahead notes are sent.

        `counted` says that the tracker counts the performer's beats already.
        """
        self.line = ClockLine(tempo)
        self.law.home = home
        self.latency, self._counted = latency, counted
        self.follower = Follower(
            self.law, self.line, latency + _MESSAGE_SECONDS, whereabouts=self._whereabouts
        )
        self._asked = 0

    def expect(self, tempo: float) -> None:
        """Take a tempo of quarter notes a minute for likely from now on."""
        self.law.home = tempo
        self._expect()

    def _expect(self) -> None:
        swing = self._feel.swing if self._feel is not None else 1.0
        self.tracker.expect(
            self.law.home, meter_beats=self._meter.beats, pulse=self.law.unit, swing=swing
        )

    def set(self, mode: FollowMode, strength: float) -> None:
        """Follow otherwise from now on; the tracker begins at the band's own beat."""
        followed = self.law.follows
        self.law.mode, self.law.strength = mode, strength
        if self.law.follows and not followed and self.line.known:
            self._place()

    def _place(self) -> None:
        """Let the ear listen from where the band is."""
        now = time.time()
        self.tracker.place(now, self.line.beat_at(now), self.line.tempo)
        if self._whereabouts is not None:
            self._whereabouts.forget()

    def draw_near(self, latency: float) -> None:
        """Send notes only so far ahead from now on; step by step, so that none is heard to leap."""
        self._nearer = latency if latency < self.latency else None

    # --- what is heard -------------------------------------------------------------------------

    def hear(self, heard: Heard) -> None:
        """Take in a frame or an onset, and move the clock if it is time to."""
        if heard.frame is not None:
            self.tracker.hear_frame(heard.frame, heard.time)
        elif heard.onset is not None:
            self.tracker.hear_onset(heard.onset, heard.time)
            self._hear_note(heard.time)
        self.step()

    def _hear_note(self, when: float) -> None:
        """Let everybody who counts and divides know that a note began."""
        self.follower.recount.hear_onset(when)
        if self._feel is not None and self._feel.hear(self.tracker.pulse(when)):
            self._expect()

    def hear_chords(self, evidence: Evidence, time: float) -> None:
        """Take in how well every chord fits what sounded until `time`."""
        if self._whereabouts is not None and self.law.follows and self.line.known:
            self._whereabouts.hear(evidence, time)

    def play(self, note: PlayedNote) -> None:
        """Take in a note of a keyboard's."""
        if note.velocity > 0:
            self.tracker.hear_note(note.time, note.velocity, note.pitch)
            self._hear_note(note.time)
            self.step()

    # --- the clock -----------------------------------------------------------------------------

    def beat(self, report: BeatReport) -> None:
        """Pin the line to a beat of the clock; the first one tells the tracker where it is."""
        first = not self.line.known
        self.line.pin(report.beat, report.time)
        if first and not self._counted:
            self.tracker.place(report.time, report.beat, report.tempo)
        self._draw_nearer()
        self.step()

    def _draw_nearer(self) -> None:
        """Take the next step to a shorter latency: what is sent from now on sounds earlier."""
        if self._nearer is None:
            return
        latency = max(self._nearer, self.latency - _NEARER_SECONDS)
        step, self.latency = self.latency - latency, latency
        self._nearer = self._nearer if latency > self._nearer else None
        self._patterns.post("latency", latency)
        self.line.sound_earlier(step)
        self.follower.ahead = latency + _MESSAGE_SECONDS

    def step(self) -> None:
        """Move the clock if it is time to; never while an answer is waited for."""
        now = time.time()
        if self._asked and now - self._asked_at < _ANSWER_SECONDS:
            return
        move = self.follower.step(now, self.tracker.pulse)
        if move is not None:
            self._send(move)
        elif self.follower.doubted > _DOUBTED_BEATS * self.law.unit:
            # an ear that has gone astray listens again from where the band is
            self.follower.doubted = 0.0
            self._place()

    def steer(self, tempo: float | None, seconds: float | None, beats: float) -> None:
        """Set the clock's tempo, and let it be `seconds` earlier after `beats` beats; None leaves.

        What an earlier shift has not moved yet is added to `seconds`.
        """
        self._asked, self._asked_at = 0, time.time()
        if tempo is not None:
            self._ask(
                self._patterns.post("tempo", tempo, -1.0),
                lambda beat: self.line.set_tempo(tempo, beat),
            )
        if seconds is not None:
            self._ask(
                self._patterns.post("nudge", seconds, beats),
                lambda beat: self.line.set_nudge(seconds, beats, beat),
            )

    def _send(self, move: Move) -> None:
        correction = move.correction
        self.pulse = move.pulse
        self.steer(correction.tempo, move.seconds, correction.beats)
        self._tell(
            Followed(
                time=time.time(),
                beat=move.beat,
                error=correction.error,
                tempo=correction.tempo,
                seconds=correction.seconds,
                beats=correction.beats,
                heard=move.pulse.tempo,
                confidence=move.pulse.confidence,
            )
        )

    def _ask(self, answer: Future[Answer], done: Callable[[float], None]) -> None:
        self._asked += 1
        line = self.line

        def settle() -> None:
            if line is self.line:  # else the clock was started anew meanwhile
                self._asked = max(0, self._asked - 1)
                if not answer.cancelled() and answer.exception() is None:
                    done(answer.result().beat)

        answer.add_done_callback(lambda _: self._later(settle))
