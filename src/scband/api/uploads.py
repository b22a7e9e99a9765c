"""Recordings over HTTP: written to disk while they come, decoded in a child before they count."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import Field
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile

from scband.api.auth import CallerOf, ServicesOf
from scband.api.messages import Strict
from scband.api.services import Services
from scband.errors import InvalidRequestError, ScbandError
from scband.studio.uploads import AudioFacts, IncomingAudio, Upload

router = APIRouter(prefix="/api/audio", tags=["plugin"])
_PIECE = 1 << 18
_BINARY = {"schema": {"type": "string", "format": "binary"}}
_FORM = {
    "schema": {
        "type": "object",
        "properties": {"file": {"type": "string", "format": "binary"}},
        "required": ["file"],
    }
}


class UploadedAudio(Strict):
    """A recording that can be played to: name `audio_id` in a generation request."""

    audio_id: Annotated[str, Field(examples=["MslV0HbVKZgf97Lv"])]
    filename: str
    format: Annotated[str, Field(examples=["WAV"])]
    duration: Annotated[float, Field(description="seconds", examples=[30.0])]
    sample_rate: Annotated[int, Field(examples=[48000])]
    channels: Annotated[int, Field(examples=[2])]
    size: Annotated[int, Field(description="bytes")]


@router.post(
    "/upload",
    status_code=201,
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "multipart/form-data": _FORM,
                "application/octet-stream": _BINARY,
                "audio/*": _BINARY,
            },
        }
    },
)
async def upload_audio(request: Request, who: CallerOf, given: ServicesOf) -> UploadedAudio:
    """Take a recording in (WAV, FLAC, Ogg, MP3, AIFF …), as a form's `file` or as the body."""
    store = given.orchestrator.uploads
    received = await run_in_threadpool(store.receive)
    try:
        name = await _receive(request, received)
        received.close()
        if not received.size:
            raise InvalidRequestError("there is nothing in the upload; send an audio file")
        facts = await _checked(received, given)
    except ScbandError as error:
        await run_in_threadpool(received.discard)
        # where it lies is nobody's business
        raise type(error)(str(error).replace(str(received.path), "the upload")) from None
    except BaseException:
        received.discard()
        raise
    owner = "" if who.sees_all else who.plugin_id
    return _told(await run_in_threadpool(store.keep, received, facts, owner, name))


async def _checked(received: IncomingAudio, given: Services) -> AudioFacts:
    job = given.orchestrator.check_upload(received)
    try:
        facts: AudioFacts = await asyncio.wrap_future(job.future)
    except asyncio.CancelledError:  # the client is gone
        given.orchestrator.jobs.cancel(job.id)
        raise
    return facts


async def _receive(request: Request, received: IncomingAudio) -> str:
    """Write the body, or the form's file, to disk; returns the name it was sent under."""
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        async for piece in request.stream():
            await run_in_threadpool(received.write, piece)
        return ""
    async with request.form(max_files=1, max_fields=8, max_part_size=_PIECE) as form:
        file = form.get("file")
        if not isinstance(file, UploadFile):
            raise InvalidRequestError("the form needs a part `file` with the recording")
        while piece := await file.read(_PIECE):
            await run_in_threadpool(received.write, piece)
        return file.filename or ""


def _told(upload: Upload) -> UploadedAudio:
    return UploadedAudio(
        audio_id=upload.audio_id,
        filename=upload.filename,
        format=upload.facts.format,
        duration=upload.facts.duration,
        sample_rate=upload.facts.sample_rate,
        channels=upload.facts.channels,
        size=upload.size,
    )
