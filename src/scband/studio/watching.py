"""Folders watched for files, by the kernel's own notices where it has them (Linux: inotify(7)).

Elsewhere, and where notices were lost, nothing is told and the caller looks for itself at each
tick.
"""

from __future__ import annotations

import ctypes
import logging
import os
import select
import struct
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_LOG = logging.getLogger("scband.studio")
_EVENT = struct.Struct("iIII")  # watch, mask, cookie, length of the name after it
_CLOSE_WRITE, _MOVED_FROM, _MOVED_TO, _DELETE = 0x8, 0x40, 0x80, 0x200
_OVERFLOW, _IGNORED, _ISDIR = 0x4000, 0x8000, 0x40000000
_ONLYDIR = 0x01000000
_WANTED = _CLOSE_WRITE | _MOVED_FROM | _MOVED_TO | _DELETE | _ONLYDIR


@dataclass(frozen=True, slots=True)
class FileNotice:
    """A file was written to its end or moved in (`present`), or it went."""

    path: Path
    present: bool


class FolderWatcher:
    """Tells of files in folders (not below them) from a thread of its own.

    `on_files` gets what happened since the last time, in order; `on_tick` is called about every
    `tick` seconds, `on_lost` after notices were lost. `exact` says whether the kernel tells at all.
    """

    def __init__(
        self,
        on_files: Callable[[Sequence[FileNotice]], None],
        on_tick: Callable[[], None],
        on_lost: Callable[[], None],
        tick: float = 1.0,
    ) -> None:
        self._on_files, self._on_tick, self._on_lost = on_files, on_tick, on_lost
        self._tick = tick
        self._ticked = time.monotonic()
        self._libc = ctypes.CDLL(None, use_errno=True)
        start = getattr(self._libc, "inotify_init1", None)
        self._handle = -1 if start is None else start(os.O_NONBLOCK | os.O_CLOEXEC)
        self._folders: dict[int, Path] = {}
        self._lock = threading.Lock()
        self._stopped, self._stop = os.pipe()
        self._thread = threading.Thread(target=self._run, name="scband-folders", daemon=True)
        self._thread.start()

    @property
    def exact(self) -> bool:
        """Whether files are told as they come."""
        return self._handle >= 0

    def watch(self, folder: Path) -> None:
        """Watch a folder, too; one that is not there is left to the ticks."""
        if self._handle < 0:
            return
        with self._lock:
            name = os.fsencode(folder)
            number = self._libc.inotify_add_watch(self._handle, name, ctypes.c_uint32(_WANTED))
            if number >= 0:
                self._folders[number] = folder
            else:
                _LOG.warning("cannot watch %s: %s", folder, os.strerror(ctypes.get_errno()))

    def close(self) -> None:
        """End the thread and give everything back; may be called twice."""
        if self._stop < 0:
            return
        os.close(self._stop)
        self._stop = -1
        if self._thread is not threading.current_thread():
            self._thread.join(timeout=10.0)
        with self._lock:
            if self._handle >= 0:
                os.close(self._handle)
            self._handle = -1
        os.close(self._stopped)

    def _run(self) -> None:
        poll = select.poll()
        poll.register(self._stopped, select.POLLIN)
        if self._handle >= 0:
            poll.register(self._handle, select.POLLIN)
        while True:
            due = max(0.0, self._ticked + self._tick - time.monotonic())
            ready = [handle for handle, _ in poll.poll(due * 1000.0)]
            if self._stopped in ready:
                return
            try:
                if ready:
                    self._read()
                if time.monotonic() >= self._ticked + self._tick:
                    self._ticked = time.monotonic()
                    self._on_tick()
            except Exception:  # a fault over one file must not end the watching of all others
                _LOG.exception("while watching folders")

    def _read(self) -> None:
        data = b""
        with suppress(BlockingIOError):
            data = os.read(self._handle, 1 << 16)
        notices: list[FileNotice] = []
        lost = False
        at = 0
        while at < len(data):
            number, mask, _, length = _EVENT.unpack_from(data, at)
            name = data[at + _EVENT.size : at + _EVENT.size + length].rstrip(b"\0")
            at += _EVENT.size + length
            lost = lost or bool(mask & _OVERFLOW)
            with self._lock:
                folder = self._folders.get(number)
                if mask & _IGNORED:  # the folder itself was removed
                    self._folders.pop(number, None)
            if folder is not None and name and not mask & _ISDIR:
                present = bool(mask & (_CLOSE_WRITE | _MOVED_TO))
                notices.append(FileNotice(folder / os.fsdecode(name), present))
        if notices:
            self._on_files(notices)
        if lost:
            self._on_lost()
