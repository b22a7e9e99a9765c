"""What the mixer promises, measured: channels, sends, hall, echo, limiter, meters, inputs."""

import tempfile
from pathlib import Path

import numpy as np
import pytest
import soundfile
from scipy.signal import resample_poly
from supriya import SynthDefBuilder
from supriya.ugens import DC, K2A, In, Out, Pulse, SinOsc, WhiteNoise

from scband.supercollider.osc_score import OfflineServer, OscScore
from scband.supercollider.synthdefs import compiled_synthdefs

RATE = 48_000
MIX, REVERB, DELAY, PLAYER = 18, 20, 22, 24


def source(name, make):
    """A SynthDef of the tests' own that puts `make()` on the player's bus."""
    with SynthDefBuilder(gain=1.0, out=PLAYER) as builder:
        Out.ar(bus=builder["out"], source=[make() * builder["gain"]] * 2)
    return builder.build(name=name)


def probe(name):
    """A SynthDef that makes control buses 0 to 7 audible on outputs 2 to 9."""
    with SynthDefBuilder() as builder:
        Out.ar(bus=2, source=[K2A.ar(source=In.kr(bus=index)) for index in range(8)])
    return builder.build(name=name)


SOURCES = [
    source("sine", lambda: SinOsc.ar(frequency=997)),
    source("low", lambda: SinOsc.ar(frequency=55)),
    source("pulse", lambda: Pulse.ar(frequency=1109.7)),
    source("noise", WhiteNoise.ar),
    source("quarter", lambda: SinOsc.ar(frequency=12_000, phase=np.pi / 4)),
    source("nothing_real", lambda: DC.ar(source=0) / DC.ar(source=0)),
    source("offset", lambda: DC.ar(source=0.5)),
]


def run(commands, seconds, *, files=(), program="scsynth"):
    """Render commands with the mixer's SynthDefs and the tests' own; samples (frames, 10)."""
    folder = compiled_synthdefs()
    score = OscScore()
    names = ("mixer_channel", "reverb", "delay", "master", "wire", "input_file", "input_file_mono")
    for name in names:
        score.add(0.0, "/d_recv", (folder / f"{name}.scsyndef").read_bytes())
    for each in [*SOURCES, probe("probe")]:
        score.add(0.0, "/d_recv", each.compile())
    for command in commands:
        score.add(*command)
    server = OfflineServer(program, channels=10)
    with tempfile.TemporaryDirectory() as place:
        osc, wav = Path(place) / "s.osc", Path(place) / "s.wav"
        osc.write_bytes(score.encode(seconds))
        server.run(osc, wav, timeout=60)
        return soundfile.read(wav, dtype="float32", always_2d=True)[0][server.delay() :].astype(
            float
        )


def new(at, name, node, **controls):
    """An /s_new at the tail: what is added later stands later in the order of nodes."""
    flat = [each for key, value in controls.items() for each in (key, float(value))]
    return (at, "/s_new", name, node, 1, 0, *flat)


def chain(name="sine", gain=0.1, *, end=60.0, channel=None, master=None, effects=()):
    """A source through a channel and the master."""
    sends = {"in": PLAYER, "out": MIX, "reverb_bus": REVERB, "delay_bus": DELAY}
    return [
        new(0.0, name, 1000, gain=gain),
        new(0.0, "mixer_channel", 1001, **sends, **(channel or {})),
        *effects,
        new(0.0, "master", 1100, **{"in": MIX, "out": 0, "trim": 1, **(master or {})}),
        (end, "/n_free", 1000),
    ]


def true_peak_db(samples):
    return 20 * np.log10(np.abs(resample_poly(samples, 8, 1, axis=0)).max())


def rms(samples):
    return float(np.sqrt((samples**2).mean()))


def test_a_quiet_signal_passes_unchanged_but_for_the_delay_of_the_look_ahead():
    samples = run(chain(gain=0.1), 1.0)
    steady = samples[RATE // 2 : RATE]
    assert rms(steady[:, 0]) == pytest.approx(0.1 / np.sqrt(2), rel=0.01)
    assert rms(steady[:, 1]) == pytest.approx(rms(steady[:, 0]), rel=1e-4)
    first = int(np.nonzero(np.abs(samples[:, 0]) > 1e-5)[0][0])
    assert 36 <= first <= 40, "0.8 ms"


def test_gain_and_pan_are_linear_and_balanced():
    louder = run(chain(gain=0.05, channel={"gain": 2.0}), 1.0)[RATE // 2 :]
    assert rms(louder[:, 0]) == pytest.approx(0.1 / np.sqrt(2), rel=0.01)
    left = run(chain(channel={"pan": -1.0}), 1.0)[RATE // 2 :]
    assert rms(left[:, 1]) < 1e-4 * rms(left[:, 0])


def test_mute_silences_a_channel_without_a_click():
    commands = [*chain("low", 0.3, end=1.0), (0.5, "/n_set", 1001, "mute", 1.0)]
    samples = run(commands, 1.0)[2000:, 0]
    assert rms(samples[round(0.8 * RATE) :]) < 1e-4
    # No step larger than the tone itself makes.
    assert np.abs(np.diff(samples)).max() < 1.05 * 0.3 * 2 * np.pi * 55 / RATE
    assert np.abs(np.diff(samples, 2)).max() < 4e-4


def test_the_players_own_bus_carries_its_stem_after_the_fader():
    commands = [*chain(channel={"gain": 0.5}), new(0.0, "wire", 1200, **{"in": PLAYER, "out": 2})]
    samples = run(commands, 1.0)
    assert rms(samples[RATE // 2 :, 2]) == pytest.approx(0.05 / np.sqrt(2), rel=0.01)


@pytest.mark.parametrize("name", ["sine", "low", "pulse", "noise", "quarter"])
@pytest.mark.parametrize("gain", [1.0, 4.0, 20.0])
def test_true_peaks_stay_under_minus_1_dbtp_whatever_comes_in(name, gain):
    samples = run(chain(name, gain), 1.0)[:, :2]
    assert true_peak_db(samples) < -1.0
    assert true_peak_db(samples[RATE // 2 : RATE - 512]) > -12, (
        "it limits; it does not just turn down"
    )


def test_the_limiter_leaves_what_is_below_the_ceiling_alone():
    with_peak = [*chain("sine", 0.05, end=2.0), new(0.5, "pulse", 1300, out=MIX, gain=8.0)]
    # Put the burst before the master: a node at the head.
    with_peak[-1] = (0.5, "/s_new", "pulse", 1300, 0, 0, "out", float(MIX), "gain", 8.0)
    samples = run([*with_peak, (0.51, "/n_free", 1300)], 2.0)[:, 0]
    before, after = (
        samples[RATE // 4 : RATE // 2 - 64],
        samples[round(1.5 * RATE) : round(1.9 * RATE)],
    )
    assert rms(after) == pytest.approx(rms(before), rel=0.01), "the gain has come back"


def test_a_voice_that_makes_no_numbers_does_not_silence_the_band():
    commands = chain("sine", 0.1)
    commands.insert(1, new(0.1, "nothing_real", 1010, gain=1.0))
    commands[1] = (0.1, "/s_new", "nothing_real", 1010, 0, 0, "out", float(PLAYER), "gain", 1.0)
    commands.append((0.3, "/n_free", 1010))
    samples = run(commands, 1.0)[:, :2]
    assert np.isfinite(samples).all()
    assert rms(samples[RATE // 2 :]) == pytest.approx(0.1 / np.sqrt(2), rel=0.02)


def test_a_constant_offset_does_not_reach_the_output():
    samples = run(chain("offset", 0.5, end=3.0), 3.0)[:, 0]
    assert abs(samples[round(2.5 * RATE) :].mean()) < 1e-4


def test_meters_show_peak_and_rms_in_their_buses():
    samples = run([*chain("sine", 0.1, master={"meter": 0}), new(0.0, "probe", 1500)], 1.0)
    shown = samples[round(0.95 * RATE), 2:7]
    assert shown[:2] == pytest.approx([0.1, 0.1], rel=0.03)
    assert shown[2:4] == pytest.approx([0.1 / np.sqrt(2)] * 2, rel=0.06)
    assert shown[4] == pytest.approx(1.0, abs=0.001), "the limiter's gain"


def test_a_meter_of_minus_1_writes_nowhere():
    samples = run([*chain("sine", 0.25), new(0.0, "probe", 1500)], 0.5)
    assert not samples[:, 2:].any()


@pytest.mark.parametrize("seconds", [0.8, 2.0])
def test_the_hall_falls_60_db_in_its_time_and_then_falls_silent(seconds):
    effects = [new(0.0, "reverb", 1050, **{"in": REVERB, "out": MIX, "time": seconds, "damp": 0.0})]
    commands = chain("noise", 0.3, end=0.3, channel={"reverb_send": 0.5}, effects=effects)
    samples = run(commands, 0.3 + 3 * seconds)[:, :2]
    energy = np.cumsum((samples[::-1] ** 2).sum(axis=1))[::-1]
    fall = 10 * np.log10(energy / energy[0] + 1e-30)
    start = round(0.32 * RATE)
    from_5 = start + int(np.argmax(fall[start:] < fall[start] - 5))
    from_35 = start + int(np.argmax(fall[start:] < fall[start] - 35))
    assert 2 * (from_35 - from_5) / RATE == pytest.approx(seconds, rel=0.25)
    assert np.abs(samples[-RATE // 20 :]).max() < 1e-5


def test_the_hall_is_wide_and_bounded():
    effects = [new(0.0, "reverb", 1050, **{"in": REVERB, "out": MIX, "time": 6.0, "damp": 0.0})]
    commands = chain(
        "noise", 0.05, end=5.0, channel={"reverb_send": 1.0, "gain": 1.0}, effects=effects
    )
    samples = run(commands, 5.0)[RATE:, :2]
    assert abs(np.corrcoef(samples.T)[0, 1]) < 0.8
    assert np.isfinite(samples).all()
    assert np.abs(samples).max() < 1.0


@pytest.mark.parametrize(("tempo", "beats", "expected"), [(120, 0.75, 0.375), (90, 1.0, 2 / 3)])
def test_echoes_come_at_their_beats(tempo, beats, expected):
    effects = [
        new(
            0.0,
            "delay",
            1050,
            **{"in": DELAY, "out": MIX, "tempo": tempo, "beats": beats, "feedback": 0.6},
        )
    ]
    commands = chain("noise", 0.3, end=0.11, channel={"delay_send": 0.8}, effects=effects)
    samples = np.abs(run(commands, 0.11 + 3.2 * expected)[:, :2]).sum(axis=1)
    smooth = np.convolve(samples, np.ones(480) / 480, "same")
    # Each echo ends as sharply as the noise did.
    for count in (1, 2, 3):
        end = 0.11 + count * expected
        inside = smooth[round((end - 0.02) * RATE)]
        outside = smooth[round((end + 0.03) * RATE)]
        assert inside > 4 * outside, count


@pytest.mark.parametrize(("name", "channels"), [("input_file", 2), ("input_file_mono", 1)])
def test_a_file_is_played_into_a_bus_and_heard_only_when_monitored(tmp_path, name, channels):
    path = tmp_path / "in.wav"
    tone = 0.5 * np.sin(2 * np.pi * 440 * np.arange(2 * RATE) / RATE)
    soundfile.write(path, np.stack([tone] * channels, axis=1), RATE, subtype="FLOAT")
    commands = [
        (0.0, "/b_alloc", 0, 65536, channels),
        (0.0, "/b_read", 0, str(path), 0, 65536, 0, 1),
        new(0.1, name, 1000, out=PLAYER, buffer=0, monitor=0.0, monitor_out=0),
        new(0.1, "wire", 1001, **{"in": PLAYER, "out": 2}),
        (0.7, "/n_set", 1000, "monitor", 0.5),
    ]
    # Within the first buffer: the disk does not wait for a server that runs ahead of time.
    samples = run(commands, 1.3)
    assert rms(samples[RATE // 4 : RATE // 2, 2:4]) == pytest.approx(0.5 / np.sqrt(2), rel=0.01)
    assert not samples[: round(0.69 * RATE), :2].any()
    assert rms(samples[RATE : round(1.2 * RATE), :2]) == pytest.approx(0.25 / np.sqrt(2), rel=0.01)
