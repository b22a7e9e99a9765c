"""What the players promise each other: room, entries, one way to end."""

from dataclasses import replace
from itertools import pairwise
from statistics import mean

import pytest

from scband.agents import PIECES, Band, Moment, Performer, load, names


@pytest.mark.parametrize("style", ["swing", "funk", "bossa", "soul", "pop", "rock"])
def test_guitar_and_keys_are_not_on_the_same_beat_all_the_time(form, style):
    band = Band(style, ("keys", "guitar"), seed=2, humanise=0)
    both = either = 0
    for bar in form("night_drive", intensity=0.6)[:-1]:
        decided = band.decide(bar)
        keys = {round(n.start, 2) for n in decided["keys"]}
        guitar = {round(n.start, 2) for n in decided["guitar"] if n.articulation != "mute"}
        if keys and guitar:
            both += len(keys & guitar)
            either += len(keys | guitar)
    assert both / either < 0.8


def test_the_guitar_keeps_further_from_the_keys_than_chance_would(form):
    """With the keys in its ears it doubles them less than another seed's keys, not heard."""
    heard = unheard = 0.0
    for style in ("funk", "soul", "reggae", "bossa", "disco"):
        for seed in range(6):
            band, other = (
                Band(style, ("keys", "guitar"), seed=seed + more, humanise=0) for more in (0, 50)
            )
            for bar in form("night_drive", intensity=0.5)[:24]:
                guitar = {round(n.start, 2) for n in band.decide(bar)["guitar"]}
                heard += len(guitar & {round(n.start, 2) for n in band.decide(bar)["keys"]})
                unheard += len(guitar & {round(n.start, 2) for n in other.decide(bar)["keys"]})
    assert heard < unheard


def test_the_more_the_performer_plays_the_less_the_keys_do(form):
    counts = []
    for density in (0.0, 1.0, 3.0):
        total = 0
        for seed in range(5):
            for bar in form("blues_in_f", intensity=0.5)[:-1]:
                busy = replace(bar, performer=Performer(density=density))
                strokes = {n.start for n in Band("swing", seed=seed).decide(busy)["keys"]}
                total += len(strokes)
        counts.append(total)
    assert counts[0] > counts[1] > counts[2] > 0


@pytest.mark.parametrize("style", names())
def test_keys_and_bass_do_not_clash_below(form, style):
    """Nobody but the bass plays below C3, and no second lies between bass and keys down there."""
    band = Band(style, ("bass", "keys"), seed=1, humanise=0)
    for bar in form("autumn_walk", intensity=0.6):
        decided = band.decide(bar)
        low = [n for n in decided["keys"] if n.pitch < 52]
        for note in low:
            for bass in decided["bass"]:
                sound = bass.start < note.end - 0.01 and note.start < bass.end - 0.01
                assert not sound or bass.pitch < note.pitch


def test_an_intro_fills_up_player_by_player(form):
    text = "[intro]\n" + "| C | F | G | C " * 2 + "|\n[verse]\n| C | F | G | C |"
    band = Band("pop", ("drums", "bass", "keys", "guitar", "lead"), seed=1)
    heard = []
    for bar in form(text, intensity=0.6)[:9]:
        heard.append({player for player, notes in band.decide(bar).items() if notes})
    assert heard[0] == {"drums"}
    assert all(before <= after for before, after in pairwise(heard[:8]))
    assert heard[7] == {"drums", "bass", "keys", "guitar"}


def test_a_chorus_is_louder_than_its_verse(form):
    text = "[verse]\n| C | F | G | C |\n[chorus]\n| C | F | G | C |\n[verse]\n| C | F | G | C |"
    bars = form(text, intensity=0.5)
    for player in ("bass", "keys", "drums"):
        bands = [Band("pop", (player,), seed=seed, humanise=0) for seed in range(8)]
        loud = [
            mean(
                max(n.velocity for n in band.decide(bar)[player]) for bar in part for band in bands
            )
            for part in (bars[:3], bars[4:7])
        ]
        assert loud[0] < loud[1]


def test_a_fill_leads_into_the_last_bar(form):
    for seed in range(4):
        band = Band("rock", ("drums",), seed=seed, humanise=0)
        bars = form("night_drive", intensity=0.6)
        assert "fill" in band.explain(bars[-2])["drums"]
        drums = {PIECES[p] for p in ("snare", "tom_high", "tom_mid", "tom_low", "kick", "clap")}
        assert any(n.pitch in drums and n.start >= 3 for n in band.decide(bars[-2])["drums"])


def test_endings_hold_or_stop_or_fade(form):
    bars = form("night_drive", intensity=0.6)
    assert bars[-1].moment is Moment.ENDING
    held = Band(replace(load("rock"), ending="hold"), ("bass",), humanise=0).decide(bars[-1])
    hit = Band(replace(load("rock"), ending="hit"), ("bass",), humanise=0).decide(bars[-1])
    assert held["bass"][0].length > 3
    assert hit["bass"][0].length <= 0.5
    fading = Band(replace(load("rock"), ending="fade"), ("bass",), humanise=0)
    loud = [mean(n.velocity for n in fading.decide(bar)["bass"]) for bar in bars[-9:]]
    assert loud == sorted(loud, reverse=True)
    assert loud[-1] < 0.15 * loud[0]


def test_a_motif_comes_back(form):
    """Bars one and three of a phrase move alike more than bars one and two."""

    def shape(notes):
        return [(b.pitch > a.pitch) - (b.pitch < a.pitch) for a, b in pairwise(notes)]

    back = answer = 0.0
    for seed in range(12):
        band = Band("bossa", ("lead",), seed=seed, humanise=0)
        bars = [band.decide(bar)["lead"] for bar in form("autumn_walk", intensity=0.5)]
        for at in range(0, 28, 4):
            first, second, third = (shape(bars[at + n])[:3] for n in range(3))
            back += sum(a == b for a, b in zip(first, third, strict=False))
            answer += sum(a == b for a, b in zip(first, second, strict=False))
    assert back > 1.15 * answer
