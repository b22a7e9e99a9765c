"""Who keeps the time: the band, its performer, Ableton Link's peers, or a MIDI clock; only one."""

from __future__ import annotations

from scband.errors import SessionError
from scband.live.follow import FollowMode


def check_time_keeper(mode: FollowMode, *, link: bool, clocked: bool) -> None:
    """Raise SessionError where more than one would keep the time.

    `link` says whether Ableton Link's peers do, `clocked` whether a MIDI clock does.
    """
    if link and clocked:
        raise SessionError(
            "Ableton Link and a MIDI clock cannot both keep the time: leave out --link, or choose "
            "midi_clock = out or off"
        )
    if mode is FollowMode.CLICK:
        return
    if link:
        raise SessionError("with Ableton Link the peers keep the time: follow by click")
    if clocked:
        raise SessionError("with midi_clock = in the MIDI clock keeps the time: follow by click")
