"""Each rule of mixing on plain signals that break it, and on ones that do not."""

from __future__ import annotations

import numpy as np
import pytest

from scband.studio.advice import Kind, Suggestion
from scband.studio.mix_doctor import diagnose
from scband.studio.mixing import combine, measure, measure_track
from scband.studio.roles import Role
from scband.studio.spectra import centres, edges, spectrum_of
from scband.studio.stems import RATE, Fader, Stem

SECONDS = 5
TIME = np.arange(RATE * SECONDS) / RATE
RNG = np.random.default_rng(9)


def stem(name: str, samples: np.ndarray, role: Role) -> Stem:
    wide = samples if samples.ndim == 2 else samples[:, None]
    return Stem(name, wide.astype(np.float32), 0.5, 0.0, role)


def pink(level: float = 0.1) -> np.ndarray:
    """Give noise with the slope that mixes have, so that no region of it stands out."""
    spectrum = np.fft.rfft(RNG.standard_normal(len(TIME)))
    hz = np.fft.rfftfreq(len(TIME), 1 / RATE)
    shaped = np.fft.irfft(spectrum * np.maximum(hz, 100) ** -0.83, len(TIME))
    return level * shaped / shaped.std()


def found(kind: Kind, *tracks: tuple[Stem, Fader], tempo: float = 0.0) -> list[Suggestion]:
    mix = combine(tuple(measure_track(each, fader) for each, fader in tracks), tempo)
    return [each for each in diagnose(mix).suggestions if each.kind is kind]


def test_a_voice_that_swings_is_compressed_and_a_steady_one_is_not() -> None:
    swinging = pink() * np.where(TIME % 2 < 1, 1.0, 0.06)
    (cure,) = found(Kind.COMPRESSION, (stem("vox", swinging, Role.VOCALS), Fader()))
    assert cure.track == "vox"
    assert 1.5 <= float(cure.action["ratio"]) <= 6
    assert -60 < float(cure.action["threshold_db"]) < 0
    assert {"attack_ms", "release_ms"} <= set(cure.action)
    assert cure.measured["range_lu"] > 14
    assert not found(Kind.COMPRESSION, (stem("vox", pink(), Role.VOCALS), Fader()))


def test_a_squashed_sum_is_told_apart_from_a_lively_one() -> None:
    square = 0.5 * np.sign(np.sin(2 * np.pi * 220 * TIME))
    (cure,) = found(Kind.COMPRESSION, (stem("pad", square, Role.PAD), Fader()))
    assert cure.track == "mix"
    assert cure.measured["crest_db"] < 8


def dry(hz: float, decay: float) -> np.ndarray:
    return 0.3 * np.sin(2 * np.pi * hz * TIME) * np.exp(-(TIME % 0.5) * 6.9 / decay)


@pytest.mark.parametrize(("tempo", "kind"), [(120.0, Kind.DELAY), (0.0, Kind.REVERB)])
def test_a_dry_voice_gets_a_send_in_time_with_the_song(tempo: float, kind: Kind) -> None:
    voice = stem("vox", dry(700, 0.2), Role.VOCALS)
    bass = stem("bass", dry(90, 0.2), Role.BASS)
    (cure,) = found(kind, (voice, Fader()), (bass, Fader()), tempo=tempo)
    assert cure.track == "vox"
    assert -30 < float(cure.action["send_db"]) < 0
    if kind is Kind.DELAY:
        assert cure.action["time_ms"] == pytest.approx(375)
    hall = stem("reverb", 0.003 * RNG.standard_normal((len(TIME), 2)), Role.EFFECTS)
    assert not found(kind, (voice, Fader()), (bass, Fader()), (hall, Fader()), tempo=tempo)
    ringing = stem("vox", dry(700, 2.0), Role.VOCALS)
    assert not found(kind, (ringing, Fader()), (bass, Fader()), tempo=tempo)


def test_rumble_under_a_guitar_is_filtered_and_under_a_bass_it_is_not() -> None:
    hum = pink() + 0.1 * np.sin(2 * np.pi * 38 * TIME)
    (cure,) = [
        each
        for each in found(Kind.EQ, (stem("gtr", hum, Role.GUITAR), Fader()))
        if each.action["type"] == "high_pass"
    ]
    assert cure.track == "gtr"
    assert cure.action["frequency_hz"] == 70
    low = found(Kind.EQ, (stem("bass", hum, Role.BASS), Fader()))
    assert not [each for each in low if each.action["type"] == "high_pass"]


def test_a_mix_that_leans_is_panned_back_and_a_narrow_one_is_spread() -> None:
    keys, guitar = stem("keys", pink(), Role.KEYS), stem("gtr", pink(), Role.GUITAR)
    (cure,) = found(Kind.STEREO, (keys, Fader(0, 0.8)), (guitar, Fader(-6, 0.1)))
    assert cure.track == "keys"
    assert float(cure.action["pan"]) < 0
    (narrow,) = found(Kind.STEREO, (keys, Fader()), (guitar, Fader()))
    assert narrow.action["process"] == "spread"
    assert not found(Kind.STEREO, (keys, Fader(0, 0.5)), (guitar, Fader(0, -0.5)))


def test_bass_that_differs_between_the_sides_is_made_mono() -> None:
    tone = 0.3 * np.sin(2 * np.pi * 70 * TIME)
    shifted = 0.3 * np.sin(2 * np.pi * 70 * TIME + 1.5)
    both = np.stack([tone + pink(0.05), shifted + pink(0.05)], axis=1)
    (cure,) = found(Kind.PHASE, (stem("bass", both, Role.BASS), Fader()))
    assert cure.action["process"] == "mono"
    assert cure.measured["low_correlation"] < 0.3


def test_silence_is_measured_without_a_fault() -> None:
    nothing = stem("gone", np.zeros(len(TIME)), Role.KEYS)
    mix = measure([nothing])
    (only,) = diagnose(mix).suggestions
    assert (only.kind, only.track) == (Kind.SILENCE, "gone")
    assert mix.level.silent
    empty = Stem("none", np.zeros((0, 2), dtype=np.float32), 0.0, 0.0, Role.KEYS)
    assert diagnose(measure([empty])).suggestions[0].kind is Kind.SILENCE


def test_a_tone_lies_in_the_band_that_its_pitch_is_in() -> None:
    for hz in (60.0, 440.0, 5000.0):
        tone = np.sin(2 * np.pi * hz * TIME)[:, None].astype(np.float32)
        loudest = int(spectrum_of([tone]).mean.argmax())
        assert edges()[loudest] - 12 <= hz <= edges()[loudest + 1] + 12
    assert len(centres()) == len(edges()) - 1
    assert np.all(np.diff(edges()) > 0)


def test_blocks_of_any_size_measure_the_same() -> None:
    sound = np.stack([pink(), 0.5 * pink()], axis=1).astype(np.float32)
    whole = spectrum_of([sound])
    pieces = spectrum_of([sound[at : at + 1000] for at in range(0, len(sound), 1000)])
    assert np.allclose(whole.energy, pieces.energy[: len(whole.energy)], rtol=1e-3, atol=1e-6)
    assert whole.image.balance_db == pytest.approx(pieces.image.balance_db, abs=0.01)
    assert whole.image.balance_db == pytest.approx(-6.0, abs=0.3)
