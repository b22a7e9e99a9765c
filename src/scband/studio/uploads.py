"""Recordings that clients send: written to disk while they come, checked by what is in them."""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from scband.errors import (
    AudioFileError,
    AudioNotFoundError,
    FolderNotWritableError,
    PayloadTooLargeError,
)

_PREFIX = "scband-uploads-"
_FORGOTTEN_SECONDS = 86_400.0
_CHECK_RATE = 4000  # hertz; the samples are only counted


@dataclass(frozen=True, slots=True)
class AudioFacts:
    """What an upload is: format as libsndfile names it, seconds, hertz, channels."""

    format: str
    duration: float
    sample_rate: int
    channels: int


@dataclass(frozen=True, slots=True)
class Upload:
    """A recording that was sent; `size` in bytes, `created` seconds since the epoch."""

    audio_id: str
    path: Path
    owner: str
    filename: str
    size: int
    facts: AudioFacts
    created: float


def check_audio(tell: Callable[..., None], path: str, max_seconds: float) -> AudioFacts:
    """Decode a recording in a child process with limits, and say what it is.

    Raises AudioFileError for what is no audio, AudioTooLongError for what lasts too long.
    """
    from scband.analysis.decoding import decode_stereo  # noqa: PLC0415  # numpy when it is needed

    tell(0.0, "decoding")
    heard = decode_stereo(path, _CHECK_RATE, max_seconds)
    return AudioFacts(heard.format, heard.duration, heard.rate, heard.channels)


class IncomingAudio:
    """A file that is being received; `write` refuses what goes beyond the limit of bytes."""

    def __init__(self, path: Path, most: int) -> None:
        self.path, self._most = path, most
        self.size = 0
        try:
            self._file: BinaryIO = path.open("xb")
        except OSError as error:
            raise FolderNotWritableError(f"uploads cannot be kept: {error.strerror}") from None

    def write(self, data: bytes) -> None:
        """Take a piece; raises PayloadTooLargeError, FolderNotWritableError."""
        self.size += len(data)
        if self.size > self._most:
            raise PayloadTooLargeError(
                f"a recording may have {self._most} bytes: send a shorter or a compressed one"
            )
        try:
            self._file.write(data)
        except OSError as error:
            raise FolderNotWritableError(f"uploads cannot be kept: {error.strerror}") from None

    def close(self) -> None:
        """End the writing."""
        self._file.close()

    def discard(self) -> None:
        """Remove what was received."""
        self._file.close()
        self.path.unlink(missing_ok=True)


class UploadStore:
    """Uploads by id in a temporary folder, the oldest ones removed as new ones come."""

    def __init__(self, most_bytes: int, most_files: int = 64) -> None:
        self.most_bytes, self._most_files = most_bytes, most_files
        self._lock = threading.Lock()
        self._uploads: dict[str, Upload] = {}
        self._folder: tempfile.TemporaryDirectory[str] | None = None

    @property
    def folder(self) -> Path:
        """The folder, made at its first use; raises FolderNotWritableError."""
        with self._lock:
            if self._folder is None:
                try:
                    _remove_forgotten()
                    self._folder = tempfile.TemporaryDirectory(
                        prefix=_PREFIX, ignore_cleanup_errors=True
                    )
                except OSError as error:
                    raise FolderNotWritableError(
                        f"recordings cannot be kept: {error.strerror}; free space, or set TMPDIR"
                    ) from None
            return Path(self._folder.name)

    def receive(self) -> IncomingAudio:
        """Begin an upload; raises FolderNotWritableError."""
        return IncomingAudio(self.folder / f"{secrets.token_hex(12)}.audio", self.most_bytes)

    def copy(self, path: Path) -> IncomingAudio:
        """Take in a file of this machine; raises AudioFileError."""
        received = self.receive()
        try:
            with path.open("rb") as source:
                while piece := source.read(1 << 20):
                    received.write(piece)
        except OSError as error:
            received.discard()
            raise AudioFileError(f"{path}: {error.strerror}; name an audio file") from None
        except PayloadTooLargeError:
            received.discard()
            raise
        received.close()
        return received

    def keep(self, received: IncomingAudio, facts: AudioFacts, owner: str, filename: str) -> Upload:
        """Keep a checked upload under a new id."""
        upload = Upload(
            secrets.token_urlsafe(12), received.path, owner, filename[:200], received.size, facts,
            time.time(),
        )  # fmt: skip
        with self._lock:
            self._uploads[upload.audio_id] = upload
            oldest = list(self._uploads.values())[: -self._most_files]
            for each in oldest:
                del self._uploads[each.audio_id]
        for each in oldest:
            each.path.unlink(missing_ok=True)
        return upload

    def get(self, audio_id: str, owner: str | None = None) -> Upload:
        """Return an upload, of one owner (or of nobody's) only if that is given.

        Raises AudioNotFoundError.
        """
        with self._lock:
            upload = self._uploads.get(audio_id)
        if upload is None or (owner is not None and upload.owner not in ("", owner)):
            raise AudioNotFoundError("there is no recording of that id: upload it (again)")
        return upload

    def latest(self, owner: str) -> Upload | None:
        """Return the owner's last upload."""
        with self._lock:
            mine = [each for each in self._uploads.values() if each.owner == owner]
        return mine[-1] if mine else None

    def clean(self, max_age: float) -> None:
        """Remove uploads older than `max_age` seconds."""
        limit = time.time() - max_age
        with self._lock:
            old = [each for each in self._uploads.values() if each.created < limit]
            for each in old:
                del self._uploads[each.audio_id]
        for each in old:
            each.path.unlink(missing_ok=True)

    def close(self) -> None:
        """Remove everything that was uploaded."""
        with self._lock:
            self._uploads.clear()
            folder, self._folder = self._folder, None
        if folder is not None:
            folder.cleanup()


def _remove_forgotten() -> None:
    """Remove what a service that was killed has left more than a day ago."""
    limit = time.time() - _FORGOTTEN_SECONDS
    for left in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        with suppress(OSError):  # somebody else's, or gone meanwhile
            if left.lstat().st_mtime < limit and left.lstat().st_uid == os.geteuid():
                shutil.rmtree(left, ignore_errors=True)
