"""The one tree of errors: what happened, where, and what to do.

A third party's exception does not leave a room; it is caught at the room's edge and raised again
as one of these, with the program's own line in the message.
"""

from __future__ import annotations


class ScbandError(Exception):
    """Root of every error that scband raises on purpose."""


class SettingsError(ScbandError):
    """A setting has a wrong name, type or range."""


class TheoryError(ScbandError):
    """A pitch, key, scale or interval cannot be read or does not exist."""


class ChordError(TheoryError):
    """A chord symbol cannot be read.

    `symbol` is the whole text, `position` the 0-based index of the first character that could
    not be read.
    """

    def __init__(self, symbol: str, position: int, reason: str) -> None:
        super().__init__(
            f"cannot read the chord symbol {symbol!r} at character {position + 1}: {reason}"
        )
        self.symbol = symbol
        self.position = position
        self.reason = reason


class ScoreError(ScbandError):
    """A note, part, meter or tempo map is not possible."""


class MidiFileError(ScoreError):
    """A MIDI file cannot be read or written."""


class ChartError(ScbandError):
    """A chart cannot be read; says where.

    `line` and `column` are 1-based; 0 means that the place is unknown (a binary format, say).
    """

    def __init__(
        self, reason: str, *, source: str = "chart", line: int = 0, column: int = 0
    ) -> None:
        place = source
        if line:
            place += f", line {line}"
        if column:
            place += f", column {column}"
        super().__init__(f"{place}: {reason}")
        self.reason = reason
        self.source = source
        self.line = line
        self.column = column


class StyleError(ScbandError):
    """A style file is wrong; says which file and which key."""


class BandError(ScbandError):
    """A band, or the context it is asked to decide, is not possible."""


class AudioFileError(ScbandError):
    """An audio file is missing, unreadable, empty or not audio."""


class AnalysisError(ScbandError):
    """A recording cannot be analysed, or a model that this needs is missing."""


class FrameError(ScbandError):
    """A message from the analysis synth does not have the layout that it should have."""


class SuperColliderError(ScbandError):
    """Something about JACK, supernova or sclang went wrong."""


class NotInstalledError(SuperColliderError):
    """A program or plugin that is needed is not on this machine."""


class JackError(SuperColliderError):
    """JACK could not be started or reached."""


class ServerBootError(SuperColliderError):
    """supernova did not come up."""


class PortBusyError(SuperColliderError):
    """A UDP port that was asked for belongs to another program."""


class LanguageBootError(SuperColliderError):
    """sclang did not come up or could not read our code."""


class SynthDefError(SuperColliderError):
    """A SynthDef could not be compiled or loaded, or is unknown."""


class PatternError(SuperColliderError):
    """sclang refused a pattern-control message or did not answer it in time."""


class OfflineRenderError(SuperColliderError):
    """A non-real-time render failed."""


class SessionError(ScbandError):
    """A live session cannot do what was asked in its present state."""
