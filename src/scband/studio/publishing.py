"""What becomes of a generation: files that appear under their names, notices, a log."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from scband.studio.accompaniments import AccompanimentFolder
from scband.studio.ahead import Ahead
from scband.studio.events import Event, JobChanged
from scband.studio.generation import Generated
from scband.studio.jobs import Job, JobState
from scband.studio.library import MidiEntry, MidiLibrary
from scband.studio.midifacts import MidiFacts
from scband.studio.plugins import PluginRegistry
from scband.studio.transport import stamp
from scband.theory.key import Key

_LOG = logging.getLogger("scband.studio")
_LARGEST_LOG = 1 << 20
_STEP = 0.05  # progress is announced in such steps


@dataclass(frozen=True, slots=True)
class Accompaniment:
    """A generation's result: what was played, and the files, one a track and folder."""

    generated: Generated
    files: tuple[MidiEntry, ...]


@dataclass(slots=True)
class Work:
    """One generation on its way: publishes its files, and tells how it goes."""

    library: MidiLibrary
    plugins: PluginRegistry
    announce: Callable[[Event], None]
    plugin_id: str
    batch: str
    folders: list[AccompanimentFolder]
    ahead: Ahead | None
    told: float = -1.0

    def publish(self, job: Job, generated: Generated) -> Accompaniment:
        """Rename what was written to its names, announce it, and log it."""
        key = Key(generated.key)
        entries = []
        for track in generated.tracks:
            for folder in self.folders:
                temporary = Path(track.files[str(folder.root)])
                facts = MidiFacts(
                    track.track_type, generated.key, generated.tempo, generated.duration,
                    temporary.stat().st_size, time.time(),
                )  # fmt: skip
                entries.append(
                    self.library.place(
                        folder, temporary, facts, key, job_id=job.id, start=generated.start
                    )
                )
        if self.ahead is not None:
            self.ahead.made(generated.start, generated.duration)
        for folder in self.folders:
            _log(
                folder, job, generated, [entry for entry in entries if entry.folder == folder.root]
            )
        return Accompaniment(generated, tuple(entries))

    def discard(self) -> None:
        """Remove what a generation that came to nothing has written."""
        for folder in self.folders:
            folder.discard(self.batch)

    def heard(self, job: Job) -> None:
        """Announce progress in steps, and the plugin's state at the end."""
        if job.over and job.state is not JobState.DONE and self.ahead is not None:
            self.ahead.pending, self.ahead.failed = False, True
        if job.over and self.plugin_id:
            self.plugins.generation_ended(self.plugin_id)
        if job.over or job.progress - self.told >= _STEP:
            self.told = job.progress
            self.announce(JobChanged(job))


def _log(
    folder: AccompanimentFolder, job: Job, generated: Generated, files: Sequence[MidiEntry]
) -> None:
    """Add a line to the folder's log of generations; a log that grew large begins anew."""
    path = folder.logs / "generations.jsonl"
    line = {
        "timestamp": stamp(time.time()),
        "job_id": job.id,
        "files": [entry.filename for entry in files],
        "key": generated.key,
        "tempo": generated.tempo,
        "style": generated.style,
        "start": generated.start,
        "duration": generated.duration,
        "time_signature": generated.time_signature,
    }
    try:
        if path.exists() and path.stat().st_size > _LARGEST_LOG:
            path.replace(path.with_suffix(".1.jsonl"))
        with path.open("a", encoding="utf-8") as log:
            log.write(json.dumps(line) + "\n")
    except OSError as error:
        _LOG.warning("%s: %s", path, error.strerror)
