import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scband.errors import PatternError
from scband.supercollider.osc import decode
from scband.supercollider.vocabulary import REPORTS, VERBS, table


@pytest.mark.parametrize("verb", VERBS.values(), ids=lambda verb: verb.name)
def test_every_message_encodes_what_it_says_it_takes(verb: object) -> None:
    from scband.supercollider.vocabulary import Verb

    assert isinstance(verb, Verb)
    arguments = [*verb.arguments, *verb.repeated, *verb.repeated]
    values = [
        "name" if a.type == "s" else max(a.low, 0.0) if math.isfinite(a.low) else 0
        for a in arguments
    ]
    [message] = decode(verb.encode("token", 7, values), ("127.0.0.1", 1))
    assert message.address == f"/scband/{verb.name}"
    assert message.values[:2] == ("token", 7)
    assert len(message.values) == 2 + len(arguments)


@given(st.floats())
def test_a_tempo_out_of_range_or_not_finite_is_refused_by_name_and_range(tempo: float) -> None:
    if 5 <= tempo <= 999:
        assert VERBS["tempo"].encode("t", 1, [tempo, -1.0])
    else:
        with pytest.raises(PatternError, match=r"tempo: tempo must be"):
            VERBS["tempo"].encode("t", 1, [tempo, -1.0])


def test_a_wrong_number_of_values_is_refused() -> None:
    with pytest.raises(PatternError, match="got 1 values"):
        VERBS["tempo"].encode("t", 1, [120.0])
    with pytest.raises(PatternError, match="got 6 values"):
        VERBS["bar"].encode("t", 1, ["bass", 0, 0.0, 4.0, 0.0, 0.0])


def test_text_in_the_place_of_a_number_is_refused() -> None:
    with pytest.raises(PatternError, match="finite number"):
        VERBS["tempo"].encode("t", 1, ["fast", -1.0])
    with pytest.raises(PatternError, match="must be text"):
        VERBS["on"].encode("t", 1, [1, "bar"])


def test_the_table_names_every_message_and_report() -> None:
    text = table()
    assert all(verb.address in text for verb in VERBS.values())
    assert all(f"/scband/{name}" in text for name in REPORTS)
