"""Rehearse without time: the analysis hears a file offline, the tracker follows, a clock is moved.

What is simulated is sclang's clock alone; frames and onsets are the server's own, and all who hear
them are a session's. A session's whole log (`scband rehearse … --log take.jsonl`) can be followed
again: `python benchmarks/simulated_rehearsal.py take.jsonl CHART` prints how far both are apart.
"""

from __future__ import annotations

import sys
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
from scband.chart import SongMap, read
from scband.live.feel import Feel
from scband.live.follow import ControlLaw
from scband.live.recount import Recount
from scband.live.replay import read_log
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


def follow_it(
    song: SongMap,
    told: list[Heard],
    *,
    start: float,
    seconds: float,
    tempo: float,
    law: ControlLaw,
) -> np.ndarray:
    """Follow what was heard from the first beat, at `start`; return (beat, time) of the band's."""
    form = Form(song, count_in=False)
    meter, unit = form.bars[0].meter, law.unit
    tracker = BeatTracker(tempo=tempo, meter_beats=meter.beats, pulse=unit)
    tracker.place(start, 0.0, tempo)
    recount, whereabouts = Recount(unit), Whereabouts(form, unit)
    chords = LiveChords(song.tonality, whereabouts.hear)
    feel = Feel(load(style_for(song)).swing_at(tempo).ratio) if unit == 1.0 else None
    waiting = [event for event in told if event[0] > start - 0.05]
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
        law,
        hear,
        tracker.pulse,
        tempo=tempo,
        seconds=seconds,
        start=start,
        latency=LATENCY,
        recount=recount,
        whereabouts=whereabouts,
    )
    return np.array(clock.sounded)


def simulate_take(
    take: Path, beats: Path, chart: Path, *, follow: str, strength: float
) -> Together:
    """Follow a recording from its first beat, and return how together they were."""
    song = read(chart)
    form = Form(song, count_in=False)
    expected = expected_beats(read_truth(beats), form)
    unit = 1.5 if form.bars[0].meter.compound else 1.0
    start = expected[0].time
    tempo = 60 / float(np.median(np.diff([b.time for b in expected[:5]]))) * unit
    band = follow_it(
        song,
        heard(take),
        start=start,
        seconds=expected[-1].time - start,
        tempo=tempo,
        law=ControlLaw(follow, strength, tempo, unit),
    )
    return figures(
        [
            Sounding(b.time, b.beat, b.bar, float(np.interp(b.beat, *band.T)) - b.time)
            for b in expected
            if b.beat <= band[-1, 0]
        ]
    )


def replay(log: Path, chart: Path) -> np.ndarray:
    """Follow again what a session heard (a whole log); return (beat, real less simulated) rows.

    The session must have begun with the form. Seconds; the real ones are sclang's own.
    """
    logged, song = read_log(log), read(chart)
    unit = 1.5 if Form(song).bars[0].meter.compound else 1.0
    real = np.array([(beat, time) for beat, time, _ in logged.beats])
    start, tempo = logged.beats[0][1], logged.beats[0][2]
    band = follow_it(
        song,
        [(each.time, each.frame, each.onset) for each in logged.heard],
        start=start,
        seconds=real[-1, 1] - start,
        tempo=tempo,
        law=ControlLaw(logged.header["follow"], logged.header["strength"], tempo, unit),
    )
    both = real[real[:, 0] <= band[-1, 0]]
    return np.column_stack([both[:, 0], both[:, 1] - np.interp(both[:, 0], *band.T)])


def main() -> None:
    """Say how far a session and its simulation are apart: `simulated_rehearsal.py LOG CHART`."""
    for beat, apart in replay(Path(sys.argv[1]), Path(sys.argv[2])):
        print(f"beat {beat:6.1f}  real - simulated {1000 * apart:+7.1f} ms")


if __name__ == "__main__":
    main()
