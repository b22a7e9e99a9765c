"""Which style a song is played in."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from scband.agents.style import names
from scband.chart import SongMap, groove_for


def style_for(song: SongMap, asked: str | None = None, folders: Sequence[Path] = ()) -> str:
    """Return the name of the style for a song: the one asked for, or what its chart says.

    Charts from elsewhere say it in words of their own ("Medium Up Swing"); words that nobody
    knows are played as swing, in three as a jazz waltz.
    """
    if asked:
        return asked
    known = names(folders)
    if song.style in known:
        return song.style
    meant = groove_for(song.style, song.meter)
    return meant if meant in known else groove_for("swing", song.meter)
