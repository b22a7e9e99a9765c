"""A picture shows what was heard."""

from __future__ import annotations

import base64
import math
import re
import struct
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from scband.analysis.analyze import Analysis
from scband.analysis.chords import ChordSpan, KeyStretch
from scband.analysis.sections import SectionSpan
from scband.analysis.spectral import Spectral
from scband.errors import AnalysisError
from scband.score import Meter
from scband.theory import Chord, Key

SIGNATURE = b"\x89PNG\r\n\x1a\n"
NAMES = ("C", "Am7", "F", "G7/B", "N.C.", "F#m7b5")


def song(seconds: float = 60.0, name: str = "song.wav") -> Analysis:
    beats = tuple(0.5 * n for n in range(int(2 * seconds)))
    chords = tuple(
        ChordSpan(2.0 * n, 2.0 * n + 2.0, Chord(NAMES[n % 6]), 0.5 + n % 2 / 2)
        for n in range(int(seconds / 2))
    )
    half = seconds / 2
    return Analysis(
        name=name, duration=seconds, sample_rate=44_100, channels=2, tempo=120.0,
        tempo_curve=tuple((time, 120 + math.sin(time)) for time in beats), meter=Meter(4, 4),
        beats=beats, downbeats=beats[::4], beat_confidence=0.9, key=Key("C"), key_confidence=0.8,
        keys=(KeyStretch(0.0, half, Key("C")), KeyStretch(half, seconds, Key("D"))),
        tuning_cents=-7.0, chords=chords,
        sections=(SectionSpan("A", 0.0, half, 0, int(half / 2)),
                  SectionSpan("B", half, seconds, int(half / 2), int(half / 2))),
        onsets=beats, spectral=Spectral(), material="pitched", loudness_lufs=-14.0, peak=0.9,
        clipped=0.0,
    )  # fmt: skip


def written(figure: object) -> list[str]:
    return [text.get_text() for axes in figure.axes for text in axes.texts]  # type: ignore[attr-defined]


def test_chords_sections_keys_bars_and_tempo_are_in_the_picture(tmp_path: Path) -> None:
    figure = song().plot()
    figure.savefig(tmp_path / "a.png", dpi=60)
    head = (tmp_path / "a.png").read_bytes()[:24]
    assert head[:8] == SIGNATURE
    assert min(struct.unpack(">II", head[16:24])) > 100
    tempo, *rows = figure.axes
    assert len(rows) == 3  # of half a minute or less
    assert tempo.lines[0].get_xydata()[:, 1].max() == pytest.approx(121, abs=0.1)
    texts = [text.strip() for text in written(figure)]
    for wanted in (*NAMES, "A", "B", "C", "D"):
        assert wanted in texts
    assert figure.get_suptitle().startswith("song.wav")
    bars = [
        len(lines.get_segments()) for lines in rows[0].collections if len(lines.get_paths()) > 5
    ]
    assert 12 in bars  # downbeats within the first 24 seconds
    assert 48 in bars  # and beats


def test_an_hour_stays_one_picture() -> None:
    figure = song(3600.0).plot()
    assert len(figure.axes) <= 15
    assert figure.get_size_inches()[1] < 20


def test_it_goes_into_axes_that_are_there() -> None:
    from matplotlib.figure import Figure

    figure = Figure()
    axes = figure.subplots()
    assert song().plot(axes) is figure
    assert axes.get_xlim() == (0, 60)
    assert len(axes.texts) > 10


def test_silence_and_odd_names_are_drawn(tmp_path: Path) -> None:
    silent = replace(
        song(name="$x_{<b>.wav"), chords=(), beats=(), downbeats=(), sections=(), keys=(), key=None,
        tempo=0.0, tempo_curve=(),
    )  # fmt: skip
    silent.plot().savefig(tmp_path / "a.png", dpi=50)
    assert "no beat" in silent.plot().get_suptitle()
    page = silent._repr_html_()
    assert "<b>.wav" not in page
    assert "&lt;b&gt;.wav" in page


def test_a_notebook_shows_picture_and_chords() -> None:
    page = song()._repr_html_()
    picture = re.search(r"data:image/png;base64,([A-Za-z0-9+/=]+)", page)
    assert picture is not None
    assert base64.b64decode(picture[1])[:8] == SIGNATURE
    assert "G7/B" in page


def test_without_matplotlib_the_error_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(AnalysisError, match=r"pip install 'scband\[plots\]'"):
        song().plot()
