from pathlib import Path

import pytest

from scband.agents import Band, load, names
from scband.errors import BandError, StyleError

WHOLE = '[[drums.groove]]\nkick = "x|.|x|."\n'


def write(folder: Path, text: str, name: str = "mine") -> Path:
    path = folder / f"{name}.toml"
    path.write_text(text)
    return path


@pytest.mark.parametrize("name", names())
def test_every_style_that_comes_along_is_right_and_says_what_it_is(name):
    style = load(name)
    assert style.title
    assert len(style.description) > 20
    assert 40 <= style.tempo <= 240
    assert style.drums.fills


def test_swing_and_rock_and_their_friends_are_there():
    assert {"swing", "rock", "bossa", "ballad", "jazz_waltz", "funk", "pop"} <= set(names())


def test_a_style_is_found_by_any_spelling_of_its_name():
    assert load("Jazz Waltz") is load("jazz-waltz") is load("jazz_waltz") is load("jazzwaltz")
    assert load("hiphop") is load("Hip-Hop") is load("hip_hop")


@pytest.mark.parametrize(
    "name",
    ["swing", "up-tempo swing", "ballad", "jazz waltz", "bossa", "samba", "afro-cuban", "pop",
     "pop ballad", "rock", "hard rock", "punk", "funk", "soul", "disco", "reggae", "ska", "country",
     "train beat", "blues shuffle", "slow blues", "latin", "montuno", "hip-hop", "house",
     "drum and bass", "classical", "Alberti", "classical waltz", "chorale", "jazz", "electronic"],
)  # fmt: skip
def test_whoever_asks_for_a_kind_of_music_gets_it(name):
    assert load(name).drums.grooves


def test_swing_falls_with_tempo():
    style = load("swing")
    ratios = [style.swing_at(tempo).ratio for tempo in (60, 120, 190, 240)]
    assert ratios == [2.6, 2.0, 1.7, 1.4]
    assert style.swing_at(30).ratio == 2.6
    assert style.swing_at(155).ratio == pytest.approx(1.85)
    assert style.swing_at(120, 1.2).ratio == 1.2


def test_a_style_takes_from_another_what_it_does_not_say(tmp_path):
    write(tmp_path, 'extends = "swing"\nswing = 1.5\n[bass]\nplay = "two"\n')
    style, parent = load("mine", [tmp_path]), load("swing")
    assert style.drums == parent.drums
    assert style.bass.home == parent.bass.home
    assert style.bass.play != parent.bass.play
    assert style.swing_at(60).ratio == 1.5
    assert style.name == "mine"
    assert "mine" in names([tmp_path])


def test_ones_own_style_hides_that_of_the_library(tmp_path):
    write(tmp_path, 'title = "My swing"\nextends = "rock"\n', "swing")
    assert load("swing", [tmp_path]).title == "My swing"
    assert load("swing").title == "Swing"


def test_an_edited_file_is_read_again(tmp_path):
    path = write(tmp_path, 'title = "One"\n' + WHOLE)
    assert load(path).title == "One"
    path.write_text('title = "Two"\n' + WHOLE)
    assert load(path).title == "Two"


def test_choices_come_by_intensity_and_section(tmp_path):
    text = WHOLE + (
        '[bass]\nplay.chorus = "kick"\n'
        'play.else = { "0.0" = "two", "0.5" = ["walk", ["11|11", 0]] }\n'
    )
    play = load(write(tmp_path, text)).bass.play
    assert play.at(0.9, "Chorus 2") == (("kick", 1.0),)
    assert play.at(0.49, "verse") == (("two", 1.0),)
    assert play.at(0.5, "verse")[0] == ("walk", 1.0)
    assert play.at(0.5, "verse")[1][1] == 0.0


@pytest.mark.parametrize(
    ("text", "key", "reason"),
    [
        ("", "drums.groove", "at least one"),
        (WHOLE + "tempo = 5\n", "drums.groove", "tempo"),
        ("tempo = 5\n" + WHOLE, "tempo", "between 20 and 400"),
        ('tempo = "fast"\n' + WHOLE, "tempo", "number"),
        ('meters = ["5"]\n' + WHOLE, "meters", "not a meter"),
        ("swing = { 60 = 9.0 }\n" + WHOLE, "swing.60", "between 1 and 4"),
        ("swing = { slow = 2.0 }\n" + WHOLE, "swing.slow", "tempo"),
        ("feel = { bass = 500 }\n" + WHOLE, "feel.bass", "between"),
        ("colour = 3\n" + WHOLE, "colour", "not known"),
        (WHOLE + '[bass]\nplay = "1|z|1|1"\n', "bass.play", "'z'"),
        (WHOLE + '[bass]\nplay = { "2.0" = "walk" }\n', "bass.play", "else"),
        (WHOLE + '[bass]\nplay = []\n', "bass.play", "empty"),
        (WHOLE + '[bass]\nplay = [["walk", -1]]\n', "bass.play", "weight"),
        (WHOLE + '[bass]\nrange = ["E1"]\n', "bass.range", "two pitches"),
        (WHOLE + '[bass]\nrange = ["E1", "G1"]\n', "bass.range", "octave"),
        (WHOLE + '[bass]\nrange = ["E1", "Q3"]\n', "bass.range", "Q"),
        (WHOLE + '[bass]\nhome = "C6"\n', "bass.home", "within"),
        (WHOLE + '[bass]\nvoicing = "close"\n', "bass.voicing", "not known"),
        (WHOLE + '[keys]\nvoicing = "power"\n', "keys.voicing", "rootless"),
        (WHOLE + '[keys]\nevery = "day"\n', "keys.every", "section"),
        (WHOLE + '[[drums.fill]]\nsnare = "x|x"\nkick = "x"\n', "drums.fill[1]", "same number"),
        (WHOLE + '[[drums.fill]]\nsnare = "x"\nkeep = ["gong"]\n', "drums.fill[1].keep", "pieces"),
        ('[[drums.groove]]\nkick = ""\n', "drums.groove[1].kick", "empty pulse"),
        ('[[drums.groove]]\nintensity = [1, 0]\n', "drums.groove[1].intensity", "rising"),
        ('ending = "crash"\n' + WHOLE, "ending", "ritardando"),
        ('intro = ["kazoo"]\n' + WHOLE, "intro", "drums"),
        ('sections = { chorus = 2.0 }\n' + WHOLE, "sections.chorus", "between"),
        ('[drums]\nschool = "polka"\n' + WHOLE, "drums.school", "rock"),
        ('[drums]\nlearned = 2\n' + WHOLE, "drums.learned", "between 0 and 1"),
        ('[drums]\nneeds = { gong = [1] }\n' + WHOLE, "drums.needs.gong", "pieces"),
        ('[drums]\nneeds = { kick = [0] }\n' + WHOLE, "drums.needs.kick", "beats"),
        ('extends = "mine"\n' + WHOLE, "extends", "circle"),
        ('extends = "nothing"\n' + WHOLE, "extends", "no style 'nothing'"),
    ],
)  # fmt: skip
def test_a_fault_names_file_key_and_reason(tmp_path, text, key, reason):
    path = write(tmp_path, text)
    with pytest.raises(StyleError) as caught:
        load(path)
    assert str(caught.value).startswith(f"mine.toml: {key}")
    assert reason in str(caught.value)


@pytest.mark.parametrize(("data", "reason"), [(b"title = \xff", "UTF-8"), (b"title = ", "TOML")])
def test_a_file_that_is_no_style_says_so(tmp_path, data, reason):
    path = tmp_path / "mine.toml"
    path.write_bytes(data)
    with pytest.raises(StyleError, match=reason):
        load(path)


def test_a_style_that_is_missing_says_which_there_are(tmp_path):
    with pytest.raises(StyleError, match=r"no style 'polka'.*swing"):
        load("polka")
    with pytest.raises(StyleError, match="cannot be read"):
        load(tmp_path / "gone.toml")


def test_a_band_refuses_players_and_amounts_that_do_not_exist():
    with pytest.raises(BandError, match="kazoo"):
        Band("swing", ("bass", "kazoo"))
    with pytest.raises(BandError, match="humanise"):
        Band("swing", humanise=9)
