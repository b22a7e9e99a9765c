"""What a session heard can be read out of its log, to the last value."""

from pathlib import Path

import pytest

from scband.analysis.frames import Frame, Onset, OnsetKind
from scband.errors import SessionError
from scband.live.ears import Heard
from scband.live.log import SessionLog
from scband.live.replay import read_log
from scband.supercollider.engine import BeatReport

FRAME = Frame(
    samples=1_234_567,
    pitch_hz=220.125,
    pitch_confidence=0.97,
    amplitude=0.123456,
    onset_strength=3.5e-05,
    centroid_hz=1234.5,
    flatness=0.25,
    chroma=tuple(n / 16 for n in range(12)),
    spectrum=tuple(n / 128 for n in range(72)),
)
HEARD = (
    Heard(1_790_000_000.123456, frame=FRAME),
    Heard(1_790_000_000.125, onset=Onset(1_234_600, OnsetKind.SOFT, 1.5, 0.0625)),
)


def written(path: Path, *, whole: bool) -> Path:
    log = SessionLog(path, {"title": "Song", "follow": "adaptive"}, whole=whole)
    log.begin()
    for heard in HEARD:
        log.heard(heard)
    log.close()
    return path


def test_what_was_heard_comes_back_as_it_was(tmp_path: Path) -> None:
    logged = read_log(written(tmp_path / "log.jsonl", whole=True))
    assert logged.heard == HEARD
    assert logged.header["follow"] == "adaptive"


def test_the_band_s_beats_come_back_with_their_times(tmp_path: Path) -> None:
    log = SessionLog(tmp_path / "log.jsonl", {}, whole=True)
    log.begin()
    log.heard(HEARD[0])
    log.beat(BeatReport(beat=3.0, bar=0, in_bar=3.0, bar_beats=4.0, tempo=100.5, time=1.79e9))
    log.close()
    ((beat, time, tempo),) = read_log(log.path).beats
    assert (beat, tempo) == (3.0, 100.5)
    assert time == pytest.approx(1.79e9, abs=1e-4)


def test_a_log_without_frames_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(SessionError, match="--log"):
        read_log(written(tmp_path / "log.jsonl", whole=False))


@pytest.mark.parametrize("line", ["no json", "[1]", '{"kind": "heard", "unix": 1, "frame": [1]}'])
def test_what_is_no_log_is_refused_with_its_line(tmp_path: Path, line: str) -> None:
    path = tmp_path / "log.jsonl"
    path.write_text(f'{{"kind": "session"}}\n{line}\n')
    with pytest.raises(SessionError, match="line 2"):
        read_log(path)


def test_a_log_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SessionError, match="cannot read"):
        read_log(tmp_path / "none.jsonl")
