from statistics import mean

import pytest

from scband.agents import PLAYERS, Band
from scband.errors import BandError

STYLES = ("swing", "rock", "funk", "bossa", "hip_hop", "alberti")


def rhythm(notes):
    return frozenset((round(note.start, 3), note.pitch) for note in notes)


def variety(form, style, player, temperature):
    """How much the same bars differ from seed to seed, 0 to 1."""
    shared = []
    bands = [Band(style, (player,), seed=seed, humanise=0) for seed in range(5)]
    for bar in form("night_drive", intensity=0.6, temperature=temperature)[:16]:
        played = [rhythm(band.decide(bar)[player]) for band in bands]
        for other in played[1:]:
            both = played[0] | other
            shared.append(len(played[0] & other) / len(both) if both else 1.0)
    return 1 - mean(shared)


@pytest.mark.parametrize("style", STYLES)
def test_cold_drummers_agree_and_hot_ones_do_not(form, style):
    cold, warm, hot = (variety(form, style, "drums", heat) for heat in (0.0, 1.0, 2.0))
    assert cold < 0.02
    assert cold < warm < hot + 0.02


@pytest.mark.parametrize("player", ["bass", "keys", "guitar", "lead"])
def test_everyone_varies_more_when_it_is_hotter(form, player):
    cold, warm, hot = (
        mean(variety(form, style, player, heat) for style in ("swing", "funk", "bossa"))
        for heat in (0.0, 1.0, 2.0)
    )
    assert cold < warm <= hot + 0.03


def test_wild_is_still_music(form):
    """At 2 every note stays in its bar and its range, and every bar has its downbeat."""
    for style in STYLES:
        band = Band(style, seed=1)
        for bar in form("night_drive", intensity=0.7, temperature=2.0):
            decided = band.decide(bar)
            for player in PLAYERS:
                assert all(0 <= n.start < bar.beats and n.end <= 4.0001 for n in decided[player])
            part = band.style.bass
            assert all(part.low <= note.pitch <= part.high for note in decided["bass"])


@pytest.mark.parametrize("heat", [-0.1, 2.5])
def test_a_temperature_out_of_range_is_refused(form, heat):
    with pytest.raises(BandError, match="temperature"):
        form("blues_in_f", temperature=heat)
