"""Background jobs: heavy work in processes of low priority, with progress, cancelling and limits.

A pool has a worker a core for heavy jobs (analysis) and one more that only light jobs (generation)
may take, so that a band's answer never waits for somebody's upload.
"""

from __future__ import annotations

import enum
import logging
import os
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from multiprocessing.connection import Connection, wait
from typing import Any

from scband import errors
from scband.errors import (
    JobCancelledError,
    JobError,
    JobNotFoundError,
    JobQueueFullError,
    JobTimeoutError,
    ScbandError,
)
from scband.studio.workers import Worker

_LOG = logging.getLogger("scband.studio")
_PAUSE = 0.1  # seconds after a fault of our own
_KEEP_PARTIALS = 300.0  # seconds after a job's end in which its pieces can still be streamed


class JobState(enum.StrEnum):
    """Where a job is; the last four are final."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    TIMED_OUT = "timed_out"


@dataclass(slots=True, eq=False)
class Job:
    """A job of a pool, to be read from any thread; times are seconds since the epoch.

    `progress` is 0-1, `stage` says what is being done, `partials` are the pieces of the result that
    are known already, in order. `error` is set when the job ended without a result.
    """

    id: str
    name: str
    owner: str
    function: str
    args: tuple[Any, ...]
    options: dict[str, Any]
    heavy: bool
    timeout: float
    then: Callable[[Job, Any], Any] | None
    listener: Callable[[Job], None] | None
    cleanup: Callable[[], None] | None = None
    created: float = field(default_factory=time.time)
    state: JobState = JobState.QUEUED
    progress: float = 0.0
    stage: str = ""
    partials: list[Any] = field(default_factory=list)
    result: Any = None
    error: ScbandError | None = None
    finished: float | None = None
    deadline: float = 0.0
    future: Future[Any] = field(default_factory=Future)
    watchers: list[Callable[[], object]] = field(default_factory=list)

    def watch(self, watcher: Callable[[], object]) -> Callable[[], None]:
        """Let `watcher` be called, in the pool's thread, at every change; returns the way out."""
        self.watchers.append(watcher)
        return lambda: self.watchers.remove(watcher)

    @property
    def over(self) -> bool:
        """Tell whether nothing will change any more."""
        return self.state not in (JobState.QUEUED, JobState.RUNNING)

    def wait(self, timeout: float) -> Any:
        """Wait for the result; raises the job's error, or JobTimeoutError after `timeout` s."""
        try:
            return self.future.result(timeout)
        except FutureTimeoutError:
            raise JobTimeoutError(
                f"the job {self.name} is not over after {timeout:g} s; wait again or cancel it"
            ) from None


@dataclass(frozen=True, slots=True)
class JobLimits:
    """How much a pool takes on; `workers` 0 is one a core."""

    workers: int = 0
    queued: int = 64
    keep_seconds: float = 3600.0
    keep_most: int = 1000


class JobPool:
    """Runs functions of modules in worker processes; nothing starts before the first job.

    `warm` names modules that a worker imports before its first job. Everything is ended by
    `close`, or with this process. One thread hears all workers: `then` and listeners run in it.
    """

    def __init__(self, limits: JobLimits | None = None, warm: Sequence[str] = ()) -> None:
        self.limits = limits or JobLimits()
        self.cores = self.limits.workers or os.cpu_count() or 1
        self._warm = tuple(warm)
        self._lock = threading.RLock()
        self._jobs: dict[str, Job] = {}
        self._queue: deque[Job] = deque()
        self._busy: dict[Worker, Job] = {}
        self._idle: list[Worker] = []
        # pipes are closed by the one thread that polls them
        self._killed: list[tuple[Worker, Job | None]] = []
        self._alarm, self._ring = os.pipe()
        os.set_blocking(self._ring, False)
        self._thread: threading.Thread | None = None
        self._closed = False

    def submit(
        self,
        function: str,
        *args: Any,
        name: str = "",
        owner: str = "",
        heavy: bool = False,
        timeout: float = 600.0,
        then: Callable[[Job, Any], Any] | None = None,
        listener: Callable[[Job], None] | None = None,
        cleanup: Callable[[], None] | None = None,
        **options: Any,
    ) -> Job:
        """Queue `module:function` to be called with a Report and the arguments; returns at once.

        `then(job, result)` makes the final result here, in the pool's thread; `listener(job)`
        hears every change; `cleanup` is called when a job ended without a result and nothing of it
        runs any more. `timeout` is in seconds of running. Raises JobQueueFullError.
        """
        job = Job(
            secrets.token_urlsafe(12), name or function, owner, function, args, options,
            heavy, timeout, then, listener, cleanup,
        )  # fmt: skip
        job.future.set_running_or_notify_cancel()  # nobody who waits can end it by waiting no more
        with self._lock:
            if self._closed:
                raise JobError("the pool of jobs is closed; make a new one")
            if len(self._queue) >= self.limits.queued:
                raise JobQueueFullError(
                    f"{len(self._queue)} jobs wait already; try again when some are done"
                )
            self._jobs[job.id] = job
            self._queue.append(job)
            self._start()
        self._wake()
        return job

    def get(self, job_id: str) -> Job:
        """Return a job by its id; raises JobNotFoundError."""
        with self._lock:
            job = self._jobs.get(job_id)
        if job is None:
            raise JobNotFoundError("there is no such job, or its result was kept long enough")
        return job

    def jobs(self) -> tuple[Job, ...]:
        """Return all jobs that are known, oldest first."""
        with self._lock:
            return tuple(self._jobs.values())

    def cancel(self, job_id: str) -> Job:
        """End a job at once; one that is over stays as it is. Raises JobNotFoundError."""
        job = self.get(job_id)
        self._end(job, JobState.CANCELLED, JobCancelledError(f"{job.name} was cancelled"))
        return job

    def forget(self, job_id: str) -> None:
        """Keep nothing of a job that is over."""
        with self._lock:
            if (job := self._jobs.get(job_id)) is not None and job.over:
                del self._jobs[job_id]

    def prepare(self) -> None:
        """Start a worker now, so that the first job finds it warm."""
        self.submit("scband.studio.worker:nothing", name="start")

    def close(self) -> None:
        """Cancel everything and end every worker; may be called twice."""
        with self._lock:
            self._closed = True
            thread = self._thread
            idle, self._idle = self._idle, []
            for worker in idle:
                self._kill(worker)
        for job in self.jobs():
            self._end(job, JobState.CANCELLED, JobCancelledError(f"{job.name}: scband ends"))
        self._wake()
        if thread is not None and thread is not threading.current_thread():
            thread.join(timeout=20.0)
        with self._lock:
            late, self._idle = self._idle, []  # one that was being started meanwhile
            for worker in late:
                self._kill(worker)
        self._bury()
        with self._lock:
            if self._ring >= 0:
                os.close(self._alarm)
                os.close(self._ring)
                self._ring = self._alarm = -1

    def _kill(self, worker: Worker, job: Job | None = None) -> None:
        """End a worker now; `_bury` sees to the rest, since that may take milliseconds."""
        worker.kill()
        self._killed.append((worker, job))

    def _bury(self) -> None:
        with self._lock:
            killed, self._killed = self._killed, []
        for worker, job in killed:
            worker.close()
            if job is not None:
                self._clean(job)

    def _start(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._serve, name="scband-jobs", daemon=True)
            self._thread.start()

    def _wake(self) -> None:
        with self._lock, suppress(BlockingIOError):  # then it is being woken already
            if self._ring >= 0:
                os.write(self._ring, b"\0")

    def _serve(self) -> None:
        while not self._closed:
            try:
                self._turn()
            except Exception:  # whoever waits for a job waits for this thread
                _LOG.exception("while looking after jobs")
                time.sleep(_PAUSE)

    def _turn(self) -> None:
        self._bury()
        self._hand_out()
        with self._lock:
            pipes: dict[Connection, Worker] = {
                worker.pipe: worker for worker in (*self._busy, *self._idle)
            }
        for ready in wait([self._alarm, *pipes], self._until_deadline()):
            if ready == self._alarm:
                os.read(self._alarm, 4096)
            else:
                assert isinstance(ready, Connection)
                self._hear(pipes[ready])
        self._expire()

    def _until_deadline(self) -> float:
        with self._lock:
            ends = [job.deadline for job in self._busy.values()]
        return max(0.0, min([10.0, *(end - time.monotonic() for end in ends)]))

    def _hand_out(self) -> None:
        """Give waiting jobs to workers, heavy ones to as many as there are cores."""
        while True:
            with self._lock:
                job = self._next()
                if job is None:
                    return
                self._queue.remove(job)
                worker = self._idle.pop() if self._idle else None
            try:  # starting a process takes a while: nobody waits for the lock meanwhile
                worker = worker or Worker(self._warm)
            except OSError as error:
                failure = JobError(f"{job.name}: no worker could be started: {error.strerror}")
                self._end(job, JobState.FAILED, failure)
                continue
            if self._begin(job, worker):
                self._tell(job)

    def _begin(self, job: Job, worker: Worker) -> bool:
        with self._lock:
            if job.over:  # cancelled a moment ago
                self._idle.append(worker)
                return False
            if not worker.send(job.function, job.args, job.options):
                self._kill(worker)  # it died while it was idle
                self._queue.appendleft(job)
                return False
            self._busy[worker] = job
            job.state = JobState.RUNNING
            job.deadline = time.monotonic() + job.timeout
            return True

    def _next(self) -> Job | None:
        if self._closed or len(self._busy) > self.cores:
            return None
        crowded = sum(job.heavy for job in self._busy.values()) >= self.cores
        return next((job for job in self._queue if not (job.heavy and crowded)), None)

    def _hear(self, worker: Worker) -> None:
        with self._lock:
            job = self._busy.get(worker)
            if job is None and worker not in self._idle:
                return  # killed a moment ago
            said = worker.receive()
            if said is None:
                self._lost(worker, job)
                return
            assert job is not None
            if said[0] == "progress":
                _, job.progress, job.stage, piece = said
                if piece is not None:
                    job.partials.append(piece)
            else:
                self._idle.append(worker)
                del self._busy[worker]
        if said[0] == "progress":
            self._tell(job)
        else:
            self._finish(job, said)

    def _lost(self, worker: Worker, job: Job | None) -> None:
        if job is None:
            self._idle.remove(worker)
            self._kill(worker)
        else:
            status = worker.process.wait(timeout=5.0)
            self._end(job, JobState.FAILED, JobError(f"{job.name}: the worker died ({status})"))

    def _finish(self, job: Job, said: tuple[Any, ...]) -> None:
        if said[0] == "failed":
            self._end(job, JobState.FAILED, _error(job, said[1], said[2]))
            return
        try:
            result = said[1] if job.then is None else job.then(job, said[1])
        except ScbandError as error:
            self._end(job, JobState.FAILED, error)
        else:
            self._end(job, JobState.DONE, None, result)

    def _end(
        self, job: Job, state: JobState, error: ScbandError | None, result: Any = None
    ) -> None:
        with self._lock:
            if job.over:
                return
            if job in self._queue:
                self._queue.remove(job)
            job.state, job.error, job.result = state, error, result
            job.finished = time.time()
            job.progress = 1.0 if state is JobState.DONE else job.progress
            running = [worker for worker, each in self._busy.items() if each is job]
            for worker in running:
                del self._busy[worker]
                self._kill(worker, job)
        if error is not None and not running:
            self._clean(job)
        self._tell(job)
        if error is None:
            job.future.set_result(result)
        else:
            job.future.set_exception(error)
        self._wake()

    def _clean(self, job: Job) -> None:
        if job.cleanup is not None:
            try:
                job.cleanup()
            except Exception:  # what one job leaves must not end everybody's jobs
                _LOG.exception("after the job %s", job.name)

    def _expire(self) -> None:
        """End what runs for too long, and forget old results."""
        now = time.monotonic()
        with self._lock:
            late = [job for job in self._busy.values() if job.deadline <= now]
            over = [job for job in self._jobs.values() if job.over]
            for number, job in enumerate(over):
                age = time.time() - (job.finished or 0.0)
                if age > self.limits.keep_seconds or number < len(over) - self.limits.keep_most:
                    del self._jobs[job.id]
                elif age > _KEEP_PARTIALS:
                    job.partials.clear()
        for job in late:
            message = f"{job.name} took longer than {job.timeout:g} s and was ended"
            self._end(job, JobState.TIMED_OUT, JobTimeoutError(message))

    def _tell(self, job: Job) -> None:
        listener = () if job.listener is None else (partial(job.listener, job),)
        for call in (*listener, *job.watchers):
            try:
                call()
            except Exception:  # a listener's fault must not end everybody's jobs
                _LOG.exception("a listener of the job %s failed", job.name)


def _error(job: Job, kind: str, text: str) -> ScbandError:
    """Make a worker's error anew; what was none of ours is a JobError, its story in the log."""
    found = getattr(errors, kind, None) if kind else None
    if not (isinstance(found, type) and issubclass(found, ScbandError)):
        return JobError(f"{job.name} failed inside: {text}")
    made: ScbandError = found.__new__(found)
    made.args = (text,)
    return made
