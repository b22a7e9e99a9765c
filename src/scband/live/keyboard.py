"""Keys that conduct a session from a terminal."""

from __future__ import annotations

import select
import sys
from types import TracebackType
from typing import Any

from scband.agents import names
from scband.errors import ScbandError
from scband.live.follow import FollowMode
from scband.live.session import Session

_TEMPO_STEP = 2.0
_INTENSITY_STEP = 0.1


class Keyboard:
    """Reads single keys while it is entered, and does what they say.

    `quit` is true once q was pressed, `said` what the last key did. Where the input is no terminal
    nothing is read.
    """

    def __init__(self, session: Session) -> None:
        self.quit = False
        self.said = ""
        self._session = session
        self._before: list[Any] | None = None
        self._players = list(session.players.values())
        self._styles = list(names())

    @property
    def help(self) -> str:
        """One line that names the keys."""
        players = "  ".join(f"{n} {p.name}" for n, p in enumerate(self._players, 1))
        return f"keys: {players}   + − tempo   ] [ intensity   s style   f follow   q quit"

    def __enter__(self) -> Keyboard:
        if sys.stdin.isatty():
            import termios  # noqa: PLC0415  # not on every system
            import tty  # noqa: PLC0415

            self._before = termios.tcgetattr(sys.stdin)
            tty.setcbreak(sys.stdin)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._before is not None:
            import termios  # noqa: PLC0415

            termios.tcsetattr(sys.stdin, termios.TCSADRAIN, self._before)

    def read(self) -> None:
        """Do what the keys say that were pressed since the last time; never waits."""
        while self._before is not None and select.select([sys.stdin], [], [], 0)[0]:
            key = sys.stdin.read(1)
            if not key:
                return
            try:
                self.said = self.press(key) or self.said
            except ScbandError as error:
                self.said = str(error)

    def press(self, key: str) -> str:
        """Do what one key says and return what was done, "" for a key that means nothing."""
        session = self._session
        if key == "q":
            self.quit = True
            return "ending"
        if key.isdigit() and 0 < int(key) <= len(self._players):
            player = self._players[int(key) - 1]
            if player.playing:
                player.off()
            else:
                player.on()
            return f"{player.name} {'plays' if player.playing else 'rests'}"
        if key in "+=-":
            step = -_TEMPO_STEP if key == "-" else _TEMPO_STEP
            session.tempo = round(session.tempo + step, 3)
            return f"tempo {session.tempo:g}"
        if key in "[]":
            step = _INTENSITY_STEP if key == "]" else -_INTENSITY_STEP
            session.intensity = min(max(session.intensity + step, 0.0), 1.0)
            return f"intensity {session.intensity:.1f}"
        change = {"f": self._follow, "s": self._style}.get(key)
        return change() if change is not None else ""

    def _follow(self) -> str:
        modes = list(FollowMode)
        place = modes.index(FollowMode(self._session.follow))
        self._session.follow = modes[(place + 1) % len(modes)]
        return f"follow {self._session.follow}"

    def _style(self) -> str:
        session = self._session
        place = self._styles.index(session.style) if session.style in self._styles else -1
        session.style = self._styles[(place + 1) % len(self._styles)]
        return f"style {session.style}"
