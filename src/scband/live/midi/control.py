"""Controllers that conduct the band: pedal, programs, levels, taps; the newest value wins."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Mapping
from itertools import pairwise
from statistics import median
from typing import Any, Protocol

from scband.errors import ScbandError
from scband.live.midi.mapping import Action, Deed, MidiMap
from scband.live.midi.scheduler import Lateness
from scband.live.midi.worker import Worker

_HALF = 63
"""A switch is on above it (MIDI 1.0: 0-63 is off, 64-127 is on)."""
_UNITY = 100  # the usual channel volume of General MIDI
_TAPS = 4
_TAP_SECONDS = 2.0


class ConductedPlayer(Protocol):
    """What a controller does to one player."""

    level: float

    def mute(self) -> None:
        """Close the channel."""

    def unmute(self) -> None:
        """Open the channel."""

    def on(self) -> None:
        """Play from the next bar on."""

    def off(self) -> None:
        """Rest from the next bar on."""


class Conducted(Protocol):
    """What a controller does to a session."""

    style: str
    intensity: float
    temperature: float
    tempo: float

    @property
    def players(self) -> Mapping[str, Any]:
        """The players' handles, by name."""

    def listen_for_chords(self, held: bool) -> None:
        """Take the chords from the performer while the pedal is held."""


def level_of(value: int) -> float:
    """Return a controller's value as a linear gain: 100 is as usual, 0 silence.

    The curve is General MIDI's for channel volume, 40 log10 of the value in decibels.
    """
    return (value / _UNITY) ** 2


class MidiControl(Worker):
    """Does to the band what controllers say, in a thread of its own.

    A fader sends hundreds of values a second and the band decides bars anew at some of them, so
    only the newest value of each waits. `lateness` is how long after its arrival each was done;
    what the band refuses is told to `say`.
    """

    def __init__(
        self,
        band: Conducted,
        mapping: MidiMap,
        styles: tuple[str, ...],
        say: Callable[[str], None],
    ) -> None:
        super().__init__("scband-midi-control")
        self.lateness = Lateness()
        self._band = band
        self._map = mapping
        self._styles = styles
        self._say = say
        self._wanted: dict[Action | str, tuple[int, float]] = {}
        self._taps: deque[float] = deque(maxlen=_TAPS)
        self._pressed: set[Action] = set()

    def controller(self, number: int, value: int, when: float) -> None:
        """Take a controller's value (0-127) in, with its time of arrival in Unix seconds."""
        action = self._map.controls.get(number)
        if action is None or (action.player and action.player not in self._band.players):
            return
        if action.deed is Deed.TAP:
            self._tap(action, value, when)
        else:
            self._want(action, value, when)

    def program(self, number: int, when: float) -> None:
        """Take a program change (from 0) in."""
        if self._map.style(number, self._styles) is None:
            self._say(f"MIDI program {number} has no style")
        else:
            self._want("style", number, when)

    def let_go(self, when: float) -> None:
        """Release the pedal: whoever held it has been unplugged."""
        for action in self._map.controls.values():
            if action.deed is Deed.LISTEN and action in self._pressed:
                self._want(action, 0, when)

    def _tap(self, action: Action, value: int, when: float) -> None:
        if value <= _HALF:
            self._pressed.discard(action)
            return
        if action in self._pressed:  # a fader, or a button that repeats itself
            return
        self._pressed.add(action)
        if self._taps and when - self._taps[-1] > _TAP_SECONDS:
            self._taps.clear()
        self._taps.append(when)
        self._want(action, value, when)

    def _want(self, what: Action | str, value: int, when: float) -> None:
        with self._changed:
            self._wanted.pop(what, None)
            self._wanted[what] = (value, when)
            self._changed.notify()

    def _next(self) -> Callable[[], None] | None:
        self._changed.wait_for(lambda: self._wanted or not self._running)
        if not self._running:
            return None
        what = next(iter(self._wanted))
        value, when = self._wanted.pop(what)
        return lambda: self._try(what, value, when)

    def _try(self, what: Action | str, value: int, when: float) -> None:
        try:
            self._do(what, value)
        except ScbandError as error:
            self._say(f"MIDI: {what} {value}: {error}")
        self.lateness.add(time.time() - when)

    def _do(self, what: Action | str, value: int) -> None:
        if isinstance(what, Action):
            if what.player:
                self._do_to_player(what, value)
            else:
                self._do_to_band(what, value)
        elif (style := self._map.style(value, self._styles)) is not None:
            self._band.style = style

    def _do_to_band(self, action: Action, value: int) -> None:
        match action.deed:
            case Deed.LISTEN:
                self._pedal(action, value > _HALF)
            case Deed.INTENSITY:
                self._band.intensity = value / 127
            case Deed.TEMPERATURE:
                self._band.temperature = min(value / 64, 2.0)
            case Deed.TAP:
                self._tempo_of_taps()

    def _pedal(self, action: Action, held: bool) -> None:
        if held != (action in self._pressed):
            self._pressed ^= {action}
            self._band.listen_for_chords(held)

    def _tempo_of_taps(self) -> None:
        taps = list(self._taps)
        if len(taps) >= 2:
            gaps = [b - a for a, b in pairwise(taps)]
            self._band.tempo = round(60 / median(gaps), 2)

    def _do_to_player(self, action: Action, value: int) -> None:
        player: ConductedPlayer = self._band.players[action.player]
        match action.deed:
            case Deed.LEVEL:
                player.level = level_of(value)
            case Deed.MUTE:
                (player.mute if value > _HALF else player.unmute)()
            case Deed.PLAY:
                (player.on if value > _HALF else player.off)()
