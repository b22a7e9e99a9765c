"""One minute of `scband live` with a real recording as its input; then the file is measured.

Nothing here asks scband how it went: tempo, bass notes, gaps, loudness and peaks are read from
the recorded sound, what was heard from the log.
"""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import soundfile
from scipy.signal import resample_poly

from scband.chart import read

CHART = Path(__file__).parents[2] / "examples" / "charts" / "night_drive.txt"
SECONDS = 60
TEMPO = 116.0


@dataclass
class Take:
    mix: np.ndarray
    drums: np.ndarray
    bass: np.ndarray
    rate: int
    log: list[dict[str, object]]
    printed: str
    period: float = 0.0
    first: float = 0.0
    residuals: np.ndarray | None = None


@pytest.fixture(scope="module")
def take(tmp_path_factory: pytest.TempPathFactory, recordings: Path) -> Take:
    folder = tmp_path_factory.mktemp("acceptance")
    performer = folder / "performer.wav"
    parts = []
    for name in ("guit_em9", "loop_amen_full", "guit_e_fifths") * 6:
        samples, rate = soundfile.read(recordings / f"{name}.flac", always_2d=True)
        assert rate == 44100
        parts.append(samples.mean(axis=1))
    soundfile.write(performer, np.concatenate(parts)[: rate * SECONDS], rate)
    out = folder / "band.wav"
    command = [sys.executable, "-m", "scband", "live", str(CHART), "--audio", "dummy", "--stems"]
    command += ["--input", str(performer), "--record", str(out), "--duration", str(SECONDS)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS + 40, check=True)
    mix, rate = soundfile.read(out, always_2d=True)
    drums, _ = soundfile.read(folder / "band.drums.wav", always_2d=True)
    bass, _ = soundfile.read(folder / "band.bass.wav", always_2d=True)
    log = [json.loads(text) for text in out.with_suffix(".jsonl").read_text().splitlines()]
    found = Take(mix, drums.sum(axis=1), bass.sum(axis=1), rate, log, done.stdout + done.stderr)
    _fit_grid(found)
    return found


def _onsets(samples: np.ndarray, rate: int) -> np.ndarray:
    """Times at which the energy jumps, to the millisecond."""
    hop = rate // 1000
    frames = samples[: samples.size // hop * hop].reshape(-1, hop)
    level = np.sqrt((frames**2).mean(axis=1)) + 1e-5
    smooth = np.convolve(level, np.ones(8) / 8, "same")
    before = np.concatenate((np.full(12, smooth[0]), smooth[:-12]))
    rise = np.log(smooth / before)
    peaks = np.flatnonzero((rise[1:-1] > 1.0) & (rise[1:-1] >= rise[:-2]) & (rise[1:-1] > rise[2:]))
    kept: list[int] = []
    for peak in peaks + 1:
        if not kept or peak - kept[-1] > 60:
            kept.append(int(peak))
    return np.array(kept) / 1000


def _fit_grid(take: Take) -> None:
    """Fit eighths to the drums' onsets by least squares, nothing assumed but the rough tempo."""
    times = _onsets(take.drums, take.rate)
    step = 30 / TEMPO
    places = np.round((times - times[0]) / step)
    for _ in range(3):
        slope, start = np.polyfit(places, times, 1)
        places = np.round((times - start) / slope)
    residuals = times - (start + slope * places)
    near = np.abs(residuals) < 0.06
    slope, start = np.polyfit(places[near], times[near], 1)
    take.period, take.first = 2 * slope, start
    take.residuals = residuals[near]
    assert near.mean() > 0.7


def test_the_tempo_is_the_chart_s_within_a_thousandth(take: Take) -> None:
    assert 60 / take.period == pytest.approx(TEMPO, rel=0.001)
    assert take.residuals is not None
    assert take.residuals.size > 150
    assert take.residuals.std() < 0.025


def test_the_bass_plays_the_roots_of_the_chart(take: Take) -> None:
    form = read(CHART).expand()
    right = []
    beats_in = form[0].meter.beats  # the count-in
    for number in range(10_000):
        bar = form[number % len(form)]
        at = take.first + take.period * (beats_in + 4 * number)
        window = take.bass[int((at + 0.04) * take.rate) : int((at + 0.24) * take.rate)]
        if at + 1 > take.bass.size / take.rate - 1:
            break
        wanted = bar.chords[0].chord
        right.append(_pitch_class(window, take.rate) in (wanted.root, wanted.bass))
    assert len(right) >= 25
    assert np.mean(right) >= 0.95


def _pitch_class(window: np.ndarray, rate: int) -> int | None:
    """Pitch class by the harmonics of the spectrum, 38 to 250 Hz."""
    if np.sqrt(np.mean(window**2)) < 1e-3:
        return None
    padded = np.fft.rfft(window * np.hanning(window.size), 1 << 17)
    spectrum = np.abs(padded)
    width = rate / (1 << 17)
    pitches = np.arange(28, 56, 0.1)
    hertz = 440 * 2 ** ((pitches - 69) / 12)
    scores = sum(
        np.log(spectrum[np.round(hertz * k / width).astype(int)] + 1e-3) for k in range(1, 6)
    )
    return round(float(pitches[int(np.argmax(scores))])) % 12


def test_there_is_no_gap(take: Take) -> None:
    hop = take.rate // 4
    begin = int((take.first + 0.1) * take.rate)
    body = take.mix[begin : take.rate * (SECONDS - 2)]
    frames = body[: len(body) // hop * hop].reshape(-1, hop * 2)
    level = 20 * np.log10(np.sqrt((frames**2).mean(axis=1)) + 1e-9)
    playing = level[round(4 * take.period * 4) :]
    assert playing.min() > -50
    # 64 zeros in a row would be a dropped block
    silent = np.all(body == 0, axis=1)
    assert not np.any(np.convolve(silent, np.ones(64), "valid") >= 64)


def test_nothing_clips_and_the_true_peak_is_under_minus_one(take: Take) -> None:
    peak = np.abs(resample_poly(take.mix, 4, 1, axis=0)).max()
    assert 20 * np.log10(peak) < -1.0


def test_the_band_is_as_loud_as_was_promised(take: Take) -> None:
    import pyloudnorm

    begin = int((take.first + 4 * take.period) * take.rate)
    music = take.mix[begin : take.rate * (SECONDS - 1)]
    assert -18 <= pyloudnorm.Meter(take.rate).integrated_loudness(music) <= -14


def test_the_log_holds_what_was_heard_in_the_input(take: Take) -> None:
    onsets = [entry for entry in take.log if entry["kind"] == "onset"]
    pitches = [entry["pitch"] for entry in take.log if entry["kind"] == "pitch"]
    assert len(onsets) > 60
    heard = [p for p in pitches if p is not None]
    assert len(heard) > 0.3 * len(pitches)
    assert len(pitches) == pytest.approx(10 * SECONDS, rel=0.1)


def test_nothing_came_late_and_nobody_played_alone(take: Take) -> None:
    kinds = [entry.get("what") for entry in take.log if entry["kind"] == "event"]
    assert "missing" not in kinds
    assert "complaint" not in kinds
    end = take.log[-1]
    assert end["kind"] == "end"
    assert end["late"] == 0 or end["xruns"]


def test_the_terminal_says_where_it_recorded(take: Take) -> None:
    assert "recorded" in take.printed
    assert "bar" in take.printed
