"""Damaged and hostile audio files: a sensible answer or one typed error, soon, and no leftovers."""

from __future__ import annotations

import os
import random
import resource
import struct
from pathlib import Path

import numpy as np
import psutil
import pyloudnorm
import pytest
import soundfile

from scband.analysis import decoder_child, decoding
from scband.analysis.decoding import decode
from scband.errors import AudioFileError, AudioTooLongError

RATE = 22_050
SECONDS_TO_ANSWER = 1.0  # of CPU time, here and in the decoder: the machine may be busy


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("sources")
    sound = 0.3 * np.sin(np.arange(RATE) / 9.0)
    found = {}
    for name in ("wav", "flac", "ogg", "mp3", "aiff"):
        path = folder / f"a.{name}"
        soundfile.write(path, sound, RATE)
        found[name] = path.read_bytes()
    return found


def cpu_seconds() -> float:
    """Give the CPU time of this process and of those that it has waited for."""
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in used)


def answers(path: Path) -> bool:
    """Decode; True for an answer, False for our own error. Anything else fails the test."""
    begun = cpu_seconds()
    try:
        recording = decode(path)
    except AudioFileError:
        answered = False
    else:
        assert np.isfinite(recording.samples).all()
        answered = True
    assert cpu_seconds() - begun < SECONDS_TO_ANSWER
    return answered


def test_mutated_files_end_in_an_answer_or_our_error(
    tmp_path: Path, sources: dict[str, bytes]
) -> None:
    rng = random.Random(11)
    for number in range(20):
        name = rng.choice(sorted(sources))
        data = bytearray(sources[name])
        for _ in range(rng.randint(1, 30)):
            place = rng.randrange(min(len(data), 200 if rng.random() < 0.6 else len(data)))
            data[place] = rng.randrange(256)
        if rng.random() < 0.4:
            del data[rng.randrange(len(data)) :]
        path = tmp_path / f"{number}.{name}"
        path.write_bytes(data)
        answers(path)


def test_a_file_that_breaks_off_is_read_as_far_as_it_goes(
    tmp_path: Path, sources: dict[str, bytes]
) -> None:
    path = tmp_path / "half.wav"
    path.write_bytes(sources["wav"][: len(sources["wav"]) // 2])
    assert decode(path).duration == pytest.approx(0.5, abs=0.05)


def test_numbers_beyond_all_measure_are_taken_as_silence(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    sound = np.full(RATE, 1e38, dtype=np.float32)
    sound[::2] *= -1
    soundfile.write(path, sound, RATE, subtype="FLOAT")
    recording = decode(path)
    assert recording.nonfinite == RATE
    assert not recording.samples.any()


@pytest.mark.parametrize("data", [b"", b"RIFF", b"hello world" * 100, b"\0" * 5000, b"fLaC" * 9])
def test_what_is_no_audio_is_an_error(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(data)
    assert not answers(path)


def test_impossible_headers_are_refused(tmp_path: Path, sources: dict[str, bytes]) -> None:
    head = sources["wav"]
    for place, kind, value in ((22, "<H", 1000), (24, "<I", 4_000_000_000), (24, "<I", 1)):
        data = bytearray(head)
        struct.pack_into(kind, data, place, value)
        path = tmp_path / "a.wav"
        path.write_bytes(data)
        assert not answers(path)


def test_a_pipe_a_folder_and_a_device_are_refused_at_once(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.wav"
    os.mkfifo(pipe)
    for path in (pipe, tmp_path, Path("/dev/zero"), Path("a\0b")):
        assert not answers(path)


def test_a_small_file_of_endless_silence_is_bounded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "bomb.flac"
    with soundfile.SoundFile(path, "w", 8000, 1) as file:
        for _ in range(60):
            file.write(np.zeros(8000))
    monkeypatch.setattr("scband.analysis.decoding.MAX_SECONDS", 30.0)
    with pytest.raises(AudioFileError, match="longer than"):
        decode(path)


def test_a_header_that_claims_hours_is_refused_at_once(
    tmp_path: Path, sources: dict[str, bytes]
) -> None:
    data = bytearray(sources["flac"])
    frames = 9 * 3600 * RATE
    data[21] = data[21] & 0xF0 | frames >> 32 & 0x0F
    struct.pack_into(">I", data, 22, frames & 0xFFFFFFFF)
    path = tmp_path / "a.flac"
    path.write_bytes(data)
    with pytest.raises(AudioTooLongError, match="longer than"):
        decode(path)


def test_a_stream_that_does_not_say_how_long_it_is_is_whole(
    tmp_path: Path, sources: dict[str, bytes]
) -> None:
    data = bytearray(sources["flac"])
    data[21] &= 0xF0
    struct.pack_into(">I", data, 22, 0)
    path = tmp_path / "a.flac"
    path.write_bytes(data)
    heard = decode(path)
    assert heard.duration == pytest.approx(1.0)
    assert heard.fault == ""


@pytest.mark.parametrize(("name", "share"), [("wav", 0.5), ("flac", 0.5), ("mp3", 0.5)])
def test_what_is_missing_at_the_end_is_told(
    tmp_path: Path, sources: dict[str, bytes], name: str, share: float
) -> None:
    path = tmp_path / f"a.{name}"
    path.write_bytes(sources[name][: int(share * len(sources[name]))])
    heard = decode(path)
    assert 0.2 < heard.duration < 0.8
    assert heard.fault


def test_a_constant_level_is_silence(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, np.full(RATE, 0.5), RATE)
    heard = decode(path)
    assert heard.peak == pytest.approx(0.5, abs=0.01)
    assert heard.loudest < 1e-4
    assert np.abs(heard.samples).max() < 1e-4


def test_a_decoder_that_waits_for_its_turn_is_waited_for(
    tmp_path: Path, sources: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(sources["wav"])
    # every wait is now far shorter than a process takes to start
    monkeypatch.setattr("scband.analysis.decoding._STALL_SECONDS", 0.002)
    monkeypatch.setattr(decoding._Pipe, "_cpu_seconds", lambda pipe: 0.0)
    assert decode(path).duration == pytest.approx(1.0)
    monkeypatch.setattr("scband.analysis.decoding._PATIENCE_SECONDS", 0.0)
    with pytest.raises(AudioFileError, match="got stuck"):
        decode(path)


def test_decoding_leaves_no_process_behind(tmp_path: Path, sources: dict[str, bytes]) -> None:
    before = {child.pid for child in psutil.Process().children(recursive=True)}
    for name, data in sources.items():
        path = tmp_path / f"a.{name}"
        path.write_bytes(data)
        assert answers(path)
        path.write_bytes(data[:50])
        answers(path)
    after = {child.pid for child in psutil.Process().children(recursive=True)}
    assert after <= before


def test_loudness_is_told_while_it_is_measured_however_long_that_takes(tmp_path: Path) -> None:
    path = tmp_path / "noise.wav"
    noise = 0.1 * np.random.default_rng(5).normal(size=(30 * 44_100, 2))
    soundfile.write(path, noise, 44_100)
    with (
        path.open("rb") as file,
        decoding._child(file, decoder_child.LOUDNESS, decoding.RATE, 60.0) as process,
    ):
        pipe = decoding._Pipe(path, process)
        pipe.line()
        blocks = list(pipe.blocks())
    # a reader that hears nothing for ten seconds takes the child for stuck
    assert len(blocks) > 30
    assert sum(map(len, blocks)) == 4 * 300
    wanted = pyloudnorm.Meter(44_100).integrated_loudness(noise)
    assert decoding.measure_loudness(path) == pytest.approx(wanted, abs=0.05)
