"""The whole band through the default channels: its loudness, its peaks, its end."""

import numpy as np
import pyloudnorm
import pytest
import soundfile

from scband.supercollider.channels import DEFAULT_CHANNELS
from scband.supercollider.offline import TAIL, render
from scband.supercollider.osc_score import OfflineServer

RATE = 48_000


@pytest.fixture(scope="module", params=["swing", "rock"])
def band(request, tmp_path_factory):
    """Eight bars of six players by supernova: the mix, its stems, the seconds of music."""
    import sound_band

    folder = tmp_path_factory.mktemp("band")
    notes = sound_band.notes(request.param)
    made = render(
        notes, folder / "mix.flac", stems=folder, tempo=132, server=OfflineServer("supernova")
    )
    mix, _ = soundfile.read(made.mix, always_2d=True)
    stems = {name: soundfile.read(path, always_2d=True)[0] for name, path in made.stems.items()}
    return mix, stems, made.seconds - TAIL


def loudness(samples, seconds):
    return pyloudnorm.Meter(RATE).integrated_loudness(samples[: round(seconds * RATE)])


def test_the_full_band_is_between_minus_18_and_minus_14_lufs(band):
    mix, _, seconds = band
    assert -18 <= loudness(mix, seconds) <= -14


def test_its_true_peaks_stay_under_minus_1_dbtp(band):
    from sound_measures import true_peak

    mix, _, _ = band
    assert true_peak(mix) < -1.0
    assert true_peak(mix) > -9.0


def test_every_player_is_heard_and_none_covers_the_rest(band):
    _, stems, seconds = band
    heard = {name: loudness(stems[name], seconds) for name in DEFAULT_CHANNELS}
    assert max(heard.values()) - min(heard.values()) < 12
    assert heard["pad"] == min(heard.values()), "a pad lies behind"


def test_stems_have_headroom(band):
    _, stems, _ = band
    for name, samples in stems.items():
        assert 20 * np.log10(np.abs(samples).max()) < -3, name


def test_the_mix_is_wide_but_folds_to_mono(band):
    mix, _, seconds = band
    music = mix[: round(seconds * RATE)]
    middle, side = music.sum(axis=1), music[:, 0] - music[:, 1]
    ratio = 10 * np.log10((side**2).mean() / (middle**2).mean())
    assert -30 < ratio < -6


def test_it_ends_in_silence_without_an_offset(band):
    mix, _, _ = band
    assert np.abs(mix[-RATE // 20 :]).max() < 1e-5
    assert np.abs(mix.mean(axis=0)).max() < 2e-4
