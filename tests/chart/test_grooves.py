# ruff: noqa: E501  # tables read best in rows
"""The band's style for the words of a chart."""

from pathlib import Path

import pytest

import scband.agents
from scband.chart.grooves import _WORDS, groove_for
from scband.score import Meter

STYLES = {path.stem for path in (Path(scband.agents.__file__).parent / "styles").glob("*.toml")}


@pytest.mark.parametrize(
    ("words", "style"),
    [
        ("Medium Swing", "swing"), ("Medium Up Swing", "swing"), ("Up Tempo Swing", "up_tempo_swing"),
        ("Slow Swing", "ballad"), ("Ballad", "ballad"), ("Bossa Nova", "bossa"), ("Slow Bossa", "bossa"),
        ("Latin", "latin"), ("Even 8ths", "pop"), ("Funk", "funk"), ("Rock Pop", "rock"),
        ("Pop Ballad", "pop_ballad"), ("RnB", "soul"), ("Shuffle", "blues_shuffle"), ("Waltz", "jazz_waltz"),
        ("Samba Funk", "samba"), ("Reggae", "reggae"), ("Afro 12/8", "afro_cuban"), ("Baião", "samba"),
        ("House", "house"), ("", ""), ("something else", ""), ("swing", "swing"),
    ],
)  # fmt: skip
def test_words_over_a_chart_name_a_style(words: str, style: str) -> None:
    assert groove_for(words) == style


def test_three_beats_make_a_swing_a_waltz() -> None:
    assert groove_for("Medium Swing", Meter(3, 4)) == "jazz_waltz"
    assert groove_for("Rock", Meter(3, 4)) == "rock"


def test_every_style_that_is_named_exists() -> None:
    assert {name for _, name in _WORDS} <= STYLES
