"""What the band sends: pulses and notes at the beats' times, through a real port too."""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from midi_band import until
from midi_program import Program

from scband.agents import Moment
from scband.agents.form import Form, Slot
from scband.chart import read
from scband.live.conductor import BarPlan
from scband.live.midi.beattime import Anchor, BeatTimes
from scband.live.midi.hotplug import HotPlug
from scband.live.midi.output import ClockOut, NotesOut, channels_of
from scband.live.midi.ports import Door
from scband.live.midi.scheduler import BeatScheduler
from scband.score import Note
from scband.supercollider.engine import BeatReport

LATENCY = 0.1
SONG = read("meter: 4/4\n| C | F | G | C |")


class Reports:
    """Reports beats as sclang does, so much before they sound; the beats' times are exact."""

    def __init__(self, tempos: list[float], take: Callable[[BeatReport], None]) -> None:
        self._tempos, self._take = tempos, take
        self.times: list[float] = []
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Reports:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.join()

    def _run(self) -> None:
        sounds = time.time() + 0.15
        for beat, tempo in enumerate(self._tempos):
            time.sleep(max(sounds - LATENCY - time.time(), 0))
            self.times.append(sounds)
            self._take(BeatReport(beat, beat // 4, beat % 4, 4, tempo, sounds))
            sounds += 60 / tempo
        time.sleep(max(sounds - time.time(), 0))


@pytest.fixture
def scheduler() -> Iterator[BeatScheduler]:
    made = BeatScheduler()
    made.start()
    yield made
    made.stop()


class Wire:
    """Where messages go, with the times at which they went."""

    def __init__(self) -> None:
        self.sent: list[tuple[float, list[int]]] = []

    def __call__(self, message: list[int]) -> None:
        self.sent.append((time.time(), message))

    @property
    def messages(self) -> list[list[int]]:
        return [message for _, message in self.sent]

    def times(self, status: int) -> list[float]:
        return [when for when, message in self.sent if message[0] == status]


def clocked(
    scheduler: BeatScheduler, tempos: list[float], lead: float = 0.0
) -> tuple[Wire, list[float]]:
    wire = Wire()
    clock = ClockOut(scheduler, wire, lead)

    def take(report: BeatReport) -> None:
        scheduler.anchor(report.beat, report.time, report.tempo)
        clock.on_beat(report)

    with Reports(tempos, take) as reports:
        pass
    return wire, reports.times


def due(times: list[float], tempos: list[float]) -> list[float]:
    """Return when each pulse ought to go."""
    return [
        start + number * 60 / tempo / 24
        for start, tempo in zip(times, tempos, strict=True)
        for number in range(24)
    ]


def test_pulses_go_at_a_twenty_fourth_of_each_beat_through_changes_of_tempo(
    scheduler: BeatScheduler,
) -> None:
    tempos = [240.0, 240, 270, 300, 220]
    wire, times = clocked(scheduler, tempos)
    off = [a - b for a, b in zip(wire.times(0xF8), due(times, tempos), strict=True)]
    assert statistics.median(off) == pytest.approx(0, abs=0.001)
    assert sorted(off)[len(off) * 9 // 10] < 0.005
    assert min(off) > -0.001


def test_start_comes_with_the_song_s_top_after_the_count_in(scheduler: BeatScheduler) -> None:
    wire, times = clocked(scheduler, [300.0] * 6, lead=4.0)
    assert wire.messages[4 * 24] == [0xFA]
    assert wire.messages[4 * 24 + 1] == [0xF8]
    assert wire.times(0xFA)[0] == pytest.approx(times[4], abs=0.02)
    assert wire.messages.count([0xFA]) == 1


def test_one_that_comes_late_is_told_the_place_and_continues(scheduler: BeatScheduler) -> None:
    wire = Wire()
    clock = ClockOut(scheduler, wire, 4.0)

    def take(report: BeatReport) -> None:
        scheduler.anchor(report.beat, report.time, report.tempo)
        if report.beat == 6:
            clock.resume()
        clock.on_beat(report)

    with Reports([300.0] * 8, take):
        pass
    place = wire.messages.index([0xF2, 8, 0])  # two quarters after the top are 8 sixteenths
    assert wire.messages[place + 1 : place + 3] == [[0xFB], [0xF8]]
    assert wire.messages[:place].count([0xF8]) == 6 * 24
    clock.stop()
    assert wire.messages[-1] == [0xFC]
    clock.stop()
    assert wire.messages.count([0xFC]) == 1


def plan(number: int, **notes: tuple[Note, ...]) -> BarPlan:
    form = Form(SONG, count_in=False)
    slot = form.slot(number)
    assert isinstance(slot, Slot)
    assert slot.moment is Moment.PLAYING
    return BarPlan(slot, dict(notes))


class Notes:
    """The notes' end of a rig, on beats at 300 bpm."""

    def __init__(self, scheduler: BeatScheduler, muted: set[str] | None = None) -> None:
        self.wire = Wire()
        self.scheduler = scheduler
        players = ("drums", "bass", "tuba")
        self.out = NotesOut(scheduler, self.wire, players, lambda p: p not in (muted or set()))

    def begin(self) -> float:
        now = time.time() + 0.02
        self.scheduler.anchor(0, now, 300)
        return now


def test_notes_go_at_their_times_on_their_player_s_channel(scheduler: BeatScheduler) -> None:
    notes = Notes(scheduler)
    notes.out.on_bar(plan(0, bass=(Note(0, 1, 40, 0.5),), drums=(Note(0.5, 0.25, 36, 1.0),)))
    begun = notes.begin()
    until(lambda: len(notes.wire.sent) == 4)
    assert notes.wire.messages == [[0x90, 40, 64], [0x99, 36, 127], [0x89, 36, 0], [0x80, 40, 0]]
    times = [when - begun for when, _ in notes.wire.sent]
    assert times == pytest.approx([0, 0.1, 0.15, 0.2], abs=0.015)


def test_a_bar_decided_anew_takes_the_place_of_what_has_not_sounded(
    scheduler: BeatScheduler,
) -> None:
    notes = Notes(scheduler)
    notes.out.on_bar(plan(0, bass=(Note(0, 0.5, 40, 0.5), Note(1, 0.5, 41, 0.5))))
    notes.begin()
    until(lambda: notes.wire.sent)
    notes.out.on_bar(plan(0, bass=(Note(1, 0.5, 50, 0.5),)))
    until(lambda: len(notes.wire.sent) == 4)
    time.sleep(0.1)
    assert [m[:2] for m in notes.wire.messages] == [[0x90, 40], [0x80, 40], [0x90, 50], [0x80, 50]]


def test_a_muted_player_sends_nothing(scheduler: BeatScheduler) -> None:
    notes = Notes(scheduler, {"bass"})
    notes.out.on_bar(plan(0, bass=(Note(0, 0.5, 40, 0.5),), drums=(Note(0, 0.5, 36, 0.5),)))
    notes.begin()
    until(lambda: len(notes.wire.sent) == 2)
    time.sleep(0.1)
    assert [m[:2] for m in notes.wire.messages] == [[0x99, 36], [0x89, 36]]


def test_a_pitch_struck_again_sounds_until_its_last_end(scheduler: BeatScheduler) -> None:
    notes = Notes(scheduler)
    notes.out.on_bar(plan(0, bass=(Note(0, 1, 40, 0.5), Note(0.5, 1, 40, 0.5))))
    begun = notes.begin()
    until(lambda: len(notes.wire.sent) == 3)
    assert [m[0] for m in notes.wire.messages] == [0x90, 0x90, 0x80]
    assert notes.wire.sent[-1][0] - begun == pytest.approx(0.3, abs=0.02)


def test_silence_ends_what_sounds_and_no_end_comes_twice(scheduler: BeatScheduler) -> None:
    notes = Notes(scheduler)
    notes.out.on_bar(plan(0, bass=(Note(0, 0.5, 40, 0.5),)))
    notes.begin()
    until(lambda: notes.wire.sent)
    notes.out.silence()
    time.sleep(0.2)
    assert notes.wire.messages == [[0x90, 40, 64], [0x80, 40, 0], [0xB0, 123, 0]]


def test_players_without_a_usual_channel_get_free_ones() -> None:
    assert channels_of(("drums", "bass", "tuba", "choir")) == {
        "drums": 9,
        "bass": 0,
        "tuba": 5,
        "choir": 6,
    }


def test_between_two_known_beats_time_is_even_and_beyond_it_goes_at_the_tempo() -> None:
    times = BeatTimes(Anchor(0, 10.0, 120)).then(Anchor(1, 10.6, 60))
    assert times.time_of(0.5) == pytest.approx(10.3)
    assert times.time_of(1.5) == pytest.approx(11.1)


def test_a_tempo_that_changes_between_two_beats_moves_what_is_still_due(
    scheduler: BeatScheduler,
) -> None:
    wire = Wire()
    for beat in (1.0, 1.5, 2.0):
        scheduler.at(beat, lambda: wire([0xF8]))
    begun = time.time() + 0.02
    scheduler.anchor(1, begun, 300)
    scheduler.bend(1.5, 150)  # half as fast from there on
    until(lambda: len(wire.sent) == 3)
    times = [when - begun for when, _ in wire.sent]
    assert times == pytest.approx([0, 0.1, 0.3], abs=0.02)


def test_what_is_long_overdue_is_not_sent_in_a_burst(scheduler: BeatScheduler) -> None:
    wire = Wire()
    for beat in range(100):
        scheduler.at(beat, lambda: wire([0xF8]))
    scheduler.anchor(98, time.time(), 600)
    ended = []
    scheduler.at(0, lambda: ended.append(True), however_late=True)
    until(lambda: ended and len(wire.sent) >= 11)
    assert len(wire.sent) <= 12  # those of the last second, and the one that came since


def test_the_clock_arrives_evenly_at_another_program(
    jack: str, program: Callable[[str], Program], scheduler: BeatScheduler
) -> None:
    synth = program(jack)
    synth("synth", "sequencer")
    ports = HotPlug(
        [Door.JACK],
        "none",
        "sequencer",
        on_message=lambda *message: None,
        on_output=lambda: None,
        on_unplugged=lambda name, when: None,
        jack=lambda: jack,
        say=lambda text: None,
    )
    ports.start()
    clock = ClockOut(scheduler, ports.send)

    def take(report: BeatReport) -> None:
        scheduler.anchor(report.beat, report.time, report.tempo)
        clock.on_beat(report)

    tempos = [240.0] * 10
    with Reports(tempos, take) as reports:
        pass
    time.sleep(0.05)
    ports.stop()
    heard = synth("all")
    assert heard[0][1] == [0xFA]
    times = [when for when, message in heard if message == [0xF8]]
    off = [a - b for a, b in zip(times, due(reports.times, tempos), strict=True)]
    print(f"clock out: mean {statistics.fmean(off) * 1e3:.2f} ms", end=", ")
    print(f"sd {statistics.pstdev(off) * 1e3:.2f} ms, worst {max(off) * 1e3:.2f} ms")
    assert statistics.pstdev(sorted(off)[: len(off) * 9 // 10]) < 0.003
