"""Background jobs: done in processes, in order, with progress, limits and an end."""

import os
import time

import psutil
import pytest

from scband.errors import (
    ChordError,
    JobCancelledError,
    JobError,
    JobNotFoundError,
    JobQueueFullError,
    JobTimeoutError,
)
from scband.studio.jobs import JobLimits, JobPool, JobState

WAIT = 30.0
WORK = """
import os, subprocess, sys, time

def count(report, to, seconds=0.0):
    for number in range(to):
        report(number / to, "counting", number)
        time.sleep(seconds)
    return os.getpid(), os.nice(0)

def break_down(report):
    raise ValueError("a fault of ours")

def misread(report):
    from scband.theory import Chord
    Chord("H9")

def die(report):
    os._exit(3)

def start_child(report):
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    report(0.5, "started", child.pid)
    time.sleep(60)
"""


@pytest.fixture(scope="module")
def pool(tmp_path_factory):
    folder = tmp_path_factory.mktemp("work")
    (folder / "tasks_of_test.py").write_text(WORK)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(folder))
        made = JobPool(JobLimits(workers=2, queued=3))
        made.prepare()
        made.submit("tasks_of_test:count", 1).wait(WAIT)  # the worker has the path now
        yield made
        made.close()


def test_work_is_done_in_another_process_at_low_priority(pool):
    pid, niceness = pool.submit("tasks_of_test:count", 1).wait(WAIT)
    assert pid != os.getpid()
    assert niceness >= min(19, os.nice(0) + 10)


def test_progress_and_pieces_are_told_on_the_way(pool, until):
    seen = []
    job = pool.submit(
        "tasks_of_test:count", 4, listener=lambda job: seen.append((job.state, job.progress))
    )
    job.wait(WAIT)
    until(lambda: seen[-1] == (JobState.DONE, 1.0))
    assert job.partials == [0, 1, 2, 3]
    assert [progress for _, progress in seen] == sorted(progress for _, progress in seen)
    assert job.over
    assert pool.get(job.id) is job


def test_what_follows_a_job_makes_its_result_or_its_error(pool):
    doubled = pool.submit("tasks_of_test:count", 1, then=lambda job, result: ("then", result[1]))
    assert doubled.wait(WAIT)[0] == "then"

    def refuse(job, result):
        raise JobError("not this one")

    with pytest.raises(JobError, match="not this one"):
        pool.submit("tasks_of_test:count", 1, then=refuse).wait(WAIT)


def test_an_error_arrives_as_what_it_was(pool):
    with pytest.raises(ChordError, match="H9"):
        pool.submit("tasks_of_test:misread").wait(WAIT)
    with pytest.raises(JobError, match="a fault of ours"):
        pool.submit("tasks_of_test:break_down").wait(WAIT)


def test_a_worker_that_dies_fails_its_job_and_no_other(pool):
    with pytest.raises(JobError, match="worker died"):
        pool.submit("tasks_of_test:die").wait(WAIT)
    assert pool.submit("tasks_of_test:count", 1).wait(WAIT)


def test_a_cancelled_job_ends_at_once_with_everything_it_started(pool, until):
    job = pool.submit("tasks_of_test:start_child")
    until(lambda: job.partials)
    child = psutil.Process(job.partials[0])
    began = time.monotonic()
    pool.cancel(job.id)
    assert time.monotonic() - began < 2.0
    assert job.state is JobState.CANCELLED
    until(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE, 5.0)
    with pytest.raises(JobCancelledError):
        job.wait(WAIT)
    assert pool.cancel(job.id).state is JobState.CANCELLED


def test_a_job_that_runs_too_long_is_ended(pool):
    job = pool.submit("tasks_of_test:count", 1000, seconds=0.1, timeout=0.3)
    with pytest.raises(JobTimeoutError, match=r"0\.3 s"):
        job.wait(WAIT)
    assert job.state is JobState.TIMED_OUT


def test_waiting_for_a_job_has_an_end_and_leaves_it_running(pool):
    job = pool.submit("tasks_of_test:count", 1000, seconds=0.1)
    with pytest.raises(JobTimeoutError, match="not over"):
        job.wait(0.05)
    assert not job.over
    pool.cancel(job.id)


def test_heavy_jobs_leave_room_for_a_light_one_and_the_queue_is_bounded(pool, until):
    heavy = [pool.submit("tasks_of_test:count", 999, seconds=0.1, heavy=True) for _ in range(2)]
    until(lambda: all(job.state is JobState.RUNNING for job in heavy))
    waiting = [pool.submit("tasks_of_test:count", 999, seconds=0.1, heavy=True) for _ in range(2)]
    assert pool.submit("tasks_of_test:count", 1).wait(WAIT)
    assert all(job.state is JobState.QUEUED for job in waiting)
    waiting.append(pool.submit("tasks_of_test:count", 1, heavy=True))
    with pytest.raises(JobQueueFullError, match="3 jobs wait"):
        pool.submit("tasks_of_test:count", 1)
    for job in (*waiting, *heavy):
        pool.cancel(job.id)
        assert job.over


def test_results_are_kept_for_a_time_only(tmp_path, until):
    pool = JobPool(JobLimits(workers=1, keep_most=2))
    try:
        jobs = [pool.submit("scband.studio.worker:nothing") for _ in range(4)]
        for job in jobs:
            job.wait(WAIT)
        until(lambda: len(pool.jobs()) <= 2)
        with pytest.raises(JobNotFoundError):
            pool.get(jobs[0].id)
        assert pool.get(jobs[3].id).state is JobState.DONE
    finally:
        pool.close()


def test_a_closed_pool_leaves_no_process_and_cancels_what_waits(tmp_path, until):
    before = {child.pid for child in psutil.Process().children()}
    pool = JobPool(JobLimits(workers=1))
    pool.prepare()
    job = pool.submit("scband.studio.worker:nothing")
    job.wait(WAIT)
    started = {child.pid for child in psutil.Process().children()} - before
    assert started
    pool.close()
    pool.close()
    until(lambda: not started & {child.pid for child in psutil.Process().children()})
    with pytest.raises(JobError, match="closed"):
        pool.submit("scband.studio.worker:nothing")


def test_a_worker_does_not_outlive_its_parent(tmp_path, until):
    import subprocess
    import sys

    script = (
        "import os\nfrom scband.studio.jobs import JobPool\npool = JobPool()\n"
        "job = pool.submit('scband.studio.worker:nothing'); job.wait(30)\n"
        "print(pool._idle[0].process.pid, flush=True)\nos.kill(os.getpid(), 9)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False
    )
    worker = int(done.stdout)
    until(lambda: not psutil.pid_exists(worker), 10.0)
