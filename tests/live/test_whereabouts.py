import numpy as np
import pytest

from scband.agents.form import Form
from scband.analysis.follow import Pulse
from scband.analysis.follow.chord_network import KINDS, kind_of
from scband.chart import read
from scband.live.clockline import ClockLine
from scband.live.follow import ControlLaw
from scband.live.simulation import simulate
from scband.live.whereabouts import Whereabouts

SONG = read("meter: 4/4\n| C | Am | F | G | Em | Am | Dm | G7 |\n")
TEMPO, STEP = 120.0, 0.08


def evidence(beat: float, form: Form, dice: np.random.Generator) -> np.ndarray:
    """Make what is heard of the chord that a performer plays at a beat: mostly that, not always."""
    beats = beat % form.beats
    bar = next(bar for bar in form.bars if bar.start <= beats < bar.end)
    chord = bar.chord_at(beats - bar.start)
    found = dice.normal(-6.0, 1.5, (12, len(KINDS)))
    if dice.random() < 0.8:
        assert chord is not None
        assert chord.root is not None
        found[chord.root, kind_of(chord)] = -0.5
    return np.asarray(found)


def found_after(
    behind: float, *, played: Form | None = None, beats: float = 64.0, calm: bool = False
) -> list[int]:
    """Return what is found while the performer is so many beats further on than the band."""
    form, dice = Form(SONG, count_in=False), np.random.default_rng(3)
    line, whereabouts, found = ClockLine(TEMPO), Whereabouts(form), []
    line.pin(0.0, 100.0)
    for step in range(int(beats * 60 / TEMPO / STEP)):
        time = 100.0 + step * STEP
        played_beat = line.beat_at(time) + behind
        whereabouts.hear(evidence(max(played_beat, 0.0), played or form, dice), time + 0.08)
        found.append(whereabouts.lost(line, calm=calm))
    return [value for value in found if value]


@pytest.mark.parametrize("behind", [1, -1, 2, -2, 3, 4, -4])
def test_a_count_that_was_lost_is_found_by_the_chords(behind: int) -> None:
    assert found_after(float(behind), beats=40.0)[:1] == [behind]


def test_where_nothing_was_amiss_more_must_speak_for_another_place() -> None:
    assert found_after(1.0, beats=20.0) == [1]
    assert found_after(1.0, beats=20.0, calm=True) == []
    assert found_after(1.0, beats=40.0, calm=True)[:1] == [1]


def test_a_band_that_is_right_is_left_where_it_is() -> None:
    assert found_after(0.0, beats=400.0) == []


def test_a_performer_who_pushes_every_chord_by_half_a_beat_is_where_the_band_is() -> None:
    assert found_after(0.4, beats=400.0) == []


def test_a_performer_who_plays_another_song_says_nothing() -> None:
    other = Form(read("meter: 4/4\n| Eb | Bb | Cm7 | Ab | Gm | Cm | Fm | Bb7 |\n"), count_in=False)
    assert found_after(0.0, played=other, beats=200.0) == []


def test_one_chord_everywhere_says_nothing() -> None:
    form, dice = Form(SONG, count_in=False), np.random.default_rng(4)
    line, whereabouts = ClockLine(TEMPO), Whereabouts(form)
    line.pin(0.0, 0.0)
    for step in range(1000):
        whereabouts.hear(evidence(0.0, form, dice), step * STEP)
        assert whereabouts.lost(line) == 0


def test_where_the_chart_has_no_chord_nothing_is_said() -> None:
    form = Form(read("meter: 4/4\n| N.C. | N.C. | N.C. | N.C. |\n"), count_in=False)
    line, whereabouts = ClockLine(TEMPO), Whereabouts(form)
    line.pin(0.0, 0.0)
    for step in range(200):
        whereabouts.hear(np.full((12, len(KINDS)), -3.0), step * STEP)
        assert whereabouts.lost(line) == 0


@pytest.mark.parametrize("behind", [1, -1, 2])
def test_a_band_that_came_in_on_the_wrong_beat_is_soon_in_the_right_bar(behind: int) -> None:
    form, dice = Form(SONG, count_in=False), np.random.default_rng(5)
    whereabouts, heard = Whereabouts(form), [0.0]

    def hear(time: float) -> None:
        while heard[0] + STEP <= time:
            heard[0] += STEP
            beat = heard[0] * TEMPO / 60 + behind
            whereabouts.hear(evidence(max(beat, 0.0), form, dice), heard[0] + 0.08)

    clock = simulate(
        ControlLaw("adaptive", 0.7, TEMPO),
        hear,
        lambda time: Pulse(time, time * TEMPO / 60, TEMPO, 0.9),
        tempo=TEMPO,
        seconds=30.0,
        whereabouts=whereabouts,
    )
    beat, time = clock.sounded[-1]
    assert time * TEMPO / 60 + behind == pytest.approx(beat, abs=0.05)
    gaps = np.diff([time for _, time in clock.sounded])
    assert gaps.min() > 0.6 * 60 / TEMPO  # hurried, not leapt


def test_a_bass_that_goes_to_the_fifth_and_back_is_where_the_band_is() -> None:
    form = Form(read("meter: 4/4\n| C | G | Am | F | C | G | F | F |\n"), count_in=False)
    line, whereabouts, found = ClockLine(TEMPO), Whereabouts(form), []
    line.pin(0.0, 0.0)
    for step in range(1600):
        beat = line.beat_at(step * STEP)
        heard = np.full((12, len(KINDS)), -6.0)
        bar = form.bars[int(beat % form.beats // 4)]
        chord = bar.chord_at(beat % 4)
        assert chord is not None
        assert chord.root is not None
        heard[(chord.root + 7 * (beat % 4 >= 2)) % 12] = -2.0  # the second half of each bar
        whereabouts.hear(heard, step * STEP + 0.08)
        found.append(whereabouts.lost(line, calm=True))
    assert not any(found)
