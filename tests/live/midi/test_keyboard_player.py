"""A performer at a MIDI keyboard counts a band in and is followed, through real ports."""

from __future__ import annotations

import statistics
import time

from midi_band import Beats, midi_settings, until
from midi_program import Program

from scband.live.session import Session

SONG = "tempo: 144\nstyle: rock\n[A]\n| C | F | G | Am |\n"
PLAYED = 160.0


def test_a_keyboard_player_counts_the_band_in_and_is_followed() -> None:
    chosen = midi_settings(midi_in="piano", follow="adaptive", count_in="player")
    with (
        Session(SONG, settings=chosen, sound_card_input=False) as session,
        Program(session.jack.name) as piano,
    ):
        piano("keys", "piano")
        until(lambda: session.midi.ports.open_inputs, 20)
        beats = Beats(session)
        assert session.status().waiting
        begun = time.time() + 0.1
        played = [begun + number * 60 / PLAYED for number in range(15)]
        for number, when in enumerate(played):
            time.sleep(max(when - time.time(), 0))
            piano("send", [0x90, 48 + 7 * (number % 2), 90])
            piano("send", [0x80, 48 + 7 * (number % 2), 0])
        reports = beats.all()
    assert reports[0].time - played[4] < 0.06  # four notes count in, the band comes in on the fifth
    late = [min((r.time - when for when in played), key=abs) for r in reports[2:10]]
    print(
        f"band to keyboard: mean {statistics.fmean(late) * 1e3:.1f} ms, "
        f"sd {statistics.pstdev(late) * 1e3:.1f} ms"
    )
    assert abs(statistics.median(late)) < 0.03
    assert abs(statistics.median(r.tempo for r in reports[2:10]) / PLAYED - 1) < 0.03
