"""Jobs over HTTP: progress, result, cancelling."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import Field

from scband.api.auth import Caller, CallerOf, ServicesOf
from scband.api.messages import Strict, job_fields
from scband.api.services import Services
from scband.errors import JobNotFoundError
from scband.studio.jobs import Job, JobState

router = APIRouter(prefix="/api/jobs", tags=["plugin"])
_LONGEST_WAIT = 60.0

JobId = Annotated[
    str,
    Path(
        max_length=64,
        description="as POST /api/midi/generate answered",
        examples=["XnAysPVRWYy_UjY2"],
    ),
]


class MidiFile(Strict):
    """A MIDI file in the plugin's folder."""

    file_id: Annotated[str, Field(examples=["5b0c1d2e3f4a5b6c7d8e9f00"])]
    filename: Annotated[str, Field(examples=["20250824103000_bass_Cmaj_120.mid"])]
    track_type: Annotated[str, Field(examples=["bass"])]
    key: Annotated[str, Field(examples=["C major"])]
    tempo: Annotated[float, Field(examples=[120.0])]
    duration: Annotated[float, Field(description="beats", examples=[32.0])]
    size: Annotated[int, Field(description="bytes", examples=[812])]
    created: Annotated[str, Field(description="UTC", examples=["2025-08-24T10:30:00.000000Z"])]
    job_id: Annotated[str, Field(description="empty for a file that a user dropped in")]
    start: Annotated[float, Field(description="the beat of the song at which it begins")]


class Played(Strict):
    """What the band played."""

    files: list[MidiFile]
    key: Annotated[str, Field(examples=["C major"])]
    tempo: float
    duration: Annotated[float, Field(description="beats", examples=[32.0])]
    start: float
    style: Annotated[str, Field(examples=["pop"])]
    time_signature: Annotated[str, Field(examples=["4/4"])]
    chords: Annotated[list[str], Field(examples=[["C", "Am", "F", "G"]])]
    audio_offset: Annotated[float, Field(description="where beat 0 lies in the recording, s")]


class Failure(Strict):
    """Why a job ended without a result."""

    code: Annotated[str, Field(examples=["generation_failed"])]
    detail: str


class JobStatus(Strict):
    """How far a job is, and what came of it."""

    job_id: Annotated[str, Field(examples=["XnAysPVRWYy_UjY2"])]
    state: JobState
    progress: Annotated[float, Field(ge=0, le=1, examples=[0.5])]
    stage: Annotated[str, Field(examples=["playing"])]
    created: str
    finished: str | None
    result: Played | None
    error: Failure | None


def job_of(job_id: str, who: Caller, given: Services) -> Job:
    """Return a job of the caller's; raises JobNotFoundError for those of others, too."""
    job = given.orchestrator.jobs.get(job_id)
    if not who.sees_all and job.owner != who.plugin_id:
        raise JobNotFoundError("there is no such job of yours")
    return job


async def changes(job: Job, within: float) -> AsyncIterator[None]:
    """Give a turn now and whenever a job changes, the last one when it is over.

    A turn comes after `within` seconds at the latest.
    """
    loop = asyncio.get_running_loop()
    changed = asyncio.Event()
    leave = job.watch(lambda: loop.call_soon_threadsafe(changed.set))
    try:
        while True:
            over = job.over
            yield
            if over:
                return
            try:
                await asyncio.wait_for(changed.wait(), within)
            except TimeoutError:
                continue
            changed.clear()
    finally:
        leave()


def _status(job: Job) -> JobStatus:
    return JobStatus(**{**job_fields(job), "state": job.state})


@router.get("/{job_id}")
async def job_status(
    job_id: JobId,
    who: CallerOf,
    given: ServicesOf,
    wait: Annotated[
        float,
        Query(ge=0, le=_LONGEST_WAIT, description="seconds to wait for its end", examples=[30.0]),
    ] = 0.0,
) -> JobStatus:
    """Say how far a job is; its result when it is done."""
    job = job_of(job_id, who, given)
    if wait:
        end = asyncio.get_running_loop().time() + wait
        async for _ in changes(job, wait):
            if asyncio.get_running_loop().time() >= end:
                break
    return _status(job)


@router.delete("/{job_id}")
def cancel_job(job_id: JobId, who: CallerOf, given: ServicesOf) -> JobStatus:
    """End a job at once."""
    return _status(given.orchestrator.jobs.cancel(job_of(job_id, who, given).id))
