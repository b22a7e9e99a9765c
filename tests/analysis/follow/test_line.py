"""The performer's line, note by note, as it is played."""

from scband.analysis.follow.line import HeardNote, LiveLine
from scband.analysis.frames import Frame, Onset, OnsetKind

RATE = 48_000


def frame(time: float, pitch: float | None, level: float = 0.2) -> Frame:
    hz = 0.0 if pitch is None else 440 * 2 ** ((pitch - 69) / 12)
    sure = 0.0 if pitch is None else 0.95
    empty = (0.0,) * 12
    return Frame(round(time * RATE), hz, sure, level, 0.0, 500.0, 0.1, empty, (0.0,) * 72)


def onset(time: float) -> Onset:
    return Onset(round(time * RATE), OnsetKind.SHARP, 10.0, 0.2)


def hear(parts: list[tuple[float, float | None, bool]], level: float = 0.2) -> list[HeardNote]:
    """Play (until, pitch, struck) one after another; return the notes that ended."""
    told: list[HeardNote] = []
    line, time = LiveLine(told.append), 0.0
    for until, pitch, struck in parts:
        if struck:
            line.hear_onset(onset(time), time)
        while time < until - 1e-9:
            sounds = pitch is not None
            line.hear_frame(frame(time, pitch, level if sounds else 1e-6), time)
            time = round(time + 0.01, 6)
    return [note for note in told if note.end is not None]


def test_struck_notes_begin_at_their_onsets_and_end_with_their_sound() -> None:
    notes = hear([(0.5, 60, True), (1.0, 64.1, True), (1.2, None, False), (1.4, None, False)])
    assert [(n.start, n.pitch) for n in notes] == [(0.0, 60), (0.5, 64)]
    assert notes[0].end == 0.5
    assert abs((notes[1].end or 0) - 1.0) < 0.03


def test_a_slide_without_an_onset_is_two_notes() -> None:
    notes = hear([(0.6, 60, True), (1.2, 62, False), (1.5, None, False)])
    assert [n.pitch for n in notes] == [60, 62]
    assert abs(notes[1].start - 0.6) < 0.06


def test_the_same_pitch_struck_again_is_two_notes() -> None:
    notes = hear([(0.4, 60, True), (0.8, 60, True), (1.2, None, False)])
    assert [(n.start, n.pitch) for n in notes] == [(0.0, 60), (0.4, 60)]


def test_a_tracker_that_slips_an_octave_for_a_moment_makes_no_note() -> None:
    notes = hear([(0.4, 60, True), (0.47, 48, False), (0.9, 60, False), (1.2, None, False)])
    assert [n.pitch for n in notes] == [60]


def test_vibrato_is_one_note() -> None:
    wobble = [(round(0.05 * k, 2), 60 + 0.3 * (-1) ** k, k == 1) for k in range(1, 20)]
    notes = hear([*wobble, (1.2, None, False)])
    assert [n.pitch for n in notes] == [60]


def test_louder_is_faster() -> None:
    soft, loud = (
        hear([(0.5, 60, True), (0.8, None, False)], level)[0].velocity for level in (0.01, 0.3)
    )
    assert 0 < soft < loud <= 1


def test_keys_are_notes_at_once() -> None:
    told: list[HeardNote] = []
    line = LiveLine(told.append)
    line.hear_note(1.0, 0.5, 60)
    assert line.sounding == HeardNote(1.0, 60, 0.5)
    line.hear_note(1.5, 0.0, 60)
    assert told == [HeardNote(1.0, 60, 0.5), HeardNote(1.0, 60, 0.5, 1.5)]
