"""What a MIDI file in a watched folder is, found with limits: track type, key, tempo, length."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from scband.errors import MidiFileError
from scband.score import DRUM_CHANNEL, smf
from scband.studio.accompaniments import TRACKS, read_name
from scband.theory.pitch import name_at

LONGEST_SECONDS = 24 * 3600.0
"""No MIDI file that is taken in lasts longer."""
_FAMILIES = {"keys": range(24), "guitar": range(24, 32), "bass": range(32, 40)}  # GM programs


@dataclass(frozen=True, slots=True)
class MidiFacts:
    """A MIDI file's outline: `duration` in quarter notes, `key` as in `C major`, "" if unknown.

    `created` is seconds since the epoch; `track_type` is "other" where the file does not tell.
    """

    track_type: str
    key: str
    tempo: float
    duration: float
    size: int
    created: float


def read_facts(path: Path) -> MidiFacts:
    """Read a file's outline; raises MidiFileError for links, devices, and what is no MIDI file."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(handle, "rb") as file:
            about = os.fstat(handle)
            if not stat.S_ISREG(about.st_mode):
                raise MidiFileError(f"{path.name}: this is not a regular file")
            data = file.read(smf.MAX_BYTES + 1)
    except OSError as error:
        raise MidiFileError(f"{path.name}: cannot open it: {error.strerror}") from None
    outline = smf.outline(data, path.name)
    if outline.seconds > LONGEST_SECONDS:
        raise MidiFileError(f"{path.name}: lasts longer than {LONGEST_SECONDS / 3600:g} hours")
    named = read_name(path.name)
    key = _key(outline)
    return MidiFacts(
        track_type=_track_type(path, outline),
        key=named.key if named and not key else key,
        tempo=round(outline.tempo, 3),
        duration=round(outline.beats, 4),
        size=about.st_size,
        created=about.st_mtime,
    )


def read_many(tell: Callable[..., None], paths: Sequence[str]) -> None:
    """Read many files in a worker; each is told as (path, facts or None, what is wrong)."""
    for number, path in enumerate(paths):
        told: tuple[str, MidiFacts | None, str]
        try:
            told = (path, read_facts(Path(path)), "")
        except MidiFileError as error:
            told = (path, None, str(error))
        tell((number + 1) / len(paths), "reading", told)


def _key(outline: smf.Outline) -> str:
    if outline.key is None:
        return ""
    sharps, minor = outline.key
    return f"{name_at(sharps + 3 * minor)} {'minor' if minor else 'major'}"


def _track_type(path: Path, outline: smf.Outline) -> str:
    """Tell by the name, the folder, the tracks' names, then by channel and program."""
    named = read_name(path.name)
    if named is not None:
        return named.track_type
    if path.parent.name in TRACKS:
        return path.parent.name
    words = " ".join([path.stem, *outline.names]).lower()
    said = [track for track in TRACKS if track in words]
    if len(said) == 1:
        return said[0]
    if outline.channels == {DRUM_CHANNEL}:
        return "drums"
    programs = {number for channel, number in outline.programs if channel != DRUM_CHANNEL}
    fitting = [name for name, family in _FAMILIES.items() if programs and programs <= {*family}]
    return fitting[0] if len(fitting) == 1 else "other"
