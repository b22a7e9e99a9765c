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


class AudioTooLongError(AudioFileError):
    """An audio file lasts longer than is allowed."""


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


class MidiError(ScbandError):
    """A MIDI port or the MIDI system cannot be used."""


class ServiceError(ScbandError):
    """A plugin's or a workstation's request cannot be done as asked."""


class UnauthorizedError(ServiceError):
    """A bearer token or a secret is missing, wrong or over."""


class ForbiddenError(ServiceError):
    """The caller is known, but may not do this."""


class UnknownHostError(ServiceError):
    """A request calls the service by a name that it does not have."""


class RateLimitedError(ServiceError):
    """A caller asks too often; `retry_after` says how many seconds to wait."""

    def __init__(self, message: str, retry_after: float = 1.0) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class PayloadTooLargeError(ServiceError):
    """A request's body, or what it decodes to, is larger than the limit."""


class RequestTimeoutError(ServiceError):
    """A request did not come to its end in time."""


class InvalidRequestError(ServiceError):
    """A request has a wrong value; says which."""


class NotFoundError(ServiceError):
    """What a request names does not exist."""


class PluginNotRegisteredError(ServiceError):
    """A plugin has not registered, or was forgotten."""


class ConnectionTimeoutError(ServiceError):
    """A plugin or the workstation was silent for longer than the time-out."""


class GenerationFailedError(ServiceError):
    """A generation did not come to its end."""


class UnsupportedAudioFormatError(ServiceError):
    """An upload is no audio that can be read."""


class MidiFileNotFoundError(NotFoundError):
    """No MIDI file has this id."""


class FolderNotWritableError(ServiceError):
    """A folder that scband should write to cannot be written."""


class TransportSyncLostError(ServiceError):
    """The transport was not told for so long that its position is not known."""


class InvalidPositionError(ServiceError):
    """A position, tempo or time of the transport is not possible."""


class ServiceUnavailableError(ServiceError):
    """A part that a request needs does not run; says which."""


class ListenError(ServiceError):
    """A port of the service cannot be listened on; says which port and which setting."""


class KeyFileError(ServiceError):
    """The file that holds the service's key cannot be used safely."""


class JobError(ServiceError):
    """A background job failed for a reason that is none of the other errors."""


class JobNotFoundError(NotFoundError):
    """There is no job of that id, or its result was kept long enough."""


class JobQueueFullError(ServiceUnavailableError):
    """So many jobs wait already that another one is refused; try again later."""


class JobCancelledError(JobError):
    """The job was cancelled."""


class JobTimeoutError(JobError):
    """The job, or a wait for it, took longer than it may."""


class PluginStateError(ServiceError):
    """A plugin cannot go from its state to the one asked for."""


class AudioNotFoundError(NotFoundError):
    """There is no uploaded recording of that id."""


class NotConnectedError(ServiceUnavailableError):
    """The workstation's core does not answer: it is not connected."""


class WorkstationError(ServiceError):
    """The workstation's core answers, but refuses, or says what nobody can read."""


class ProjectNotFoundError(NotFoundError):
    """No project has this id, neither in the workstation's core nor in the shared folder."""


class ProjectError(ServiceError):
    """A project in the shared folder cannot be read, or has no audio that can be measured."""
