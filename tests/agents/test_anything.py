"""Whatever the chart, the meter, the tempo and the performer: every bar can be played and told."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from scband.agents import Band, Performer, names

METERS = ["4/4", "3/4", "6/8", "12/8", "5/4", "7/8", "2/2", "9/8", "1/8", "15/8", "3/2", "13/16"]
CHORDS = ["C", "N.C.", "Dm7", "G7/F", "Bb13", "F#m7b5", "E7#9", "Absus4", "C/E", "A5", "Cdim7"]
SECTIONS = ["intro", "verse", "chorus", "A", "vamp", "outro"]


@settings(max_examples=120, deadline=None)
@given(
    bars=st.lists(st.lists(st.sampled_from(CHORDS), min_size=1, max_size=2), max_size=8),
    meter=st.sampled_from(METERS),
    section=st.sampled_from(SECTIONS),
    style=st.sampled_from(names()),
    tempo=st.floats(20, 400),
    intensity=st.floats(0, 1),
    temperature=st.sampled_from([0.0, 0.3, 1.0, 2.0]),
    humanise=st.sampled_from([0.0, 1.0, 3.0]),
    density=st.sampled_from([0.0, 1.0, 4.0]),
    keyless=st.booleans(),
)
def test_every_bar_is_played_within_its_bounds_and_explained(
    form, bars, meter, section, style, tempo, intensity, temperature, humanise, density, keyless
):
    first = [bar[:1] if meter == "1/8" else bar for bar in [["C"], *bars]]
    text = " | ".join(" ".join(bar) for bar in first)
    chart = f"meter: {meter}\n[{section}]\n| {text} |\n[chorus]\n| C | N.C. | F | G |"
    band = Band(style, seed=len(bars), humanise=humanise)
    for bar in form(chart, tempo=tempo, intensity=intensity, temperature=temperature):
        context = replace(bar, performer=Performer(density=density))
        if keyless:
            context = replace(context, key=None)
        for notes in band.decide(context).values():
            assert all(0 <= note.start < context.beats for note in notes)
            assert all(note.end <= context.beats + 1e-6 for note in notes)
            assert all(0 < note.velocity <= 1 for note in notes)
        assert all(band.explain(context).values())
