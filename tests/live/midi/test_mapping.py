"""The table that says what controllers mean."""

from __future__ import annotations

from pathlib import Path

import pytest

from scband.errors import SettingsError
from scband.live.midi.mapping import Action, Deed, MidiMap, check_map, load_map, read_map


def test_without_a_table_the_pedal_listens_and_every_player_has_a_level_and_a_mute() -> None:
    usual = MidiMap()
    assert usual.controls[64] == Action(Deed.LISTEN)
    assert usual.controls[1] == Action(Deed.INTENSITY)
    assert str(usual.controls[21]) == "bass.level"
    assert str(usual.controls[104]) == "keys.mute"
    assert usual.style(1, ("swing", "rock")) == "rock"
    assert usual.style(7, ("swing", "rock")) is None
    assert usual.hears(15)


def test_a_table_says_all_of_it_in_toml(tmp_path: Path) -> None:
    file = tmp_path / "keys.toml"
    file.write_text(
        'channels = [1, 10]\nnotes = false\n[programs]\n12 = "funk"\n'
        '[controls]\n66 = "listen"\n7 = "bass.level"\n30 = "drums.play"\n80 = "tap"\n'
    )
    found = load_map(file)
    assert found.channels == {0, 9}
    assert not found.notes
    assert found.style(12, ("swing",)) == "funk"
    assert found.style(0, ("swing",)) is None
    assert {n: str(a) for n, a in found.controls.items()} == {
        66: "listen",
        7: "bass.level",
        30: "drums.play",
        80: "tap",
    }


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("colour = 3", "no 'colour' in a MIDI map; there is: channels, notes"),
        ("channels = [0]", "a channel must be a number from 1 to 16, not 0"),
        ("channels = 3", "channels must be a list"),
        ("notes = 3", "notes must be true or false"),
        ('[programs]\nx = "swing"', "a program must be a number from 0 to 127, not 'x'"),
        ("programs = [3]", "program 0 must name a style, not 3"),
        ("programs = 3", "programs must be a list or a table"),
        ('[controls]\n120 = "tap"', "a controller must be a number from 0 to 119, not '120'"),
        ('[controls]\n7 = "loudness"', "controller 7 cannot be 'loudness'; there is: listen"),
        ('[controls]\n7 = "level"', "PLAYER.level"),
        ('[controls]\n7 = "bass.tap"', "controller 7 cannot be 'bass.tap'"),
        ("[controls]\n7 = 3", "controller 7 cannot be 3"),
        ("controls = 3", "controls must be a table"),
        ("notes = ", "keys.toml: Invalid value"),
    ],
)
def test_a_wrong_table_is_refused_by_file_and_entry(tmp_path: Path, text: str, words: str) -> None:
    file = tmp_path / "keys.toml"
    file.write_text(text)
    with pytest.raises(SettingsError, match="setting midi_map") as refused:
        load_map(file)
    assert words in str(refused.value)
    assert "keys.toml" in str(refused.value)


def test_a_table_that_is_not_there_or_is_no_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"nosuch\.toml: cannot read it"):
        load_map(tmp_path / "nosuch.toml")
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SettingsError, match=r"bytes\.toml"):
        load_map(tmp_path / "bytes.toml")


def test_styles_and_players_that_are_not_there_are_refused_by_name() -> None:
    styles, players = ("swing", "rock"), ("bass", "drums")
    check_map(MidiMap(), styles, players)
    with pytest.raises(SettingsError, match="program 3 is no style: 'polka'; there is: swing"):
        check_map(read_map({"programs": {"3": "polka"}}), styles, players)
    with pytest.raises(SettingsError, match="controller 9 is for a player 'tuba'"):
        check_map(read_map({"controls": {"9": "tuba.level"}}), styles, players)


def test_the_example_can_be_used() -> None:
    example = load_map(Path(__file__).parents[3] / "examples" / "midi_map.toml")
    check_map(example, ("swing", "bossa", "rock"), ())
    assert str(example.controls[110]) == "keys.play"
