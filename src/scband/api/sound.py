"""How SuperCollider is, for `/health`: what runs, what does not, and what then cannot be done."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import psutil

from scband.api.services import BandState, EngineState
from scband.errors import SuperColliderError
from scband.supercollider.programs import install_hint, look_for

if TYPE_CHECKING:  # a service without a band starts without them
    from scband.live.session import Session
    from scband.supercollider.engine import Engine

_NEEDS = {
    "supernova": "live sound and rendering",
    "sclang": "live sound",
    "jackd": "live sound",
}


def sound_alone() -> EngineState:
    """Return the state of a service without a band: what is installed, though nothing runs."""
    missing = [program for program in _NEEDS if look_for(program) is None]

    def phrase(program: str) -> str:
        return "not installed" if program in missing else "not running"

    return EngineState(
        supernova=phrase("supernova"),
        sclang=phrase("sclang"),
        audio=phrase("jackd"),
        missing=tuple(
            f"{_NEEDS[program]} needs {program}: {install_hint(program)}" for program in missing
        ),
    )


def sound_of(session: Session) -> Callable[[], EngineState]:
    """Return what tells how the engine of a live session is."""

    def state() -> EngineState:
        running = _running(session.engine)
        jack = session.engine.jack
        audio = "not running"
        if jack.state is not None and (not jack.state.owned or "jackd" in running):
            audio = f"running: {jack.state.driver}, {jack.state.sample_rate} Hz, {jack.xruns} xruns"
        return EngineState(
            supernova="running" if "supernova" in running else "not running",
            sclang="running" if "sclang" in running else "not running",
            audio=audio,
        )

    return state


def band_of(session: Session) -> Callable[[], BandState]:
    """Return what tells where the band of a live session is."""

    def state() -> BandState:
        now = session.status()
        return BandState(
            playing=now.running,
            title=session.song.title,
            style=session.conductor.style.name,
            section=now.section,
            bar=now.bar,
            beat=now.beat,
            chord=now.chord,
            next_chord=now.next_chord,
            tempo=now.tempo,
            follow=now.follow,
            xruns=now.xruns,
            late=now.late,
        )

    return state


def _running(engine: Engine) -> set[str]:
    """Return which of an engine's processes live, also while it boots and after its end."""
    try:
        processes = engine.processes()
    except SuperColliderError:  # none has been started yet
        return set()
    return {name for name, pid in processes.items() if _lives(pid)}


def _lives(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
