"""The engine API's routes: analysis, MIDI and mixing advice for a workstation."""

from __future__ import annotations

import base64
import secrets
from typing import Annotated

from fastapi import APIRouter, Query, Request

from scband.api import engine_mixing
from scband.api.auth import Caller, CallerOf, ServicesOf
from scband.api.engine_intake import FILE_FORM, received
from scband.api.engine_models import (
    AudioAnalysis,
    GeneratedLine,
    GeneratedMidi,
    LineAsked,
    MidiAsked,
    ProjectAnalysis,
    ProjectAsked,
)
from scband.api.engine_status import reporting, seen_models
from scband.api.engine_work import in_worker, project_of, together
from scband.api.services import Services
from scband.errors import InvalidRequestError
from scband.studio.engine_lines import Line, LineRequest
from scband.studio.scale_lines import read_scale

router = APIRouter(prefix="/api/v1", tags=["engine"], lifespan=reporting)
router.include_router(engine_mixing.router)

_JOBS = "scband.studio.engine_jobs"
_SEEDS = 2**31


@router.post("/analyze/audio", openapi_extra=FILE_FORM)
async def analyze_audio(request: Request, who: CallerOf, given: ServicesOf) -> AudioAnalysis:
    """Hear a recording (WAV, FLAC, Ogg, MP3, AIFF …), sent as the form's `file`."""
    async with received(request, given, 1) as form:
        if not form.sources:
            raise InvalidRequestError("the form needs a part `file` with the recording")
        facts = await in_worker(request, given, who, f"{_JOBS}:analyze_audio", form.sources[0].path)
    seen_models(given, facts.pop("models"))
    return AudioAnalysis(**facts)


@router.post("/analyze/project")
async def analyze_project(
    request: Request,
    who: CallerOf,
    given: ServicesOf,
    query: Annotated[ProjectAsked, Query()],
    body: ProjectAsked | None = None,
) -> ProjectAnalysis:
    """Say what to do about a project, from its own tracks, files and levels."""
    project = await project_of(given, together(query, body).project_id)
    facts = await in_worker(request, given, who, f"{_JOBS}:analyze_project", project)
    return ProjectAnalysis(**facts)


@router.post("/generate/midi")
async def generate_engine_midi(
    request: Request,
    who: CallerOf,
    given: ServicesOf,
    query: Annotated[MidiAsked, Query()],
    body: MidiAsked | None = None,
) -> GeneratedMidi:
    """Let the drummer, the bassist or the lead play some bars."""
    asked = together(query, body)
    seed = _seed(asked.seed, asked.temperature)
    line = await _line(
        request,
        given,
        who,
        LineRequest(asked.style, asked.tempo, asked.bars, asked.temperature, seed),
    )
    return GeneratedMidi(
        status="success",
        midi_base64=_encoded(line),
        style=asked.style,
        tempo=asked.tempo,
        bars=asked.bars,
        notes=line.notes,
        seed=seed,
    )


@router.post("/generate/bassline")
async def generate_bassline(
    request: Request,
    who: CallerOf,
    given: ServicesOf,
    query: Annotated[LineAsked, Query()],
    body: LineAsked | None = None,
) -> GeneratedLine:
    """Let the bassist play in a key and a scale."""
    return await _in_scale(request, "bass", together(query, body), who, given)


@router.post("/generate/melody")
async def generate_melody(
    request: Request,
    who: CallerOf,
    given: ServicesOf,
    query: Annotated[LineAsked, Query()],
    body: LineAsked | None = None,
) -> GeneratedLine:
    """Let the lead play a melody in a key and a scale."""
    return await _in_scale(request, "melody", together(query, body), who, given)


async def _in_scale(
    request: Request, style: str, asked: LineAsked, who: Caller, given: Services
) -> GeneratedLine:
    read_scale(asked.key, asked.scale)  # a wrong one is refused before a worker is bothered
    seed = _seed(asked.seed, asked.temperature)
    line = await _line(
        request,
        given,
        who,
        LineRequest(
            style, asked.tempo, asked.bars, asked.temperature, seed, asked.key, asked.scale
        ),
    )
    return GeneratedLine(
        status="success",
        midi_base64=_encoded(line),
        key=asked.key,
        scale=asked.scale,
        bars=asked.bars,
        tempo=asked.tempo,
        chords=list(line.chords),
        notes=line.notes,
        seed=seed,
    )


async def _line(request: Request, given: Services, who: Caller, wanted: LineRequest) -> Line:
    line: Line = await in_worker(
        request, given, who, "scband.studio.engine_lines:line_job", wanted, heavy=False
    )
    return line


def _seed(seed: int | None, temperature: float) -> int:
    """Return the seed that was asked for, or a new one; the most likely line needs none."""
    if seed is not None:
        return seed
    return secrets.randbelow(_SEEDS) if temperature > 0 else 0


def _encoded(line: Line) -> str:
    return base64.b64encode(line.midi).decode("ascii")
