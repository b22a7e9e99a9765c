"""Chords by ear on the real server: what the performer plays holds from the next beat on."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from scband.live.bus import Event, Mailbox
from scband.live.events import ChordTaken, LineHeard, Planned
from scband.live.session import Session
from scband.settings import Settings

CHART = "tempo: 120\nstyle: pop\nmeter: 4/4\nkey: C\n[A]\n| C | F | G | C |\n"
A_FLAT, B_FLAT_MINOR = (44, 60, 63, 68), (46, 61, 65, 70)


@dataclass
class Followed:
    """A session in which chords were taken by ear, and what was told of it."""

    pressed: list[float] = field(default_factory=list)  # the beats at which chords were played
    released: int = 0  # the bar in which the pedal was let go
    events: list[Event] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    def of(self, kind: type) -> list[Event]:
        return [event for event in self.events if isinstance(event, kind)]


def _drain(mailbox: Mailbox) -> Iterator[Event]:
    while (event := mailbox.take()) is not None:
        yield event


def _press(session: Session, pitches: tuple[int, ...], velocity: float) -> None:
    for pitch in pitches:
        session.play_note(pitch, velocity)


def _wait_for(session: Session, beat: float) -> float:
    """Wait until a beat of the band sounds; give the beat that sounds then."""
    line = session._playing.following.line
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        if line.known and line.beat_at(time.time()) >= beat:
            return line.beat_at(time.time())
        line = session._playing.following.line
        time.sleep(0.005)
    raise TimeoutError(f"beat {beat} never came")


@pytest.fixture(scope="module")
def taken() -> Followed:
    found = Followed()
    settings = Settings.load(audio="dummy", humanise=0.0, players="bass,keys", count_in="none")
    with Session(CHART, settings=settings, sound_card_input=False) as session:
        mailbox = session.bus.subscribe(8192)
        _wait_for(session, 4.1)
        session.listen_for_chords(True)
        for beat, pitches in ((5.05, A_FLAT), (8.05, B_FLAT_MINOR)):
            found.pressed.append(_wait_for(session, beat))
            _press(session, pitches, 0.8)
            _wait_for(session, beat + 1.8)
            _press(session, pitches, 0.0)
        _wait_for(session, 13.0)
        found.released = 3
        session.listen_for_chords(False)
        _wait_for(session, 21.0)
        found.events = list(_drain(mailbox))
        found.refused = [e.text for e in session.engine.events if e.kind in {"refused", "fault"}]
    return found


def test_a_chord_that_is_played_holds_from_the_next_beat(taken: Followed) -> None:
    first: dict[int, ChordTaken] = {}
    for event in taken.of(ChordTaken):
        first.setdefault(event.chord.root, event)
    for beat, root in zip(taken.pressed, (8, 10), strict=True):
        assert first[root].beat == int(beat) + 1


def test_the_bar_that_sounds_is_decided_again_from_that_beat(taken: Followed) -> None:
    turned = [
        event.plan
        for event in taken.of(Planned)
        if event.plan.slot.number == 1 and any(n.start >= 2 for n in event.plan.notes["bass"])
    ]
    late = [n.pitch % 12 for n in turned[-1].notes["bass"] if n.start >= 2]
    early = [n.pitch % 12 for n in turned[-1].notes["bass"] if n.start < 1.5]
    assert 8 in late
    assert 5 in early  # F, as the chart has it


def test_with_the_pedal_up_the_chart_is_played_again(taken: Followed) -> None:
    bars = {event.plan.slot.number: event.plan for event in taken.of(Planned)}
    assert bars[2].notes["bass"][-1].pitch % 12 in {10, 1, 5, 8}  # B flat minor, by ear
    assert bars[4].notes["bass"][0].pitch % 12 == 0  # C, by the chart


def test_sclang_took_every_bar_that_was_sent_again(taken: Followed) -> None:
    assert taken.refused == []


def test_the_line_that_was_played_is_told(taken: Followed) -> None:
    assert {44, 46} & {event.note.pitch for event in taken.of(LineHeard)}
