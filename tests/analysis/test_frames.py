import math
import struct
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scband.analysis.frames import (
    BAND_COUNT,
    DETECTOR_LATENCY_SAMPLES,
    FRAME_FIELDS,
    ONSET_FIELDS,
    OnsetKind,
    decode_frame,
    decode_onset,
)
from scband.analysis.pitch import PitchFusion
from scband.errors import FrameError, ScbandError

IDS = (1000, -1)


def frame_args(**fields):
    """A frame in which each value of a field that is not given is 0."""
    values = list(IDS)
    for name, count in FRAME_FIELDS:
        values += fields.get(name, [0.0] * count)
    return values


def onset_args(samples=(0.0, 0.0), soft=0.0, rise=3.0, amplitude=0.5):
    return [*IDS, *samples, soft, rise, amplitude]


def test_each_field_is_read_from_its_own_place():
    frame = decode_frame(
        frame_args(
            samples=[2.0, 640.0],
            amplitude=[0.5],
            onset_strength=[7.0],
            centroid_hz=[1234.0],
            flatness=[0.25],
            trackers=[440.0, 0.95, 439.0, 0.97, 441.0, 0.99],
            chroma=[float(i) for i in range(12)],
            spectrum=[float(i) for i in range(BAND_COUNT)],
        )
    )
    assert frame.samples == 2 * 2**20 + 640
    assert (frame.pitch_hz, frame.pitch_confidence) == (440.0, 0.95)
    assert (frame.amplitude, frame.onset_strength) == (0.5, 7.0)
    assert (frame.centroid_hz, frame.flatness) == (1234.0, 0.25)
    assert frame.chroma == tuple(range(12))
    assert frame.spectrum == tuple(range(BAND_COUNT))
    assert frame.db == pytest.approx(-6.0206, abs=1e-4)


def test_a_fusion_that_is_handed_in_remembers_the_frames_before():
    fusion = PitchFusion()
    sounding = frame_args(trackers=[440.0, 0.95, 0.0, 0.0, 0.0, 0.0])
    assert decode_frame(sounding, fusion).pitch_hz == 440
    assert decode_frame(frame_args(), fusion).pitch_hz == 440
    assert decode_frame(frame_args()).pitch_hz == 0


def test_silence_is_minus_120_decibels():
    assert decode_frame(frame_args()).db == -120
    assert decode_onset(onset_args(amplitude=0.0)).db == -120


@pytest.mark.parametrize(("soft", "kind"), [(0.0, OnsetKind.SHARP), (1.0, OnsetKind.SOFT)])
def test_an_onset_is_dated_back_by_its_detectors_latency(soft, kind):
    onset = decode_onset(onset_args(samples=(1.0, 500.0), soft=soft))
    assert onset.kind is kind
    assert onset.samples == 2**20 + 500 - DETECTOR_LATENCY_SAMPLES[kind]
    assert (onset.rise, onset.amplitude) == (3.0, 0.5)


def test_no_onset_is_dated_before_the_beginning():
    assert decode_onset(onset_args(samples=(0.0, 3.0), soft=1.0)).samples == 0


@given(st.integers(0, 200 * 3600 * 48_000))
def test_a_sample_count_survives_its_two_floats_for_hours(samples):
    high, low = divmod(samples, 2**20)
    sent = struct.unpack(">2f", struct.pack(">2f", high, low))
    assert decode_frame(frame_args(samples=list(sent))).samples == samples


whatever = st.one_of(st.floats(), st.integers(), st.text(), st.none(), st.booleans())


@pytest.mark.parametrize(("decode", "right"), [(decode_frame, 98), (decode_onset, 7)])
@given(st.lists(whatever))
def test_a_message_of_the_wrong_length_is_one_typed_error(decode, right, values):
    with pytest.raises(FrameError):
        decode([*values, 0.0] if len(values) == right else values)


@pytest.mark.parametrize("decode", [decode_onset, decode_frame])
@given(st.data())
def test_whatever_comes_is_either_read_or_one_typed_error(decode, data):
    values = onset_args() if decode is decode_onset else frame_args()
    for place in data.draw(st.sets(st.integers(0, len(values) - 1), max_size=4)):
        values[place] = data.draw(whatever)
    with suppress(FrameError):
        assert decode(values).samples >= 0


@pytest.mark.parametrize("bad", [math.nan, math.inf, "loud", None, b"\0", True])
def test_a_value_that_is_no_finite_number_is_refused_by_its_place(bad):
    values = frame_args()
    values[10] = bad
    with pytest.raises(FrameError, match="place 10"):
        decode_frame(values)


@pytest.mark.parametrize("samples", [(-1.0, 0.0), (0.0, -64.0), (0.5, 0.0), (0.0, 2.0**20)])
def test_an_impossible_sample_count_is_refused(samples):
    with pytest.raises(FrameError, match="sample count"):
        decode_onset(onset_args(samples=samples))


def test_a_message_of_another_version_says_so():
    with pytest.raises(FrameError, match=r"97 values instead of 98.*SynthDef"):
        decode_frame(frame_args()[:-1])
    assert issubclass(FrameError, ScbandError)


def test_a_frame_has_as_many_values_as_its_layout():
    assert len(frame_args()) == 2 + 96
    assert len(onset_args()) == 2 + sum(count for _, count in ONSET_FIELDS)
