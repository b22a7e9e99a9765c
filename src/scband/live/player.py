"""The handles under a user's hands: one for each player of a live session."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from scband.supercollider.patterns import PatternController, Quant


class Desk(Protocol):
    """What a player's handle needs of its session."""

    @property
    def patterns(self) -> PatternController:
        """The pattern-control messages."""

    @property
    def players(self) -> Mapping[str, Player]:
        """All handles, by name."""

    def set_mix(self, player: str, control: str, value: float) -> None:
        """Set one control of a player's channel."""

    def set_level(self, player: str, level: float) -> None:
        """Set a player's level, 1 is as usual."""


class Player:
    """One player of a running session: on and off, level, place, sends, what it plays.

    Every method raises SessionError where the session does not run, PatternError where sclang
    refuses.
    """

    def __init__(self, session: Desk, name: str) -> None:
        self._session = session
        self.name = name
        self.playing = True
        self.muted = False
        self.pattern = "sent"
        self._level = 1.0
        self._pan = 0.0

    def __repr__(self) -> str:
        state = "plays" if self.playing else "rests"
        return f"<{self.name} {state} {self.pattern} level {self._level:g}>"

    def on(self, quant: Quant | str = Quant.BAR) -> None:
        """Let the player play, from the next bar (`beat`, `now`) on."""
        self._session.patterns.on(self.name, quant)
        self.playing = True

    def off(self, quant: Quant | str = Quant.BAR) -> None:
        """Let the player rest, from the next bar (`beat`, `now`) on; its notes are released."""
        self._session.patterns.off(self.name, quant)
        self.playing = False

    def mute(self) -> None:
        """Close the player's channel at once; it goes on playing unheard."""
        self._session.set_mix(self.name, "mute", 1.0)
        self.muted = True

    def unmute(self) -> None:
        """Open the player's channel again."""
        self._session.set_mix(self.name, "mute", 0.0)
        self.muted = False

    def solo(self) -> None:
        """Mute everybody else; `unsolo` on any player opens all channels."""
        for other in self._session.players.values():
            if other is not self:
                other.mute()
        self.unmute()

    def unsolo(self) -> None:
        """Unmute everybody."""
        for other in self._session.players.values():
            other.unmute()

    @property
    def level(self) -> float:
        """Gain of the channel, linear: 1 is as usual in the mix, 0 silence, at most 4."""
        return self._level

    @level.setter
    def level(self, value: float) -> None:
        self._session.set_level(self.name, value)
        self._level = value

    @property
    def pan(self) -> float:
        """Place of the channel, -1 left to 1 right."""
        return self._pan

    @pan.setter
    def pan(self, value: float) -> None:
        self._session.set_mix(self.name, "pan", value)
        self._pan = value

    def send(self, effect: str, value: float) -> None:
        """Send so much (linear, 0 to 2) to the `reverb` or the `delay`."""
        self._session.set_mix(self.name, f"{effect}_send", value)

    def play(self, pattern: str, quant: Quant | str = Quant.BAR) -> None:
        """Play a Pdef of the library in place of what the band decides; `sent` goes back to that.

        `Session.patterns.patterns()` lists the names.
        """
        self._session.patterns.set_pattern(self.name, pattern, quant)
        self.pattern = pattern
