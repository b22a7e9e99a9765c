"""The workstation's projects: as its core tells them, or as they lie in the shared folder.

A project is a folder in the projects folder; its name is the project's id. In it may lie a JSON
file that lists tracks (`project.json`, `NAME.json` or the only `.json` there is), and audio and
MIDI files, also in folders below. Everything is only read, no link is followed, and nothing outside
of the folder is opened, whatever a project says.
"""

from __future__ import annotations

import json
import math
import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

from scband.errors import ProjectError, ProjectNotFoundError
from scband.studio.stems import MAX_STEMS

AUDIO_ENDINGS = (".wav", ".flac", ".ogg", ".mp3", ".aif", ".aiff", ".caf", ".w64", ".rf64", ".au")
MIDI_ENDINGS = (".mid", ".midi")
MOST_PROJECTS = 5000
_MOST_ENTRIES = 5000
_DEEPEST = 4
_LARGEST_JSON = 4 << 20
_MOST_TRACKS = 512


@dataclass(frozen=True, slots=True)
class ProjectTrack:
    """A track: `path` is its audio or MIDI file, None where there is none that can be read.

    `gain_db` and `pan` (-1 to 1) are its fader's; `problem` says what is wrong with its file.
    """

    name: str
    path: Path | None = None
    gain_db: float = 0.0
    pan: float = 0.0
    muted: bool = False
    problem: str = ""

    @property
    def audio(self) -> bool:
        """Whether it has audio that may be measured."""
        return self.path is not None and self.path.suffix.lower() in AUDIO_ENDINGS


@dataclass(frozen=True, slots=True)
class Project:
    """A project; `source` is `core` or `folder`, `tempo` 0 where nobody says it.

    `num_tracks` may be more than `tracks` where the core counts tracks that it does not describe.
    """

    project_id: str
    source: str
    num_tracks: int
    tracks: tuple[ProjectTrack, ...]
    tempo: float = 0.0
    playing: bool | None = None

    @property
    def sounding(self) -> tuple[ProjectTrack, ...]:
        """The tracks with audio that are not muted."""
        return tuple(track for track in self.tracks if track.audio and not track.muted)


class ProjectsFolder:
    """The shared folder of projects, only read."""

    def __init__(self, root: str | Path) -> None:
        self.root = Path(root).expanduser()

    def names(self) -> tuple[str, ...]:
        """List the projects; none where the folder is not there."""
        try:
            with os.scandir(self.root) as entries:
                found = [
                    entry.name
                    for _, entry in zip(range(_MOST_ENTRIES), entries, strict=False)
                    if entry.is_dir(follow_symlinks=False) and not entry.name.startswith(".")
                ]
        except OSError:
            return ()
        return tuple(sorted(found)[:MOST_PROJECTS])

    def read(self, project_id: str) -> Project:
        """Read a project; raises ProjectNotFoundError, ProjectError."""
        # the id is only compared with what the folder holds: it never becomes part of a path
        name = next((name for name in self.names() if name == project_id), None)
        if name is None:
            raise ProjectNotFoundError(
                f"there is no project {project_id[:80]!r} in the projects folder; it holds "
                f"{len(self.names())} (setting projects_folder)"
            )
        folder = self.root / name
        files = list(_files(folder))
        facts = _facts(folder, files)
        tracks = tuple(_tracks(facts.get("tracks"), folder, self.root, _by_name(files)))
        tracks = tracks or tuple(_unlisted(files))
        return Project(
            project_id=name,
            source="folder",
            num_tracks=len(tracks),
            tracks=tracks,
            tempo=_number(facts, "tempo", "bpm", low=10, high=600) or 0.0,
        )

    def told(self, facts: Mapping[str, Any], asked: str = "") -> Project:
        """Make a project of what the core says of it; its files count inside the folder only."""
        named = next((n for n in self.names() if n == (_id_of(facts) or asked)), None)
        folder = self.root / named if named else self.root
        files = _by_name(list(_files(folder))) if named else {}
        tracks = tuple(_tracks(facts.get("tracks"), folder, self.root, files))
        playing = facts.get("isPlaying")
        return Project(
            project_id=_id_of(facts) or asked,
            source="core",
            num_tracks=int(facts["numTracks"]),
            tracks=tracks,
            tempo=_number(facts, "tempo", "bpm", low=10, high=600) or 0.0,
            playing=playing if isinstance(playing, bool) else None,
        )


def _id_of(facts: Mapping[str, Any]) -> str:
    for name in ("project_id", "projectId", "id", "projectName", "name"):
        value = facts.get(name)
        if isinstance(value, str) and value:
            return value[:200]
    return ""


def is_of(facts: Mapping[str, Any], project_id: str) -> bool:
    """Tell whether what the core says is about a project: it names it, or names none."""
    names = {
        facts[name]
        for name in ("project_id", "projectId", "id", "projectName", "name")
        if isinstance(facts.get(name), str) and facts[name]
    }
    return not project_id or not names or project_id in names


def _files(folder: Path) -> Iterator[Path]:
    """Give the audio and MIDI files of a project in order, and its JSON files on top."""
    left = _MOST_ENTRIES
    waiting = [(folder, 0)]
    while waiting:
        place, depth = waiting.pop(0)
        try:
            with os.scandir(place) as scanned:
                entries = sorted(scanned, key=lambda entry: entry.name)
        except OSError:
            continue  # not ours to read
        for entry in entries:
            left -= 1
            if left < 0:
                return
            ending = PurePath(entry.name).suffix.lower()
            if entry.is_dir(follow_symlinks=False):
                if depth < _DEEPEST and not entry.name.startswith("."):
                    waiting.append((Path(entry.path), depth + 1))
            elif entry.is_file(follow_symlinks=False) and (
                ending in (*AUDIO_ENDINGS, *MIDI_ENDINGS) or (ending == ".json" and not depth)
            ):
                yield Path(entry.path)


def _by_name(files: Sequence[Path]) -> dict[str, Path]:
    return {path.name: path for path in reversed(files)}


def _facts(folder: Path, files: Sequence[Path]) -> Mapping[str, Any]:
    """Read the project's JSON file, nothing where there is none."""
    found = [path for path in files if path.suffix.lower() == ".json"]
    named = [p for p in found if p.name in ("project.json", f"{folder.name}.json")]
    chosen = named or (found if len(found) == 1 else [])
    if not chosen:
        return {}
    path = chosen[0]
    try:
        # between the listing and now a link may have taken its place
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(handle, "rb") as file:
            regular = stat.S_ISREG(os.fstat(handle).st_mode)
            data = file.read(_LARGEST_JSON + 1) if regular else b""
    except OSError as error:
        raise ProjectError(f"{path.name} cannot be read: {error.strerror}") from None
    if not regular or len(data) > _LARGEST_JSON:
        raise ProjectError(f"{path.name} is larger than {_LARGEST_JSON >> 20} MiB, or no file")
    try:
        facts = json.loads(data)
    except (ValueError, RecursionError):
        raise ProjectError(f"{path.name} is not JSON; mend or remove it") from None
    return facts if isinstance(facts, dict) else {}


def _unlisted(files: Sequence[Path]) -> Iterator[ProjectTrack]:
    """Take every file as a track where no project file lists them."""
    playable = [path for path in files if path.suffix.lower() != ".json"]
    for path in playable[:_MOST_TRACKS]:
        yield ProjectTrack(path.stem, path)


def _tracks(
    listed: Any, folder: Path, root: Path, files: Mapping[str, Path]
) -> Iterator[ProjectTrack]:
    if not isinstance(listed, list):
        return
    for number, facts in enumerate(listed[:_MOST_TRACKS], start=1):
        if isinstance(facts, dict):
            yield _track(facts, number, folder, root, files)


def _track(
    facts: Mapping[str, Any], number: int, folder: Path, root: Path, files: Mapping[str, Path]
) -> ProjectTrack:
    given = facts.get("name")
    name = given[:200] if isinstance(given, str) and given.strip() else f"track {number}"
    file = _file_of(facts)
    path, problem = _inside(file, folder, root, files) if file else (None, "")
    return ProjectTrack(
        name=name,
        path=path,
        gain_db=_gain(facts),
        pan=_number(facts, "pan", low=-1, high=1) or 0.0,
        muted=any(facts.get(word) is True for word in ("muted", "mute", "isMuted")),
        problem=problem,
    )


def _file_of(facts: Mapping[str, Any]) -> str:
    """Return the file that a track names, or the first one that its clips name."""
    names = ("audio_path", "audioPath", "audio_file", "audioFile", "file", "path", "filePath")
    clips = facts.get("clips") or facts.get("regions")
    places = [facts, *(clip for clip in (clips if isinstance(clips, list) else [])[:64])]
    for place in places:
        for name in names if isinstance(place, dict) else ():
            value = place.get(name)
            if isinstance(value, str) and 0 < len(value) <= 4096:
                return value
    return ""


def _inside(
    file: str, folder: Path, root: Path, files: Mapping[str, Path]
) -> tuple[Path | None, str]:
    """Find a file that a project names, inside the projects folder and without links."""
    named = PurePath(file.replace("\\", "/"))
    try:
        home = root.resolve()
        wanted = (folder.resolve() / named).resolve()
        regular = stat.S_ISREG(os.lstat(wanted).st_mode)
    except (OSError, ValueError):
        regular = False
    if regular and wanted.is_relative_to(home) and wanted.suffix.lower() in (
        *AUDIO_ENDINGS, *MIDI_ENDINGS,
    ):  # fmt: skip
        return wanted, ""
    if named.name in files:  # the project was moved: its files lie where they lay beside it
        return files[named.name], ""
    if regular:
        return None, "its file is outside of the projects folder, or no audio or MIDI file"
    return None, "its file is not there"


def _gain(facts: Mapping[str, Any]) -> float:
    """Return a track's fader in dB; linear gains are turned into it, -90 for nothing."""
    decibels = _number(facts, "gain_db", "gainDb", "volume_db", "volumeDb", low=-120, high=48)
    if decibels is not None:
        return decibels
    linear = _number(facts, "gain", "volume", low=0, high=256)
    if linear is None:
        return 0.0
    return 20 * math.log10(linear) if linear > 0 else -90.0


def _number(facts: Mapping[str, Any], *names: str, low: float, high: float) -> float | None:
    for name in names:
        value = facts.get(name)
        if isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high:
            return float(value)
    return None


def measurable(project: Project) -> tuple[ProjectTrack, ...]:
    """Return the tracks that can be measured; raises ProjectError where there are none."""
    found = project.sounding[:MAX_STEMS]
    if not found:
        wrong = [f"{track.name}: {track.problem}" for track in project.tracks if track.problem]
        raise ProjectError(
            f"the project {project.project_id!r} has {project.num_tracks} tracks, but no audio "
            f"that can be read, so nothing can be measured"
            + (f" ({'; '.join(wrong[:5])})" if wrong else "")
            + "; put its audio files into the projects folder, or upload stems"
        )
    return found
