"""The parts of hearing a recording, each by itself."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from scband.analysis import cqt, successions
from scband.analysis.barlines import recounted
from scband.analysis.beat.counting import COUNTED, SIZES
from scband.analysis.beat.track import BeatTrack
from scband.analysis.chord_decoder import Entries, Prices, chord_of, decode, first_basses
from scband.analysis.chord_model import (
    KINDS,
    Evidence,
    State,
    fullness,
    pooled,
    states,
    undertone,
)
from scband.analysis.decoder_child import Level, Loudness
from scband.analysis.decoding import integrated_loudness
from scband.analysis.grid import bar_numbers, half_beats
from scband.analysis.keys import key_of, mode_of
from scband.analysis.likeness import Likeness
from scband.analysis.repeats import find_links, read_together
from scband.analysis.sections import find_sections
from scband.analysis.spectral import survey
from scband.analysis.successions import follows, groups
from scband.analysis.tuning import retuned, tuning_cents
from scband.errors import AnalysisError
from scband.score import Meter
from scband.theory import Chord

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from scband.analysis.grid import Grid

RATE = 22_050
BEATS = [0.5 * n + 0.3 for n in range(32)]


def sine(hz: float, seconds: float = 2.0) -> np.ndarray:
    return np.sin(2 * np.pi * hz * np.arange(round(seconds * RATE)) / RATE).astype(np.float32)


@pytest.mark.parametrize("bin_", [9, 60, 111, 180, 225, 240])
def test_a_sine_stands_in_its_own_bin(bin_: int) -> None:
    spectrum = cqt.magnitudes(sine(float(cqt.frequencies()[bin_]), 4.0))
    assert abs(int(spectrum[60:110].mean(axis=0).argmax()) - bin_) <= 1


@pytest.mark.parametrize("cents", [-45, -20, 0, 13, 40])
def test_tuning_is_found_and_taken_out(cents: float) -> None:
    chord = sum(sine(440 * 2 ** ((n + cents / 100) / 12)) for n in (-9, -5, -2, 3))
    assert tuning_cents(chord, RATE) == pytest.approx(cents, abs=1.5)
    tuned, stretch = retuned(chord, cents)
    assert tuning_cents(tuned, RATE) == pytest.approx(0, abs=1.5)
    assert len(tuned) == pytest.approx(len(chord) * stretch, abs=2)


def test_states_are_chords_and_back() -> None:
    assert len(set(states())) == len(states())
    for state in states():
        chord = chord_of(state)
        if state.root >= 0:
            assert (chord.root, chord.bass) == (state.root, state.bass)
            assert set(KINDS[state.kind].tones) <= set(chord.intervals)
            assert Chord.parse(chord.harte(), "harte") == chord


def test_the_grid_counts_through_pickups_and_gaps() -> None:
    numbers, size = bar_numbers(BEATS, BEATS[1::4])
    assert (numbers[:6], size) == ([3, 0, 1, 2, 3, 0], 4)
    grid = half_beats(BEATS, BEATS[1::4], 17.0)
    assert grid.edges[0] == 0.0
    assert grid.edges[-1] == 17.0
    assert (np.diff(grid.edges) > 0).all()
    at = np.flatnonzero(np.isclose(grid.edges, BEATS[1]))[0]
    assert grid.positions[at] == 0
    assert half_beats([], [], 3.0).positions.max() == -1


def counted(places: list[int], bar: int = 4, trust: float = 3.0) -> BeatTrack:
    """A track whose network is so sure of these places in bars of so many beats."""
    odds = np.full((len(places), COUNTED), -trust, np.float32)
    odds[np.arange(len(places)), np.flatnonzero(np.equal(SIZES, bar))[0] + np.array(places)] = 0.0
    beats = 0.3 + 0.5 * np.arange(len(places))
    ones = tuple(beats[np.array(places) == 0].tolist())
    times = tuple(beats.tolist())
    return BeatTrack(times, ones, Meter(bar, 4), 120.0, (), 1.0, tuple(places), odds)


def with_chords(track: BeatTrack, ones: list[int]) -> tuple[Grid, NDArray[np.float32]]:
    """The grid of a track, and chords that change at these beats."""
    grid = half_beats(track.beat_times, track.downbeat_times, 1.0 + track.beat_times[-1])
    scores = np.zeros((len(grid.positions), len(states())), dtype=np.float32)
    starts = np.array(track.beat_times)[ones] - 1e-6
    for cell, start in enumerate(grid.edges[:-1]):
        scores[cell, 1 + 7 * int(np.searchsorted(starts, start))] = 4.0
    return grid, scores


def heard_ones(track: BeatTrack, ones: list[int]) -> list[int]:
    grid, scores = with_chords(track, ones)
    found = recounted(scores, grid, Prices(), track)
    return [track.beat_times.index(one) for one in found]


def test_bar_lines_go_to_where_chords_change() -> None:
    track = counted([(n - 2) % 4 for n in range(48)])
    assert heard_ones(track, list(range(0, 48, 4))) == list(range(0, 48, 4))


def test_bar_lines_stay_where_chords_say_nothing() -> None:
    track = counted([(n - 2) % 4 for n in range(48)])
    grid, scores = with_chords(track, [])
    assert recounted(scores, grid, Prices(), track) == track.downbeat_times


def test_a_count_that_was_lost_on_the_way_is_mended_by_the_chords() -> None:
    track = counted([n % 4 for n in range(24)] + [(n - 1) % 4 for n in range(24, 64)])
    assert heard_ones(track, list(range(0, 64, 4))) == list(range(0, 64, 4))


@pytest.mark.parametrize(("heard", "true"), [(3, 4), (4, 3)])
def test_whether_bars_have_three_beats_or_four_is_told_by_the_chords(heard: int, true: int) -> None:
    track = counted([n % heard for n in range(72)], bar=heard)
    assert heard_ones(track, list(range(0, 72, true))) == list(range(0, 72, true))


@pytest.mark.parametrize("bar", [3, 4])
def test_bars_keep_their_length_where_chords_say_nothing(bar: int) -> None:
    track = counted([n % bar for n in range(72)], bar=bar)
    grid, scores = with_chords(track, [])
    assert recounted(scores, grid, Prices(), track) == track.downbeat_times


def test_a_meter_that_changes_for_good_is_followed() -> None:
    fours, threes = list(range(0, 48, 4)), list(range(48, 96, 3))
    track = counted([n % 4 for n in range(96)])
    assert heard_ones(track, fours + threes) == fours + threes


def test_chords_that_last_two_bars_of_six_eight_do_not_make_them_fours() -> None:
    track = counted([n % 2 for n in range(64)], bar=2)
    assert heard_ones(track, list(range(0, 64, 4))) == list(range(0, 64, 2))


def test_a_bar_of_two_within_a_song_in_four_is_kept() -> None:
    places = [n % 4 for n in range(32)] + [0, 1] + [n % 4 for n in range(32)]
    ones = [n for n, place in enumerate(places) if place == 0]
    assert heard_ones(counted(places), ones) == ones


def test_without_odds_the_downbeats_stay() -> None:
    track = replace(counted([n % 4 for n in range(16)]), odds=np.zeros((0, COUNTED), np.float32))
    grid, scores = with_chords(track, [1, 5, 9, 13])
    assert recounted(scores, grid, Prices(), track) == track.downbeat_times


def test_a_change_of_chord_must_pay_for_itself() -> None:
    scores = np.zeros((8, len(states())), dtype=np.float32)
    scores[:, 5] = 1.0
    scores[3, 9] = 2.0
    dear, cheap = (Entries.at_price(np.full(8, price)) for price in (5.0, 0.1))
    assert set(decode(scores, dear, 0 * follows()).tolist()) == {5}
    assert decode(scores, cheap, 0 * follows())[3] == 9


def chord_state(root: int, kind: str) -> int:
    """The state of a chord over its root."""
    number = next(n for n, known in enumerate(KINDS) if known.name == kind)
    return states().index(State(root, number, root))


@pytest.mark.parametrize(("bass", "name"), [(9, "min7"), (0, "maj")])
def test_the_bass_where_a_chord_begins_tells_its_root(bass: int, name: str) -> None:
    scores = np.zeros((16, len(states())), dtype=np.float32)
    scores[8:, [chord_state(0, "maj"), chord_state(9, "min7")]] = 2.0
    scores[:8, chord_state(5, "maj")] = 2.0
    under = np.zeros((16, 12), dtype=np.float32)
    under[:8, 5], under[8:10, bass], under[10:, 4] = 1.0, 1.0, 1.0  # then it walks on
    entries = Entries.at_price(np.full(16, 1.0))
    entries = replace(entries, basses=first_basses(under, Prices(bass=2.5)))
    path = decode(scores, entries, 0 * follows())
    assert path.tolist() == [chord_state(5, "maj")] * 8 + [chord_state(bass, name)] * 8


def test_a_bass_alone_counts_less_than_what_sounds_together() -> None:
    keys = np.full((4, 88), 0.1, dtype=np.float32)
    keys[:, 40 - 21] = 0.9
    for pitch in (60, 64, 67):
        keys[:2, pitch - 21] = 0.9
    assert fullness(keys)[:2].min() > 2.0 > 0.1 > fullness(keys)[2:].max()
    assert undertone(keys)[3].argmax() == 40 % 12


def test_chords_follow_as_they_usually_do() -> None:
    group, _ = groups()
    table = follows()
    five, one, far = (group[chord_state(*it)] for it in ((7, "7"), (0, "maj"), (1, "maj")))
    assert table[one, five] > 0.5 > -0.5 > table[far, five]
    assert table[five, five] == table[0, five] == table[five, 0] == 0.0


@pytest.mark.parametrize("text", ["", "[[1, 2]]"])
def test_a_damaged_table_of_successions_says_so(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "broken.json").write_text(text)
    monkeypatch.setattr(successions, "MODEL", tmp_path / "broken.json")
    successions.weights.cache_clear()
    with pytest.raises(AnalysisError, match="reinstall"):
        successions.weights()


def in_turn(order: str, seed: int = 2) -> Likeness:
    """Eight bars of each letter, always the same ones."""
    rng = np.random.default_rng(seed)
    parts = {name: rng.normal(size=(8, 20)) for name in sorted(set(order))}
    return Likeness(np.concatenate([parts[name] for name in order]))


def test_repeated_bars_are_read_together() -> None:
    alike = Likeness(np.tile(np.eye(4), (2, 1)))
    bars = [(4 * n, 4 * n + 4) for n in range(8)]
    links = dict(find_links(alike, bars))
    assert links[0, 4] == ((16, 20),)
    parts = ("triad", "bass", "seventh", "ninth", "eleventh", "thirteenth", "treble", "low",
             "under", "fullness")  # fmt: skip
    empty = {name: np.zeros((32, 3), dtype=np.float32) for name in parts}
    heard = Evidence(np.arange(33.0), **empty)
    heard.triad[0:4, 1] = 1.0
    mixed = read_together(heard, tuple(links.items()))
    assert mixed.triad[16, 1] > 0 < mixed.triad[0, 1] < 1
    assert heard.triad[16, 1] == 0


def test_sections_of_the_same_bars_share_a_label() -> None:
    found = find_sections(np.arange(33.0), in_turn("AABA"))
    assert sum(span.bars for span in found) == 32
    label = {bar: span.label for span in found for bar in
             range(span.first_bar, span.first_bar + span.bars)}  # fmt: skip
    assert label[4] == label[12] == label[28] != label[20]


def test_sections_of_two_hours_are_found_without_comparing_all_bars_at_once() -> None:
    order = "AABACDCD" * 56  # 3584 bars
    alike, largest = in_turn(order), 0
    between = alike.between

    def watched(rows: slice, columns: slice = slice(None)) -> np.ndarray:
        nonlocal largest
        table = between(rows, columns)
        largest = max(largest, table.size)
        return table

    alike.between = watched  # type: ignore[method-assign]
    found = find_sections(np.arange(8 * len(order) + 1.0), alike)
    starts = {span.first_bar for span in found}
    assert len(starts & set(range(0, 8 * len(order), 8))) > 0.9 * len(order) / 2
    assert 3 <= len({span.label for span in found}) < 40  # C never comes without D
    assert largest <= 512 * 512


@pytest.mark.parametrize(
    ("chords", "key"),
    [
        ("C Am F G C", "C"),
        ("Dm7 G7 Cmaj7 Cmaj7", "C"),
        ("Am Dm E7 Am", "Am"),
        ("Eb Bb Cm Ab Eb", "Eb"),
        ("F#m D A E A", "A"),
    ],
)
def test_the_key_of_plain_progressions(chords: str, key: str) -> None:
    found = key_of([(Chord(symbol), 4.0) for symbol in chords.split()])
    assert found is not None
    assert str(found[0]) == key
    assert 0 < found[1] <= 1
    assert key_of([(Chord("N.C."), 4.0)]) is None


def test_pooling_averages_what_lies_in_each_cell() -> None:
    values = np.arange(10.0, dtype=np.float32)[:, None]
    found = pooled(values, 0.1, np.array([0.0, 0.5, 1.0]))
    assert found[:, 0].tolist() == [2.0, 7.0]


def test_loudness_gates_out_silence() -> None:
    loud = [0.1] * 50
    assert integrated_loudness(loud + [0.0] * 500) == pytest.approx(
        integrated_loudness(loud), abs=0.3
    )
    assert integrated_loudness([0.0] * 50) == -np.inf
    assert integrated_loudness([1.0]) == -np.inf


def test_clicks_are_onsets_and_a_tone_is_none() -> None:
    sound = np.zeros(RATE * 3, dtype=np.float32)
    times = (0.5, 1.0, 1.4, 2.3)
    for time in times:
        sound[round(time * RATE) : round(time * RATE) + 200] = np.hanning(200)
    heard = survey(sound, RATE)
    assert len(heard.onsets) == len(times)
    assert np.abs(heard.onsets - times).max() < 0.05
    assert survey(0.3 * sine(220.0), RATE).spectral.material == "pitched"


@pytest.mark.parametrize("rate", [8_000, 44_100, 96_000])
def test_loudness_in_blocks_is_the_librarys_at_any_rate(rate: int) -> None:
    import pyloudnorm

    rng = np.random.default_rng(rate)
    sound = 0.1 * rng.normal(size=(3 * rate, 2)) + 0.3 * np.sin(np.arange(3 * rate) / 40)[:, None]
    sound[rate : 2 * rate] *= 0.05
    meter = Loudness(rate, 2)
    for begin in range(0, len(sound), 30_011):
        meter.add(sound[begin : begin + 30_011])
    wanted = pyloudnorm.Meter(rate).integrated_loudness(sound)
    assert integrated_loudness(meter.energies) == pytest.approx(wanted, abs=0.02)


def test_a_constant_level_goes_and_the_lowest_note_stays() -> None:
    level = Level(RATE)
    low = 0.2 * np.sin(2 * np.pi * 41.2 * np.arange(2 * RATE) / RATE)
    settled = np.concatenate([level.settle(part) for part in np.array_split(low + 0.5, 7)])
    assert abs(settled[RATE:].mean()) < 1e-3
    assert np.abs(settled[RATE:]).max() == pytest.approx(0.2, rel=0.02)
    assert level.loudest < 0.25


@pytest.mark.parametrize(
    ("names", "mode"),
    [
        ("Am D Am D Am D", "dorian"),
        ("Dm7 G7 Dm7 G7 Dm7 G7", "dorian"),
        ("Am Dm E7 Am", "minor"),
        ("Am F C G Am Em Am Am", "minor"),
        ("Am6 D9 E7 Am6 D9 E7", "minor"),
        ("D C G D D C G D", "mixolydian"),
        ("C F G C C F G C", "major"),
        ("C7 F7 C7 C7 F7 F7 C7 C7 G7 F7 C7 G7", "major"),
        ("C Bb F C C F G C", "major"),
    ],
)
def test_a_mode_is_named_where_the_chords_are_clear(names: str, mode: str) -> None:
    chords = [(Chord(name), 2.0) for name in names.split()]
    key, _ = key_of(chords) or pytest.fail("no key")
    assert key.tonic == chords[0][0].root
    assert mode_of(key, chords) == mode
