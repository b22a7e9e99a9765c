"""What is on the grid sounds on the grid, to the sample; recorded by the server itself."""

import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

from scband.score import Note
from scband.supercollider import measure
from scband.supercollider.engine import Engine
from scband.supercollider.patterns import Harmony

ONE = [Note(0.0, 0.05, 69, 1.0)]
FOUR = [Note(float(n), 0.05, 69, 1.0) for n in range(4)]
C_MAJOR = Harmony(0.0, 0, 0, frozenset({0, 4, 7}))
TRIES = 8


class Take:
    """A recording of some players' buses while the clock runs."""

    def __init__(self, engine: Engine, folder: Path, *players: str) -> None:
        self.engine = engine
        self.paths = {p: folder / f"{p}.wav" for p in players}
        for player in players:
            if player not in engine.mixer.strips:
                engine.add_player(player, "click")
        buses = {path: engine.mixer.strips[p].bus for p, path in self.paths.items()}
        self._before = self.trouble()
        engine.recorder.record(buses)

    def trouble(self) -> int:
        return self.engine.jack.xruns + self.engine.server.late + self.engine.late_bars

    def end(self) -> dict[str, np.ndarray]:
        self.engine.recorder.stop()
        found = {}
        for player, path in self.paths.items():
            samples, rate = soundfile.read(path, always_2d=True)
            found[player] = measure.onsets(samples[:, 0], rate)
        return found

    @property
    def clean(self) -> bool:
        """Whether nothing came late and JACK reported no xrun: each is a step in time."""
        return self.trouble() == self._before


def give(engine: Engine, player: str, bars: int, notes: list[Note], beats: float = 4.0) -> None:
    for bar in range(bars):
        engine.patterns.send_bar(player, bar, beats * bar, beats, notes).result(2)


def test_notes_of_four_players_are_on_the_grid_to_the_sample(standing: Engine) -> None:
    for _ in range(TRIES):
        figure = measure.grid_error(standing, players=4, bars=2)
        if figure.xruns == 0 and figure.late == 0:
            break
    assert (figure.xruns, figure.late) == (0, 0), "the machine gave no clean run"
    assert figure.clicks >= 4 * 30
    assert figure.worst == 0


def test_a_grid_that_falls_between_samples_is_met_to_the_nearest(standing: Engine) -> None:
    for _ in range(TRIES):
        figure = measure.grid_error(standing, players=2, bars=2, tempo=140.0)
        if figure.xruns == 0 and figure.late == 0:
            break
    assert (figure.xruns, figure.late) == (0, 0), "the machine gave no clean run"
    assert figure.worst <= 1


def test_a_pattern_chosen_in_mid_bar_begins_on_the_bar_line(
    standing: Engine, tmp_path: Path
) -> None:
    engine = standing
    for attempt in range(TRIES):
        folder = tmp_path / str(attempt)
        take = Take(engine, folder, "swapped", "bars")
        give(engine, "bars", 5, ONE)
        engine.patterns.set_harmonic_progression([C_MAJOR])
        engine.patterns.start(240, 0.2)
        time.sleep(0.2 + 1.0 + 0.4)
        engine.patterns.set_pattern("swapped", "octaves")
        time.sleep(2.5)
        engine.patterns.stop()
        engine.patterns.set_pattern("swapped", "sent")
        clicks = take.end()
        if take.clean:
            break
    assert take.clean, "the machine gave no clean run"
    assert clicks["swapped"][0] == clicks["bars"][2]
    assert np.diff(clicks["swapped"])[:8] == pytest.approx(48000 / 8, abs=0)


def test_a_tempo_change_at_a_beat_holds_from_that_beat_on(standing: Engine, tmp_path: Path) -> None:
    engine = standing
    for attempt in range(TRIES):
        take = Take(engine, tmp_path / str(attempt), "beats")
        give(engine, "beats", 3, FOUR)
        engine.patterns.start(240, 0.2)
        engine.patterns.set_tempo(120, 4.0)
        time.sleep(0.2 + 1.0 + 2.4)
        engine.patterns.stop()
        steps = np.diff(take.end()["beats"])
        if take.clean:
            break
    assert take.clean, "the machine gave no clean run"
    assert list(steps[:8]) == [12000] * 4 + [24000] * 4


def test_a_nudge_moves_the_phase_by_its_seconds_and_swallows_no_note(
    standing: Engine, tmp_path: Path
) -> None:
    engine = standing
    for attempt in range(TRIES):
        take = Take(engine, tmp_path / str(attempt), "beats")
        give(engine, "beats", 4, FOUR)
        engine.patterns.start(240, 0.2)
        time.sleep(0.6)
        engine.patterns.nudge(0.03, 2.0)
        time.sleep(2.6)
        engine.patterns.stop()
        clicks = take.end()["beats"]
        if take.clean:
            break
    assert take.clean, "the machine gave no clean run"
    off_grid = clicks - clicks[0] - 12000 * np.arange(clicks.size)
    assert off_grid[0] == 0
    assert off_grid[-1] == pytest.approx(-0.03 * 48000, abs=2)
    assert np.all(np.diff(off_grid) <= 1)
    assert abs(np.diff(clicks).min() - 12000) < 0.03 * 48000


def test_bars_of_odd_length_follow_one_another_without_a_gap(
    standing: Engine, tmp_path: Path
) -> None:
    engine = standing
    starts, lengths = [0.0, 3.5, 6.5], [3.5, 3.0, 4.0]
    for attempt in range(TRIES):
        take = Take(engine, tmp_path / str(attempt), "bars")
        for bar, (start, length) in enumerate(zip(starts, lengths, strict=True)):
            engine.patterns.send_bar("bars", bar, start, length, ONE).result(2)
        engine.patterns.start(240, 0.2)
        time.sleep(0.2 + 7.2 / 4)
        engine.patterns.stop()
        clicks = take.end()["bars"]
        if take.clean:
            break
    assert take.clean, "the machine gave no clean run"
    assert list(np.diff(clicks)[:2]) == [42000, 36000]
