"""Both ends of the pattern-control vocabulary, on a real sclang."""

import itertools
import queue
import socket
import time
from typing import Any

import pytest

from scband.errors import PatternError
from scband.score import Note
from scband.supercollider.engine import Engine
from scband.supercollider.osc import OscPort, Received, encode
from scband.supercollider.vocabulary import VERBS


def test_sclang_knows_exactly_the_messages_that_python_knows(engine: Engine) -> None:
    assert engine.patterns.verbs() == {name: verb.types for name, verb in VERBS.items()}


def test_every_answer_carries_its_question_s_number_and_verb(engine: Engine) -> None:
    first, second = engine.patterns.ping(), engine.patterns.ping()
    assert (first.verb, second.verb) == ("ping", "ping")
    assert second.sequence == first.sequence + 1


NUMBERS = itertools.count(900_000)

REFUSED = [
    ("bar", "siddf", ["nobody", 0, 4.0, 4.0, 0.0], "no player nobody"),
    ("bar", "siddf", ["contract", 0, 4.0, 0.0, 0.0], "length must be between"),
    ("bar", "sid", ["contract", 0, 4.0], "takes siddf"),
    ("bar", "siddfd", ["contract", 0, 4.0, 4.0, 0.0, 1.0], "takes siddf"),
    ("bar", "siddfddifs", ["contract", 0, 4.0, 4.0, 0.0, 9.0, 1.0, 60, 0.5, "-"], "beat must be"),
    ("bar", "siddfddifs", ["contract", 0, 4.0, 4.0, 0.0, 0.0, 1.0, 600, 0.5, "-"], "pitch must be"),
    ("bar", "siddfddifs", ["contract", 0, 4.0, 4.0, 0.0, 0.0, 1.0, 60, 5.0, "-"], "velocity"),
    ("bar", "siddfddsfs", ["contract", 0, 4.0, 4.0, 0.0, 0.0, 1.0, "c", 0.5, "-"], "must be i"),
    ("rebar", "siddfd", ["contract", 0, 4.0, 4.0, 0.0, 5.0], "from must be between"),
    ("rebar", "siddfd", ["contract", 0, 4.0, 4.0, 0.0, 1.0], "has begun already"),
    ("tempo", "dd", [float("nan"), -1.0], "must be d"),
    ("tempo", "dd", [float("inf"), -1.0], "must be d"),
    ("tempo", "dd", [0.0, -1.0], "tempo must be between"),
    ("tempo", "ss", ["fast", "now"], "must be d"),
    ("bar", "siddf", ["contract", 0, 4.0, 4.0, 2.0], "loudness must be between"),
    ("loudness", "f", [1.5], "value must be between"),
    ("pattern", "sss", ["contract", "nosuch", "bar"], "no pattern nosuch"),
    ("on", "ss", ["contract", "sometime"], "not now, beat or bar"),
    ("mix", "ssf", ["contract", "volume", 1.0], "no control volume"),
    ("harmony", "dddiiii", [0.0, 0.0, 0.0, 12, 0, 1, 1], "root must be"),
    ("harmony", "dddiii", [0.0, 0.0, 0.0, 1, 0, 1], "takes dd"),
    ("nudge", "dd", [0.1, 1.0], "the clock stands"),
    ("kit", "ssffs", ["x", "kick", 0.0, 1.0, "-"], "must be i"),
    ("intensity", "f", [7.0], "value must be"),
    ("ping", "i", [1], "takes "),
]


@pytest.mark.parametrize(("verb", "types", "values", "reason"), REFUSED)
def test_sclang_answers_a_malformed_message_with_its_cause(
    engine: Engine, verb: str, types: str, values: list[Any], reason: str
) -> None:
    if "contract" not in engine.mixer.strips:
        engine.add_player("contract", "click")
    answers: queue.Queue[tuple[str, tuple[object, ...]]] = queue.Queue()
    language, usual = engine.language, engine.language.on_answer
    language.on_answer = lambda name, given: answers.put((name, given))
    number = next(NUMBERS)
    try:
        datagram = encode(f"/scband/{verb}", [language.token, number, *values], "si" + types)
        assert language._osc is not None
        language._osc.send(datagram, ("127.0.0.1", language.port))
        name, given = answers.get(timeout=2)
    finally:
        language.on_answer = usual
    assert name == "error"
    assert given[0] == number
    assert given[1] == verb
    assert reason in str(given[3])
    assert engine.patterns.ping().verb == "ping"


def _talk(engine: Engine, datagram: bytes) -> list[Received]:
    heard: queue.Queue[Received] = queue.Queue()
    stranger = OscPort(heard.put)
    try:
        stranger.send(datagram, ("127.0.0.1", engine.language.port))
        time.sleep(0.3)
        return list(heard.queue)
    finally:
        stranger.close()


def test_sclang_gives_no_answer_to_another_port_even_with_the_token(engine: Engine) -> None:
    before = engine.patterns.ping().sequence
    datagram = encode("/scband/tempo", [engine.language.token, 1, 300.0, -1.0], "sidd")
    assert _talk(engine, datagram) == []
    assert engine.patterns.ping().sequence == before + 1


def test_sclang_gives_no_answer_without_the_token(engine: Engine) -> None:
    answers: queue.Queue[object] = queue.Queue()
    language, usual = engine.language, engine.language.on_answer
    language.on_answer = lambda name, given: answers.put(given)
    try:
        assert language._osc is not None
        datagram = encode("/scband/ping", ["wrong", 992], "si")
        language._osc.send(datagram, ("127.0.0.1", language.port))
        time.sleep(0.3)
    finally:
        language.on_answer = usual
    assert answers.empty()


def test_no_text_from_the_network_is_compiled(engine: Engine, tmp_path: Any) -> None:
    target = tmp_path / "written"
    code = f'File.use("{target}", "w", {{ |f| f.write("x") }})'
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for address in ("/scband/def", "/cmd", "/interpret", "/scband/pattern", "/eval"):
            for values, types in (([code], "s"), ([engine.language.token, 1, code], "sis")):
                sender.sendto(encode(address, values, types), ("127.0.0.1", engine.language.port))
    for name in (code, "~scband; " + code):
        with pytest.raises(PatternError):
            engine.patterns.set_pattern("contract", name)
    time.sleep(0.2)
    assert not target.exists()
    assert engine.patterns.ping().verb == "ping"


def test_garbage_on_sclang_s_port_stops_nothing_that_plays(standing: Engine) -> None:
    engine = standing
    if "contract" not in engine.mixer.strips:
        engine.add_player("contract", "click")
    engine.patterns.send_bar("contract", 0, 0.0, 4.0, [Note(0.0, 0.1, 69, 0.5)]).result(2)
    engine.patterns.start(240)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for n in range(200):
            junk = bytes((n * 37 + k * 11) % 256 for k in range(n % 60))
            sender.sendto(junk, ("127.0.0.1", engine.language.port))
            sender.sendto(b"/scband/bar\0" + junk, ("127.0.0.1", engine.language.port))
    before = engine.patterns.ping().beat
    time.sleep(0.5)
    assert engine.patterns.ping().beat > before + 1.5


def test_a_bar_that_comes_too_late_is_refused_and_reported(standing: Engine) -> None:
    engine = standing
    if "contract" not in engine.mixer.strips:
        engine.add_player("contract", "click")
    engine.patterns.start(300, 0.05)
    time.sleep(0.5)
    late = engine.late_bars
    with pytest.raises(PatternError, match="has begun already"):
        engine.patterns.send_bar("contract", 0, 0.0, 4.0, []).result(2)
    assert engine.late_bars == late + 1


def test_too_many_notes_for_a_bar_are_refused_before_they_are_sent(engine: Engine) -> None:
    with pytest.raises(PatternError, match="at most 512"):
        engine.patterns.send_bar("contract", 9, 99.0, 4.0, [Note(0, 1, 60, 0.5)] * 513)


def test_a_message_that_comes_twice_is_done_once_and_answered_twice(standing: Engine) -> None:
    engine = standing
    if "contract" not in engine.mixer.strips:
        engine.add_player("contract", "click")
    answers: queue.Queue[tuple[str, tuple[object, ...]]] = queue.Queue()
    language, usual = engine.language, engine.language.on_answer
    engine.patterns.start(120, 0.05)
    time.sleep(0.3)
    language.on_answer = lambda name, given: answers.put((name, given))
    try:
        for _ in range(2):  # done twice, the second would be refused: 0.3 s fit into no half beat
            language.send("nudge", 500_000, 0.15, 0.5)
        both = [answers.get(timeout=2) for _ in range(2)]
    finally:
        language.on_answer = usual
    assert both[0] == both[1]
    assert both[0][0] == "ack"


def test_a_lost_answer_is_asked_for_again(engine: Engine) -> None:
    language, usual = engine.language, engine.language.on_answer
    lost: list[object] = []

    def lose_the_first(name: str, given: tuple[object, ...]) -> None:
        if lost:
            assert usual is not None
            usual(name, given)
        lost.append(given[0])

    language.on_answer = lose_the_first
    try:
        assert engine.patterns.ping().sequence == lost[0] == lost[1]
    finally:
        language.on_answer = usual
