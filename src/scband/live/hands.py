"""What lies under a user's hands while a session plays."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scband.agents import Style, load
from scband.analysis.follow.line import HeardNote
from scband.errors import SessionError
from scband.live.bus import Bus
from scband.live.conductor import Conductor
from scband.live.control import ControlThread
from scband.live.countin import Entry
from scband.live.events import Pedal, PlayedNote
from scband.live.follow import FollowMode, checked_strength, mode_named
from scband.live.player import Player
from scband.live.playing import Listener, Playing
from scband.live.timekeeper import check_time_keeper

if TYPE_CHECKING:
    from scband.supercollider.engine import Engine
    from scband.supercollider.patterns import PatternController


class Hands:
    """Everything that may be changed while the band plays; each change is made at once and safely.

    A part of `Session`, which has what is used here. Raises SessionError where a value is out of
    range or nothing runs, and PatternError where sclang refuses.
    """

    bus: Bus
    conductor: Conductor
    engine: Engine
    players: dict[str, Player]
    _control: ControlThread
    _playing: Playing
    _link: bool
    _clocked: bool
    _style_folders: Sequence[Path]

    def _sound(self, player: str) -> str:
        raise NotImplementedError

    @property
    def patterns(self) -> PatternController:
        """The pattern-control messages, for what has no handle here."""
        return self.engine.patterns

    @property
    def tempo(self) -> float:
        """Quarter notes a minute; a new tempo holds at once."""
        return self.conductor.tempo

    @tempo.setter
    def tempo(self, value: float) -> None:
        checked = checked_tempo(value)
        self._control.ask(lambda: self._playing.set_tempo(checked))

    @property
    def style(self) -> str:
        """Name of the style; another one is played from the next bar on."""
        return str(self.conductor.style.name)

    @style.setter
    def style(self, name: str) -> None:
        style = load(name, self._style_folders)  # StyleError here, before anything changes
        self._control.ask(lambda: self._set_style(style))

    @property
    def intensity(self) -> float:
        """How hard the band plays, 0 to 1; from the next bar on."""
        return self.conductor.intensity

    @intensity.setter
    def intensity(self, value: float) -> None:
        if not 0 <= value <= 1:
            raise SessionError(f"intensity must be between 0 and 1, not {value!r}")
        self._control.ask(lambda: self._playing.set_intensity(float(value)))

    @property
    def temperature(self) -> float:
        """How far the players stray, 0 (the most likely) to 2 (wild); from the next bar on."""
        return self.conductor.temperature

    @temperature.setter
    def temperature(self, value: float) -> None:
        if not 0 <= value <= 2:
            raise SessionError(f"temperature must be between 0 and 2, not {value!r}")
        self._control.ask(lambda: self._playing.set_temperature(float(value)))

    @property
    def follow(self) -> str:
        """How the performer's tempo is followed: `click`, `adaptive` or `free`; at once."""
        return str(self.conductor.mode)

    @follow.setter
    def follow(self, mode: FollowMode | str) -> None:
        named = mode_named(mode)
        check_time_keeper(named, link=self._link, clocked=self._clocked)
        self._control.ask(lambda: self._playing.set_follow(named, self.conductor.strength))

    @property
    def strength(self) -> float:
        """Share of what it is off that the band takes back within a beat, 0-1."""
        return self.conductor.strength

    @strength.setter
    def strength(self, value: float) -> None:
        checked = checked_strength(value)
        self._control.ask(lambda: self._playing.set_follow(self.conductor.mode, checked))

    @property
    def dynamics(self) -> bool:
        """Whether the band is as loud, and as busy, as the performer."""
        return self._playing.shapes

    @dynamics.setter
    def dynamics(self, value: bool) -> None:
        self._control.ask(lambda: self._playing.set_shapes(bool(value)))

    def enter(self, entry: Entry) -> None:
        """Let a waiting band come in with a bar, at a time and a tempo.

        Raises SessionError where it plays already.
        """

        def come_in() -> None:
            if not self._playing.waiting:
                raise SessionError("the band plays already")
            self._playing.enter(entry)

        self._control.ask(come_in)

    def listen_for_chords(self, held: bool) -> None:  # a pedal is a truth value
        """Say that the performer's pedal is held: the band takes its chords from what it hears."""
        self.bus.put(Pedal(time.time(), held))

    def stand(self) -> None:
        """Stop playing; `enter` goes on."""
        self._control.ask(self._playing.stand)

    def steer(self, tempo: float | None, seconds: float | None, beats: float) -> None:
        """Keep time with another clock: go at a tempo, be `seconds` earlier after `beats` beats.

        None leaves it as it is. No bar is decided anew.
        """
        self._control.post(lambda: self._playing.following.steer(tempo, seconds, beats))

    def play_note(self, pitch: int, velocity: float, when: float | None = None) -> None:
        """Let the band hear a note of the performer's keyboard, played `when` (Unix seconds; now).

        `velocity` is 0-1; 0 releases the note.
        """
        self.bus.put(PlayedNote(time.time() if when is None else when, pitch, velocity))

    @property
    def line(self) -> tuple[HeardNote, ...]:
        """The last notes of the performer's line that have ended, the oldest first."""
        return tuple(self._playing.line)

    def listen_along(self, listener: Listener) -> None:
        """Hand every frame, onset and note to somebody more, in the thread that decides."""
        self._control.post(lambda: self._playing.listeners.append(listener))

    def set_mix(self, player: str, control: str, value: float) -> None:
        """Set one control of a player's channel; raises SuperColliderError by name and range."""
        checked = self.engine.mixer.check(player, control, value)
        self.patterns.mix(player, control, checked)

    def set_level(self, player: str, level: float) -> None:
        """Set a player's level: 1 is as usual in the mix, 0 silence; raises like `set_mix`."""
        usual = self.engine.mixer.strip(player).controls["gain"]
        self.set_mix(player, "gain", usual * level)

    def nudge(self, seconds: float, beats: float = 2.0) -> None:
        """Be `seconds` earlier (negative: later), reached over `beats` beats."""
        self.patterns.nudge(seconds, beats)

    def _set_style(self, style: Style) -> None:
        self._playing.set_style(style)
        for name in self.players:
            self.engine.add_player(name, self._sound(name))


def checked_tempo(tempo: Any) -> float:
    """Return a tempo in quarter notes a minute; raises SessionError."""
    if not isinstance(tempo, int | float) or not 20 <= tempo <= 400:
        raise SessionError(f"the tempo must be between 20 and 400 a minute, not {tempo!r}")
    return float(tempo)
