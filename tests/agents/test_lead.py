from itertools import pairwise

from scband.agents import Band, Moment, load, names
from scband.agents.harmony import core, scale_of


def melody(form, text, style="swing", seed=1, **more):
    band = Band(style, ("lead",), seed=seed, humanise=0)
    return [(bar, band.decide(bar)["lead"]) for bar in form(text, **more)]


def test_a_melody_stays_in_its_scale_and_range(form):
    for style in names():
        part = load(style).lead
        for bar, notes in melody(form, "autumn_walk", style, intensity=0.6):
            for note in notes:
                chords = {bar.chord_at(note.start), bar.chord_at(note.end)}
                assert any(note.pitch % 12 in scale_of(chord, bar.key) for chord in chords)
                assert part.low <= note.pitch <= part.high


def test_long_notes_and_strong_beats_are_mostly_chord_tones(form):
    good = total = 0
    for seed in range(4):
        for bar, notes in melody(form, "autumn_walk", seed=seed, intensity=0.5):
            for note in notes:
                if note.start in (0.0, 2.0) or note.length > 1.2:
                    total += 1
                    good += note.pitch % 12 in core(bar.chord_at(note.start))
    assert good / total > 0.7


def test_phrases_breathe(form):
    """At least an eighth of all beats are silent, and no bar is filled without end."""
    for style in names():
        bars = melody(form, "autumn_walk", style, intensity=0.5)
        sounding = sum(note.length for _, notes in bars for note in notes)
        assert 0.2 < sounding / sum(bar.beats for bar, _ in bars) < 0.88


def test_a_melody_goes_mostly_by_steps(form):
    sizes = []
    for seed in range(4):
        for bar, notes in melody(form, "autumn_walk", seed=seed, intensity=0.5):
            if bar.moment is Moment.PLAYING:
                sizes += [abs(b.pitch - a.pitch) for a, b in pairwise(notes)]
    assert sum(size <= 4 for size in sizes) / len(sizes) > 0.7
    assert max(sizes) <= 12
