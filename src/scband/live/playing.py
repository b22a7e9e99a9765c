"""What happens in the thread that decides: every event of the bus ends here and moves the music."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import Protocol

from scband.agents import Style
from scband.agents.dynamics import loudness
from scband.analysis.follow.line import HeardNote, LiveLine
from scband.analysis.frames import Frame, Onset
from scband.live.bus import Event
from scband.live.chordfollow import ChordFollowing
from scband.live.conductor import Conductor
from scband.live.countin import ClickCount, Entry, PerformanceStart, clicks_of
from scband.live.dynamics import Dynamics
from scband.live.ears import Ears, Heard
from scband.live.events import LineHeard, Loudened, Pedal, PlayedNote
from scband.live.follow import FollowMode
from scband.live.following import Following
from scband.live.planner import Planner
from scband.settings import CountIn
from scband.supercollider.engine import BeatReport
from scband.supercollider.patterns import PatternController

_LEAD_SECONDS = 0.25  # from the start message to beat 0: the first bars are out by then
_LOUDER = 0.02  # of the intensity: less is not worth a message
_LOUDER_BEATS = 0.125
_OTHER = 0.12  # of the intensity: so much more or less, and another bar is wanted
_SILENT_BARS = 2.0
_SHORT_BARS = 8
"""A form shorter than this is a vamp: whoever rests at its end may just rest, twice round."""
_NEAR_THE_END = 2
_REMEMBERED = 512
"""Notes of the performer's line that are kept."""
_ENDING_BARS = 3  # the last one, and the two in which a performer slows down


class Listener(Protocol):
    """Somebody who hears the performer, in the thread that decides; times are Unix seconds."""

    def hear_frame(self, frame: Frame, time: float) -> None:
        """Take in a frame of the input analysis."""

    def hear_onset(self, onset: Onset, time: float) -> None:
        """Take in the beginning of a sound."""

    def hear_note(self, time: float, velocity: float, pitch: float | None = None) -> None:
        """Take in a note of a keyboard's; velocity 0 releases it."""


class Playing:
    """A performance under way: counted in, planned bar by bar, following, ending.

    `tell` puts an event before the subscribers, `over` is called when the last bar has ended,
    `later(seconds, command)` does something in a while. A band that is `cued` begins with `enter`.
    """

    def __init__(
        self,
        conductor: Conductor,
        patterns: PatternController,
        following: Following,
        *,
        count_in: CountIn,
        tell: Callable[[Event], None],
        over: Callable[[], None],
        later: Callable[[float, Callable[[], None]], None],
        link: bool = False,
        cued: bool = False,
    ) -> None:
        self.conductor = conductor
        self.following = following
        self.dynamics = Dynamics(conductor.intensity)
        self.shapes = conductor.mode is not FollowMode.CLICK  # whether dynamics are followed
        self.planner = Planner(conductor, patterns, tell, link=link)
        self.chords = ChordFollowing(
            conductor,
            self.planner,
            patterns,
            line=lambda: following.line,
            tell=tell,
            later=later,
            on_evidence=following.hear_chords,
        )
        self.line: deque[HeardNote] = deque(maxlen=_REMEMBERED)
        self.listeners: list[Listener] = [self.chords, LiveLine(self._line_note)]
        self.ears: Ears | None = None
        self.beat: BeatReport | None = None
        self.ending = False
        self._patterns = patterns
        self._count_in = count_in
        self._tell = tell
        self._over = over
        self._link = link
        self._cued = cued
        self._waiting: ClickCount | PerformanceStart | None = None
        self._bar_intensity = conductor.intensity
        self._shaped = 0.0
        self._nearer = 0.0

    @property
    def waiting(self) -> bool:
        """Whether the band waits for the performer to count it in."""
        return self._waiting is not None or self._cued

    # --- the beginning -------------------------------------------------------------------------

    def begin(self, latency: float, nearer: float) -> None:
        """Start the clock, or wait for the performer to count in.

        `latency` is how far ahead (seconds) notes are sent, `nearer` how far once the performer is
        followed.
        """
        self.planner.latency, self._nearer = latency, nearer
        form, law = self.conductor.form, self.following.law
        if self._cued:
            return
        if self._count_in is CountIn.PLAYER:
            clicks = clicks_of(form.bars[0].meter)
            self._waiting = ClickCount(clicks, law.unit, self.conductor.tempo)
            self.planner.first()  # now: between the last click and beat 1 there is no time
        elif self._count_in is CountIn.PERFORMANCE:
            tracker = self.following.tracker
            self._waiting = PerformanceStart(form, tracker, self.conductor.tempo)
        else:
            self.planner.first()
            self._start(self.conductor.tempo, _LEAD_SECONDS, 0)

    def enter(self, entry: Entry) -> None:
        """Come in with a bar at the time and the tempo that the performer has given."""
        counted = isinstance(self._waiting, PerformanceStart)
        self._waiting, self._cued = None, False
        self.conductor.tempo = entry.tempo
        if entry.number or not self.conductor.decided:
            self.planner.first(entry.number)
        lead = entry.time - time.time() - self.planner.latency
        self._start(entry.tempo, max(lead, 0.0), entry.number, counted=counted)

    def stand(self) -> None:
        """Stop the clock until the band is cued in again."""
        self._patterns.stop()
        self._cued = True

    def _start(self, tempo: float, lead: float, number: int, *, counted: bool = False) -> None:
        slot = self.conductor.form.slot(number)
        assert slot is not None
        self.following.start(tempo, self.planner.latency, tempo, counted=counted)
        if self.following.law.follows:
            self.following.draw_near(self._nearer)
        self._patterns.start(tempo, min(lead, 10.0), slot.start)

    # --- events --------------------------------------------------------------------------------

    def handle(self, event: Event) -> None:
        """Deal with one event of the bus."""
        if isinstance(event, Heard):
            self._hear(event)
        elif isinstance(event, BeatReport):
            self._on_beat(event)
        elif isinstance(event, PlayedNote):
            self._play(event)
        elif isinstance(event, Pedal):
            self.chords.hold(event.held)

    def _hear(self, heard: Heard) -> None:
        for listener in self.listeners:
            if heard.frame is not None:
                listener.hear_frame(heard.frame, heard.time)
            elif heard.onset is not None:
                listener.hear_onset(heard.onset, heard.time)
        if self._listens():
            self.following.hear(heard)
        if heard.onset is not None:
            self._count(heard.time)
        elif isinstance(self._waiting, PerformanceStart):
            self._come_in(self._waiting.entry(time.time()))
        if self.shapes and self.following.line.known:
            self._shape(heard)

    def _play(self, note: PlayedNote) -> None:
        for listener in self.listeners:
            listener.hear_note(note.time, note.velocity, note.pitch)
        if self._listens():
            self.following.play(note)
        if note.velocity > 0:
            self._count(note.time)

    def _line_note(self, note: HeardNote) -> None:
        if note.end is not None:
            self.line.append(note)
        self._tell(LineHeard(note.start if note.end is None else note.end, note))

    def _listens(self) -> bool:
        """Say whether the beat is heard: clicks that count in are no part of the performance."""
        following = self.following
        begun = following.law.follows and following.line.known
        return begun or isinstance(self._waiting, PerformanceStart)

    def _count(self, time: float) -> None:
        if self._waiting is not None:
            self._come_in(self._waiting.hear(time))

    def _come_in(self, entry: Entry | None) -> None:
        if entry is not None:
            self.enter(entry)

    def _on_beat(self, report: BeatReport) -> None:
        self.beat = report
        self._patterns.resend()
        self.following.beat(report)
        self.planner.latency = self.following.latency
        self.chords.at_beat(report)
        if self.following.law.follows:
            self.conductor.tempo = self.following.line.tempo
        if report.in_bar == 0:
            self._at_bar(report)

    def _at_bar(self, report: BeatReport) -> None:
        number = report.bar
        if self._link:
            self.conductor.tempo = report.tempo  # a peer may have changed it
        if self.ears is not None:
            self.conductor.performer = self.ears.performer(self.conductor.tempo)
        if self.conductor.over(number):
            if not self.ending:
                self.ending = True
                self._patterns.stop()
                self._over()
            return
        self._stop_with_the_performer(report)
        length = self.conductor.form.length
        self.following.law.ending = length is not None and number >= length - _ENDING_BARS
        self.planner.at_bar(number)
        self._bar_intensity = self.conductor.intensity

    def _stop_with_the_performer(self, report: BeatReport) -> None:
        """End with the next bar where a performer has stopped at the end of the form."""
        form = self.conductor.form
        if form.length is not None or not (self.shapes and self.dynamics.heard):
            return
        silent = self.dynamics.silence(report.beat)
        vamp = 2 * form.beats if form.beats < _SHORT_BARS * report.bar_beats else 0.0
        if silent < _SILENT_BARS * report.bar_beats + vamp:
            return
        place = (report.beat - silent - form.lead) % form.beats
        near = _NEAR_THE_END * report.bar_beats
        if place >= form.beats - near or place < 1.0:
            self.conductor.end_with(report.bar + 1)

    # --- dynamics ------------------------------------------------------------------------------

    def _shape(self, heard: Heard) -> None:
        """Let the band be as loud, and soon as busy, as the performer."""
        beat = self.following.line.beat_at(heard.time)
        if heard.frame is None or self.beat is None:
            self.dynamics.strike(beat)
            return
        self.dynamics.hear(heard.frame.db, beat, self.beat.bar_beats)
        now = round(self.dynamics.intensity, 3)
        if abs(now - self.conductor.intensity) < _LOUDER or beat - self._shaped < _LOUDER_BEATS:
            return
        self._shaped = beat
        self.conductor.intensity = now
        self._patterns.post("loudness", loudness(now))
        self._patterns.post("intensity", now)
        self._tell(Loudened(heard.time, now, self.dynamics.level))
        if abs(now - self._bar_intensity) > _OTHER:
            self._bar_intensity = now
            self.planner.again(self.beat)

    # --- changes by hand -----------------------------------------------------------------------

    def tell_feel(self) -> None:
        """Tell sclang how hard and how swung the band plays."""
        self._patterns.set_intensity(self.conductor.intensity)
        if self.shapes:
            self._patterns.set_loudness(loudness(self.conductor.intensity))
        self._patterns.set_swing(max(1.0, min(self.conductor.swing_ratio, 4.0)))

    def again(self) -> None:
        """Decide what has not begun anew."""
        self.planner.again(self.beat)
        self.tell_feel()

    def set_tempo(self, tempo: float) -> None:
        """Take another tempo at once; the performer is followed from there."""
        self._patterns.set_tempo(tempo)
        self.conductor.tempo = tempo
        line = self.following.line
        if line.known:
            line.set_tempo(tempo, line.beat_at(time.time() + self.planner.latency))
        self.following.expect(tempo)
        self.again()

    def set_style(self, style: Style) -> None:
        """Play another style from the next bar on."""
        self.conductor.change_style(style)
        self.again()

    def set_intensity(self, value: float) -> None:
        """Play so hard, or about so hard where the performer's dynamics are followed."""
        self.dynamics.usual = value
        self.conductor.intensity = value
        self.again()

    def set_temperature(self, value: float) -> None:
        """Stray so far from the next bar on."""
        self.conductor.temperature = value
        self.again()

    def set_follow(self, mode: FollowMode, strength: float) -> None:
        """Follow otherwise from now on."""
        self.conductor.mode, self.conductor.strength = mode, strength
        self.following.set(mode, strength)
        if self.following.law.follows:
            self.following.draw_near(self._nearer)

    def set_shapes(self, shapes: bool) -> None:  # a switch is a truth value
        """Follow the performer's dynamics, or not."""
        self.shapes = shapes
        self._patterns.set_loudness(loudness(self.conductor.intensity) if shapes else 0.0)
