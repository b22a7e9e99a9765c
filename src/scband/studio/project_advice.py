"""What a project's own tracks and files say, before anything is measured."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from scband.errors import MidiFileError
from scband.score.midifile import load_midi
from scband.studio.advice import WHOLE_MIX, Kind, Suggestion
from scband.studio.projects import MIDI_ENDINGS, Project, ProjectTrack

_HOT_DB = 6.0


def advice_without_audio(project: Project) -> Suggestion:
    """Say that nothing can be measured, and why."""
    listed = len(project.tracks)
    return Suggestion(
        kind=Kind.FILE,
        track=WHOLE_MIX,
        message="Put the project's audio files into the projects folder, or upload its stems.",
        reason=f"The project has {project.num_tracks} tracks; {listed} of them are described, and "
        "none has audio that can be read, so its levels cannot be measured.",
        severity=30.0,
        measured={"num_tracks": float(project.num_tracks), "described": float(listed)},
        action={"process": "provide_audio"},
    )


def advice_on_files(project: Project, unread: Sequence[Mapping[str, str]]) -> Iterator[Suggestion]:
    """Find files that are missing, unreadable or empty, and faders that cannot be right."""
    for each in unread:
        yield _file(each["track"], each["reason"])
    for track in project.tracks:
        if track.problem:
            yield _file(track.name, track.problem)
        elif track.path is not None and track.path.suffix.lower() in MIDI_ENDINGS:
            yield from _midi(track)
        if track.gain_db > _HOT_DB and not track.muted:
            yield _hot(track)


def _file(track: str, reason: str) -> Suggestion:
    return Suggestion(
        kind=Kind.FILE,
        track=track,
        message=f"Replace the file of {track}, or remove the track.",
        reason=f"{reason[:1].upper()}{reason[1:]}.",
        severity=12.0,
        measured={},
        action={"process": "replace_file"},
    )


def _midi(track: ProjectTrack) -> Iterator[Suggestion]:
    assert track.path is not None
    try:
        score = load_midi(track.path)
    except MidiFileError as error:
        yield _file(track.name, str(error).replace(str(track.path), "its MIDI file"))
        return
    if not any(part.notes for part in score.parts):
        yield _file(track.name, "its MIDI file has no notes")


def _hot(track: ProjectTrack) -> Suggestion:
    return Suggestion(
        kind=Kind.LEVEL,
        track=track.name,
        message=f"Raise the clip gain of {track.name} by {track.gain_db:.1f} dB "
        "and put its fader back to 0 dB.",
        reason=f"Its fader stands at {track.gain_db:+.1f} dB, near the end of its way.",
        severity=2.0 + (track.gain_db - _HOT_DB),
        measured={"fader_db": track.gain_db},
        action={"clip_gain_db": track.gain_db, "fader_db": 0.0},
    )
