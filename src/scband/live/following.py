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
from scband.live.follow import ControlLaw, FollowMode
from scband.live.follower import Follower, Move
from scband.score import Meter
from scband.supercollider.engine import BeatReport
from scband.supercollider.patterns import Answer, PatternController

_MESSAGE_SECONDS = 0.003  # from a decision to sclang's having done it
_DOUBTED_BEATS = 6.0
_ANSWER_SECONDS = 1.0  # after which an answer is lost, and the next report tells where the clock is


class Following:
    """Follows the performer with the clock of the patterns.

    `later(command)` does something in the thread that decides: answers come in another. `tell`
    hears of every move. `meter` is the chart's, `swing` how the eighths divide. Everything else is
    called in the thread that decides.
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
    ) -> None:
        self._patterns = patterns
        self._later = later
        self._tell = tell
        self._asked = 0
        self._asked_at = 0.0
        self._meter = meter
        self._swing = swing
        self.tracker = BeatTracker(
            tempo=law.home, meter_beats=meter.beats, pulse=law.unit, swing=swing
        )
        self.line = ClockLine(law.home)
        self.follower = Follower(law, self.line, 0.0)
        self.pulse: Pulse | None = None

    @property
    def law(self) -> ControlLaw:
        """The control law: its mode and strength may be set at any time."""
        return self.follower.law

    def start(self, tempo: float, latency: float, home: float) -> None:
        """Know that the clock starts at a tempo; `latency` is how far ahead notes are sent."""
        self.line = ClockLine(tempo)
        self.law.home = home
        self.follower = Follower(self.law, self.line, latency + _MESSAGE_SECONDS)
        self._asked = 0

    def expect(self, tempo: float) -> None:
        """Take a tempo of quarter notes a minute for likely from now on."""
        self.law.home = tempo
        self.tracker.expect(
            tempo, meter_beats=self._meter.beats, pulse=self.law.unit, swing=self._swing
        )

    def set(self, mode: FollowMode, strength: float) -> None:
        """Follow otherwise from now on; the tracker begins at the band's own beat."""
        if self.law.mode is FollowMode.CLICK and mode is not FollowMode.CLICK and self.line.known:
            now = time.time()
            self.tracker.place(now, self.line.beat_at(now), self.line.tempo)
        self.law.mode, self.law.strength = mode, strength

    # --- what is heard -------------------------------------------------------------------------

    def hear(self, heard: Heard) -> None:
        """Take in a frame or an onset, and move the clock if it is time to."""
        if heard.frame is not None:
            self.tracker.hear_frame(heard.frame, heard.time)
        elif heard.onset is not None:
            self.tracker.hear_onset(heard.onset, heard.time)
            self.follower.recount.hear_onset(heard.time)
        self.step()

    def play(self, note: PlayedNote) -> None:
        """Take in a note of a keyboard's."""
        if note.velocity > 0:
            self.tracker.hear_note(note.time, note.velocity, note.pitch)
            self.follower.recount.hear_onset(note.time)
            self.step()

    # --- the clock -----------------------------------------------------------------------------

    def beat(self, report: BeatReport) -> None:
        """Pin the line to a beat of the clock; the first one tells the tracker where it is."""
        first = not self.line.known
        self.line.pin(report.beat, report.time)
        if first:
            self.tracker.place(report.time, report.beat, report.tempo)
        self.step()

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
            self.tracker.place(now, self.line.beat_at(now), self.line.tempo)

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
