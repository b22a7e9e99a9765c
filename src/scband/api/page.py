"""What everybody may see: who answers here, how it is, the page, and the API's documentation."""

from __future__ import annotations

import secrets
from importlib.metadata import version
from typing import Annotated, Literal

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from scband.api.assets import asset
from scband.api.auth import CallerOf, ServicesOf
from scband.api.keyring import Role

router = APIRouter(tags=["service"])


class About(BaseModel):
    """Who answers here."""

    service: Annotated[str, Field(examples=["scband"])]
    version: Annotated[str, Field(examples=["0.1.0"])]
    status: Annotated[str, Field(examples=["running"])]


class Health(BaseModel):
    """How the service is, and what stands behind it."""

    status: Literal["healthy"]
    supernova: Annotated[str, Field(examples=["not running"])]
    sclang: Annotated[str, Field(examples=["not running"])]
    audio: Annotated[str, Field(examples=["not running"])]
    missing: Annotated[
        list[str], Field(description="what cannot be done now, and why", examples=[[]])
    ]


class PageSession(BaseModel):
    """A token that lets the page look, and nothing else."""

    token: str
    expires_in: Annotated[int, Field(description="seconds", examples=[86400])]


@router.get(
    "/",
    response_model=About,
    responses={200: {"content": {"text/html": {}}, "description": "JSON, or the page"}},
)
def about(request: Request) -> Response | About:
    """Say which service this is; a browser gets the live page."""
    if "text/html" in request.headers.get("accept", ""):
        return asset(request, "page.html")
    return About(service="scband", version=version("scband"), status="running")


@router.get("/health")
def health(given: ServicesOf) -> Health:
    """Say how the service is, and what SuperCollider does behind it."""
    state = given.engine_state()
    return Health(
        status="healthy",
        supernova=state.supernova,
        sclang=state.sclang,
        audio=state.audio,
        missing=list(state.missing),
    )


class Band(BaseModel):
    """Where the live band is; all is empty where none plays."""

    model_config = ConfigDict(from_attributes=True)

    playing: Annotated[bool, Field(examples=[True])]
    title: Annotated[str, Field(examples=["Night Drive"])]
    style: Annotated[str, Field(examples=["rock"])]
    section: Annotated[str, Field(examples=["verse"])]
    bar: Annotated[int, Field(description="in the form, from 1; 0 is the count-in", examples=[5])]
    beat: Annotated[int, Field(description="in the bar, from 1", examples=[3])]
    chord: Annotated[str, Field(examples=["Em"])]
    next_chord: Annotated[str, Field(examples=["C"])]
    tempo: Annotated[float, Field(description="quarter notes a minute", examples=[116.0])]
    follow: Annotated[str, Field(description="whose tempo it is", examples=["click"])]
    xruns: Annotated[int, Field(description="drop-outs that JACK reported", examples=[0])]
    late: Annotated[int, Field(description="bundles and bars that came too late", examples=[0])]


@router.get("/api/band")
def band(given: ServicesOf, who: CallerOf) -> Band:
    """Say where the live band is: bar, beat, chord and tempo."""
    return Band.model_validate(given.band())


@router.post("/api/page/session")
def open_page_session(given: ServicesOf) -> PageSession:
    """Give the live page a token that can look at everything and change nothing."""
    name = f"page-{secrets.token_hex(6)}"
    seconds = round(given.keyring.token_seconds)
    return PageSession(token=given.keyring.issue(name, Role.PAGE), expires_in=seconds)


@router.get("/docs", include_in_schema=False)
def docs(request: Request) -> Response:
    """Show the OpenAPI document as a page of our own."""
    return asset(request, "docs.html")


@router.get("/static/{name}", include_in_schema=False, response_class=HTMLResponse)
def static(request: Request, name: str) -> Response:
    """Give a file of the pages by its name."""
    return asset(request, name)
