import numpy as np
import pytest
from test_frames_followed import heard

from scband.analysis.follow.cues import CUES, Listening
from scband.analysis.follow.footing import FEWEST, PARTS, Footing, parts_of
from scband.analysis.follow.pulse import Pulse


def _account(shift, beats=16, tempo=100.0):
    """Hear drums with a pulse that is `shift` beats ahead of them."""
    times, frames, onsets = heard([tempo] * beats)
    footing, listening, waiting = Footing(), Listening(), list(onsets)
    pulse = Pulse(float(times[0]), shift, tempo, 1.0)
    from_the_first = []
    for moment, frame in frames:
        while waiting and waiting[0][0] <= moment:
            waiting.pop(0)
        footing.hear(listening.hear_frame(frame), moment)
        if moment > 0.5:
            footing.follow(pulse, 1.0)
        from_the_first.append(footing.odds())
    return from_the_first


@pytest.mark.parametrize("tempo", [72.0, 100.0, 140.0])
def test_drums_on_the_beat_are_told_from_hats_between(tempo):
    assert _account(0.0, tempo=tempo)[-1] > 1
    assert _account(0.5, tempo=tempo)[-1] < -1


def test_nothing_is_said_before_enough_beats_were_heard():
    odds = _account(0.0)
    known = next(number for number, one in enumerate(odds) if one is not None)
    assert (FEWEST - 1) * 60 < known < (FEWEST + 2) * 60 + 60  # frames, 60 to a beat, from 1 s on


def test_a_leap_of_the_pulse_begins_anew():
    footing = Footing()
    for number in range(2000):
        footing.hear(np.zeros(CUES, np.float32), number / 100)
        footing.follow(Pulse(0.0, 0.0, 120.0, 1.0), 1.0)
    assert footing.odds() is not None
    footing.follow(Pulse(0.0, 7.0, 120.0, 1.0), 1.0)
    assert footing.odds() is None


def test_what_sounds_in_a_quarter_of_a_beat_is_told_of_that_quarter():
    cues = np.zeros((300, CUES), np.float32)
    cues[100 + 37, -1] = 2.0  # three quarters into the beat that begins at frame 100
    told = parts_of(cues, np.array([50.0, 100.0, 150.0]), 50.0)
    assert told.shape[0] == 3
    beats = told[:, :-1].reshape(3, PARTS, -1)
    assert np.argwhere(beats[:, :, -1] > 0).tolist() == [[1, 3]]
    assert told[:, -1] == pytest.approx(2 * np.log2(50 / 55), abs=1e-4)
