"""A live session that obeys another program's MIDI clock, through real ports."""

from __future__ import annotations

import statistics
from collections.abc import Callable

from midi_band import SONG, Beats, midi_settings, until
from midi_program import Program

from scband.live.session import Session


def due(pulses: list[float], beat: float) -> float:
    """Return when the master's beat was due; the last tempo goes on after its last pulse."""
    number = round(beat * 24)
    if number < len(pulses):
        return pulses[number]
    return pulses[-1] + (number - len(pulses) + 1) * (pulses[-1] - pulses[-2])


def test_a_band_obeys_a_clock_from_start_to_stop_and_again(
    program: Callable[[str], Program],
) -> None:
    with Session(SONG, settings=midi_settings(midi_in="master", midi_clock="in")) as session:
        master = program(session.jack.name)
        master("keys", "master")
        until(lambda: session.midi.ports.open_inputs, 20)
        beats = Beats(session)
        assert session.status().waiting
        master("clock", 240.0, 60.0, True, 0.001)
        first = beats.next(1)[0]
        assert first.in_bar == 0
        assert 1 <= first.bar <= 3  # the first bar line that can be met
        beats.next(9)
        settled = beats.next(6)
        pulses = master("times")
        off = [r.time - due(pulses, r.beat) for r in settled]
        wrong = max(abs(r.tempo / 240 - 1) for r in settled)
        print(
            f"clock in: phase mean {statistics.fmean(off) * 1e3:.2f} ms, "
            f"sd {statistics.pstdev(off) * 1e3:.2f} ms, "
            f"worst {max(map(abs, off)) * 1e3:.2f} ms; tempo off by at most {wrong * 100:.3f} %"
        )
        assert max(map(abs, off)) < 0.015
        assert wrong < 0.02
        master("set_tempo", 270.0)
        beats.next(10)
        moved = beats.next(3)
        pulses = master("times")
        assert max(abs(r.time - due(pulses, r.beat)) for r in moved) < 0.02
        master("send", [0xFC])
        until(lambda: session.status().waiting)
        stood = session.midi.master.reader.position
        master("send", [0xFB])
        again = beats.next(1)[0]
        assert again.in_bar == 0
        assert 0 < again.beat - stood < 12  # the next bar line that can be met
        assert abs(again.time - session.midi.master.reader.time_of(again.beat)) < 0.02
