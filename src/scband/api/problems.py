"""Errors as a client sees them: application/problem+json (RFC 9457) with a stable `code`.

A stack trace never leaves the process: what is not one of scband's own errors becomes
`internal_error`, and its story goes to the log with the request's id.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError, WebSocketRequestValidationError
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, Response
from starlette.websockets import WebSocket

from scband import errors

MEDIA_TYPE = "application/problem+json"
_LOG = logging.getLogger("scband.api")


class Problem(BaseModel):
    """What went wrong, in a form that programs and people can read (RFC 9457)."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    instance: str
    request_id: str


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of problem: its HTTP status, its stable code and a title."""

    status: int
    code: str
    title: str


KINDS: dict[type[errors.ScbandError], Kind] = {
    errors.PluginNotRegisteredError: Kind(404, "plugin_not_registered", "Plugin not registered"),
    errors.ConnectionTimeoutError: Kind(504, "connection_timeout", "Connection timed out"),
    errors.GenerationFailedError: Kind(500, "generation_failed", "Generation failed"),
    errors.UnsupportedAudioFormatError: Kind(
        415, "unsupported_audio_format", "Unsupported audio format"
    ),
    errors.AudioTooLongError: Kind(413, "payload_too_large", "Payload too large"),
    errors.AudioFileError: Kind(415, "unsupported_audio_format", "Unsupported audio format"),
    errors.MidiFileNotFoundError: Kind(404, "midi_file_not_found", "MIDI file not found"),
    errors.FolderNotWritableError: Kind(409, "folder_not_writable", "Folder not writable"),
    errors.TransportSyncLostError: Kind(409, "transport_sync_lost", "Transport sync lost"),
    errors.InvalidPositionError: Kind(422, "invalid_position", "Invalid position"),
    errors.UnauthorizedError: Kind(401, "unauthorized", "Not authorized"),
    errors.ForbiddenError: Kind(403, "forbidden", "Forbidden"),
    errors.UnknownHostError: Kind(421, "unknown_host", "Unknown host"),
    errors.RateLimitedError: Kind(429, "rate_limited", "Too many requests"),
    errors.PayloadTooLargeError: Kind(413, "payload_too_large", "Payload too large"),
    errors.NotConnectedError: Kind(503, "workstation_not_connected", "Not connected"),
    errors.WorkstationError: Kind(502, "workstation_failed", "The workstation failed"),
    errors.ProjectNotFoundError: Kind(404, "project_not_found", "Project not found"),
    errors.ProjectError: Kind(422, "project_unreadable", "Project cannot be measured"),
    errors.ServiceUnavailableError: Kind(503, "unavailable", "Not available now"),
    errors.RequestTimeoutError: Kind(408, "request_timeout", "Request timed out"),
    errors.JobNotFoundError: Kind(404, "job_not_found", "Job not found"),
    errors.JobQueueFullError: Kind(503, "job_queue_full", "Too many jobs wait"),
    errors.JobCancelledError: Kind(409, "job_cancelled", "Job was cancelled"),
    errors.JobTimeoutError: Kind(504, "job_timeout", "Job took too long"),
    errors.JobError: Kind(500, "generation_failed", "Generation failed"),
    errors.PluginStateError: Kind(409, "invalid_plugin_state", "Not in this state"),
    errors.AudioNotFoundError: Kind(404, "audio_not_found", "Recording not found"),
    errors.NotFoundError: Kind(404, "not_found", "Not found"),
    errors.InvalidRequestError: Kind(422, "invalid_request", "Invalid request"),
    errors.ChartError: Kind(422, "invalid_chart", "Chart cannot be read"),
    errors.TheoryError: Kind(422, "invalid_request", "Invalid request"),
    errors.StyleError: Kind(422, "invalid_request", "Invalid request"),
    errors.BandError: Kind(422, "invalid_request", "Invalid request"),
    errors.ScoreError: Kind(422, "invalid_request", "Invalid request"),
    errors.MidiFileError: Kind(422, "invalid_midi_file", "MIDI file cannot be read"),
    errors.AnalysisError: Kind(422, "analysis_failed", "Analysis failed"),
    errors.NotInstalledError: Kind(503, "unavailable", "Not available now"),
    errors.ScbandError: Kind(500, "internal_error", "Internal error"),
}
_BY_STATUS = {
    400: "bad_request",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    406: "not_acceptable",
    413: "payload_too_large",
    415: "unsupported_media_type",
    422: "invalid_request",
    429: "rate_limited",
    503: "unavailable",
}


def kind_of(error: errors.ScbandError) -> Kind:
    """Return the kind of an error by its class, or by the nearest class above it."""
    return next(KINDS[each] for each in type(error).__mro__ if each in KINDS)


def code_of(error: errors.ScbandError) -> str:
    """Return an error's stable code, for messages on a WebSocket."""
    return kind_of(error).code


def problem(connection: HTTPConnection, kind: Kind, detail: str) -> JSONResponse:
    """Return a problem as a response, with the request's path and id."""
    body = Problem(
        type=f"urn:scband:problem:{kind.code}",
        title=kind.title,
        status=kind.status,
        code=kind.code,
        detail=detail,
        instance=connection.url.path,
        request_id=connection.scope.get("state", {}).get("request_id", ""),
    )
    return JSONResponse(body.model_dump(), kind.status, media_type=MEDIA_TYPE)


def answer_error(connection: HTTPConnection, error: errors.ScbandError) -> Response:
    """Return one of scband's errors as a response."""
    kind = kind_of(error)
    response = problem(connection, kind, str(error))
    if isinstance(error, errors.UnauthorizedError):
        response.headers["WWW-Authenticate"] = "Bearer"
    if isinstance(error, errors.RateLimitedError):
        response.headers["Retry-After"] = str(max(1, round(error.retry_after)))
    return response


def _sentence(given: Any) -> str:
    """Say which value of a request is wrong, and how, without repeating what was sent."""
    parts = []
    for each in given[:5]:
        place = ".".join(str(part) for part in each.get("loc", ()))
        parts.append(f"{place}: {each.get('msg', 'is wrong')}")
    return "; ".join(parts) or "the request is wrong"


async def _send(connection: HTTPConnection, response: Response) -> Response:
    """Answer a request; refuse a WebSocket with the same words, before it is accepted."""
    if isinstance(connection, WebSocket):
        if "websocket.http.response" in connection.scope.get("extensions", {}):
            await connection.send_denial_response(response)
        else:
            await connection.close(1008)
    return response


async def _on_ours(connection: Request, error: Exception) -> Response:
    assert isinstance(error, errors.ScbandError)
    if kind_of(error).status >= 500:
        _LOG.warning("%s: %s", type(error).__name__, error)
    return await _send(connection, answer_error(connection, error))


async def _on_http(connection: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if isinstance(error.__cause__, errors.ScbandError):  # FastAPI wraps what reading a body raised
        return await _on_ours(connection, error.__cause__)
    title = HTTPStatus(error.status_code).phrase
    code = _BY_STATUS.get(error.status_code, "http_error")
    detail = str(error.detail) if error.detail else title
    response = problem(connection, Kind(error.status_code, code, title), detail)
    response.headers.update(error.headers or {})
    return await _send(connection, response)


async def _on_wrong(connection: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError | WebSocketRequestValidationError)
    kind = Kind(422, "invalid_request", "Invalid request")
    return await _send(connection, problem(connection, kind, _sentence(error.errors())))


def unexpected(connection: HTTPConnection, error: Exception) -> Response:
    """Return what a client may know of an error that nobody foresaw; the log gets the rest."""
    state = connection.scope.get("state", {})
    _LOG.error("request %s failed", state.get("request_id", ""), exc_info=error)
    kind = KINDS[errors.ScbandError]
    return problem(connection, kind, "something went wrong inside; the log has the request's id")


def install(app: FastAPI) -> None:
    """Let every error of an application leave as a problem."""
    app.add_exception_handler(errors.ScbandError, _on_ours)
    app.add_exception_handler(HTTPException, _on_http)
    app.add_exception_handler(RequestValidationError, _on_wrong)
    app.add_exception_handler(WebSocketRequestValidationError, _on_wrong)
