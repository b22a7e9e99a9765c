"""Rehearse without time: the analysis hears a file offline, the tracker follows, a clock is moved.

What is simulated is sclang's clock alone; frames and onsets are the server's own, and all who hear
them are a session's.
"""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import soundfile
import soxr
from offline_listening import SAMPLE_RATE, listen

from scband.agents import load
from scband.agents.choice import style_for
from scband.agents.form import Form
from scband.analysis.follow import BeatTracker
from scband.analysis.follow.chords import LiveChords
from scband.analysis.frames import Frame, Onset, decode_frame, decode_onset
from scband.analysis.pitch import PitchFusion
from scband.chart import read
from scband.live.feel import Feel
from scband.live.follow import ControlLaw
from scband.live.recount import Recount
from scband.live.simulation import simulate
from scband.live.togetherness import Sounding, Together, figures
from scband.live.truth import expected_beats, read_truth
from scband.live.whereabouts import Whereabouts
from scband.supercollider.synthdefs import compiled_synthdefs

LATENCY = 0.045
HEARING_SECONDS = 0.015

Heard = tuple[float, Frame | None, Onset | None]


def heard(take: Path) -> list[Heard]:
    """Return all that the server's analysis tells of a recording, in order of time."""
    samples, rate = soundfile.read(take, always_2d=True)
    with TemporaryDirectory(prefix="scband-heard-") as folder:
        file = Path(folder) / "take.wav"
        mono = soxr.resample(samples.mean(axis=1), rate, SAMPLE_RATE)
        soundfile.write(file, mono, SAMPLE_RATE, subtype="FLOAT")
        told = listen(file, compiled_synthdefs())
    fusion = PitchFusion()
    frames = [decode_frame(values, fusion) for values in told.frames]
    onsets = [decode_onset(values) for values in told.onsets]
    found: list[Heard] = [(f.samples / SAMPLE_RATE, f, None) for f in frames]
    found += [(o.samples / SAMPLE_RATE, None, o) for o in onsets]
    return sorted(found, key=lambda event: event[0])


def simulate_take(
    take: Path, beats: Path, chart: Path, *, follow: str, strength: float
) -> Together:
    """Follow a recording from its first beat, and return how together they were."""
    song = read(chart)
    form = Form(song, count_in=False)
    expected = expected_beats(read_truth(beats), form)
    meter = form.bars[0].meter
    unit = 1.5 if meter.compound else 1.0
    start = expected[0].time
    tempo = 60 / float(np.median(np.diff([b.time for b in expected[:5]]))) * unit
    tracker = BeatTracker(tempo=tempo, meter_beats=meter.beats, pulse=unit)
    tracker.place(start, 0.0, tempo)
    recount, whereabouts = Recount(unit), Whereabouts(form, unit)
    chords = LiveChords(song.tonality, whereabouts.hear)
    feel = Feel(load(style_for(song)).swing_at(tempo).ratio) if unit == 1.0 else None
    waiting = [event for event in heard(take) if event[0] > start - 0.05]
    waiting.reverse()

    def hear(now: float) -> None:
        while waiting and waiting[-1][0] + HEARING_SECONDS <= now:
            time, frame, onset = waiting.pop()
            if frame is not None:
                tracker.hear_frame(frame, time)
                chords.hear_frame(frame, time)
            elif onset is not None:
                tracker.hear_onset(onset, time)
                recount.hear_onset(time)
                if feel is not None and feel.hear(tracker.pulse(time)):
                    tracker.expect(tempo, meter_beats=meter.beats, pulse=unit, swing=feel.swing)

    clock = simulate(
        ControlLaw(follow, strength, tempo, unit),
        hear,
        tracker.pulse,
        tempo=tempo,
        seconds=expected[-1].time - start,
        start=start,
        latency=LATENCY,
        recount=recount,
        whereabouts=whereabouts,
    )
    band = np.array(clock.sounded)
    return figures(
        [
            Sounding(b.time, b.beat, b.bar, float(np.interp(b.beat, *band.T)) - b.time)
            for b in expected
            if b.beat <= band[-1, 0]
        ]
    )
