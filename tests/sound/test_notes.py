"""What a note answers to while it sounds: early release, choke, the muting hand; both servers."""

import tempfile
from pathlib import Path

import numpy as np
import pytest
import soundfile

from scband.supercollider.osc_score import OfflineServer, OscScore
from scband.supercollider.sounds import CHOKE_GROUP, DRUMS, SOUNDS
from scband.supercollider.synthdefs import compiled_synthdefs

RATE = 48_000


def play(commands, seconds, *, program="scsynth", plain=False):
    """Render (time, address, arguments…) with every SynthDef: samples (frames, 2) and the log."""
    folder = compiled_synthdefs(plain=plain)
    server = OfflineServer(program)
    score = OscScore()
    for path in sorted(folder.glob("*.scsyndef")):
        score.add(0.0, "/d_recv", path.read_bytes())
    for command in commands:
        score.add(*command)
    with tempfile.TemporaryDirectory() as place:
        osc, wav = Path(place) / "s.osc", Path(place) / "s.wav"
        osc.write_bytes(score.encode(seconds))
        printed = server.run(osc, wav, timeout=60)
        samples, _ = soundfile.read(wav, dtype="float32", always_2d=True)
    return samples[server.delay() :], printed


def part(samples, start, end):
    return samples[round(start * RATE) : round(end * RATE)]


def level(samples, start, end):
    return 10 * np.log10(float((part(samples, start, end) ** 2).mean()) + 1e-20)


def note(at, name, node, **controls):
    flat = [each for key, value in controls.items() for each in (key, float(value))]
    return (at, "/s_new", name, node, 1, 0, *flat)


@pytest.mark.parametrize("plain", [False, True])
def test_setting_gate_to_0_releases_a_held_note_and_frees_it(plain):
    commands = []
    for number, name in enumerate(SOUNDS):
        at = 0.1 + 2.0 * number
        commands += [
            note(at, name, 1000 + number, freq=220, sustain=60),
            (at + 0.3, "/n_set", 1000 + number, "gate", 0.0),
        ]
    end = 2.0 * len(SOUNDS)
    samples, printed = play([*commands, (end, "/g_dumpTree", 0, 0)], end + 0.1, plain=plain)
    for number, name in enumerate(SOUNDS):
        at = 0.1 + 2.0 * number
        assert level(samples, at + 0.05, at + 0.3) > -60, name
        assert not part(samples, at + 1.6, at + 1.9).any(), name
        assert f" {name}\n" not in printed, name


def test_a_new_hat_closes_the_open_one_in_60_ms():
    hats = [name for name, drum in DRUMS.items() if drum.choke == CHOKE_GROUP]
    assert sorted(hats) == ["hat_closed", "hat_open", "hat_pedal"]
    open_hat = note(0.1, "hat_open", 1000)
    ringing, _ = play([open_hat], 1.0)
    choked, printed = play(
        [open_hat, (0.4, "/n_set", 0, "gate", 0.0), (0.6, "/g_dumpTree", 0, 0)], 1.0
    )
    assert level(ringing, 0.46, 0.6) > -60
    assert level(choked, 0.3, 0.4) > -55
    assert not part(choked, 0.46, 0.6).any()
    assert " hat_open\n" not in printed


@pytest.mark.parametrize("name", list(DRUMS))
def test_a_drum_rings_its_own_length_however_short_its_note_is(name):
    short, _ = play([note(0.1, name, 1000, sustain=0.001)], 1.0)
    usual, _ = play([note(0.1, name, 1000, sustain=DRUMS[name].sustain)], 1.0)
    assert level(short, 0.1, 0.3) == pytest.approx(level(usual, 0.1, 0.3), abs=1)


@pytest.mark.parametrize("plain", [False, True])
@pytest.mark.parametrize(
    "name", ["bass_upright", "bass_electric", "guitar_nylon", "guitar_steel", "guitar_electric"]
)
def test_a_muted_string_dies_at_once(name, plain):
    commands = [
        note(0.1, name, 1000, freq=147, sustain=0.9, mute=0),
        note(1.5, name, 1001, freq=147, sustain=0.9, mute=1),
    ]
    samples, _ = play(commands, 3.0, plain=plain)
    rung = level(samples, 0.1, 0.2) - level(samples, 0.6, 0.8)
    died = level(samples, 1.5, 1.6) - level(samples, 2.0, 2.2)
    assert died > rung + 20


@pytest.mark.parametrize("name", DRUMS)
def test_the_frequency_of_a_drum_number_does_not_tune_the_drum(name):
    as_it_is, _ = play([note(0.1, name, 1000, seed=5)], 0.5)
    with_freq, _ = play([note(0.1, name, 1000, seed=5, freq=65.4)], 0.5)
    assert np.array_equal(as_it_is, with_freq)


def test_both_servers_make_the_same_samples():
    # Without noise, which each server draws from generators of its own.
    commands = [
        note(0.1 + 0.5 * number, name, 1000 + number, freq=196, sustain=0.4, velocity=0.8)
        for number, name in enumerate(["bass_synth", "pad", "lead", "side_stick", "ride_bell"])
    ]
    ours, _ = play(commands, 4.0, program="supernova")
    theirs, _ = play(commands, 4.0, program="scsynth")
    length = min(len(ours), len(theirs))
    assert np.abs(theirs).max() > 0.05
    assert np.abs(ours[:length] - theirs[:length]).max() < 1e-4


def test_a_note_starts_on_its_own_sample_and_not_on_its_block():
    starts = []
    for at in (4800, 4801, 4811, 4843):
        samples, _ = play([note(at / RATE, "bass_synth", 1000, freq=110)], 0.3)
        starts.append(int(np.nonzero(np.abs(samples[:, 0]) > 1e-7)[0][0]) - at)
    assert len(set(starts)) == 1
    assert 0 <= starts[0] <= 8


@pytest.mark.parametrize("name", [*SOUNDS, *DRUMS])
def test_pan_moves_a_note_from_side_to_side(name):
    commands = [
        note(0.1, name, 1000, freq=220, pan=-1),
        note(4.1, name, 1001, freq=220, pan=1),
    ]
    samples, _ = play(commands, 5.0)
    left, right = part(samples, 0.1, 0.6), part(samples, 4.1, 4.6)
    assert np.abs(left[:, 0]).max() > 10 * np.abs(left[:, 1]).max()
    assert np.abs(right[:, 1]).max() > 10 * np.abs(right[:, 0]).max()
