"""The plugin API's HTTP routes: registration, transport, generation, files."""

from __future__ import annotations

from fastapi import APIRouter

router = APIRouter()
