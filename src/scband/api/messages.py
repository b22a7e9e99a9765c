"""What goes over the WebSocket: messages that clients send, checked, and those that they get."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from scband.api.problems import code_of
from scband.errors import InvalidRequestError, ScbandError
from scband.studio.generation import MOST_TEXT, GenerationRequest
from scband.studio.jobs import Job
from scband.studio.library import MidiEntry
from scband.studio.plugins import Plugin, PluginState
from scband.studio.publishing import Accompaniment
from scband.studio.transport import TransportState, stamp

TrackType = Literal["bass", "drums", "keys", "guitar"]


class Strict(BaseModel):
    """Values are what they say: no number in a text, no truth in a number. Other keys are left."""

    model_config = ConfigDict(strict=True, extra="ignore", allow_inf_nan=False)


class GenerateBody(Strict):
    """What the band is asked to play: chords or a recording, who plays, and how."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "type": "generate_request",
                    "track_types": ["bass", "drums", "keys", "guitar"],
                    "chord_progression": "C-Am-F-G",
                    "tempo": 120,
                    "duration": 32,
                    "key": "C major",
                    "style": "pop",
                    "seed": 7,
                }
            ]
        }
    )

    type: Literal["generate_request"] = "generate_request"
    track_types: Annotated[list[TrackType], Field(min_length=1, max_length=16)] = Field(
        default=["bass", "drums", "keys", "guitar"], description="who plays"
    )
    chord_progression: Annotated[str, Field(max_length=MOST_TEXT)] = Field(
        "", description="C-Am-F-G, one chord a bar, or any chart text"
    )
    audio_id: Annotated[str, Field(max_length=64)] | None = Field(
        None, description="an upload to play to, in place of the progression"
    )
    tempo: Annotated[float, Field(ge=20, le=400)] | None = Field(
        None, description="quarter notes a minute; absent: the chart's or the recording's own"
    )
    duration: Annotated[float, Field(ge=1, le=10_000)] | None = Field(
        None, description="beats, rounded up to whole bars; absent: once through"
    )
    key: Annotated[str, Field(max_length=60)] | None = Field(None, examples=["C major"])
    style: Annotated[str, Field(max_length=80)] | None = Field(None, examples=["pop", "bossa"])
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 0
    intensity: Annotated[float, Field(ge=0, le=1)] = 0.5
    temperature: Annotated[float, Field(ge=0, le=2)] = 1.0
    time_signature: Annotated[str, Field(max_length=20)] | None = Field(None, examples=["4/4"])
    keep_ahead: bool = Field(
        False, description="generate on and on, ahead of the transport that the plugin reports"
    )

    def asked(self) -> GenerationRequest:
        """Return the request as the studio takes it."""
        return GenerationRequest(
            track_types=tuple(self.track_types),
            chord_progression=self.chord_progression,
            audio_id=self.audio_id or "",
            tempo=self.tempo,
            duration=self.duration,
            key=self.key,
            style=self.style,
            seed=self.seed,
            intensity=self.intensity,
            temperature=self.temperature,
            time_signature=self.time_signature,
        )


class TransportSync(Strict):
    """Where a plugin's host is."""

    type: Literal["transport_sync"]
    isPlaying: bool  # noqa: N815  # as clients spell it
    currentBeat: float  # noqa: N815
    tempo: float
    timestamp: Annotated[str, Field(max_length=64)] = ""


class GenerateRequest(GenerateBody):
    """A generation asked for on the WebSocket; `request_id` comes back with the answer."""

    type: Literal["generate_request"]
    request_id: Annotated[str, Field(max_length=64)] = ""


class Heartbeat(Strict):
    """A plugin is alive, in this state."""

    type: Literal["heartbeat"]
    state: PluginState | None = Field(None, strict=False)


class CancelJob(Strict):
    """A plugin does not want a generation any more."""

    type: Literal["cancel_job"]
    job_id: Annotated[str, Field(max_length=64)]


class Probe(Strict):
    """How long is the way there and back? Whatever is in it comes back as `pong`."""

    type: Literal["ping"]
    t: float | None = None


INCOMING = {
    "transport_sync": (
        "where your host is, ten times a second",
        '{"type": "transport_sync", "isPlaying": true, "currentBeat": 16.25, "tempo": 120.0, '
        '"timestamp": "2025-08-24T10:30:00.000Z"}',
    ),
    "generate_request": (
        "as `POST /api/midi/generate`; `request_id` comes back",
        '{"type": "generate_request", "track_types": ["bass", "drums"], '
        '"chord_progression": "C-Am-F-G", "tempo": 120, "duration": 32, "key": "C major", '
        '"request_id": "r1"}',
    ),
    "heartbeat": ("alive, in this state", '{"type": "heartbeat", "state": "Playing"}'),
    "cancel_job": (
        "not wanted any more",
        '{"type": "cancel_job", "job_id": "XnAysPVRWYy_UjY2"}',
    ),
    "ping": ("is answered by `pong` with its `t`", '{"type": "ping", "t": 1.5}'),
}
"""What a client may send: its sense, and an example that is taken as it stands."""

OUTGOING = {
    "transport_sync": "as above, with `seq` (greater is newer) and `serverTime` (s, monotonic)",
    "snapshot": "first of all: `transport`, `plugins`, `files`, `file_count`, `jobs`",
    "midi_ready": "`filename`, `track_type`, `duration` (beats), `key`, `file_id`, `job_id` …",
    "midi_removed": "`file_id`, `filename`",
    "midi_refused": "`filename`, `code`, `detail`: a dropped file that is no good",
    "generate_accepted": "`job_id`, `request_id`",
    "job_progress": "as `GET /api/jobs/{job_id}`",
    "plugin_state": "`plugin_id`, `state`, `was`; with `code` where it fell silent",
    "heartbeat": "the plugin's state",
    "pong": "`t`",
    "error": "`code`, `detail`; ends nothing",
}
"""What a client gets; all but `transport_sync` have a `seq` without gaps."""

Incoming = TransportSync | GenerateRequest | Heartbeat | CancelJob | Probe
_READER: TypeAdapter[Incoming] = TypeAdapter(Annotated[Incoming, Field(discriminator="type")])


def read_message(text: bytes) -> Incoming:
    """Read a message from a client; raises InvalidRequestError."""
    try:
        return _READER.validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise InvalidRequestError(f"{place or 'message'}: {first['msg']}"[:500]) from None


def encode(message: dict[str, Any]) -> bytes:
    """Write a message as JSON."""
    return json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def transport_fields(state: TransportState) -> dict[str, Any]:
    """Return the transport under the keys that clients know."""
    return {
        "isPlaying": state.is_playing,
        "currentBeat": round(state.current_beat, 6),
        "tempo": state.tempo,
        "timestamp": state.timestamp,
    }


def transport_message(state: TransportState, sequence: int) -> bytes:
    """Write `transport_sync`: `seq` grows, `serverTime` is the server's monotonic clock, in s."""
    return (
        b'{"type":"transport_sync","isPlaying":%s,"currentBeat":%.6f,"tempo":%.10g,'
        b'"timestamp":"%s","seq":%d,"serverTime":%.6f}'
        % (
            b"true" if state.is_playing else b"false",
            state.current_beat,
            state.tempo,
            state.timestamp.encode(),
            sequence,
            state.clock,
        )
    )


def file_fields(entry: MidiEntry) -> dict[str, Any]:
    """Return a file as the list shows it."""
    return {
        "file_id": entry.file_id,
        "filename": entry.filename,
        "track_type": entry.facts.track_type,
        "key": entry.facts.key,
        "tempo": entry.facts.tempo,
        "duration": entry.facts.duration,
        "size": entry.facts.size,
        "created": stamp(entry.facts.created),
        "job_id": entry.job_id,
        "start": entry.start,
    }


def job_fields(job: Job) -> dict[str, Any]:
    """Return a job's progress, and its result or error once it is over."""
    told: dict[str, Any] = {
        "job_id": job.id,
        "state": job.state.value,
        "progress": round(job.progress, 4),
        "stage": job.stage,
        "created": stamp(job.created),
        "finished": None if job.finished is None else stamp(job.finished),
        "result": None,
        "error": None,
    }
    if isinstance(job.result, Accompaniment):
        played = job.result.generated
        told["result"] = {
            "files": [file_fields(entry) for entry in job.result.files],
            "key": played.key,
            "tempo": played.tempo,
            "duration": played.duration,
            "start": played.start,
            "style": played.style,
            "time_signature": played.time_signature,
            "chords": list(played.chords),
            "audio_offset": played.audio_offset,
        }
    if job.error is not None:
        told["error"] = error_fields(job.error)
    return told


def error_fields(error: ScbandError) -> dict[str, Any]:
    """Return an error's stable code and its sentence."""
    return {"code": code_of(error), "detail": str(error)[:2000]}


def plugin_fields(plugin: Plugin) -> dict[str, Any]:
    """Return a plugin's state."""
    return {
        "plugin_id": plugin.plugin_id,
        "state": plugin.state.value,
        "name": plugin.name,
        "version": plugin.version,
        "sample_rate": plugin.sample_rate,
        "generating": plugin.generating,
    }
