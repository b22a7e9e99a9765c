"""The chords of a form as sclang takes them: pitch classes and the scale that fits."""

from __future__ import annotations

from scband.agents.form import Form
from scband.supercollider.patterns import Harmony
from scband.theory import chord_scale


def harmony_of(form: Form) -> list[Harmony]:
    """Return every chord of one chorus, beats from the top of the form."""
    key = form.song.tonality
    return [
        Harmony(
            beat=bar.start + item.beat,
            root=item.chord.root,
            bass=item.chord.bass,
            pitch_classes=item.chord.pitch_classes,
            scale=frozenset(chord_scale(item.chord, key).tones),
        )
        for bar in form.bars
        for item in bar.chords
    ]
