"""The MIDI files of all watched folders: what we wrote, and what users dropped in."""

from __future__ import annotations

import hashlib
import os
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from scband.errors import FolderNotWritableError, MidiFileError, MidiFileNotFoundError
from scband.studio.accompaniments import ENDINGS, AccompanimentFolder, read_name
from scband.studio.midifacts import MidiFacts, read_facts
from scband.studio.watching import FileNotice
from scband.theory.key import Key

MOST_FILES = 20_000
"""So many files of a folder are listed at most."""
_LONGEST_JOB = 3600.0  # seconds after which nobody works on a temporary file any more


@dataclass(frozen=True, slots=True)
class MidiEntry:
    """A MIDI file in a plugin's folder; `file_id` is opaque and stays while the file does.

    `start` is the beat of the song at which it begins; `job_id` is "" for what a user dropped in.
    """

    file_id: str
    path: Path
    folder: Path
    facts: MidiFacts
    job_id: str = ""
    start: float = 0.0

    @property
    def filename(self) -> str:
        """The file's name without its folders."""
        return self.path.name


def _id(path: Path) -> str:
    return hashlib.blake2b(os.fsencode(path), digest_size=12).hexdigest()


Stamp = tuple[int, int]  # size and time of change: another content has another stamp


class MidiLibrary:
    """Every MIDI file that plugins can see, by id and by folder; safe to use from any thread.

    `on_ready`, `on_removed` and `on_refused` (folder, name, reason) are told of every change.
    `endings` are those that count as MIDI files.
    """

    def __init__(
        self,
        on_ready: Callable[[MidiEntry], None],
        on_removed: Callable[[MidiEntry], None],
        on_refused: Callable[[Path, str, str], None],
        endings: Sequence[str] = ENDINGS,
    ) -> None:
        self._on_ready, self._on_removed, self._on_refused = on_ready, on_removed, on_refused
        self._endings = tuple(endings)
        self._lock = threading.RLock()
        self._folders: dict[Path, AccompanimentFolder] = {}
        self._owner: dict[Path, Path] = {}
        self._entries: dict[Path, dict[str, MidiEntry]] = {}
        self._by_id: dict[str, MidiEntry] = {}
        self._known: dict[Path, Stamp] = {}

    def add(self, folder: AccompanimentFolder) -> bool:
        """Take a folder in; False where it is known already."""
        with self._lock:
            if folder.root in self._folders:
                return False
            self._folders[folder.root] = folder
            self._entries[folder.root] = {}
            for each in folder.watched():
                self._owner.setdefault(each, folder.root)
            return True

    def folders(self) -> tuple[AccompanimentFolder, ...]:
        """Return all folders."""
        with self._lock:
            return tuple(self._folders.values())

    def entries(self, folder: Path | None = None) -> tuple[MidiEntry, ...]:
        """Return the files of a folder, or of all, in the order in which they came."""
        with self._lock:
            if folder is not None:
                return tuple(self._entries.get(folder, {}).values())
            return tuple(entry for files in self._entries.values() for entry in files.values())

    def get(self, file_id: str, folder: Path | None = None) -> MidiEntry:
        """Return a file by its id, of one folder only if that is given.

        Raises MidiFileNotFoundError.
        """
        with self._lock:
            entry = self._by_id.get(file_id)
        if entry is None or folder not in (None, entry.folder):
            raise MidiFileNotFoundError("there is no MIDI file of that id; see /api/midi/list")
        return entry

    def place(
        self,
        folder: AccompanimentFolder,
        temporary: Path,
        facts: MidiFacts,
        key: Key,
        *,
        job_id: str = "",
        start: float = 0.0,
    ) -> MidiEntry:
        """Rename a temporary file to its name and announce it; raises FolderNotWritableError."""
        stamp = _stamp(temporary) or (0, 0)

        def expect(path: Path) -> None:
            with self._lock:  # so that the watcher, who sees it too, does not announce it again
                self._known[path] = stamp

        path = folder.place(temporary, facts.track_type, key, facts.tempo, expect)
        entry = MidiEntry(_id(path), path, folder.root, facts, job_id, start)
        with self._lock:
            self._put(entry)
        self._on_ready(entry)
        return entry

    def remove(self, file_id: str, folder: Path | None = None) -> MidiEntry:
        """Delete a file; raises MidiFileNotFoundError, FolderNotWritableError."""
        entry = self.get(file_id, folder)
        try:
            entry.path.unlink(missing_ok=True)
        except OSError as error:
            raise FolderNotWritableError(
                f"{entry.filename} cannot be removed: {error.strerror}"
            ) from None
        self._gone(entry.path)
        return entry

    def noticed(self, notices: Sequence[FileNotice]) -> None:
        """Take in what a watcher saw."""
        for notice in notices:
            if notice.present:
                self._look(notice.path)
            else:
                self._gone(notice.path)

    def unread(self) -> list[Path]:
        """Look through all folders: forget what is gone, return what is new, oldest first."""
        found: dict[Path, Stamp] = {}
        for folder in self.folders():
            for place in folder.watched():
                found.update(self._listed(place))
        with self._lock:
            gone = [path for path in self._known if path not in found]
            new = [path for path, stamp in found.items() if self._known.get(path) != stamp]
        new.sort(key=lambda path: found[path][1])
        for path in gone:
            if not path.exists():
                self._gone(path)
        return new

    def take(
        self, path: Path, facts: MidiFacts | None, wrong: str = "", *, quiet: bool = False
    ) -> None:
        """Take a file in whose outline was read (or could not be); announce it unless `quiet`."""
        stamp = _stamp(path)
        with self._lock:
            root = self._owner.get(path.parent)
            if root is None or stamp is None or self._known.get(path) == stamp:
                return
            self._known[path] = stamp
            if facts is None or len(self._entries[root]) >= MOST_FILES:
                entry = None
                wrong = wrong or f"there are {MOST_FILES} files in the folder already"
            else:
                entry = MidiEntry(_id(path), path, root, facts)
                self._put(entry)
        if entry is None:
            self._on_refused(root, path.name, wrong)
        elif not quiet:
            self._on_ready(entry)

    def clean(self, max_age: float) -> int:
        """Remove generated files and temporary ones older than `max_age` s; return how many."""
        limit = time.time() - max_age
        abandoned = min(limit, time.time() - _LONGEST_JOB)
        count = 0
        for entry in self.entries():
            if entry.facts.created < limit and self._generated(entry):
                with suppress(MidiFileNotFoundError):  # its user was quicker
                    self.remove(entry.file_id)
                count += 1
        for folder in self.folders():
            for path in folder.temp.glob("*.part"):
                stamp = _stamp(path)
                if stamp is not None and stamp[1] / 1e9 < abandoned:
                    path.unlink(missing_ok=True)
                    count += 1
        return count

    def _generated(self, entry: MidiEntry) -> bool:
        """Tell ours by folder and name; what a user dropped in is the user's to keep."""
        named = read_name(entry.filename)
        return named is not None and entry.path.parent.name == named.track_type

    def _look(self, path: Path) -> None:
        if not path.name.lower().endswith(self._endings):
            return
        with self._lock:
            known = self._known.get(path)
        if known is not None and known == _stamp(path):
            return
        try:
            self.take(path, read_facts(path))
        except MidiFileError as error:
            self.take(path, None, str(error))

    def _listed(self, place: Path) -> dict[Path, Stamp]:
        try:
            with os.scandir(place) as files:
                return {
                    Path(file.path): (about.st_size, about.st_mtime_ns)
                    for file in files
                    if file.name.lower().endswith(self._endings)
                    and file.is_file(follow_symlinks=False)
                    and (about := file.stat(follow_symlinks=False))
                }
        except OSError:
            return {}  # removed by its user; it is made again when something is written

    def _put(self, entry: MidiEntry) -> None:
        self._entries[entry.folder][entry.file_id] = entry
        self._by_id[entry.file_id] = entry

    def _gone(self, path: Path) -> None:
        with self._lock:
            self._known.pop(path, None)
            entry = self._by_id.pop(_id(path), None)
            if entry is not None:
                self._entries[entry.folder].pop(entry.file_id, None)
        if entry is not None:
            self._on_removed(entry)


def _stamp(path: Path) -> Stamp | None:
    try:
        about = path.lstat()
    except OSError:
        return None
    return about.st_size, about.st_mtime_ns
