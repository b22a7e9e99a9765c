"""How chords that were taken by ear are judged."""

from pathlib import Path

import pytest

from scband.errors import SessionError
from scband.live.chordfigures import PlayedChord, chord_figures, read_played, triad
from scband.live.truth import ExpectedBeat
from scband.theory import Chord

BEATS = [ExpectedBeat(0.5 * n, float(n), n // 4) for n in range(16)]
PLAYED = (PlayedChord(0.0, 4.0, Chord("C")), PlayedChord(4.0, 8.0, Chord("Am7")))


def test_who_takes_each_chord_on_the_next_beat_is_right_everywhere() -> None:
    found = chord_figures(PLAYED, [(1.0, Chord("C")), (9.0, Chord("Am"))], BEATS)
    assert (found.roots, found.triads, found.beats) == (1.0, 1.0, 15)
    assert (found.delay_beats, found.changes) == (1.0, 2)


def test_who_never_changes_is_right_for_as_long_as_the_first_chord_lasts() -> None:
    found = chord_figures(PLAYED, [(1.0, Chord("C"))], BEATS)
    assert found.roots == pytest.approx(8 / 15)
    assert found.delay_beats == pytest.approx((1 + 8) / 2)


def test_the_wrong_third_is_a_right_root_and_a_wrong_triad() -> None:
    found = chord_figures(PLAYED[:1], [(0.0, Chord("Cm"))], BEATS[:8])
    assert (found.roots, found.triads) == (1.0, 0.0)


def test_who_never_comes_is_never_right() -> None:
    found = chord_figures(PLAYED, [], BEATS)
    assert (found.roots, found.delay_beats) == (0.0, 8.0)


def test_triads_are_told_apart() -> None:
    names = ("C7", "Cm9", "Cm7b5", "C+", "Csus4", "C5")
    kinds = ["major", "minor", "diminished", "augmented", "open", "open"]
    assert [triad(Chord(name)) for name in names] == kinds


def test_a_lab_file_is_read_and_a_bad_line_is_named(tmp_path: Path) -> None:
    path = tmp_path / "take.lab"
    path.write_text("0.0 2.5 C:maj\n2.5\t5.0\tA:min7\n")
    assert [span.chord.root for span in read_played(path)] == [0, 9]
    path.write_text("0.0 2.5 C:maj\n2.5 soon A:min\n")
    with pytest.raises(SessionError, match="line 2"):
        read_played(path)
