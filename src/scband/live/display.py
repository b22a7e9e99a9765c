"""What a session shows in a terminal: one line that moves, or a line a phrase in a log."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from scband.live.keyboard import Keyboard
from scband.live.session import Session
from scband.live.status import Status

if TYPE_CHECKING:
    from rich.console import Console

_FRAMES_PER_SECOND = 10
_NAMES = ("C", "C♯", "D", "E♭", "E", "F", "F♯", "G", "A♭", "A", "B♭", "B")


def note_name(pitch: float) -> str:
    """Return a heard pitch as its nearest note and the cents off it: `A3 +12`."""
    nearest = round(pitch)
    cents = round((pitch - nearest) * 100)
    return f"{_NAMES[nearest % 12]}{nearest // 12 - 1} {cents:+d}"


def line(status: Status) -> str:
    """Return the status line: bar, chord, tempo, what is heard, what went wrong."""
    section = f" [{status.section}]" if status.section else ""
    place = "count-in" if status.bar == 0 else f"bar {status.bar:>3}{section}"
    if status.waiting:
        place = "count me in"
    chord = f"{status.chord or '–':<8} → {status.next_chord or '–':<8}"
    heard = "–" if status.heard is None else note_name(status.heard)
    return (
        f"{place:<16} beat {status.beat}  {chord} {status.tempo:5.1f} bpm  "
        f"in {status.input_db:4.0f} dB {heard:<8} onsets {status.onsets:<4} "
        f"xruns {status.xruns} late {status.late}{_followed(status)}"
    )


def _followed(status: Status) -> str:
    """Return how the performer is followed, "" where nobody is."""
    if status.follow == "click":
        return ""
    heard = "–" if status.heard_tempo is None else f"{status.heard_tempo:.0f}"
    return f"  {status.follow} {status.strength:g} hears {heard} intensity {status.intensity:.2f}"


def show(session: Session, seconds: float | None, console: Console) -> None:
    """Show a running session until it is over or `seconds` have passed; keys conduct it."""
    deadline = None if seconds is None else time.monotonic() + seconds
    if console.is_terminal:
        from rich.live import Live  # noqa: PLC0415
        from rich.text import Text  # noqa: PLC0415

        with Keyboard(session) as keys, Live(console=console, auto_refresh=False) as live:
            console.print(keys.help, highlight=False, markup=False)
            while not _over(session, deadline) and not keys.quit:
                keys.read()
                # Text, since a section's name in brackets is no markup
                live.update(Text(f"{line(session.status())}  {keys.said}"), refresh=True)
        return
    shown = -1
    while not _over(session, deadline):
        status = session.status()
        if status.bar % 4 == 1 and status.bar != shown:
            shown = status.bar
            console.print(line(status), highlight=False, markup=False, soft_wrap=True)


def _over(session: Session, deadline: float | None) -> bool:
    pause = 1 / _FRAMES_PER_SECOND
    if deadline is not None:
        pause = min(pause, deadline - time.monotonic())
    return pause <= 0 or session.wait(pause)


def play_through(session: Session, seconds: float | None = None) -> None:
    """Start a session, show it and end it; Ctrl-C ends it cleanly."""
    from rich.console import Console  # noqa: PLC0415

    console = Console(file=sys.stdout)
    try:
        with console.status("booting …") as progress:
            session.on_boot = lambda text: progress.update(f"booting {text} …")
            session.start()
        with session:
            show(session, seconds, console)
    except KeyboardInterrupt:
        session.stop()
        console.print("stopped")
