"""Files that a workstation sends: written to disk while they come, gone when they are answered."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from fastapi import Request
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException

from scband.api.services import Services
from scband.errors import InvalidRequestError
from scband.studio.engine_jobs import Source, unique
from scband.studio.stems import MAX_STEMS
from scband.studio.uploads import IncomingAudio, UploadStore

_PIECE = 1 << 18
_PLAIN_NAMES = ("file", "files", "stem", "stems", "track", "tracks", "audio", "upload")
_LONGEST_NAME = 120
_FIELDS = 16

FILE_FORM: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "properties": {"file": {"type": "string", "format": "binary"}},
                    "required": ["file"],
                }
            }
        },
    }
}
"""The OpenAPI form of one recording."""


@dataclass(frozen=True, slots=True)
class Intake:
    """What a form held: its files as tracks, and its other fields."""

    sources: tuple[Source, ...]
    fields: dict[str, str]


def is_form(request: Request) -> bool:
    """Tell whether a request brings files."""
    return request.headers.get("content-type", "").lower().startswith("multipart/form-data")


@asynccontextmanager
async def received(request: Request, given: Services, most: int) -> AsyncIterator[Intake]:
    """Keep a form's files while they are worked on; raises InvalidRequestError and its kin."""
    kept: list[IncomingAudio] = []
    try:
        yield await _read(request, given.orchestrator.uploads, kept, min(most, MAX_STEMS))
    finally:
        for each in kept:
            await run_in_threadpool(each.discard)


async def _read(
    request: Request, store: UploadStore, kept: list[IncomingAudio], most: int
) -> Intake:
    try:
        async with request.form(max_files=most, max_fields=_FIELDS, max_part_size=_PIECE) as form:
            return await _taken(form, store, kept)
    except HTTPException as error:  # a form that is none, or has too many parts
        if error.status_code != 400:
            raise
        raise InvalidRequestError(f"the form cannot be read: {error.detail}") from None


async def _taken(form: FormData, store: UploadStore, kept: list[IncomingAudio]) -> Intake:
    names, fields = [], {}
    for part, value in form.multi_items():
        if not isinstance(value, UploadFile):
            fields[part] = value
            continue
        incoming = await run_in_threadpool(store.receive)
        kept.append(incoming)
        while piece := await value.read(_PIECE):
            await run_in_threadpool(incoming.write, piece)
        await run_in_threadpool(incoming.close)
        names.append(_name(part, value.filename or ""))
    sources = (
        Source(str(incoming.path), name) for incoming, name in zip(kept, unique(names), strict=True)
    )
    return Intake(tuple(sources), fields)


def _name(part: str, filename: str) -> str:
    """Name a track after its form part, or after its file where the part's name says nothing."""
    plain = re.sub(r"\[\d*\]$", "", part).strip()
    if plain.lower() in _PLAIN_NAMES or not plain:
        plain = PurePath(filename.replace("\\", "/")).stem or "track"
    return re.sub(r"[^\w .()#+-]", "", plain)[:_LONGEST_NAME].strip() or "track"
