"""The bridge between plugins and the band, without HTTP: `Orchestrator`."""

from __future__ import annotations

import logging
import secrets
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any

from scband.errors import (
    FolderNotWritableError,
    InvalidRequestError,
    PluginNotRegisteredError,
    ScbandError,
)
from scband.settings import Settings
from scband.studio.accompaniments import TRACKS, AccompanimentFolder, allowed_folder
from scband.studio.ahead import Ahead
from scband.studio.events import (
    Event,
    MidiReady,
    MidiRefused,
    MidiRemoved,
    PluginChanged,
    TransportChanged,
)
from scband.studio.generation import GenerationRequest
from scband.studio.housekeeping import Housekeeper, read_state
from scband.studio.jobs import Job, JobLimits, JobPool
from scband.studio.library import MidiLibrary
from scband.studio.plugins import Plugin, PluginRegistry, PluginState
from scband.studio.publishing import Accompaniment, Work
from scband.studio.transport import Transport, TransportState
from scband.studio.uploads import AudioFacts, IncomingAudio, UploadStore

_LOG = logging.getLogger("scband.studio")


class Orchestrator:
    """Serves plugins: takes audio or chords, lets the band play, writes files where they look.

    A context manager; `start` (called by whatever needs it) makes the default folder and begins to
    watch, `close` ends all work. Safe to use from any thread. Files go into the folder of the
    plugin that asked, or into every registered plugin's where none is named.
    """

    def __init__(self, settings: Settings | None = None) -> None:
        self.settings = settings or Settings.load()
        self.folder = Path(self.settings.monitor_folder).expanduser().resolve()
        self._roots = tuple(Path(name).expanduser() for name in self.settings.monitor_root_names())
        self._listeners: list[Callable[[Event], None]] = []
        self._lock = threading.RLock()
        self._ahead: dict[str, Ahead] = {}
        self._house: Housekeeper | None = None
        limits = JobLimits(self.settings.job_workers, self.settings.job_queue)
        self.jobs = JobPool(limits, warm=("scband.studio.generation",))
        self.transport = Transport(listener=self._transport_moved)
        self.plugins = PluginRegistry(
            self.settings.heartbeat_seconds, listener=self._plugin_changed
        )
        self.library = MidiLibrary(
            on_ready=lambda entry: self._announce(MidiReady(entry)),
            on_removed=lambda entry: self._announce(MidiRemoved(entry)),
            on_refused=lambda *said: self._announce(MidiRefused(*said)),
            endings=tuple(f".{name}" for name in self.settings.format_names()),
        )
        self.uploads = UploadStore(round(self.settings.max_upload_mb * 2**20))

    def __enter__(self) -> Orchestrator:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def start(self) -> Orchestrator:
        """Make and watch the default folder and warm a worker up, once.

        A folder that cannot be written is reported to the log, and to whoever then needs it.
        """
        with self._lock:
            if self._house is None:
                self._house = Housekeeper(
                    self.settings, self.library, self.plugins, self.uploads, self.jobs
                )
                self.jobs.prepare()
                try:
                    self._house.use(AccompanimentFolder(self.folder))
                except FolderNotWritableError as error:
                    _LOG.warning("%s", error)
        return self

    def close(self) -> None:
        """End all jobs and watching, and remove what was uploaded; may be called twice."""
        with self._lock:
            house, self._house = self._house, None
        if house is not None:
            house.close()
        self.jobs.close()
        self.uploads.close()

    def subscribe(self, listener: Callable[[Event], None]) -> Callable[[], None]:
        """Let `listener` hear every event, in whichever thread it happens; returns the way out."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    # plugins

    def register_plugin(
        self,
        plugin_id: str,
        *,
        name: str = "",
        version: str = "",
        sample_rate: float = 0.0,
        monitor_folder: str = "",
        keep_ahead: bool = False,
    ) -> Plugin:
        """Register a plugin, or take it back; its folders are made and watched.

        Raises ForbiddenError for a folder it may not use, FolderNotWritableError.
        """
        self.start()
        assert self._house is not None
        folder = AccompanimentFolder(allowed_folder(monitor_folder, self.folder, self._roots))
        self._house.use(folder)
        plugin = Plugin(plugin_id, folder.root, name, version, sample_rate, keep_ahead)
        return self.plugins.register(plugin)

    def ensure_plugin(self, plugin_id: str) -> Plugin:
        """Return a plugin; one that is not known is registered as it was the last time, if ever."""
        try:
            return self.plugins.get(plugin_id)
        except PluginNotRegisteredError:
            remembered = read_state(AccompanimentFolder(self.folder), plugin_id)
        return self.register_plugin(plugin_id, **remembered)

    def get_plugin_status(self, plugin_id: str) -> str:
        """Return a plugin's state in small letters; raises PluginNotRegisteredError."""
        return self.plugins.get(plugin_id).state.value.lower()

    # audio

    def upload_audio(self, path: str | Path, plugin_id: str = "") -> str:
        """Take in a recording and return its id; raises AudioFileError, PayloadTooLargeError."""
        received = self.uploads.copy(Path(path))
        try:
            facts: AudioFacts = self.check_upload(received).wait(self.settings.job_seconds)
        except BaseException:
            received.discard()
            raise
        return self.uploads.keep(received, facts, plugin_id, Path(path).name).audio_id

    def check_upload(self, received: IncomingAudio) -> Job:
        """Let a worker find out what was received: the job's result is AudioFacts."""
        seconds = self.settings.max_upload_minutes * 60.0
        return self.jobs.submit(
            "scband.studio.uploads:check_audio", str(received.path), seconds, name="check upload",
            timeout=self.settings.job_seconds,
        )  # fmt: skip

    # generation

    def generate_accompaniment(
        self,
        track_types: Sequence[str] = TRACKS,
        tempo: float | None = None,
        *,
        plugin_id: str = "",
        keep_ahead: bool = False,
        **request: Any,
    ) -> str:
        """Let the named players play in the background and return the job's id at once.

        Further arguments are those of GenerationRequest: `chord_progression`, `duration`, `key`,
        `style`, `seed`, … Without a progression or an `audio_id` they play to the last upload.
        Raises InvalidRequestError and its kin, JobQueueFullError.
        """
        asked = GenerationRequest(track_types=tuple(track_types), tempo=tempo, **request)
        return self.generate(asked, plugin_id, keep_ahead=keep_ahead).id

    def generate(
        self, request: GenerationRequest, plugin_id: str = "", *, keep_ahead: bool = False
    ) -> Job:
        """Check a request and queue it; the job's result is an Accompaniment."""
        self.start()
        request = self._with_audio(request, plugin_id)
        request.check()
        if refused := set(request.track_types) - set(self.settings.track_names()):
            raise InvalidRequestError(
                f"{', '.join(sorted(refused))} may not be asked for here (setting track_types)"
            )
        wanted = plugin_id and (keep_ahead or self.plugins.get(plugin_id).keep_ahead)
        ahead = Ahead(request, self.settings.max_file_age_seconds, pending=True) if wanted else None
        job = self._submit(request, plugin_id, ahead)
        if plugin_id:
            with self._lock:
                self._ahead.pop(plugin_id, None)
                if ahead is not None:
                    self._ahead[plugin_id] = ahead
        return job

    def wait_for_generation(self, job_id: str, timeout: float = 600.0) -> list[Path]:
        """Wait for a generation and return its files, a track each (and folder).

        Raises what ended it, or JobTimeoutError after `timeout` seconds.
        """
        done: Accompaniment = self.jobs.get(job_id).wait(timeout)
        return [entry.path for entry in done.files]

    def stream_file(self, file_id: str, plugin_id: str = "") -> Job:
        """Tell a MIDI file bar by bar: the job's partials are lines of JSON.

        Raises MidiFileNotFoundError, JobQueueFullError.
        """
        folder = self.plugins.get(plugin_id).folder if plugin_id else None
        entry = self.library.get(file_id, folder)
        return self.jobs.submit(
            "scband.studio.streaming:stream_file", str(entry.path), name="stream",
            owner=plugin_id, timeout=self.settings.job_seconds,
        )  # fmt: skip

    # transport

    def start_transport(self, tempo: float | None = None, beat: float | None = None) -> None:
        """Let the shared transport run on from where it is; raises InvalidPositionError."""
        self.transport.start(tempo, beat)

    def stop_transport(self) -> None:
        """Stop the shared transport, which goes back to 0.0."""
        self.transport.stop()

    def get_transport_position(self) -> float:
        """Return the shared transport's position in quarter notes."""
        return self.transport.state().current_beat

    def report_transport(
        self, plugin_id: str, is_playing: bool, beat: float, tempo: float, source: Any = None
    ) -> TransportState:
        """Take over what a plugin says of its host's transport, and keep its music ahead of it.

        `source` is named in the announcement. Raises InvalidPositionError.
        """
        state = self.transport.report(is_playing, beat, tempo, source)
        if is_playing and plugin_id in self._ahead:
            self._keep_ahead(plugin_id, state)
        return state

    # within

    def _announce(self, event: Event) -> None:
        for listener in tuple(self._listeners):
            try:
                listener(event)
            except Exception:  # one listener's fault is not the others'
                _LOG.exception("a listener failed on %s", type(event).__name__)

    def _transport_moved(self, state: TransportState, source: Any) -> None:
        self._announce(TransportChanged(state, source))

    def _plugin_changed(self, plugin: Plugin, was: PluginState) -> None:
        if self._house is not None:
            self._house.plugin_changed(plugin)
        self._announce(PluginChanged(plugin, was))

    def _with_audio(self, request: GenerationRequest, plugin_id: str) -> GenerationRequest:
        if request.chord_progression.strip():
            return replace(request, audio_id="")
        if not request.audio_id and (last := self.uploads.latest(plugin_id)) is not None:
            request = replace(request, audio_id=last.audio_id)
        if request.audio_id:
            self.uploads.get(request.audio_id, plugin_id or None)
        return request

    def _submit(self, request: GenerationRequest, plugin_id: str, ahead: Ahead | None) -> Job:
        asked = request.audio_id
        upload = self.uploads.get(asked, plugin_id or None) if asked else None
        folders = self._folders_for(plugin_id)
        work = Work(
            self.library, self.plugins, self._announce, plugin_id, secrets.token_hex(8), folders,
            ahead,
        )  # fmt: skip
        if plugin_id:
            self.plugins.generation_began(plugin_id)
        try:
            return self.jobs.submit(
                "scband.studio.generation:generate",
                request,
                [str(folder.root) for folder in folders],
                work.batch,
                str(upload.path) if upload else "",
                name="generate",
                owner=plugin_id,
                heavy=upload is not None,
                timeout=self.settings.job_seconds,
                then=work.publish,
                listener=work.heard,
                cleanup=work.discard,
            )
        except ScbandError:
            if plugin_id:
                self.plugins.generation_ended(plugin_id)
            raise

    def _folders_for(self, plugin_id: str) -> list[AccompanimentFolder]:
        if plugin_id:
            roots = [self.plugins.get(plugin_id).folder]
        else:
            roots = [plugin.folder for plugin in self.plugins.plugins()] or [self.folder]
        return [AccompanimentFolder(root) for root in dict.fromkeys(roots)]

    def _keep_ahead(self, plugin_id: str, state: TransportState) -> None:
        with self._lock:
            ahead = self._ahead.get(plugin_id)
            if ahead is None:
                return
            missing = ahead.next_request(state.current_beat, self.settings.keep_ahead_beats)
        if missing is None:
            return
        try:
            self._submit(missing, plugin_id, ahead)
        except ScbandError as error:  # a full queue, a recording that is gone
            ahead.pending = False
            ahead.failed = not isinstance(error, InvalidRequestError)
            _LOG.warning("music for %s is not kept ahead: %s", plugin_id, error)
