"""Mixing over HTTP: advice and levels for stems that are sent, or for a project."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Query, Request
from pydantic import Field, ValidationError

from scband.api.auth import CallerOf, ServicesOf
from scband.api.engine_intake import is_form, received
from scband.api.engine_models import MixAdvice, MixLevels, ProjectAsked
from scband.api.engine_work import in_worker, json_body, project_of
from scband.api.services import Services
from scband.errors import InvalidRequestError
from scband.studio.engine_jobs import Source, sources_of
from scband.studio.projects import measurable
from scband.studio.stems import MAX_STEMS

router = APIRouter(prefix="/mixing")

_JOBS = "scband.studio.engine_jobs"
_STEMS = {
    "type": "array",
    "items": {"type": "string", "format": "binary"},
    "description": "stems that begin together; a part of another name is a track of that name",
}


class MixAsked(ProjectAsked):
    """Whose mix: a project's (or the open one's), unless stems are sent."""

    tempo: Annotated[
        float, Field(ge=0, le=400, description="quarter notes a minute, for delays; 0: unknown")
    ] = 0.0


class LevelAsked(MixAsked):
    """How loud the levelled mix should be."""

    target_lufs: Annotated[
        float, Field(ge=-40, le=-6, description="as near to it as a peak of -1 dBTP allows")
    ] = -18.0


M = TypeVar("M", bound=MixAsked)


def _body(model: type[MixAsked], example: dict[str, Any]) -> dict[str, Any]:
    schema = model.model_json_schema()
    form = {"type": "object", "properties": {"stems": _STEMS, **schema["properties"]}}
    return {
        "requestBody": {
            "required": False,
            "content": {
                "application/json": {"schema": schema, "example": example},
                "multipart/form-data": {"schema": form},
            },
        }
    }


@router.post("/suggest", openapi_extra=_body(MixAsked, {"project_id": "Night Drive"}))
async def suggest_mix(
    request: Request, who: CallerOf, given: ServicesOf, query: Annotated[MixAsked, Query()]
) -> MixAdvice:
    """Say what to do about a mix, from its measured tracks."""
    async with _sources(request, given, MixAsked, query) as (sources, asked):
        facts = await in_worker(request, given, who, f"{_JOBS}:suggest", sources, asked.tempo)
    return MixAdvice(**facts)


@router.post(
    "/auto_level",
    openapi_extra=_body(LevelAsked, {"project_id": "Night Drive", "target_lufs": -18}),
)
async def level_mix(
    request: Request, who: CallerOf, given: ServicesOf, query: Annotated[LevelAsked, Query()]
) -> MixLevels:
    """Find a gain and a place for each track that bring the mix to the usual balance."""
    async with _sources(request, given, LevelAsked, query) as (sources, asked):
        facts = await in_worker(
            request, given, who, f"{_JOBS}:auto_level", sources, asked.tempo, asked.target_lufs
        )
    return MixLevels(status="success", **facts)


@asynccontextmanager
async def _sources(
    request: Request, given: Services, model: type[M], query: M
) -> AsyncIterator[tuple[list[Source], M]]:
    """Find the tracks: files that are sent, or a project's; raises ProjectError where none is."""
    if not is_form(request):
        asked = await json_body(request, model, query)
        yield await _of_project(given, asked)
        return
    async with received(request, given, MAX_STEMS) as form:
        try:
            asked = model.model_validate(form.fields | query.model_dump(exclude_unset=True))
        except ValidationError as error:
            first = error.errors()[0]
            raise InvalidRequestError(f"{first['loc'][0]}: {first['msg']}") from None
        yield (list(form.sources), asked) if form.sources else await _of_project(given, asked)


async def _of_project(given: Services, asked: M) -> tuple[list[Source], M]:
    project = await project_of(given, asked.project_id)
    measurable(project)
    tempo = asked.tempo or min(project.tempo, 400.0)
    return sources_of(project), asked.model_copy(update={"tempo": tempo})
