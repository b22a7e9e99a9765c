import time
from unittest.mock import patch

import pytest

from scband.analysis.frames import FRAME_FIELDS, ONSET_FIELDS
from scband.live.ears import Ears, Heard, midi_pitch


def onset(samples: int) -> list[object]:
    values: list[object] = [1000, 0]
    for name, count in ONSET_FIELDS:
        values += [samples // 2**20, samples % 2**20] if name == "samples" else [0.5] * count
    return values


def frame(samples: int) -> list[object]:
    values: list[object] = [1000, 0]
    for name, count in FRAME_FIELDS:
        values += [samples // 2**20, samples % 2**20] if name == "samples" else [0.1] * count
    return values


def test_things_heard_are_stamped_with_when_they_happened_and_not_when_they_came() -> None:
    heard: list[Heard] = []
    ears = Ears(48000, heard.append)
    arrivals = [100.0, 100.530, 101.0]  # the second came 30 ms late
    for number, arrival in enumerate(arrivals):
        with patch.object(time, "time", return_value=arrival):
            ears.hear_onset(onset(24000 * number))
    begun = [h.time for h in heard]
    assert begun[1] - begun[0] == pytest.approx(0.5, abs=0.005)
    assert begun[2] - begun[0] == pytest.approx(1.0, abs=0.005)


def test_a_card_s_clock_that_walks_away_is_followed() -> None:
    ears = Ears(48000)
    for second in range(120):  # 1 ms a second slow: far worse than any card
        with patch.object(time, "time", return_value=1000 + second * 1.001):
            ears.hear_frame(frame(48000 * second))
    assert ears.time_of(48000 * 119) == pytest.approx(1000 + 119 * 1.001, abs=0.035)


def test_a_malformed_message_is_counted_and_changes_nothing() -> None:
    ears = Ears(48000)
    ears.hear_frame([1, 2, 3])
    ears.hear_onset(["x"] * 7)
    assert ears.malformed == 2
    assert ears.latest is None
    assert ears.onsets == 0


def test_the_performer_s_density_is_onsets_a_beat() -> None:
    ears = Ears(48000)
    for number in range(8):
        with patch.object(time, "time", return_value=100 + number * 0.5):
            ears.hear_onset(onset(24000 * number))
    with patch.object(time, "time", return_value=103.6):
        assert ears.performer(tempo=120).density == pytest.approx(1.0)


@pytest.mark.parametrize(("hz", "pitch"), [(440.0, 69.0), (41.203, 28.0), (452.893, 69.5)])
def test_a_frequency_is_a_midi_pitch(hz: float, pitch: float) -> None:
    assert midi_pitch(hz) == pytest.approx(pitch, abs=0.001)
