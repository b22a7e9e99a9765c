"""The chords of a form as sclang takes them: pitch classes and the scale that fits."""

from __future__ import annotations

from scband.agents.form import Form
from scband.supercollider.patterns import Harmony
from scband.theory import Chord, chord_scale


def harmony_of(form: Form) -> list[Harmony]:
    """Return every chord of one chorus, beats from the top of the form."""
    return [
        harmony_from(item.chord, form, bar.start + item.beat)
        for bar in form.bars
        for item in bar.chords
    ]


def harmony_from(chord: Chord, form: Form, beat: float = 0.0) -> Harmony:
    """Return a chord as sclang takes it, with the scale that it has in the song's key."""
    return Harmony(
        beat=beat,
        root=chord.root,
        bass=chord.bass,
        pitch_classes=chord.pitch_classes,
        scale=frozenset(chord_scale(chord, form.song.tonality).tones),
    )
