from importlib.resources import files

import numpy as np
import pytest

from scband.analysis.beat import track_beats
from scband.analysis.beat.cells import beat_cells, trace
from scband.analysis.beat.counting import COUNTED, SIZES, belief, count_bars, grids
from scband.analysis.beat.features import (
    FRAMES_PER_SECOND,
    frame_count,
    level_gain,
    look,
    summarise,
)
from scband.analysis.beat.network import judge, listen, network
from scband.analysis.beat.track import NO_BEATS, BeatTrack
from scband.errors import AnalysisError, AudioFileError
from scband.score import Meter

RATE = 22_050


def struck(kind, dice):
    """Give one stroke of a kit, or a note of a bass or a chord, as samples."""
    time = np.arange(int(0.35 * RATE)) / RATE
    if kind == "kick":
        return np.sin(2 * np.pi * (50 * time + 4 * (1 - np.exp(-time * 40)))) * np.exp(-time * 14)
    if kind == "snare":
        return 0.6 * dice.normal(size=len(time)) * np.exp(-time * 22)
    if kind == "hat":
        noise = np.diff(dice.normal(size=len(time) + 1))
        return 0.15 * noise * np.exp(-time * 70)
    return sum(
        np.sin(2 * np.pi * kind * overtone * time) * np.exp(-time * 5 * overtone) / overtone
        for overtone in (1, 2, 3)
    )


def played(seconds, bar, *, compound=False, lead=0.0, tail=0.6):
    """Play a plain groove over these beats: kick on one, snare between, bass and hat."""
    dice = np.random.default_rng(3)
    sound = np.zeros(int((seconds[-1] + tail) * RATE))

    def add(second, samples, level=1.0):
        at = round(second * RATE)
        samples = samples[: max(0, len(sound) - at)]
        sound[at : at + len(samples)] += level * samples

    roots = (55.0, 73.4, 82.4, 65.4)
    following = [*seconds[1:], seconds[-1] + 0.5]
    parts = (0, 1 / 3, 2 / 3) if compound else (0, 0.5)
    for number, (second, after) in enumerate(zip(seconds, following, strict=True)):
        place = number % bar
        root = roots[number // bar % 4]
        for part in parts:
            add(second + part * (after - second), struck("hat", dice))
        add(
            second, struck("kick" if place in (0, 2) and (bar != 3 or not place) else "snare", dice)
        )
        if place == 0:
            add(second, struck(root, dice), 0.8)
            for factor in (4, 5, 6):
                add(second, struck(root * factor, dice), 0.25)
    return sound.astype(np.float32)


def hits(found, true, within=0.05):
    """Give the share of true beats that were found, and of found beats that are true."""
    found, true = np.asarray(found), np.asarray(true)
    gaps = np.abs(found[:, None] - true)
    return (gaps.min(0) < within).mean(), (gaps.min(1) < within).mean()


@pytest.mark.parametrize("bpm", [84, 100, 118, 140])
def test_a_groove_is_tracked_at_its_tempo(bpm):
    true = 0.7 + np.arange(int(24 * bpm / 60)) * 60 / bpm
    track = track_beats(played(true, 4), RATE)
    assert min(hits(track.beat_times, true)) > 0.93
    assert track.tempo == pytest.approx(bpm, rel=0.01)
    assert track.meter == Meter(4, 4)
    assert min(hits(track.downbeat_times, true[::4])) > 0.8
    assert track.confidence > 0.5


def test_beats_are_on_time():
    true = 0.7 + np.arange(48) * 0.5
    track = track_beats(played(true, 4), RATE)
    late = [min(second - true, key=abs) for second in track.beat_times]
    assert abs(np.median(late)) < 0.010


def test_three_beats_a_bar_are_told_from_four():
    true = 0.5 + np.arange(60) * 60 / 126
    track = track_beats(played(true, 3), RATE)
    assert track.meter == Meter(3, 4)
    assert min(hits(track.beat_times, true)) > 0.9
    assert min(hits(track.downbeat_times, true[::3])) > 0.8


def test_six_eight_has_three_quarters_a_bar():
    true = 0.5 + np.arange(48) * 60 / 66
    track = track_beats(played(true, 2, compound=True), RATE)
    assert min(hits(track.beat_times, true)) > 0.9
    assert track.meter == Meter(6, 8)
    assert track.tempo == pytest.approx(99, rel=0.02)


def test_a_drifting_tempo_is_followed_in_beats_and_curve():
    tempo = 110 * (1 + 0.08 * np.sin(np.arange(70) / 10))
    true = 0.5 + np.concatenate([[0], np.cumsum(60 / tempo)])
    track = track_beats(played(true, 4), RATE)
    assert min(hits(track.beat_times, true)) > 0.93
    bpm = np.array([at[1] for at in track.tempo_curve])
    wanted = np.interp([at[0] for at in track.tempo_curve], true[:-1], tempo)
    assert np.abs(bpm / wanted - 1).max() < 0.06


def test_the_rate_does_not_matter():
    true = 0.6 + np.arange(40) * 0.55
    sound = played(true, 4)
    twice = np.interp(np.arange(len(sound) * 2) / 2, np.arange(len(sound)), sound)
    low, high = track_beats(sound, RATE), track_beats(twice.astype(np.float32), 2 * RATE)
    assert high.meter == low.meter
    assert len(high.beat_times) == len(low.beat_times)
    assert np.abs(np.subtract(high.beat_times, low.beat_times)).max() < 0.02


@pytest.mark.parametrize("gain", [0.001, 30.0])
def test_the_level_does_not_matter(gain):
    true = 0.6 + np.arange(40) * 0.5
    sound = played(true, 4)
    track, other = track_beats(sound, RATE), track_beats(sound * np.float32(gain), RATE)
    assert np.abs(np.subtract(other.beat_times, track.beat_times)).max() < 0.01


def test_places_count_the_beats_of_each_bar():
    true = 0.7 + np.arange(48) * 0.5
    track = track_beats(played(true, 4), RATE)
    firsts = [t for t, place in zip(track.beat_times, track.places, strict=True) if place == 1]
    assert tuple(firsts) == track.downbeat_times
    assert set(track.places) == {1, 2, 3, 4}


@pytest.mark.parametrize("before", [Meter(4, 4), Meter(6, 8)])
@pytest.mark.parametrize(
    ("length", "meter", "tempo"),
    [(4, Meter(4, 4), 120), (3, Meter(3, 4), 120), (2, Meter(6, 8), 180), (5, Meter(5, 4), 120)],
)
def test_other_downbeats_bring_their_meter_and_its_tempo(before, length, meter, tempo):
    beats = tuple(index / 2 for index in range(40))
    bpm = 180.0 if before == Meter(6, 8) else 120.0
    track = BeatTrack(beats, beats[::4], before, bpm, tuple((t, bpm) for t in beats), 0.9)
    counted = track.with_downbeats(beats[1::length])
    assert counted.meter == meter
    assert counted.tempo == pytest.approx(tempo)
    assert [bpm for _, bpm in counted.tempo_curve] == pytest.approx([tempo] * len(beats))
    assert counted.downbeat_times == beats[1::length]
    assert counted.places[:3] == (length, 1, 2)


@pytest.mark.parametrize("seconds", [0, 0.001, 0.1, 1.0, 20.0])
def test_silence_has_no_beats(seconds):
    assert track_beats(np.zeros(int(seconds * RATE), np.float32), RATE) == NO_BEATS


@pytest.mark.parametrize("seconds", [0.2, 12.0])
def test_steady_noise_has_no_beats(seconds):
    noise = np.random.default_rng(1).normal(0, 0.1, int(seconds * RATE)).astype(np.float32)
    assert track_beats(noise, RATE) == NO_BEATS


def test_a_held_tone_has_no_beats():
    tone = 0.3 * np.sin(2 * np.pi * 220 * np.arange(15 * RATE) / RATE)
    assert track_beats(tone.astype(np.float32), RATE).confidence < 0.3


def test_one_stroke_is_no_beat():
    sound = np.zeros(3 * RATE, np.float32)
    sound[RATE : RATE + 2000] = 0.5 * np.exp(-np.arange(2000) / 300)
    assert track_beats(sound, RATE) == NO_BEATS


def test_more_than_one_channel_is_refused():
    with pytest.raises(AudioFileError, match="one channel"):
        track_beats(np.zeros((100, 2), np.float32), RATE)


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_what_is_no_number_is_named_with_its_place(wrong):
    sound = np.zeros(RATE * 2, np.float32)
    sound[RATE] = wrong
    with pytest.raises(AudioFileError, match=r"1\.000 s"):
        track_beats(sound, RATE)


@pytest.mark.parametrize("rate", [0, 100, 1_000_000])
def test_impossible_rates_are_refused(rate):
    with pytest.raises(AudioFileError, match="rate"):
        track_beats(np.zeros(1000, np.float32), rate)


def test_blocks_hear_the_same_as_the_whole(monkeypatch):
    true = 0.7 + np.arange(90) * 0.5
    sound = played(true, 4)
    whole = track_beats(sound, RATE)
    monkeypatch.setattr("scband.analysis.beat.track._BLOCK", 500)
    parts = track_beats(sound, RATE)
    assert parts.places == whole.places
    assert np.abs(np.subtract(parts.beat_times, whole.beat_times)).max() < 1e-3


def test_frames_begin_anywhere():
    sound = played(0.5 + np.arange(16) * 0.5, 4)
    count = frame_count(len(sound), RATE)
    whole = look(sound, RATE, 0, count, gain=level_gain(sound))
    part = look(sound, RATE, 101, 50, gain=level_gain(sound))
    assert np.abs(whole[101:151] - part).max() < 1e-4


def test_the_network_hears_nothing_in_silence():
    frames = look(np.zeros(10 * RATE, np.float32), RATE, 0, 500)
    assert listen(summarise(frames)).max() < 0.2


def test_the_network_hears_every_frame():
    frames = look(played(0.5 + np.arange(16) * 0.5, 4), RATE, 0, 401)
    assert listen(summarise(frames)).shape == (401, 2)
    assert listen(summarise(frames[:3])).shape == (3, 2)


@pytest.mark.parametrize("name", ["beats", "bars"])
def test_the_models_are_small_and_name_their_source(name):
    folder = files("scband.analysis.beat")
    assert len((folder / f"{name}.onnx").read_bytes()) < 1_200_000
    about = (folder / f"{name}.json").read_text()
    assert "CC BY 4.0" in about
    assert "Groove MIDI Dataset" in about


def test_a_model_that_is_not_there_is_named():
    with pytest.raises(AnalysisError, match=r"missing\.onnx.*reinstall"):
        network("missing")


def cells_of(true, bar, beats):
    sound = played(true, bar)
    frames = look(sound, RATE, 0, frame_count(len(sound), RATE), gain=level_gain(sound))
    return beat_cells(trace(frames), beats * FRAMES_PER_SECOND, FRAMES_PER_SECOND)


@pytest.mark.parametrize("bar", [3, 4])
def test_bars_are_counted_on_given_beats(bar):
    true = 0.5 + np.arange(48) * 0.5
    logs = judge(cells_of(true, bar, true))
    count = count_bars(logs[:, :COUNTED])
    assert (count.bars == bar).mean() > 0.9
    assert (count.places == np.arange(48) % bar).mean() > 0.9


def odds_of(places, trust=3.0):
    """Give the odds of a network that is so sure of these places in bars of four."""
    odds = np.full((len(places), COUNTED), -trust, np.float32)
    odds[np.arange(len(places)), np.flatnonzero(SIZES == 4)[0] + np.asarray(places)] = 0
    return odds


def test_a_fill_does_not_cost_the_count():
    heard = np.arange(64) % 4
    heard[29:35] = (heard[29:35] + 2) % 4
    assert (count_bars(odds_of(heard)).places == np.arange(64) % 4).all()


def test_a_beat_that_is_left_out_is_left_out_of_the_count():
    places = np.delete(np.arange(65) % 4, 30)
    assert (count_bars(odds_of(places)).places == places).mean() > 0.95


def test_a_bar_of_four_in_doubt_of_its_half_is_no_bar_of_two():
    odds = odds_of(np.arange(48) % 4)
    odds[np.arange(48), np.flatnonzero(SIZES == 4)[0] + np.arange(2, 50) % 4] = -0.1
    odds[np.arange(48), np.flatnonzero(SIZES == 2)[0] + np.arange(48) % 2] = 0.2
    count = count_bars(odds)
    assert set(count.bars) == {4}
    assert (count.places == np.arange(48) % 4).all()


@pytest.mark.parametrize("wrong", ["late", "fast", "slow 0", "longer 0"])
def test_a_wrong_grid_is_less_believable_than_the_beats(wrong):
    true = 0.5 + np.arange(60) * 0.5
    good = belief(judge(cells_of(true, 4, true)))
    assert belief(judge(cells_of(true, 4, grids(true)[wrong]))) < good - 0.3
