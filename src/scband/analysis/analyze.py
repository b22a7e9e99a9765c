"""A recording heard from end to end: `analyze(path)`."""

from __future__ import annotations

import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from scband.analysis import cache as kept
from scband.analysis.chords import SILENT, Harmony
from scband.analysis.decoding import RATE, Recording, decode, measure_loudness
from scband.analysis.networks import load_networks
from scband.analysis.result import Analysis
from scband.analysis.spool import spooled
from scband.score import Meter

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from scband.analysis.beat.track import BeatTrack
    from scband.analysis.noteroll import NoteRoll
    from scband.analysis.sections import SectionSpan
    from scband.analysis.spectral import Surface

Progress = Callable[[str, float], None]
"""Takes the name of a stage and how much of it is done, 0 to 1."""

_SILENT_PEAK = 1e-4
_FEWEST_BEATS = 4


def _quiet(stage: str, done: float) -> None:
    """Tell nobody."""


def analyze(path: str | Path, *, cache: bool = True, progress: Progress = _quiet) -> Analysis:
    """Hear a recording: beats, meter, tempo, key, chords, sections, loudness and more.

    WAV, FLAC, Ogg, MP3, AIFF of any rate, 1 to 8 channels, up to 2 hours. `cache` keeps the answer
    under the content's hash; `progress(stage, done)` is called on the way. Raises AudioFileError
    for what is no audio, AnalysisError where a model is missing.
    """
    path = Path(path)
    key = _digest(path) if cache else ""
    if key and (found := kept.load(key)) is not None:
        return _renamed(found, path.name)
    progress("decoding", 0.0)
    with ThreadPoolExecutor(max_workers=2) as beside:
        # the networks load while a child decodes; the loudness is wanted last of all
        loaded = beside.submit(load_networks)
        loudness = beside.submit(measure_loudness, path)
        recording = decode(path)
        loaded.result()
        analysis = replace(hear(recording, progress), loudness_lufs=loudness.result())
    if key:
        kept.store(key, analysis)
    progress("done", 1.0)
    return analysis


def _digest(path: Path) -> str:
    """Hash an audio file; what is none, or cannot be read, has no digest: decoding says why."""
    try:
        return kept.digest(path) if path.is_file() and kept.may_be_audio(path) else ""
    except (OSError, ValueError):
        return ""


def _renamed(analysis: Analysis, name: str) -> Analysis:
    return replace(analysis, name=name)


@dataclass(frozen=True, slots=True, eq=False)
class _Heard:
    """What is known before chords are listened for."""

    recording: Recording
    samples: NDArray[np.float32]
    surface: Surface
    cents: float
    beats: BeatTrack | None
    roll: Callable[[], NoteRoll] | None = None


def hear(recording: Recording, progress: Progress = _quiet) -> Analysis:
    """Hear a decoded recording, but for its loudness (-inf).

    Raises AnalysisError where a model is missing.
    """
    from scband.analysis.noteroll import hear_roll  # noqa: PLC0415
    from scband.analysis.spectral import survey, unheard  # noqa: PLC0415
    from scband.analysis.tuning import tuning_cents  # noqa: PLC0415

    samples = _bounded(recording)
    if recording.loudest < _SILENT_PEAK:
        return _joined(_Heard(recording, samples, unheard(RATE), 0.0, None), SILENT, ())
    progress("beats", 0.0)
    cents = tuning_cents(samples, RATE)
    with ThreadPoolExecutor(max_workers=1) as beside:
        # the notes take as long as all the rest
        notes = beside.submit(hear_roll, samples, cents)
        surface, beats = survey(samples, RATE), follow_beats(samples)
        heard = _Heard(recording, samples, surface, cents, beats, notes.result)
        return _joined(*_harmony(heard, progress))


def _bounded(recording: Recording) -> NDArray[np.float32]:
    """Scale float recordings that go beyond full scale back to it."""
    return spooled(recording.samples, 1.0 / max(1.0, recording.loudest))


def follow_beats(samples: NDArray[np.float32]) -> BeatTrack:
    """Follow the beats of mono samples at 22.05 kHz."""
    from scband.analysis.beat.track import track_beats  # noqa: PLC0415

    return track_beats(samples, RATE)


def _harmony(heard: _Heard, progress: Progress) -> tuple[_Heard, Harmony, tuple[SectionSpan, ...]]:
    """Find chords and sections, and count the bars again so that they fit the chords."""
    from scband.analysis.barlines import recounted  # noqa: PLC0415
    from scband.analysis.chord_model import scores as chord_scores  # noqa: PLC0415
    from scband.analysis.chords import PRICES, harmonise  # noqa: PLC0415
    from scband.analysis.grid import half_beats  # noqa: PLC0415
    from scband.analysis.likeness import Likeness  # noqa: PLC0415
    from scband.analysis.listening import listen  # noqa: PLC0415
    from scband.analysis.repeats import find_links  # noqa: PLC0415
    from scband.analysis.sections import (  # noqa: PLC0415
        bar_features,
        find_sections,
        whole_bars,
    )

    beats = heard.beats
    times = [] if beats is None else list(beats.beat_times)
    ones = [] if beats is None else list(beats.downbeat_times)
    grid = half_beats(times, ones, heard.recording.duration)
    evidence = listen(heard.samples, grid.edges, heard.cents, progress, heard.roll)
    if beats is not None:
        ones = list(recounted(chord_scores(evidence), grid, PRICES, beats))
        heard = replace(heard, beats=beats.with_downbeats(ones))
        grid = half_beats(times, ones, heard.recording.duration)
    bars = whole_bars(grid, times)
    alike = Likeness(bar_features(evidence, bars, grid, heard.surface))
    harmony = harmonise(evidence, grid, find_links(alike, bars))
    cells = [first for first, _ in bars] + [end for _, end in bars[-1:]]
    sections = find_sections(grid.edges[np.array(cells, dtype=int)], alike)
    return heard, harmony, sections


def _joined(heard: _Heard, harmony: Harmony, sections: tuple[SectionSpan, ...]) -> Analysis:
    recording, surface, beats = heard.recording, heard.surface, heard.beats
    if beats is not None and len(beats.beat_times) < _FEWEST_BEATS:
        beats = None
    return Analysis(
        name=recording.path.name,
        duration=recording.duration,
        sample_rate=recording.rate,
        channels=recording.channels,
        tempo=float(beats.tempo) if beats else 0.0,
        tempo_curve=tuple((float(t), float(b)) for t, b in beats.tempo_curve) if beats else (),
        meter=beats.meter if beats else Meter(),
        beats=tuple(float(t) for t in beats.beat_times) if beats else (),
        downbeats=tuple(float(t) for t in beats.downbeat_times) if beats else (),
        beat_confidence=float(beats.confidence) if beats else 0.0,
        key=harmony.key,
        key_confidence=harmony.key_confidence,
        keys=harmony.keys,
        tuning_cents=heard.cents,
        chords=harmony.chords,
        sections=sections,
        onsets=tuple(float(time) for time in surface.onsets),
        spectral=surface.spectral,
        material=surface.spectral.material,
        loudness_lufs=-math.inf,
        peak=recording.peak,
        clipped=recording.clipped,
        warnings=tuple(_warnings(recording)),
    )


def _warnings(recording: Recording) -> list[str]:
    found = []
    if recording.fault:
        found.append(f"the file breaks off: {recording.fault}")
    if recording.nonfinite:
        found.append(f"{recording.nonfinite} samples were no numbers and were taken as silence")
    if recording.clipped > 0.001:
        found.append(f"{100 * recording.clipped:.1f} % of the samples are clipped")
    return found
