"""The WebSocket /ws/sync: transport and notices, both ways."""

from __future__ import annotations

from fastapi import APIRouter

router = APIRouter()
