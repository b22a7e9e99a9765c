"""The folder that a plugin watches: its layout, its file names, and files that appear whole."""

from __future__ import annotations

import os
import re
import secrets
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from scband.errors import FolderNotWritableError, ForbiddenError
from scband.theory.key import Key

TRACKS = ("bass", "drums", "keys", "guitar")
"""The track types, each with a folder of its own."""
ROOT = "generated_accompaniments"
ENDINGS = (".mid", ".midi")
_NAME = re.compile(r"(\d{14})_(bass|drums|keys|guitar)_([A-G][b#]{0,2}(?:maj|min))_(\d{1,4})\.mid")
_naming = threading.Lock()  # two jobs that end in the same second choose their names in turn


@dataclass(frozen=True, slots=True)
class NameParts:
    """What a generated file's name says; `key` as in `C major`."""

    track_type: str
    key: str
    tempo: float


def file_name(when: datetime, track_type: str, key: Key, tempo: float) -> str:
    """Name a generated file: `20250824103000_bass_Cmaj_120.mid`, the time in UTC."""
    mode = "min" if key.minor else "maj"
    return f"{when:%Y%m%d%H%M%S}_{track_type}_{key.tonic_name}{mode}_{round(tempo)}.mid"


def read_name(name: str) -> NameParts | None:
    """Read a generated file's name, None where it is not one of ours."""
    match = _NAME.fullmatch(name)
    if match is None:
        return None
    tonic, mode = match[3][:-3], "minor" if match[3].endswith("min") else "major"
    return NameParts(match[2], f"{tonic} {mode}", float(match[4]))


@dataclass(frozen=True, slots=True)
class AccompanimentFolder:
    """A plugin's monitored folder.

    Tracks lie under `generated_accompaniments` in it, or in the folder itself where it has that
    name already.
    """

    root: Path

    @property
    def tracks(self) -> Path:
        """The folder that holds a folder a track type."""
        return self.root if self.root.name == ROOT else self.root / ROOT

    @property
    def temp(self) -> Path:
        """Where files are written before they appear."""
        return self.tracks / "temp"

    @property
    def state(self) -> Path:
        """Where the state of plugins is kept."""
        return self.root / "plugin_state"

    @property
    def logs(self) -> Path:
        """Where the log of generations is kept."""
        return self.root / "logs"

    def track(self, track_type: str) -> Path:
        """Return the folder of a track type."""
        return self.tracks / track_type

    def make(self) -> None:
        """Make the folders that are missing; raises FolderNotWritableError."""
        wanted = [self.temp, self.state, self.logs, *(self.track(each) for each in TRACKS)]
        try:
            for folder in wanted:
                folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise _unwritable(self.root, error) from None
        if not os.access(self.temp, os.W_OK | os.X_OK):
            raise FolderNotWritableError(f"{self.root} cannot be written; choose another folder")

    def watched(self) -> tuple[Path, ...]:
        """Return the folders in which MIDI files are looked for."""
        return tuple(dict.fromkeys([self.root, self.tracks, *map(self.track, TRACKS)]))

    def write_temporary(self, data: bytes, batch: str) -> Path:
        """Write a file into `temp`, synced to the disk; raises FolderNotWritableError.

        `batch` is what all files of a job have in common, so that `discard` finds them.
        """
        path = self.temp / f"{batch}-{secrets.token_hex(8)}.part"
        try:
            self.temp.mkdir(parents=True, exist_ok=True)
            with path.open("xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            path.unlink(missing_ok=True)
            raise _unwritable(self.root, error) from None
        return path

    def discard(self, batch: str) -> None:
        """Remove what a job has left in `temp`."""
        for path in self.temp.glob(f"{batch}-*.part"):
            path.unlink(missing_ok=True)

    def names(self, track_type: str, key: Key, tempo: float) -> Iterator[Path]:
        """Give names for a new file, from this second on, second by second."""
        when = datetime.now(UTC)
        while True:
            yield self.track(track_type) / file_name(when, track_type, key, tempo)
            when += timedelta(seconds=1)

    def place(
        self,
        temporary: Path,
        track_type: str,
        key: Key,
        tempo: float,
        expect: Callable[[Path], None] = lambda path: None,
    ) -> Path:
        """Rename a temporary file to a name of its own, which nobody has; returns the path.

        A name that is taken makes way for that of the next second. `expect` hears the path just
        before the file is there. Raises FolderNotWritableError.
        """
        try:
            with _naming:
                path = next(p for p in self.names(track_type, key, tempo) if not p.exists())
                path.parent.mkdir(parents=True, exist_ok=True)
                expect(path)
                temporary.rename(path)
        except OSError as error:
            raise _unwritable(self.root, error) from None
        return path


def allowed_folder(asked: str, default: Path, roots: tuple[Path, ...]) -> Path:
    """Return the folder that a plugin may use; raises ForbiddenError for one outside of `roots`.

    Relative folders count from the default one. Symbolic links are followed before it is judged.
    """
    if not asked:
        return default
    try:
        wanted = (default / asked).resolve()
        inside = any(wanted.is_relative_to(root.resolve()) for root in (default, *roots))
    except (OSError, ValueError, RuntimeError):
        inside = False
    if not inside:
        raise ForbiddenError(
            "the monitor folder lies outside of the folders that plugins may use: leave it out, "
            "name one inside of the service's own, or allow it with the setting monitor_roots"
        )
    return wanted


def _unwritable(folder: Path, error: OSError) -> FolderNotWritableError:
    return FolderNotWritableError(
        f"{folder} cannot be written: {error.strerror}; free space or choose another folder"
    )
