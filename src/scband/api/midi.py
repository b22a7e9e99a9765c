"""Generation and MIDI files over HTTP."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from functools import lru_cache
from pathlib import Path as FilePath
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Response
from fastapi.responses import StreamingResponse
from pydantic import Field, model_validator

from scband.api.auth import Caller, CallerOf, ServicesOf
from scband.api.jobs import MidiFile, changes, job_of
from scband.api.messages import GenerateBody, Strict, encode, error_fields, file_fields
from scband.api.services import Services
from scband.errors import MidiFileNotFoundError, PayloadTooLargeError
from scband.score import smf
from scband.studio.jobs import Job, JobState
from scband.studio.library import MOST_FILES, MidiEntry

router = APIRouter(prefix="/api/midi", tags=["plugin"])
_SILENCE_SECONDS = 10.0  # a stream says at least so often that it is alive

_FILE = "5b0c1d2e3f4a5b6c7d8e9f00"
FileId = Annotated[
    str, Path(max_length=64, description="as GET /api/midi/list shows it", examples=[_FILE])
]


class Accepted(Strict):
    """A generation that waits for its turn."""

    job_id: Annotated[str, Field(examples=["XnAysPVRWYy_UjY2"])]
    state: JobState


class MidiList(Strict):
    """The files in the plugin's folder."""

    files: list[MidiFile]
    count: Annotated[
        int, Field(description="of all files, also those not shown here", examples=[1])
    ]


class StreamRequest(Strict):
    """What to stream: a file, or a generation that may still be in progress."""

    file_id: Annotated[str | None, Field(max_length=64, examples=[None])] = None
    job_id: Annotated[str | None, Field(max_length=64, examples=["XnAysPVRWYy_UjY2"])] = None
    format: Literal["ndjson", "sse"] = "ndjson"

    @model_validator(mode="after")
    def _one(self) -> StreamRequest:
        if (self.file_id is None) == (self.job_id is None):
            raise ValueError("give either file_id or job_id")
        return self


class Deleted(Strict):
    """A file that is gone."""

    file_id: Annotated[str, Field(examples=[_FILE])]
    filename: Annotated[str, Field(examples=["20250824103000_bass_Cmaj_120.mid"])]
    deleted: Annotated[bool, Field(examples=[True])]


def _plugin_of(who: Caller, given: Services) -> str:
    """Return whose files and folders a request is about: a plugin's, or everybody's ("")."""
    if who.sees_all:
        return ""
    return given.orchestrator.ensure_plugin(who.plugin_id).plugin_id


def _folder_of(who: Caller, given: Services) -> FilePath | None:
    return None if who.sees_all else given.orchestrator.ensure_plugin(who.plugin_id).folder


@router.post("/generate", status_code=202)
async def generate_midi(body: GenerateBody, who: CallerOf, given: ServicesOf) -> Accepted:
    """Let the band play to chords or a recording; files and `midi_ready` follow, one a track."""
    job = given.orchestrator.generate(
        body.asked(), _plugin_of(who, given), keep_ahead=body.keep_ahead
    )
    return Accepted(job_id=job.id, state=JobState.QUEUED)


@lru_cache(maxsize=2 * MOST_FILES)
def _written(entry: MidiEntry) -> bytes:
    return encode(file_fields(entry))


@router.get("/list", response_model=MidiList)
async def list_midi(
    who: CallerOf,
    given: ServicesOf,
    offset: Annotated[int, Query(ge=0, le=MOST_FILES, examples=[0])] = 0,
    limit: Annotated[int, Query(ge=1, le=MOST_FILES, examples=[100])] = MOST_FILES,
) -> Response:
    """List the MIDI files in the plugin's folder, generated ones and others, oldest first."""
    entries = given.orchestrator.library.entries(_folder_of(who, given))
    # a thousand files are a thousand models to check, of which every value is ours
    files = b",".join(_written(entry) for entry in entries[offset : offset + limit])
    body = b'{"files":[%s],"count":%d}' % (files, len(entries))
    return Response(body, media_type="application/json")


@router.post(
    "/stream",
    response_class=StreamingResponse,
    responses={
        200: {
            "description": "A line of JSON a bar (`type` bar), then one of type end or error",
            "content": {
                "application/x-ndjson": {"schema": {"type": "string"}},
                "text/event-stream": {},
            },
        }
    },
)
async def stream_midi(body: StreamRequest, who: CallerOf, given: ServicesOf) -> StreamingResponse:
    """Stream a file, or a generation in progress, bar by bar as the bars become known."""
    own = body.file_id is not None
    if body.file_id is not None:
        job = given.orchestrator.stream_file(body.file_id, _plugin_of(who, given))
    else:
        job = job_of(body.job_id or "", who, given)
    form = b"%s\n" if body.format == "ndjson" else b"data: %s\n\n"
    kind = "application/x-ndjson" if body.format == "ndjson" else "text/event-stream"
    return StreamingResponse(_lines(job, form, given, own=own), media_type=kind)


async def _lines(job: Job, form: bytes, given: Services, *, own: bool) -> AsyncIterator[bytes]:
    sent = 0
    try:
        async for _ in changes(job, _SILENCE_SECONDS):
            pieces = job.partials[sent:]
            sent += len(pieces)
            if pieces:
                yield b"".join(form % piece.encode() for piece in pieces)
            elif not job.over:
                told = {"type": "progress", "progress": job.progress, "stage": job.stage}
                yield form % encode(told)
        yield form % encode(_end(job, sent))
    finally:
        if own:  # nobody else reads it
            given.orchestrator.jobs.cancel(job.id)
            given.orchestrator.jobs.forget(job.id)


def _end(job: Job, bars: int) -> dict[str, object]:
    if job.error is not None:
        return {"type": "error", "job_id": job.id, **error_fields(job.error)}
    return {"type": "end", "job_id": job.id, "bars": bars}


@router.get(
    "/{file_id}",
    response_class=Response,
    responses={200: {"content": {"audio/midi": {}}, "description": "the file"}},
)
def download_midi(file_id: FileId, who: CallerOf, given: ServicesOf) -> Response:
    """Give a file's content."""
    entry = given.orchestrator.library.get(file_id, _folder_of(who, given))
    try:
        handle = os.open(entry.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(handle, "rb") as file:
            data = file.read(smf.MAX_BYTES + 1)
    except OSError:
        raise MidiFileNotFoundError("the file is gone") from None
    if len(data) > smf.MAX_BYTES:
        raise PayloadTooLargeError("the file grew larger than MIDI files may be")
    name = entry.filename.encode("ascii", "replace").decode().replace('"', "_").replace("\\", "_")
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(data, media_type="audio/midi", headers=headers)


@router.delete("/{file_id}")
def delete_midi(file_id: FileId, who: CallerOf, given: ServicesOf) -> Deleted:
    """Remove a file from the plugin's folder."""
    entry = given.orchestrator.library.remove(file_id, _folder_of(who, given))
    return Deleted(file_id=entry.file_id, filename=entry.filename, deleted=True)
