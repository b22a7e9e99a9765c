"""Scales: which tones fit a chord where it stands."""

from __future__ import annotations

from dataclasses import dataclass

from scband.theory.chord import Chord
from scband.theory.key import Key

SCALES: dict[str, tuple[int, ...]] = {
    "ionian": (0, 2, 4, 5, 7, 9, 11),
    "dorian": (0, 2, 3, 5, 7, 9, 10),
    "phrygian": (0, 1, 3, 5, 7, 8, 10),
    "lydian": (0, 2, 4, 6, 7, 9, 11),
    "mixolydian": (0, 2, 4, 5, 7, 9, 10),
    "aeolian": (0, 2, 3, 5, 7, 8, 10),
    "locrian": (0, 1, 3, 5, 6, 8, 10),
    "melodic minor": (0, 2, 3, 5, 7, 9, 11),
    "harmonic minor": (0, 2, 3, 5, 7, 8, 11),
    "dorian b2": (0, 1, 3, 5, 7, 9, 10),
    "lydian augmented": (0, 2, 4, 6, 8, 9, 11),
    "lydian dominant": (0, 2, 4, 6, 7, 9, 10),
    "mixolydian b6": (0, 2, 4, 5, 7, 8, 10),
    "locrian #2": (0, 2, 3, 5, 6, 8, 10),
    "altered": (0, 1, 3, 4, 6, 8, 10),
    "phrygian dominant": (0, 1, 4, 5, 7, 8, 10),
    "mixolydian b9": (0, 1, 4, 5, 7, 9, 10),
    "ionian #5": (0, 2, 4, 5, 8, 9, 11),
    "locrian 6": (0, 1, 3, 5, 6, 9, 10),
    "dorian #4": (0, 2, 3, 6, 7, 9, 10),
    "lydian #2": (0, 3, 4, 6, 7, 9, 11),
    "whole tone": (0, 2, 4, 6, 8, 10),
    "half-whole": (0, 1, 3, 4, 6, 7, 9, 10),
    "whole-half": (0, 2, 3, 5, 6, 8, 9, 11),
    "harmonic major": (0, 2, 4, 5, 7, 8, 11),
    "augmented": (0, 3, 4, 7, 8, 11),
    "chromatic": tuple(range(12)),
}
"""Semitones above the root of the scales that chords take."""


@dataclass(frozen=True, slots=True)
class Scale:
    """A scale on a root: `tones` are pitch classes from the root up, `avoid` those to pass over."""

    name: str
    root: int
    tones: tuple[int, ...]
    avoid: frozenset[int] = frozenset()


_USUAL = (
    "ionian", "lydian", "mixolydian", "dorian", "aeolian", "phrygian", "locrian",
    "lydian dominant", "melodic minor", "harmonic minor", "locrian #2", "mixolydian b6",
    "phrygian dominant", "altered", "half-whole", "whole-half", "whole tone", "lydian augmented",
    "mixolydian b9", "dorian b2", "ionian #5", "locrian 6", "dorian #4", "lydian #2",
    "harmonic major", "augmented", "chromatic",
)  # fmt: skip


_NAMED = (
    (frozenset({0, 3, 6, 9}), "whole-half"),
    (frozenset({0, 1, 4, 9, 10}), "half-whole"),
)
"""Chords that players answer with one scale, whatever the key."""


def _natural_fifth_stands(chord: Chord, name: str) -> bool:
    """Tell whether a scale has a natural fifth where the chord has altered its own."""
    altered = 8 in chord.intervals and "b13" not in chord.spelling
    return altered and 7 not in chord.intervals and 7 in SCALES[name]


def chord_scale(chord: Chord, key: Key | None = None) -> Scale:
    """Choose the scale that holds every tone of the chord and strays least from its key.

    `avoid` names scale tones a half step above a chord tone, which a melody passes over. A chord
    without root gives the key's own scale, or the chromatic one.
    """
    if chord.root is None:
        if key is None:
            return Scale("chromatic", 0, SCALES["chromatic"])
        return Scale(key.mode, key.tonic, key.scale)
    home = frozenset((tone - chord.root) % 12 for tone in key.scale) if key else frozenset({0})
    fitting = [name for name in _USUAL if chord.intervals <= set(SCALES[name])]
    fitting = [name for name in fitting if not _natural_fifth_stands(chord, name)] or fitting
    named = next((name for tones, name in _NAMED if tones <= chord.intervals), None)
    if named in fitting:
        fitting = [str(named)]

    def strangeness(name: str) -> tuple[int, int]:
        tones = set(SCALES[name])
        return (len(tones - home) if key else 0) + (1 if len(tones) != 7 else 0), _USUAL.index(name)

    name = min(fitting, key=strangeness)
    steps = SCALES[name]
    avoid = frozenset(
        (chord.root + step) % 12
        for step in steps
        if step not in chord.intervals and (step - 1) % 12 in chord.intervals & {0, 3, 4, 7, 11}
        and not (10 in chord.intervals and 4 in chord.intervals and step in (1, 8))
    )  # fmt: skip
    return Scale(name, chord.root, tuple((chord.root + step) % 12 for step in steps), avoid)


def scale_tones(chord: Chord, key: Key | None = None) -> frozenset[int]:
    """Semitones above the root that fit the chord, avoid tones left out."""
    if chord.root is None:
        return frozenset()
    scale = chord_scale(chord, key)
    root = chord.root
    return frozenset((tone - root) % 12 for tone in scale.tones if tone not in scale.avoid)


def tensions(chord: Chord, key: Key | None = None) -> frozenset[int]:
    """Semitones above the root that colour the chord: fitting tones, its own colours included."""
    return scale_tones(chord, key) - {0, 7} - ({4} if 4 in chord.intervals else {3})
