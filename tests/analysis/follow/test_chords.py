"""Chords heard as they are played: from a keyboard's notes and from frames."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scband.analysis.follow.chord_network import BAND_COUNT, KINDS, kind_of, load
from scband.analysis.follow.chords import LiveChords
from scband.analysis.frames import LOWEST_BAND, Frame
from scband.errors import AnalysisError
from scband.theory import Chord, Key

TRIADS = {"C": (48, 64, 67, 72), "Cm": (48, 63, 67, 72), "C7": (48, 64, 67, 70)}
PARTIALS = (0, 12, 19, 24, 28, 31)


def frame(pitches: tuple[int, ...], number: int, level: float = 0.2) -> Frame:
    """Make the frame of a sounding chord of plain harmonic tones."""
    spectrum = np.full(BAND_COUNT, 1e-4)
    for pitch in pitches:
        for order, above in enumerate(PARTIALS, 1):
            if 0 <= pitch + above - LOWEST_BAND < BAND_COUNT:
                spectrum[pitch + above - LOWEST_BAND] += level / order
    values = tuple(float(v) for v in spectrum)
    chroma = tuple(float(v) for v in spectrum.reshape(6, 12).sum(0))
    return Frame(number * 480, 0.0, 0.0, level, 0.0, 1000.0, 0.0, chroma, values)


def played(chords: LiveChords, pitches: tuple[int, ...], start: float, seconds: float) -> float:
    """Hold keys down for a while; return the time at which they are let go."""
    for pitch in pitches:
        chords.hear_note(start, 0.7, pitch)
    for pitch in pitches:
        chords.hear_note(start + seconds, 0.0, pitch)
    return start + seconds


@pytest.mark.parametrize("name", TRIADS)
def test_a_chord_on_a_keyboard_is_heard_within_half_a_beat(name: str) -> None:
    chords = LiveChords()
    end = played(chords, (46, 62, 65, 70), 1.0, 1.0)  # another one before
    for pitch in TRIADS[name]:
        chords.hear_note(end, 0.7, pitch)
    heard = chords.heard(end + 0.3)  # half a beat at 100 a minute
    assert heard is not None
    assert heard.chord == Chord(name)
    assert end <= heard.since <= end + 0.3
    assert heard.confidence > 0.5


@given(up=st.integers(0, 11), name=st.sampled_from(sorted(TRIADS)))
@settings(max_examples=24, deadline=None)
def test_what_it_hears_moves_with_the_key(up: int, name: str) -> None:
    chords = LiveChords()
    end = played(chords, tuple(p + up for p in TRIADS[name]), 0.0, 0.6)
    heard = chords.heard(end)
    assert heard is not None
    assert heard.chord.root == up
    assert kind_of(heard.chord) == kind_of(Chord(name))


@pytest.mark.parametrize("name", TRIADS)
def test_frames_tell_the_same_as_keys(name: str) -> None:
    chords = LiveChords(Key("C"))
    for number in range(40):
        chords.hear_frame(frame(TRIADS[name], number), number / 100)
    heard = chords.heard(0.4)
    assert heard is not None
    assert heard.chord.root == 0
    assert kind_of(heard.chord) == kind_of(Chord(name))


def test_silence_and_noise_floor_keep_the_last_chord() -> None:
    chords = LiveChords()
    assert chords.heard(0.0) is None
    for number in range(40):
        chords.hear_frame(frame(TRIADS["Cm"], number), number / 100)
    before = chords.heard(0.4)
    for number in range(40, 400):
        chords.hear_frame(frame((51, 58), number, level=1e-5), number / 100)
    assert chords.heard(4.0) == before


def test_the_chart_s_chord_is_believed_sooner() -> None:
    sure = {}
    for chart in ("C6", "Am7"):
        chords = LiveChords()
        chords.expect(Chord(chart))
        for number in range(16):
            chords.hear_frame(frame((60, 64, 67, 69), number), number / 100)  # it could be either
        heard = chords.heard(0.16)
        assert heard is not None
        sure[chart] = heard.confidence if heard.chord.root == 0 else 1 - heard.confidence
    assert sure["C6"] > sure["Am7"] + 0.02


def test_the_key_spells_the_root() -> None:
    for key, name in (("Eb", "Ab"), ("E", "G#")):
        chords = LiveChords(Key(key))
        end = played(chords, (44, 60, 63, 68), 0.0, 0.8)
        heard = chords.heard(end)
        assert heard is not None
        assert heard.chord.root_name == name


def test_rich_chords_count_as_the_kind_they_contain() -> None:
    kinds = {
        name: KINDS[kind_of(Chord(name)) or 0] for name in ("C13", "Cmaj9", "Cm11", "C6", "Cadd9")
    }
    assert kinds == {"C13": "7", "Cmaj9": "maj7", "Cm11": "m7", "C6": "", "Cadd9": ""}
    assert kind_of(Chord("N.C.")) is None
    assert kind_of(Chord("C5")) is None


def test_a_missing_network_says_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    monkeypatch.setattr("scband.analysis.follow.chord_network.WEIGHTS", tmp_path / "none.npz")
    load.cache_clear()
    with pytest.raises(AnalysisError, match="reinstall scband"):
        load()
    load.cache_clear()
