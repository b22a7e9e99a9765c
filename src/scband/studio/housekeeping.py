"""What is done now and then: folders looked through and cleaned, silent plugins, their states."""

from __future__ import annotations

import hashlib
import json
import logging
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from scband.errors import JobQueueFullError
from scband.settings import Settings
from scband.studio.accompaniments import AccompanimentFolder
from scband.studio.jobs import Job, JobPool
from scband.studio.library import MidiLibrary
from scband.studio.plugins import Plugin, PluginRegistry
from scband.studio.transport import stamp
from scband.studio.uploads import UploadStore
from scband.studio.watching import FileNotice, FolderWatcher

_LOG = logging.getLogger("scband.studio")
_CLEAN_SECONDS = 5.0
_LOOK_SECONDS = 30.0  # how often folders are looked through although the kernel tells of files
_UPLOAD_SECONDS = 86_400.0
_LARGEST_STATE = 1 << 16
_AT_ONCE = 8  # files that are read here as they come; more of them go to a worker


class Housekeeper:
    """Watches and cleans the folders of a library, from a thread of its own."""

    def __init__(
        self,
        settings: Settings,
        library: MidiLibrary,
        plugins: PluginRegistry,
        uploads: UploadStore,
        jobs: JobPool,
    ) -> None:
        self._settings, self._library, self._plugins = settings, library, plugins
        self._uploads, self._jobs = uploads, jobs
        self._changed: set[str] = set()
        self._lock = threading.Lock()
        self._cleaned = self._looked = time.monotonic()
        tick = min(1.0, settings.heartbeat_seconds / 4)
        self._watcher = FolderWatcher(self._noticed, self._tick, self._lost, tick)

    def use(self, folder: AccompanimentFolder) -> None:
        """Make a folder's parts and watch it; files that lie there already are read quietly.

        Raises FolderNotWritableError.
        """
        folder.make()
        new = self._library.add(folder)
        for each in folder.watched():
            self._watcher.watch(each)  # a folder that was removed and made again needs it again
        if new:
            self._look(quiet=True)

    def plugin_changed(self, plugin: Plugin) -> None:
        """Note that a plugin's state is to be written down."""
        with self._lock:
            self._changed.add(plugin.plugin_id)

    def close(self) -> None:
        """End the watching; may be called twice."""
        self._watcher.close()
        self._write_states()

    def _noticed(self, notices: Sequence[FileNotice]) -> None:
        if len(notices) <= _AT_ONCE:
            self._library.noticed(notices)
        else:
            self._library.noticed([notice for notice in notices if not notice.present])
            self._look()

    def _lost(self) -> None:
        self._look()

    def _look(self, *, quiet: bool = False) -> None:
        """Look through all folders; what is new is read by a worker, so that nothing waits."""
        self._looked = time.monotonic()
        new = [str(path) for path in self._library.unread()]
        if not new:
            return
        try:
            self._jobs.submit(
                "scband.studio.midifacts:read_many",
                new,
                name="read files",
                timeout=self._settings.job_seconds,
                listener=self._taker(quiet),
            )
        except JobQueueFullError as error:
            _LOG.warning("%d files are read later: %s", len(new), error)

    def _taker(self, quiet: bool) -> Callable[[Job], None]:
        taken = 0

        def take(job: Job) -> None:
            nonlocal taken
            for path, facts, wrong in job.partials[taken:]:
                taken += 1
                self._library.take(Path(path), facts, wrong, quiet=quiet)

        return take

    def _tick(self) -> None:
        now = time.monotonic()
        for plugin in self._plugins.expire():
            _LOG.info("plugin %s is silent", plugin.plugin_id)
        self._write_states()
        if now - self._looked > (_LOOK_SECONDS if self._watcher.exact else 0.0):
            self._look()
        if now - self._cleaned > min(_CLEAN_SECONDS, self._settings.max_file_age_seconds / 4):
            self._cleaned = now
            self._library.clean(self._settings.max_file_age_seconds)
            self._uploads.clean(_UPLOAD_SECONDS)

    def _write_states(self) -> None:
        with self._lock:
            changed, self._changed = self._changed, set()
        home = AccompanimentFolder(Path(self._settings.monitor_folder).expanduser().resolve())
        for plugin in self._plugins.plugins():
            if plugin.plugin_id in changed:
                _write_state(AccompanimentFolder(plugin.folder), plugin)
                if plugin.folder != home.root:  # where it is looked for when scband starts again
                    _write_state(home, plugin)


def _state_path(folder: AccompanimentFolder, plugin_id: str) -> Path:
    # a client's id is no file name
    return folder.state / f"{hashlib.blake2b(plugin_id.encode(), digest_size=12).hexdigest()}.json"


def _write_state(folder: AccompanimentFolder, plugin: Plugin) -> None:
    """Write a plugin's state into a folder, whole or not at all."""
    path = _state_path(folder, plugin.plugin_id)
    told = {
        "plugin_id": plugin.plugin_id,
        "name": plugin.name,
        "version": plugin.version,
        "sample_rate": plugin.sample_rate,
        "monitor_folder": str(plugin.folder),
        "keep_ahead": plugin.keep_ahead,
        "state": plugin.state.value,
        "timestamp": stamp(time.time()),
    }
    try:
        part = path.with_suffix(".part")
        part.write_text(json.dumps(told), encoding="utf-8")
        part.replace(path)
    except OSError as error:
        _LOG.warning("%s: %s", path, error.strerror)


def read_state(folder: AccompanimentFolder, plugin_id: str) -> dict[str, Any]:
    """Return how a plugin registered the last time, empty where it never did."""
    path = _state_path(folder, plugin_id)
    try:
        told = json.loads(path.read_bytes()[:_LARGEST_STATE])
    except (OSError, ValueError):
        return {}  # none, or somebody wrote into it: it registers as a new one
    kinds = {
        "name": str, "version": str, "sample_rate": float, "monitor_folder": str, "keep_ahead": bool
    }  # fmt: skip
    if not isinstance(told, dict):
        return {}
    return {name: told[name] for name, kind in kinds.items() if isinstance(told.get(name), kind)}
