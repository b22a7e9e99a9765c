"""A beat is one only as long as there is music."""

import numpy as np
import pytest

from scband.analysis.beat import track_beats
from scband.analysis.beat.cells import TRACE, trace
from scband.analysis.beat.ending import beats_until_end
from scband.analysis.beat.features import frame_count, level_gain, look

RATE = 22_050
EVERY = 0.5


def played(levels, tail=4.0):
    """Strike a chord and a drum at each beat, so loud; the last chord rings on and dies away."""
    dice = np.random.default_rng(4)
    sound = np.zeros(int((0.5 + EVERY * len(levels) + tail) * RATE))
    for number, level in enumerate(levels):
        at = int((0.5 + EVERY * number) * RATE)
        length = tail if number == len(levels) - 1 else EVERY
        time = np.arange(int(length * RATE)) / RATE
        chord = sum(np.sin(2 * np.pi * hertz * time) for hertz in (130.8, 196.0, 261.6, 329.6))
        drum = dice.normal(size=len(time)) * np.exp(-40 * time)
        note = (0.1 * chord * np.exp(-2.5 * time) + 0.4 * drum) * level
        sound[at : at + len(note)] += note
    return sound.astype(np.float32)


def kept(levels, beyond=6):
    """Say how many of the beats of this music, and some beyond it, are left."""
    sound = played(levels)
    frames = look(sound, RATE, 0, frame_count(len(sound), RATE), gain=level_gain(sound))
    beats = 0.5 + EVERY * np.arange(len(levels) + beyond)
    return beats_until_end(trace(frames), beats)


def test_nothing_is_a_beat_while_the_last_chord_dies_away():
    assert kept([1.0] * 32) == 32


@pytest.mark.parametrize("level", [0.3, 0.1, 0.03])
def test_a_quiet_ending_has_its_beats(level):
    assert kept([1.0] * 32 + [level] * 20) == 52


def test_a_pause_before_the_last_chord_has_its_beats():
    assert kept([1.0] * 32 + [0.0] * 4 + [1.0]) == 37


def test_without_beats_or_sound_there_is_no_end_to_find():
    assert beats_until_end(np.zeros((500, TRACE), np.float32), np.zeros(0)) == 0
    assert beats_until_end(np.zeros((500, TRACE), np.float32), np.arange(8) + 0.5) == 0


def test_a_recording_has_no_beats_after_its_music():
    levels = [1.0, 0.6] * 20
    track = track_beats(played(levels), RATE)
    last = 0.5 + EVERY * (len(levels) - 1)
    assert last - 0.1 < track.beat_times[-1] < last + 0.1
    assert track.downbeat_times[-1] <= track.beat_times[-1]
    assert len(track.places) == len(track.beat_times) == len(track.odds)
