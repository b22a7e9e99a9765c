"""The engine API's routes: analysis, MIDI and mixing advice for a workstation."""

from __future__ import annotations

from fastapi import APIRouter

router = APIRouter()
