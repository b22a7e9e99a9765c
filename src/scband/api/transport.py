"""The shared transport over HTTP."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from pydantic import Field

from scband.api.auth import CallerOf, ServicesOf
from scband.api.messages import Strict, transport_fields
from scband.studio.transport import TransportState

router = APIRouter(prefix="/api/transport", tags=["transport"])


class Start(Strict):
    """Where to start, if not from where the transport is, and how fast."""

    # what lies out of range is `invalid_position`, the transport's own error
    currentBeat: Annotated[  # noqa: N815  # as clients spell it
        float | None, Field(description="0 to 1,000,000 quarter notes", examples=[16.0])
    ] = None
    tempo: Annotated[
        float | None, Field(description="20 to 400 quarter notes a minute", examples=[120.0])
    ] = None


class Position(Strict):
    """Where the transport is."""

    isPlaying: bool  # noqa: N815  # as clients spell it
    currentBeat: Annotated[float, Field(description="quarter notes", examples=[16.0])]  # noqa: N815
    tempo: Annotated[float, Field(description="quarter notes a minute", examples=[120.0])]
    timestamp: Annotated[str, Field(description="UTC", examples=["2025-08-24T10:30:00.000000Z"])]


def _position(state: TransportState) -> Position:
    return Position(**transport_fields(state))


@router.post("/start")
async def start_transport(who: CallerOf, given: ServicesOf, body: Start | None = None) -> Position:
    """Let the transport run on."""
    wanted = body or Start()
    return _position(given.orchestrator.transport.start(wanted.tempo, wanted.currentBeat))


@router.post("/stop")
async def stop_transport(who: CallerOf, given: ServicesOf) -> Position:
    """Stop the transport, and return to 0.0."""
    return _position(given.orchestrator.transport.stop())


@router.post("/reset")
async def reset_transport(who: CallerOf, given: ServicesOf) -> Position:
    """Return to 0.0, and play on if it plays."""
    return _position(given.orchestrator.transport.reset())


@router.get("/position")
async def transport_position(who: CallerOf, given: ServicesOf) -> Position:
    """Say where the transport is."""
    return _position(given.orchestrator.transport.state())
