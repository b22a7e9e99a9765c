"""The ears through the real supernova, on a JACK of their own."""

import os
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np
import pytest
import soundfile

from scband.analysis.frames import OnsetKind, decode_frame, decode_onset
from scband.analysis.pitch import PitchFusion
from scband.errors import AudioFileError, FrameError, SuperColliderError
from scband.supercollider.input import COUNT_UNIT, InputAnalysis
from scband.supercollider.jack import AudioDriver, Jack, JackOptions
from scband.supercollider.server import ServerOptions, SoundServer
from scband.supercollider.synthdefs import compiled_synthdefs

RATE = 48_000
PERIOD = 256


@contextmanager
def a_server(name):
    jack = Jack(JackOptions(driver=AudioDriver.DUMMY, name=name, sample_rate=RATE, period=PERIOD))
    try:
        state = jack.start()
        server = SoundServer(ServerOptions(period=state.period), jack.environment)
        try:
            server.boot()
            server.load_synthdefs(compiled_synthdefs())
            yield server
        finally:
            server.quit()
    finally:
        jack.stop()


@pytest.fixture(scope="module")
def sound_server():
    with a_server(f"scband-ears-{os.getpid()}") as server:
        yield server


@dataclass
class Listener:
    """An InputAnalysis with all that it has handed on."""

    analysis: InputAnalysis
    server: object
    frames: list = field(default_factory=list)
    onsets: list = field(default_factory=list)
    begun: list = field(default_factory=list)
    ended: list = field(default_factory=list)
    errors: list = field(default_factory=list)
    counts_at_onset: list = field(default_factory=list)

    def start(self, **settings):
        fusion = PitchFusion()

        def hear_onset(values):
            self.counts_at_onset.append(self.count())
            self.onsets.append(decode_onset(values))

        self.analysis.start(
            lambda values: self.frames.append(decode_frame(values, fusion)),
            hear_onset,
            on_begun=self.begun.append,
            on_ended=lambda: self.ended.append(time.monotonic()),
            on_error=self.errors.append,
            **settings,
        )
        return self

    def count(self):
        high, low = (self.server.shared_memory[self.analysis.clock_bus + i] for i in range(2))
        return int(high) * COUNT_UNIT + int(low)

    def between(self, first, last):
        """The frames of these seconds of the file that began last."""
        begun = self.begun[-1]
        return [f for f in self.frames if first <= (f.samples - begun) / RATE < last]

    def wait(self, condition, seconds=6.0):
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, "nothing came in time"
            time.sleep(0.01)

    def hear(self, path, **settings):
        """Play a file to its end, and until its last frame has come."""
        ended = len(self.ended)
        file = self.analysis.play(path, **settings)
        self.wait(lambda: len(self.ended) > ended, file.seconds + 4)
        end = self.begun[-1] + file.seconds * RATE
        self.wait(lambda: self.frames[-1].samples > end)
        return file


@pytest.fixture
def listener(sound_server):
    server = sound_server.server
    with server.at():
        group = server.add_group()
        bus = server.add_bus_group("audio", 2)
    sound_server.sync()
    heard = Listener(InputAnalysis(server, int(group), int(bus)), server)
    yield heard
    heard.analysis.stop()
    with server.at():
        server.free_node(group)
        server.free_bus_group(bus)
    sound_server.sync()
    assert not heard.errors


def write(path, audio, rate=RATE):
    soundfile.write(path, audio, rate, subtype="FLOAT" if path.suffix == ".wav" else None)
    return path


def sine(hz, seconds, rate=RATE, level=0.3, rise=0.005):
    times = np.arange(int(seconds * rate)) / rate
    return level * np.sin(2 * np.pi * hz * times) * np.minimum(1, (times + 1e-9) / (rise + 1e-9))


def clicks(at, seconds, rate=RATE):
    audio = np.zeros(int(seconds * rate))
    audio[[round(second * rate) for second in at]] = 0.8
    return audio


def cents(heard, hz):
    return 1200 * np.log2(np.array([f.pitch_hz for f in heard]) / hz)


def test_frames_come_a_hundred_times_a_second_with_a_rising_sample_count(listener):
    listener.start()
    listener.wait(lambda: len(listener.frames) >= 150)
    counts = np.array([frame.samples for frame in listener.frames])
    # on the grid of 64-sample blocks 480 samples are seven or eight blocks
    assert set(np.diff(counts)) == {448, 512}
    assert (counts[-1] - counts[0]) / (len(counts) - 1) == pytest.approx(RATE / 100, abs=1)


def test_the_count_on_the_control_buses_is_that_of_the_frames(listener):
    listener.start()
    listener.wait(lambda: listener.frames)
    for _ in range(20):
        before = listener.count()
        seen = len(listener.frames)
        listener.wait(lambda seen=seen: len(listener.frames) > seen + 2)
        assert 0 <= listener.frames[-1].samples - before < 0.5 * RATE
        assert listener.count() >= listener.frames[-1].samples


@pytest.mark.parametrize("hz", [41.2, 110.0, 440.0, 1318.5])
def test_a_sine_is_heard_within_ten_cents(listener, tmp_path, hz):
    listener.start()
    listener.hear(write(tmp_path / "sine.wav", sine(hz, 0.8)))
    heard = listener.between(0.25, 0.75)
    assert len(heard) >= 48
    assert np.abs(cents(heard, hz)).max() < 10
    assert min(frame.pitch_confidence for frame in heard) > 0.9


def test_a_tone_stands_in_its_place_of_every_field(listener, tmp_path):
    tone = np.stack([sine(440.0, 1.2), sine(440.0, 1.2)], axis=1)
    listener.start()
    listener.hear(write(tmp_path / "a.wav", tone))
    frame = listener.between(1.0, 1.15)[0]
    assert frame.amplitude == pytest.approx(0.3, rel=0.1)
    assert max(range(12), key=lambda i: frame.chroma[i]) == 9
    assert max(range(72), key=lambda i: frame.spectrum[i]) == 69 - 28
    assert frame.spectrum[69 - 28] == pytest.approx(0.3, rel=0.2)
    assert frame.centroid_hz == pytest.approx(440, rel=0.15)
    assert frame.flatness < 0.05


def test_noise_is_flatter_brighter_and_less_of_a_pitch_than_a_tone(listener, tmp_path):
    noise = np.random.default_rng(1).uniform(-0.3, 0.3, RATE)
    listener.start()
    listener.hear(write(tmp_path / "noise.wav", noise))
    heard = listener.between(0.3, 0.9)
    assert np.median([frame.flatness for frame in heard]) > 0.3
    assert np.median([frame.centroid_hz for frame in heard]) > 5000
    assert np.median([frame.pitch_confidence for frame in heard]) < 0.8


def test_clicks_are_heard_at_their_sample_each_once_and_at_once(listener, tmp_path):
    at = [0.3, 0.55, 0.8, 1.05, 1.3]
    listener.start()
    listener.hear(write(tmp_path / "clicks.wav", clicks(at, 1.5)))
    heard = [(onset.samples - listener.begun[-1]) / RATE for onset in listener.onsets]
    assert heard == pytest.approx(at, abs=1.5 / RATE)
    assert {onset.kind for onset in listener.onsets} == {OnsetKind.SHARP}
    late = [
        count - onset.samples
        for count, onset in zip(listener.counts_at_onset, listener.onsets, strict=True)
    ]
    # what is computed in one period of JACK is sent in that period
    assert np.median(late) <= 2 * PERIOD


def test_a_new_pitch_without_a_new_attack_is_a_soft_onset(listener, tmp_path):
    steps = np.concatenate(
        [
            sum(sine(hz * k, 0.4, level=0.1 / k, rise=0.0) for k in range(1, 40))
            for hz in (110, 165, 131, 196)
        ]
    )
    listener.start()
    steps[-RATE // 10 :] *= np.linspace(1, 0, RATE // 10)  # its end is no onset
    listener.hear(write(tmp_path / "legato.wav", steps))
    heard = [(onset.samples - listener.begun[-1]) / RATE for onset in listener.onsets]
    assert heard == pytest.approx([0.0, 0.4, 0.8, 1.2], abs=0.01)
    assert [onset.kind for onset in listener.onsets[1:]] == [OnsetKind.SOFT] * 3


@pytest.mark.parametrize(
    ("name", "rate", "channels"),
    [("mono.flac", 44_100, 1), ("stereo.ogg", 32_000, 2), ("six.wav", 96_000, 6)],
)
def test_files_of_any_rate_and_channels_keep_pitch_and_time(
    listener, tmp_path, name, rate, channels
):
    audio = np.concatenate([np.zeros(rate // 2), sine(330.0, 0.7, rate), np.zeros(rate // 10)])
    path = write(tmp_path / name, np.repeat(audio[:, None], channels, axis=1), rate)
    listener.start()
    file = listener.hear(path)
    assert (file.sample_rate, file.channels, file.path) == (rate, channels, path)
    assert np.abs(cents(listener.between(0.7, 1.15), 330.0)).max() < 10
    assert (listener.onsets[0].samples - listener.begun[-1]) / RATE == pytest.approx(0.5, abs=0.01)
    played = (listener.frames[-1].samples - listener.begun[-1]) / RATE
    assert played >= file.seconds


def test_a_loop_begins_again_and_never_ends(listener, tmp_path):
    listener.start()
    listener.analysis.play(write(tmp_path / "loop.wav", clicks([0.1], 0.4)), loop=True)
    listener.wait(lambda: len(listener.onsets) >= 4)
    gaps = np.diff([onset.samples for onset in listener.onsets])
    assert gaps == pytest.approx(0.4 * RATE, abs=2)
    assert not listener.ended


def test_a_missing_or_broken_file_is_a_typed_error_and_what_played_goes_on(listener, tmp_path):
    (tmp_path / "broken.wav").write_bytes(b"RIFF nothing of the kind")
    write(tmp_path / "empty.wav", np.zeros(0))
    listener.start()
    listener.analysis.play(write(tmp_path / "loop.wav", clicks([0.1], 0.3)), loop=True)
    for name, reason in (("no.wav", "no audio file"), ("broken.wav", "cannot be read"),
                         ("empty.wav", "no sound")):  # fmt: skip
        with pytest.raises(AudioFileError, match=reason) as raised:
            listener.analysis.play(tmp_path / name)
        assert name in str(raised.value)
    seen = len(listener.onsets)
    listener.wait(lambda: len(listener.onsets) > seen + 1)


def test_silence_ends_the_file_and_the_frames_go_on(listener, tmp_path):
    listener.start()
    listener.analysis.play(write(tmp_path / "sine.wav", sine(220.0, 10)))
    listener.wait(lambda: listener.frames and listener.frames[-1].pitch_hz > 0)
    listener.analysis.silence()
    listener.wait(lambda: listener.frames[-1].db < -90)
    seen = len(listener.frames)
    listener.wait(lambda: len(listener.frames) > seen + 10)
    assert listener.frames[-1].pitch_hz == 0


def test_the_sound_cards_input_can_take_a_files_place(listener, tmp_path):
    listener.start()
    listener.analysis.play(write(tmp_path / "sine.wav", sine(220.0, 10)))
    listener.wait(lambda: listener.frames and listener.frames[-1].db > -20)
    listener.analysis.listen()
    # the dummy card is silent
    listener.wait(lambda: listener.frames[-1].db < -90)
    listener.server.sync()
    assert "input_audio" in str(listener.server.query_tree())


def test_the_gain_before_the_analysis_is_followed(listener, tmp_path):
    listener.start(pre=0.5)
    listener.analysis.play(write(tmp_path / "sine.wav", sine(220.0, 10, level=0.2)))
    listener.wait(lambda: listener.frames and listener.frames[-1].amplitude > 0.09)
    assert listener.frames[-1].amplitude < 0.11
    listener.analysis.set_pre(2.0)
    listener.wait(lambda: listener.frames[-1].amplitude > 0.38)


def test_the_source_is_heard_along_only_as_loud_as_asked(sound_server, tmp_path):
    server = sound_server.server
    with server.at():
        first, second = server.add_group(), server.add_group(add_action="ADD_TO_TAIL")
        bus, monitor = (server.add_bus_group("audio", 2) for _ in range(2))
    source = InputAnalysis(server, int(first), int(bus), monitor_bus=int(monitor))
    source.start(lambda values: None, lambda values: None)
    along = Listener(InputAnalysis(server, int(second), int(monitor)), server).start()
    source.play(write(tmp_path / "sine.wav", sine(220.0, 10, level=0.2)))
    along.wait(lambda: len(along.frames) > 30)
    assert max(frame.amplitude for frame in along.frames) < 0.001
    source.set_monitor(0.5)
    along.wait(lambda: along.frames[-1].amplitude == pytest.approx(0.1, rel=0.1))
    source.stop()
    along.analysis.stop()
    with server.at():
        server.free_node(first)
        server.free_node(second)


def test_stop_leaves_nothing_on_the_server_and_no_file(
    sound_server, listener, tmp_path, monkeypatch
):
    def tree():
        sound_server.sync()
        return str(listener.server.query_tree())

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    before = tree()
    listener.start()
    listener.analysis.play(write(tmp_path / "copy.flac", sine(220.0, 3)))
    assert "analysis" in tree()
    assert list(tmp_path.glob("scband-input-*/copy.wav"))
    listener.analysis.stop()
    assert tree() == before
    sent = len(listener.frames)
    time.sleep(0.1)
    assert len(listener.frames) == sent
    assert not list(tmp_path.glob("scband-input-*"))


def test_stop_after_the_server_has_gone_is_quiet_and_leaves_no_file(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with a_server(f"scband-gone-{os.getpid()}") as sound_server:
        server = sound_server.server
        with server.at():
            group, bus = server.add_group(), server.add_bus_group("audio", 2)
        heard = Listener(InputAnalysis(server, int(group), int(bus)), server).start()
        heard.analysis.play(write(tmp_path / "copy.flac", sine(220.0, 3)))
        sound_server.quit()
    heard.analysis.stop()
    heard.analysis.stop()
    assert not list(tmp_path.glob("scband-input-*"))


def test_what_is_asked_in_the_wrong_state_is_refused(listener):
    with pytest.raises(SuperColliderError, match="start it first"):
        listener.analysis.listen()
    listener.start()
    with pytest.raises(SuperColliderError, match="runs already"):
        listener.start()


def test_an_error_in_a_handler_is_reported_and_the_next_frame_comes(listener):
    errors, calls = [], []

    def fail(values):
        calls.append(values)
        raise FrameError("not today")

    listener.analysis.start(fail, lambda values: None, on_error=errors.append)
    listener.wait(lambda: len(calls) >= 5)
    assert {str(error) for error in errors} == {"not today"}


def test_analyses_in_a_parallel_group_do_not_disturb_each_other(sound_server, tmp_path):
    server = sound_server.server
    with server.at():
        group = server.add_group(parallel=True)
        buses = [server.add_bus_group("audio", 2) for _ in range(2)]
    listeners = [Listener(InputAnalysis(server, int(group), int(bus)), server) for bus in buses]
    for each in listeners:
        each.start()
    listeners[0].analysis.play(write(tmp_path / "sine.wav", sine(330.0, 2)), loop=True)
    listeners[0].wait(lambda: len(listeners[0].frames) > 200)
    # the server sends every message to every client; each analysis takes its own only
    heard = [{round(frame.pitch_hz) for frame in each.frames[-50:]} for each in listeners]
    assert heard == [{330}, {0}]
    for each in listeners:
        each.analysis.stop()
    with server.at():
        server.free_node(group)


def test_the_plain_variant_hears_a_pitch_within_50_cents_without_plugins(sound_server, tmp_path):
    plain = compiled_synthdefs(plain=True)
    server = sound_server.server
    assert b"Tartini" not in (plain / "analysis.scsyndef").read_bytes()
    assert b"Tartini" in (compiled_synthdefs(plain=False) / "analysis.scsyndef").read_bytes()
    with server.at():
        group = server.add_group()
        bus = server.add_bus_group("audio", 2)
    try:
        sound_server.load_synthdefs(plain)
        heard = Listener(InputAnalysis(server, int(group), int(bus)), server).start()
        for hz in (55.0, 440.0):
            heard.hear(write(tmp_path / "sine.wav", sine(hz, 0.8)))
            assert np.abs(cents(heard.between(0.35, 0.75), hz)).max() < 50
        heard.analysis.stop()
    finally:
        sound_server.load_synthdefs(compiled_synthdefs())
        with server.at():
            server.free_node(group)
