"""A good mix of the band's own stems, damaged in known ways: the cure comes first, the score falls.

The stems are rendered by the band's own mixer; each damage is done to the samples themselves.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyloudnorm
import pytest
import soundfile
from scipy.signal import lfilter

import scband
from scband.studio.advice import Kind, Priority
from scband.studio.autolevel import auto_level
from scband.studio.levels import level_of
from scband.studio.mix_doctor import Diagnosis, diagnose
from scband.studio.mix_targets import TARGETS
from scband.studio.mixing import Mix, Track, combine, measure, measure_track, through
from scband.studio.roles import Role
from scband.studio.stems import RATE, Fader, Stem, read_stem

CHART = "| C | Am | F | G |"
PLAYERS = ("drums", "bass", "keys", "guitar")
GOOD = 85.0

Change = Callable[[np.ndarray], np.ndarray]


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Mix:
    """Measure the band's own mix once: four players and their effects return."""
    folder = tmp_path_factory.mktemp("stems")
    song = scband.chart(CHART, style="pop", tempo=120, seed=3, players=PLAYERS)
    rendered = song.render(folder / "mix.wav", stems=True)
    wanted = [rendered.stems[name] for name in (*PLAYERS, "effects")]
    return measure([read_stem(path) for path in wanted], tempo=120.0)


def damaged(mix: Mix, changes: dict[str, Change], **facts: float) -> Mix:
    """Change the samples of some tracks, and measure them and the sum anew."""
    return combine(
        tuple(
            _changed(track, changes[track.name], facts) if track.name in changes else track
            for track in mix.tracks
        ),
        mix.tempo,
    )


def _changed(track: Track, change: Change, facts: dict[str, float]) -> Track:
    samples = change(np.asarray(track.stem.samples, dtype=np.float64)).astype(np.float32)
    return measure_track(replace(track.stem, samples=samples, **facts), track.fader)


def bell(hz: float, decibels: float, q: float) -> Change:
    """Give a peaking filter (R. Bristow-Johnson's cookbook)."""
    size, turn = 10 ** (decibels / 40), 2 * math.pi * hz / RATE
    alpha = math.sin(turn) / 2 / q
    b = np.array([1 + alpha * size, -2 * math.cos(turn), 1 - alpha * size])
    a = np.array([1 + alpha / size, -2 * math.cos(turn), 1 - alpha / size])
    return lambda samples: lfilter(b / a[0], a / a[0], samples, axis=0)


def louder(decibels: float) -> Change:
    return lambda samples: samples * 10 ** (decibels / 20)


def first(found: Diagnosis) -> tuple[Kind, str]:
    return found.suggestions[0].kind, found.suggestions[0].track


def test_the_bands_own_mix_is_good_and_nothing_presses(good: Mix) -> None:
    found = diagnose(good)
    assert found.score > GOOD
    assert all(each.priority is Priority.LOW for each in found.suggestions)


@pytest.mark.parametrize("decibels", [10.0, -14.0])
def test_a_track_at_the_wrong_level_comes_first_with_the_gain_that_mends_it(
    good: Mix, decibels: float
) -> None:
    wrong = through(good, [Fader(decibels * (t.name == "bass")) for t in good.tracks])
    found = diagnose(wrong)
    assert first(found) == (Kind.LEVEL, "bass")
    assert found.suggestions[0].priority is Priority.HIGH
    gain = found.suggestions[0].action["gain_db"]
    assert isinstance(gain, float)
    assert gain == pytest.approx(-decibels, abs=4.0)
    mended = through(wrong, [Fader((decibels + gain) * (t.name == "bass")) for t in good.tracks])
    assert not any(each.kind is Kind.LEVEL for each in diagnose(mended).suggestions)


def test_mud_on_everything_is_cut_where_it_is(good: Mix) -> None:
    muddy = damaged(good, dict.fromkeys(PLAYERS, bell(300, 12, 0.9)))
    found = diagnose(muddy)
    cure = next(each for each in found.suggestions if each.kind is Kind.EQ)
    assert found.suggestions.index(cure) == 0
    assert cure.action["region"] == "mud"
    assert 200 <= float(cure.action["frequency_hz"]) <= 500
    assert float(cure.action["gain_db"]) < -2
    assert found.score < diagnose(good).score - 8


def test_an_inverted_side_is_found_and_turned_back(good: Mix) -> None:
    inverted = damaged(good, {"guitar": lambda samples: samples * np.array([1.0, -1.0])})
    found = diagnose(inverted)
    assert first(found) == (Kind.PHASE, "guitar")
    assert found.suggestions[0].action["process"] == "invert_polarity"
    assert found.suggestions[0].measured["correlation"] < -0.9
    assert found.score < diagnose(good).score - 25


def test_flat_tops_are_found_in_the_file_though_it_was_turned_down_afterwards(
    good: Mix, tmp_path: Path
) -> None:
    drums = next(track for track in good.tracks if track.name == "drums")
    sound = np.asarray(drums.stem.samples, dtype=np.float64)
    ceiling = 0.15 * np.abs(sound).max()
    soundfile.write(tmp_path / "drums.wav", np.clip(sound, -ceiling, ceiling), RATE)
    stem = read_stem(tmp_path / "drums.wav")
    assert stem.peak < 0.9
    assert stem.clipped > 1e-3
    assert drums.stem.clipped == 0.0
    tracks = tuple(measure_track(stem, t.fader) if t is drums else t for t in good.tracks)
    found = diagnose(combine(tracks))
    assert first(found) == (Kind.CLIPPING, "drums")
    assert found.score < diagnose(good).score - 25


def test_a_wash_over_the_guitar_is_named_with_the_place_to_cut(good: Mix) -> None:
    noise = np.random.default_rng(5).standard_normal((len(good.tracks[0].stem.samples), 1))
    wash = bell(1200, 30, 0.4)(noise)
    wash *= 10 ** (-31 / 20) / np.sqrt((wash**2).mean())
    synth = measure_track(Stem("synth", wash.astype(np.float32), 0.3, 0.0, Role.KEYS), Fader())
    found = diagnose(combine((*good.tracks, synth)))
    assert found.suggestions[0].kind is Kind.MASKING
    covered = {each.track: each for each in found.suggestions if each.kind is Kind.MASKING}
    assert "guitar" in covered
    for each in covered.values():
        assert each.action["on_track"] == "synth"
        assert 300 < float(each.action["frequency_hz"]) < 5000
        assert float(each.action["gain_db"]) < -1
    assert found.score < diagnose(good).score - 5


def test_masking_grows_with_the_masker_and_stays_away_without_one(good: Mix) -> None:
    number = next(n for n, track in enumerate(good.tracks) if track.name == "guitar")
    shares = [
        through(good, [Fader(gain * (t.name == "keys")) for t in good.tracks]).masking.shares[
            number
        ]
        for gain in (-60.0, 0.0, 20.0)
    ]
    assert shares == sorted(shares)
    assert shares[-1] > shares[0] + 0.2
    alone = combine((good.tracks[number],))
    assert alone.masking.shares == (0.0,)


def test_a_score_only_falls_as_a_fault_grows(good: Mix) -> None:
    scores = [
        diagnose(through(good, [Fader(gain * (t.name == "keys")) for t in good.tracks])).score
        for gain in (0.0, 8.0, 14.0, 20.0)
    ]
    assert scores == sorted(scores, reverse=True)
    assert len(set(scores)) == len(scores)


def test_an_offset_a_silent_track_and_a_sum_over_full_scale_are_told(good: Mix) -> None:
    shifted = diagnose(damaged(good, {"bass": lambda samples: samples + 0.02}))
    assert first(shifted) == (Kind.OFFSET, "bass")
    silent = diagnose(damaged(good, {"keys": np.zeros_like}))
    assert (Kind.SILENCE, "keys") in [(each.kind, each.track) for each in silent.suggestions]
    hot = diagnose(through(good, [Fader(12.0)] * len(good.tracks)))
    assert first(hot) == (Kind.HEADROOM, "mix")
    assert float(hot.suggestions[0].action["gain_db"]) < -3


def test_automatic_levels_bring_a_spoilt_mix_back_and_nothing_clips(good: Mix) -> None:
    gains = {"bass": 12.0, "guitar": -12.0, "drums": 6.0}
    spoilt = damaged(good, {name: louder(gain) for name, gain in gains.items()})
    levelled = auto_level(spoilt)
    assert levelled.spread_lu < 0.5
    assert levelled.limited == ()
    assert levelled.mix.level.true_peak_dbtp <= -1.0
    assert levelled.mix.level.loudness_lufs == pytest.approx(-18.0, abs=5.0)
    assert diagnose(levelled.mix).score > diagnose(spoilt).score + 20
    by_name = dict(zip([t.name for t in levelled.mix.tracks], levelled.mix.tracks, strict=True))
    for one, other in (("bass", "guitar"), ("drums", "keys")):
        distance = by_name[one].loudness - by_name[other].loudness
        wanted = TARGETS[by_name[one].role].offset_lu - TARGETS[by_name[other].role].offset_lu
        assert distance == pytest.approx(wanted, abs=0.5)


def test_plain_mono_tracks_are_spread_to_both_sides_alike() -> None:
    rng = np.random.default_rng(2)
    stems = [
        Stem(name, (0.1 * rng.standard_normal((RATE * 4, 1))).astype(np.float32), 0.4, 0.0, role)
        for name, role in (
            ("bass", Role.BASS), ("gtr", Role.GUITAR), ("keys", Role.KEYS), ("vox", Role.VOCALS),
        )
    ]  # fmt: skip
    levelled = auto_level(measure(stems))
    pans = {
        t.name: fader.pan for t, fader in zip(levelled.mix.tracks, levelled.faders, strict=True)
    }
    assert pans["bass"] == pans["vox"] == 0
    assert pans["gtr"] * pans["keys"] < 0
    assert abs(levelled.mix.spectrum.image.balance_db) < 1.5


def test_loudness_is_what_the_library_measures(good: Mix) -> None:
    for track in good.audible:
        by_library = pyloudnorm.Meter(RATE).integrated_loudness(
            np.asarray(track.stem.samples, dtype=np.float64)
        )
        assert track.level.loudness_lufs == pytest.approx(by_library, abs=0.2)


def test_a_true_peak_between_samples_is_found() -> None:
    time = np.arange(RATE) / RATE
    tone = 0.5 * np.sin(2 * np.pi * RATE / 4 * time + np.pi / 4)[:, None].astype(np.float32)
    level = level_of([tone[:10_000], tone[10_000:]], 1)
    assert level.peak_dbfs == pytest.approx(20 * math.log10(0.5 * math.sqrt(0.5)), abs=0.05)
    # within the tolerance that BS.1770-4 gives fourfold oversampling, edges apart
    assert level.true_peak_dbtp == pytest.approx(20 * math.log10(0.5), abs=1.2)
    assert level.true_peak_dbtp > level.peak_dbfs + 2.5
