"""What the service takes in from elsewhere, at random: an answer or one of our errors.

JSON of every shape, parameters, facts about projects, track names, OSC datagrams, MIDI files.
"""

from __future__ import annotations

import json
import os
import struct
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from scband.analysis.frames import decode_frame, decode_onset
from scband.api.engine_intake import _name
from scband.api.engine_models import LineAsked, MidiAsked, ProjectAsked
from scband.api.messages import read_message
from scband.errors import (
    FrameError,
    InvalidRequestError,
    MidiFileError,
    ScbandError,
    SuperColliderError,
)
from scband.score.midifile import read_midi, write_midi
from scband.studio.engine_lines import LineRequest, play_line
from scband.studio.projects import ProjectError, ProjectsFolder, is_of
from scband.studio.roles import role_by_name
from scband.studio.scale_lines import SCALE_KINDS, read_scale
from scband.supercollider.osc import decode, encode

LONGER = int(os.environ.get("FUZZ_LONGER", "1"))
MANY = settings(max_examples=120 * LONGER, deadline=None)
SOME = settings(
    max_examples=25 * LONGER, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)

LEAVES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=30),
    st.sampled_from(["", "bass", "drums", "C", "a.wav", "../a.wav", "/dev/zero", "\0", "NaN"]),
)  # fmt: skip
KEYS = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        ["type", "style", "tempo", "bars", "temperature", "seed", "key", "scale", "project_id",
         "tracks", "name", "file", "path", "gain", "gainDb", "pan", "mute", "clips", "numTracks",
         "isPlaying", "currentBeat", "timestamp", "track_types", "chord_progression", "duration",
         "job_id", "state", "audio_id"]
    ),
)  # fmt: skip
JSON = st.recursive(
    LEAVES,
    lambda inner: st.one_of(st.lists(inner, max_size=5), st.dictionaries(KEYS, inner, max_size=6)),
    max_leaves=8,
)
OBJECTS = st.dictionaries(KEYS, JSON, max_size=8)
TYPES = ("transport_sync", "generate_request", "heartbeat", "cancel_job", "ping", "nonsense")


@MANY
@given(OBJECTS)
@pytest.mark.parametrize("model", [MidiAsked, LineAsked, ProjectAsked])
def test_parameters_are_taken_or_refused(model: type, values: dict[str, Any]) -> None:
    try:
        asked = model.model_validate(values)
    except ValidationError:
        return
    assert model.model_validate_json(asked.model_dump_json()) == asked


@SOME
@given(
    st.builds(
        LineRequest,
        style=st.sampled_from(["drums", "bass", "melody", "kazoo"]),
        tempo=st.floats(20, 400),
        bars=st.integers(-2, 12),
        temperature=st.floats(0, 2),
        seed=st.integers(0, 2**53),
        key=st.one_of(st.text(max_size=20), st.sampled_from(["C", "F#m", "Cb", "B# locrian"])),
        scale=st.one_of(st.text(max_size=20), st.sampled_from([*SCALE_KINDS, "aeolian"])),
    )
)
def test_every_line_is_played_or_refused(request: LineRequest) -> None:
    try:
        line = play_line(request)
    except ScbandError:
        return
    assert read_midi(line.midi).end <= 4 * request.bars + 1e-6


@MANY
@given(st.text(max_size=200), st.text(max_size=200))
@example("C", "[" * 200)
def test_keys_and_scales_are_read_or_refused(key: str, scale: str) -> None:
    try:
        choice = read_scale(key, scale)
    except ScbandError:
        return
    assert choice.name in SCALE_KINDS


@MANY
@given(OBJECTS, st.text(max_size=40))
def test_whatever_a_core_says_of_a_project_is_survived(facts: dict[str, Any], asked: str) -> None:
    is_of(facts, asked)
    with TemporaryDirectory() as folder:
        told = ProjectsFolder(folder).told({**facts, "numTracks": 2}, asked)
    assert all(track.path is None and -1 <= track.pan <= 1 for track in told.tracks)


@SOME
@given(st.one_of(JSON.map(lambda value: json.dumps(value).encode()), st.binary(max_size=300)))
def test_any_project_file_is_read_or_refused(data: bytes) -> None:
    with TemporaryDirectory() as folder:
        (Path(folder) / "Song").mkdir()
        (Path(folder) / "Song" / "project.json").write_bytes(data)
        try:
            project = ProjectsFolder(folder).read("Song")
        except ProjectError:
            return
    assert all(track.path is None for track in project.tracks)


@MANY
@given(st.text(max_size=300), st.text(max_size=300))
def test_track_names_are_short_and_hold_no_path(part: str, filename: str) -> None:
    name = _name(part, filename)
    assert 0 < len(name) <= 120
    assert not set(name) & set("/\\\0\n\r<>\"'")
    role_by_name(part)


@MANY
@given(st.sampled_from(TYPES), OBJECTS)
def test_messages_on_the_websocket_are_read_or_refused(kind: str, values: dict[str, Any]) -> None:
    with suppress(InvalidRequestError):
        assert read_message(json.dumps({**values, "type": kind}).encode()).type == kind


@MANY
@given(st.one_of(st.binary(max_size=400), JSON.map(lambda value: json.dumps(value).encode())))
@example(b"[" * 100_000)
@example(b'{"type":"transport_sync","isPlaying":true,"currentBeat":1e999,"tempo":120}')
def test_bytes_on_the_websocket_are_read_or_refused(data: bytes) -> None:
    with suppress(InvalidRequestError):
        assert read_message(data).type in TYPES


@MANY
@given(st.binary(max_size=200), st.binary(max_size=60))
def test_osc_datagrams_are_decoded_or_dropped(data: bytes, inner: bytes) -> None:
    framed = b"#bundle\0" + struct.pack(">Qi", 1, len(inner)) + inner
    for datagram in (data, framed, encode("/scband/beat", [1.0, 2], "di") + data, framed[:20]):
        with suppress(SuperColliderError):
            assert all(each.address for each in decode(datagram, ("127.0.0.1", 1)))


@MANY
@given(
    st.lists(st.one_of(st.floats(), st.integers(), st.text(max_size=4), st.none()), max_size=120)
)
def test_analysis_messages_are_read_or_refused(values: list[Any]) -> None:
    for reader in (decode_frame, decode_onset):
        with suppress(FrameError):
            assert reader(values).samples >= 0


MIDI = play_line(LineRequest("bass", bars=2)).midi


@MANY
@given(st.lists(st.tuples(st.integers(0, len(MIDI) - 1), st.integers(0, 255)), max_size=12),
       st.integers(0, len(MIDI)))  # fmt: skip
def test_midi_files_with_wrong_bytes_are_read_or_refused(
    changes: list[tuple[int, int]], length: int
) -> None:
    data = bytearray(MIDI)
    for place, value in changes:
        data[place] = value
    for piece in (bytes(data), bytes(data[:length])):
        with suppress(MidiFileError):
            assert write_midi(read_midi(piece)).startswith(b"MThd")


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_all_of_this_holds_for_long() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "--timeout=3000", str(Path(__file__))],
        env={**os.environ, "FUZZ_LONGER": "40"},
        capture_output=True,
        text=True,
        timeout=3500,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:]
