"""A rehearsal: a recording plays the performer, the band follows, and both are compared.

Everything is real: supernova plays and hears the file, sclang keeps the clock. What is compared
is when things sound in the server, in its own samples.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from scband.agents.form import Form
from scband.chart import SongMap, read
from scband.errors import SessionError
from scband.live.bus import Event
from scband.live.chordfigures import ChordFigures, PlayedChord, chord_figures, read_played
from scband.live.countin import Entry, checked_count_in, clicks_of
from scband.live.events import ChordTaken, Followed, InputBegun, Loudened
from scband.live.performance_file import Performance, make_performance
from scband.live.session import Session
from scband.live.togetherness import Sounding, Together, figures
from scband.live.truth import ExpectedBeat, Truth, expected_beats, read_truth
from scband.settings import CountIn, Settings
from scband.supercollider.engine import BeatReport
from scband.theory import Chord

_AFTER_SECONDS = 1.0
_BOOT_SECONDS = 20.0
_CUE_SECONDS = 1.5  # of silence: by then the clocks know one another
_CAPACITY = 1 << 15


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """What came of a rehearsal.

    `beats` are the performer's with the band's asynchronies, `moves` how the clock was moved,
    `intensities` (seconds, 0-1), `xruns` JACK's drop-outs (each is a step in time), `late` what
    came too late, `load` the machine's over the last minute, `listening` the share of one core
    that Python used, hearing and deciding together; `chords` how well chords were taken by ear,
    where they were.
    """

    together: Together
    beats: tuple[Sounding, ...]
    tempos: tuple[tuple[float, float], ...]
    moves: tuple[Followed, ...]
    intensities: tuple[tuple[float, float], ...]
    follow: str
    strength: float
    xruns: int
    late: int
    load: float
    listening: float
    chords: ChordFigures | None = None

    def as_dict(self) -> dict[str, object]:
        """Return figures and conditions as plain values, for JSON."""
        return {
            "follow": self.follow,
            "strength": self.strength,
            **self.together.as_dict(),
            "xruns": self.xruns,
            "late": self.late,
            "load": self.load,
            "listening": self.listening,
            "chords": None if self.chords is None else self.chords.as_dict(),
            "asynchronies": [[round(b.time, 4), b.beat, b.bar, b.asynchrony] for b in self.beats],
        }


@dataclass(slots=True)
class _Take:
    """What is known of the performer, and what is collected while the band follows."""

    played: Performance
    expected: list[ExpectedBeat]
    cue: CountIn | None
    begun: int | None = None
    began: float = 0.0
    used: float = 0.0
    beats: list[tuple[float, float]] = field(default_factory=list)  # beat, sample
    tempos: list[tuple[float, float]] = field(default_factory=list)
    moves: list[Followed] = field(default_factory=list)
    intensities: list[tuple[float, float]] = field(default_factory=list)
    taken: list[tuple[float, Chord]] = field(default_factory=list)  # from a beat on
    chords: tuple[PlayedChord, ...] = ()

    def take_in(self, event: Event | None, session: Session) -> None:
        """Keep what an event tells."""
        if isinstance(event, InputBegun):
            self.begun = event.samples
            self.began, self.used = time.monotonic(), time.process_time()
        elif isinstance(event, BeatReport):
            self.beats.append((event.beat, session.samples_at(event.time)))
            self.tempos.append((event.beat, session.tempo))
        elif isinstance(event, Followed):
            self.moves.append(event)
        elif isinstance(event, Loudened):
            self.intensities.append((event.time, event.intensity))
        elif isinstance(event, ChordTaken):
            self.taken = [pair for pair in self.taken if pair[0] < event.beat]
            self.taken.append((event.beat, event.chord))

    def seconds(self) -> float:
        """Return for how long the recording has been playing, 0 before it begins."""
        return time.monotonic() - self.began if self.begun is not None else 0.0

    def soundings(self, rate: int) -> list[Sounding]:
        """Return every beat of the performer's, and how far off the band's was."""
        if self.begun is None:
            raise SessionError("the recording was never heard: look at `scband doctor`")
        origin = self.begun + self.played.pad * rate
        band = np.array(self.beats).reshape(-1, 2)
        found = []
        for beat in self.expected:
            off = None
            if band.size and band[0, 0] <= beat.beat <= band[-1, 0]:
                sample = float(np.interp(beat.beat, band[:, 0], band[:, 1]))
                off = (sample - origin) / rate - beat.time
            found.append(Sounding(beat.time, beat.beat, beat.bar, off))
        return found


def rehearse(
    chart: SongMap | str | Path,
    take: str | Path,
    truth: Truth | str | Path,
    *,
    follow: str = "adaptive",
    strength: float | None = None,
    count_in: CountIn | str = CountIn.PLAYER,
    style: str | None = None,
    record: str | Path | None = None,
    stems: bool = False,
    monitor: float = 0.0,
    chords: str | Path | None = None,
    log: str | Path | None = None,
    settings: Settings | None = None,
    on_boot: Callable[[str], None] | None = None,
    on_beat: Callable[[Session, float], None] | None = None,
) -> Rehearsed:
    """Let the band follow a recording whose beats are known, and measure how together they are.

    `count_in`: `player` puts clicks before the recording, `performance` lets the band find its
    own way in, `band` and `none` let both begin together. With `chords`, a .lab file of what is
    played, the band takes its chords by ear and is measured against that. A whole log goes to
    `log`. `on_beat(session, beat)` is called on the band's beats, with a session under its hands.
    Takes as long as the recording. Raises ChartError, SessionError, AudioFileError and
    SuperColliderError.
    """
    song = chart if isinstance(chart, SongMap) else read(chart)
    known = truth if isinstance(truth, Truth) else read_truth(truth)
    heard = () if chords is None else read_played(chords)
    counted = checked_count_in(count_in)
    form = Form(song, count_in=counted is CountIn.BAND)
    expected = expected_beats(known, form)
    gap = float(np.median(np.diff([b.time for b in expected[:5]])))
    meter = form.bars[0].meter
    clicks = clicks_of(meter) if counted is CountIn.PLAYER else 0
    cued = counted in (CountIn.BAND, CountIn.NONE)
    with tempfile.TemporaryDirectory(prefix="scband-rehearsal-") as folder:
        target = Path(folder) / "performer.wav"
        played = make_performance(
            Path(take), target, first_beat=expected[0].time, gap=gap, clicks=clicks
        )
        session = Session(
            song,
            style=style,
            tempo=60 / gap * (1.5 if meter.compound else 1.0),
            choruses=int(expected[-1].bar < len(form.bars) + form.count_in),
            input=played.path,
            follow=follow,
            strength=strength,
            count_in=counted,
            cued=cued,
            record=record,
            stems=stems,
            monitor=monitor,
            by_ear=chords is not None,
            log=log,
            log_whole=log is not None,
            settings=settings,
        )
        session.on_boot = on_boot
        cue = counted if cued else None
        return _run(session, _Take(played, expected, cue, chords=heard), on_beat)


def _run(
    session: Session, take: _Take, on_beat: Callable[[Session, float], None] | None
) -> Rehearsed:
    events = session.bus.subscribe(_CAPACITY)
    last = take.played.pad + take.expected[-1].time + _AFTER_SECONDS
    deadline = time.monotonic() + _BOOT_SECONDS + last
    with session:
        while time.monotonic() < deadline and not session.finished.is_set():
            event = events.wait(0.2)
            take.take_in(event, session)
            if on_beat is not None and isinstance(event, BeatReport):
                on_beat(session, event.beat)
            if take.cue is not None and take.seconds() > _CUE_SECONDS:
                _cue(session, take)
            if take.seconds() > last:
                break
        seconds = max(take.seconds(), 1e-3)
        listening = (time.process_time() - take.used) / seconds
        beats = take.soundings(session.jack.sample_rate)
        xruns, late = session.engine.jack.xruns, session.late
    if session.error is not None:
        raise session.error
    return Rehearsed(
        together=figures(beats, [(m.beat, m.tempo) for m in take.moves]),
        beats=tuple(beats),
        tempos=tuple(take.tempos),
        moves=tuple(take.moves),
        intensities=tuple(take.intensities),
        follow=session.follow,
        strength=session.strength,
        xruns=xruns,
        late=late,
        load=os.getloadavg()[0],
        listening=listening,
        chords=chord_figures(take.chords, take.taken, take.expected) if take.chords else None,
    )


def _cue(session: Session, take: _Take) -> None:
    """Let the band begin so that its first beat of the form falls on the performer's."""
    assert take.begun is not None
    rate = session.jack.sample_rate
    sample = take.begun + (take.played.pad + take.expected[0].time) * rate
    lead = session.conductor.form.lead * 60 / session.tempo
    session.enter(Entry(session.time_of(sample) - lead, session.tempo, 0))
    take.cue = None
