import asyncio
import threading
import time
from dataclasses import dataclass

import pytest

from scband.errors import SessionError
from scband.live.bus import Bus, Event, Mailbox
from scband.live.control import ControlThread


@dataclass(frozen=True)
class Note:
    time: float
    number: int = 0


@dataclass(frozen=True)
class Analysis:
    time: float
    number: int = 0


def analysis(event: Event) -> bool:
    return isinstance(event, Analysis)


def taken(mailbox: Mailbox) -> list[Event]:
    found = []
    while (event := mailbox.take()) is not None:
        found.append(event)
    return found


def test_events_come_out_in_the_order_in_which_they_went_in() -> None:
    mailbox = Mailbox(100, analysis)
    events = [Note(0, n) if n % 3 else Analysis(0, n) for n in range(50)]
    for event in events:
        mailbox.put(event)
    assert taken(mailbox) == events


def test_a_full_mailbox_drops_the_oldest_analysis_and_never_a_note() -> None:
    mailbox = Mailbox(10, analysis, strict=True)
    for n in range(6):
        mailbox.put(Note(0, n))
    for n in range(20):
        mailbox.put(Analysis(0, n))
    for n in range(6, 20):
        mailbox.put(Note(0, n))
    left = taken(mailbox)
    assert [e.number for e in left if isinstance(e, Note)] == list(range(20))
    assert [e.number for e in left if isinstance(e, Analysis)] == []
    assert mailbox.lost == 20


def test_the_newest_analyses_are_those_that_are_kept() -> None:
    mailbox = Mailbox(10, analysis)
    for n in range(25):
        mailbox.put(Analysis(0, n))
    assert [e.number for e in taken(mailbox)] == list(range(15, 25))


def test_where_notes_alone_fill_it_the_sender_is_told() -> None:
    mailbox = Mailbox(4, analysis, strict=True)
    for n in range(16):
        mailbox.put(Note(time.time() - 3, n))
    with pytest.raises(SessionError, match=r"16 notes and decisions wait .* for 3\."):
        mailbox.put(Note(time.time(), 17))
    assert len(taken(mailbox)) == 16


def test_a_subscriber_that_sleeps_holds_nobody_up_and_knows_how_much_it_has_lost() -> None:
    bus = Bus(1000, analysis)
    asleep, awake = bus.subscribe(4), bus.subscribe(1000)
    begun = time.perf_counter()
    for n in range(500):
        bus.put(Note(0, n))
    assert time.perf_counter() - begun < 0.5
    assert [e.number for e in taken(awake)] == list(range(500))
    assert [e.number for e in taken(asleep)] == list(range(484, 500))
    assert asleep.lost == 484


def test_one_task_takes_what_many_threads_put_and_none_of_it_is_lost() -> None:
    bus, count, threads = Bus(10_000, analysis), 400, 6
    found: list[Event] = []

    def put(first: int) -> None:
        for n in range(count):
            bus.put(Note(time.time(), first + n))

    async def take() -> None:
        while (event := await bus.get()) is not None:
            found.append(event)

    senders = [threading.Thread(target=put, args=(n * count,)) for n in range(threads)]

    async def run() -> None:
        task = asyncio.create_task(take())
        for sender in senders:
            sender.start()
        await asyncio.to_thread(lambda: [sender.join() for sender in senders])
        bus.close()
        await asyncio.wait_for(task, 5)

    asyncio.run(run())
    assert sorted(e.number for e in found) == list(range(threads * count))


def test_an_event_wakes_a_waiting_task_within_milliseconds() -> None:
    bus = Bus()
    taken_at: list[float] = []

    async def run() -> None:
        for _ in range(20):
            event = await asyncio.wait_for(bus.get(), 5)
            assert event is not None
            taken_at.append(time.time() - event.time)

    def put() -> None:
        for _ in range(20):
            time.sleep(0.005)
            bus.put(Note(time.time()))

    sender = threading.Thread(target=put)
    sender.start()
    asyncio.run(run())
    sender.join()
    assert sorted(taken_at)[10] < 0.02


def control(handled: list[Event], errors: list[Exception]) -> ControlThread:
    return ControlThread(Bus(), handled.append, errors.append, errors.append)


def test_what_is_asked_is_answered_and_its_errors_are_the_asker_s() -> None:
    errors: list[Exception] = []
    thread = control([], errors)
    thread.start()
    try:
        assert thread.ask(lambda: 6 * 7) == 42
        with pytest.raises(SessionError, match="no"):
            thread.ask(lambda: refuse("no"))
        thread.post(lambda: refuse("later"))
        assert thread.ask(lambda: thread.ask(lambda: 1)) == 1  # within the thread itself
        assert [str(error) for error in errors] == ["later"]
    finally:
        thread.stop()
    with pytest.raises(SessionError, match="not running"):
        thread.ask(lambda: 1)


def refuse(why: str) -> None:
    raise SessionError(why)


def test_events_reach_the_handler_in_order_and_the_end_waits_for_them() -> None:
    handled: list[Event] = []
    thread = control(handled, [])
    thread.start()
    for n in range(50):
        thread.bus.put(Note(time.time(), n))
    thread.stop()
    assert [e.number for e in handled] == list(range(50))
