"""A live session and other MIDI programs: conducted, clocked, and heard, through real ports."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator

import pytest
from midi_band import SONG, Beats, midi_settings, until
from midi_program import Program

from scband.errors import SessionError, SettingsError
from scband.live.events import PlayedNote
from scband.live.session import Session


class Stage:
    """A session that plays, a keyboard that conducts it and a sequencer that listens to it."""

    def __init__(self, session: Session, keys: Program, sequencer: Program) -> None:
        self.session, self.keys, self.sequencer = session, keys, sequencer
        self.beats = Beats(session)


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    table = tmp_path_factory.mktemp("map") / "keys.toml"
    table.write_text(
        'programs = ["rock", "bossa", "swing"]\n[controls]\n1 = "intensity"\n21 = "bass.level"\n'
        '103 = "bass.mute"\n80 = "tap"\n'
    )
    chosen = midi_settings(midi_in="keyboard", midi_out="sequencer", midi_map=str(table))
    with (
        Session(SONG, settings=chosen) as session,
        Program(session.jack.name) as keys,
        Program(session.jack.name) as sequencer,
    ):
        keys("keys", "keyboard")
        sequencer("synth", "sequencer")
        until(lambda: session.midi.ports.open_inputs and session.midi.ports.open_outputs, 20)
        yield Stage(session, keys, sequencer)


def test_controllers_and_programs_conduct_the_session(stage: Stage) -> None:
    band, keys = stage.session, stage.keys
    for value in (127, 0, 64):
        keys("send", [0xB0, 1, value])
        until(lambda value=value: band.intensity == pytest.approx(value / 127))
    keys("send", [0xB0, 21, 50])
    until(lambda: band.bass.level == pytest.approx(0.25))
    keys("send", [0xB0, 103, 127])
    until(lambda: band.bass.muted)
    keys("send", [0xB0, 103, 0])
    until(lambda: not band.bass.muted)
    keys("send", [0xC0, 1])
    until(lambda: band.style == "bossa")
    keys("send", [0xC0, 0])
    until(lambda: band.style == "rock")
    late = band.midi.control.lateness
    print(f"controller to done: mean {late.mean * 1e3:.1f} ms, worst {late.worst * 1e3:.1f} ms")
    assert late.mean < 0.2


def test_notes_of_the_keyboard_are_the_performance_on_the_bus(stage: Stage) -> None:
    mailbox = stage.session.bus.subscribe()
    sent = stage.keys("send", [0x90, 60, 127], [0x80, 60, 0])
    heard: list[PlayedNote] = []

    def come() -> bool:
        while (event := mailbox.take()) is not None:
            if isinstance(event, PlayedNote):
                heard.append(event)
        return len(heard) == 2

    until(come)
    mailbox.close()
    assert [(note.pitch, note.velocity) for note in heard] == [(60, 1.0), (60, 0.0)]
    assert 0 <= heard[0].time - sent < 0.1


def test_the_sequencer_is_sent_the_clock_on_the_band_s_beat_and_its_notes(stage: Stage) -> None:
    stage.beats.next(1)
    begun = len(stage.sequencer("all"))
    beats = stage.beats.next(8)
    time.sleep(0.2)
    heard = stage.sequencer("all")[begun:]
    pulses = [when for when, message in heard if message == [0xF8]]
    period = 60 / 220 / 24
    grid = [(when - beats[0].time) / period for when in pulses]
    off = [(each - round(each)) * period * 1e3 for each in grid]
    print(
        f"clock out of a session: mean {statistics.fmean(off):.2f} ms, "
        f"sd {statistics.pstdev(off):.2f} ms, worst {max(map(abs, off)):.2f} ms"
    )
    assert abs(statistics.median(off)) < 4
    inside = [w for w in pulses if beats[1].time - 0.005 < w < beats[7].time - 0.005]
    assert len(inside) == pytest.approx(6 * 24, abs=1)
    kinds = {message[0] for _, message in heard}
    assert {0x99, 0x90, 0x89, 0x80} <= kinds  # the drums on channel 10, the bass on channel 1


def test_a_tempo_tapped_is_played_and_sent_on(stage: Stage) -> None:
    for _ in range(4):
        stage.keys("send", [0xB0, 80, 127], [0xB0, 80, 0])
        time.sleep(0.3)
    until(lambda: stage.session.tempo == pytest.approx(200, rel=0.12))
    stage.beats.next(2)
    begun = len(stage.sequencer("all"))
    stage.beats.next(4)
    pulses = [when for when, m in stage.sequencer("all")[begun:] if m == [0xF8]]
    gap = (pulses[-1] - pulses[0]) / (len(pulses) - 1)  # JACK's periods make single gaps uneven
    assert 60 / 24 / gap == pytest.approx(stage.session.tempo, rel=0.02)


def test_a_sequencer_plugged_in_late_continues_in_the_band_s_bar(stage: Stage) -> None:
    late = Program(stage.session.jack.name)
    late("synth", "sequencer two")
    until(lambda: any(message == [0xFB] for _, message in late("all")))
    heard = late("all")
    when = next(when for when, message in heard if message == [0xFB])
    place = next(message for _, message in heard if message[0] == 0xF2)
    beats = (place[1] | place[2] << 7) / 4 + stage.session.conductor.form.lead
    sounded = min(stage.beats.next(1), key=lambda r: r.time)
    expected = sounded.beat - (sounded.time - when) * sounded.tempo / 60
    assert beats == pytest.approx(expected, abs=0.1)
    late.end()


def test_a_wrong_table_is_refused_before_anything_boots() -> None:
    with pytest.raises(SettingsError, match="midi_map"):
        Session(SONG, settings=midi_settings(midi_map="/nosuch.toml"))


def test_only_one_keeps_the_time() -> None:
    with pytest.raises(SessionError, match="MIDI clock keeps the time"):
        Session(SONG, settings=midi_settings(midi_clock="in"), follow="adaptive")
    with pytest.raises(SessionError, match="cannot both keep the time"):
        Session(SONG, settings=midi_settings(midi_clock="both"), link=True)
