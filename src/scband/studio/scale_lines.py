"""Bass lines and melodies in a key and a scale: chords from the scale, played by the band."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from scband.agents.chance import choose, dice
from scband.agents.style import load
from scband.chart.songmap import Bar, ChordAt, Section, SongMap
from scband.errors import InvalidRequestError
from scband.score import Note, Score
from scband.theory.chord import Chord
from scband.theory.key import Key
from scband.theory.scales import SCALES

STYLE = "pop"
"""The way of playing where none is asked for."""

MOST_BARS = 256


@dataclass(frozen=True, slots=True)
class ScaleKind:
    """A scale by its steps; `parent` is the seven-note scale that its chords are built from.

    `mode` is the key that it is written in; `progressions` are degrees from 0, a bar each, with how
    usual they are.
    """

    steps: tuple[int, ...]
    parent: tuple[int, ...]
    mode: str
    progressions: tuple[tuple[tuple[int, ...], float], ...]


_MAJOR = (((0, 5, 3, 4), 5.0), ((0, 4, 5, 3), 4.0), ((0, 3, 0, 4), 3.0), ((0, 3, 1, 4), 2.0))
_MINOR = (((0, 5, 2, 6), 5.0), ((0, 3, 5, 4), 4.0), ((0, 6, 5, 6), 3.0), ((0, 3, 0, 4), 2.0))
_LEADING = (((0, 3, 4, 0), 5.0), ((0, 5, 3, 4), 4.0), ((0, 3, 0, 4), 3.0))


def _seven(name: str, mode: str, *progressions: tuple[tuple[int, ...], float]) -> ScaleKind:
    return ScaleKind(SCALES[name], SCALES[name], mode, progressions)


SCALE_KINDS: dict[str, ScaleKind] = {
    "major": _seven("ionian", "major", *_MAJOR),
    "minor": _seven("aeolian", "minor", *_MINOR),
    "harmonic minor": _seven("harmonic minor", "minor", *_LEADING),
    "melodic minor": _seven("melodic minor", "minor", *_LEADING),
    "dorian": _seven("dorian", "dorian", ((0, 3, 0, 3), 5.0), ((0, 1, 3, 0), 3.0)),
    "phrygian": _seven("phrygian", "phrygian", ((0, 1, 0, 1), 5.0), ((0, 1, 2, 1), 3.0)),
    "lydian": _seven("lydian", "lydian", ((0, 1, 0, 1), 5.0), ((0, 1, 4, 0), 3.0)),
    "mixolydian": _seven("mixolydian", "mixolydian", ((0, 6, 3, 0), 5.0), ((0, 3, 6, 3), 3.0)),
    "locrian": _seven("locrian", "locrian", ((0, 1, 0, 5), 5.0), ((0, 5, 1, 0), 3.0)),
    "phrygian dominant": _seven("phrygian dominant", "major", ((0, 1, 0, 1), 5.0)),
    "lydian dominant": _seven("lydian dominant", "major", ((0, 1, 0, 1), 5.0)),
    "harmonic major": _seven("harmonic major", "major", ((0, 3, 4, 0), 5.0)),
    "major pentatonic": ScaleKind((0, 2, 4, 7, 9), SCALES["ionian"], "major", _MAJOR),
    "minor pentatonic": ScaleKind((0, 3, 5, 7, 10), SCALES["aeolian"], "minor", _MINOR),
    "blues": ScaleKind((0, 3, 5, 6, 7, 10), SCALES["dorian"], "minor", (((0, 3, 0, 4), 1.0),)),
}
"""Every scale that can be asked for."""

_ALSO = {
    "": "major", "maj": "major", "ionian": "major", "min": "minor", "aeolian": "minor",
    "natural minor": "minor", "jazz minor": "melodic minor", "pentatonic": "major pentatonic",
    "pentatonic major": "major pentatonic", "pentatonic minor": "minor pentatonic",
    "minor blues": "blues", "spanish": "phrygian dominant", "acoustic": "lydian dominant",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class ScaleChoice:
    """A scale on a tonic: `name` as in SCALE_KINDS, `key` for spelling and signature."""

    name: str
    key: Key

    @property
    def kind(self) -> ScaleKind:
        """What the scale is made of."""
        return SCALE_KINDS[self.name]

    @property
    def tones(self) -> frozenset[int]:
        """Its pitch classes."""
        return frozenset((self.key.tonic + step) % 12 for step in self.kind.steps)


def read_scale(key: str, scale: str) -> ScaleChoice:
    """Read a key (`C`, `F#`, `Am`, `D dorian`) and a scale (`harmonic_minor`, `Lydian` …).

    A mode in the key counts where the scale is the plain major. Raises TheoryError for no key,
    InvalidRequestError for no scale.
    """
    wanted = " ".join(re.split(r"[\s_-]+", scale.strip().lower()[:60]))
    name = _ALSO.get(wanted, wanted)
    if name not in SCALE_KINDS:
        raise InvalidRequestError(
            f"there is no scale {scale[:40]!r}; there are {', '.join(SCALE_KINDS)}"
        )
    home = Key(key)
    if name == "major" and home.mode != "major":
        name = home.mode
    return ScaleChoice(name, Key(f"{home.tonic_name} {SCALE_KINDS[name].mode}").shifted(0))


def progression(choice: ScaleChoice, bars: int, seed: int, temperature: float) -> SongMap:
    """Lay chords of the scale over so many bars of 4/4, ending on its first degree.

    Raises InvalidRequestError for a number of bars that nobody plays.
    """
    if not 1 <= bars <= MOST_BARS:
        raise InvalidRequestError(f"bars lie between 1 and {MOST_BARS}, not at {bars}")
    degrees: list[int] = []
    while len(degrees) < bars:
        rng = dice(seed, "progression", len(degrees))
        degrees += choose(rng, choice.kind.progressions, temperature)
    played = [*degrees[: bars - 1], 0] if bars > 1 else [0]
    chords = [Bar((ChordAt(0.0, _triad(choice, degree)),)) for degree in played]
    return SongMap((Section("", tuple(chords)),), key=choice.key)


def _triad(choice: ScaleChoice, degree: int) -> Chord:
    parent = choice.kind.parent
    root, third, fifth = (parent[(degree + step) % 7] for step in (0, 2, 4))
    tones = frozenset({0, (third - root) % 12, (fifth - root) % 12})
    return Chord.of(choice.key.spell(choice.key.tonic + root), tones)


def in_scale(score: Score, choice: ScaleChoice, low: int, high: int) -> Score:
    """Move every note that the scale has not to the nearest one that it has."""
    parts = tuple(
        replace(part, notes=tuple(_snapped(note, choice.tones, low, high) for note in part.notes))
        for part in score.parts
    )
    return replace(score, parts=parts)


def _snapped(note: Note, tones: frozenset[int], low: int, high: int) -> Note:
    near = sorted(range(low, high + 1), key=lambda pitch: (abs(pitch - note.pitch), pitch))
    pitch = next(pitch for pitch in near if pitch % 12 in tones)
    return note if pitch == note.pitch else replace(note, pitch=pitch)


def reach(player: str) -> tuple[int, int]:
    """Return the lowest and highest pitch of a player in the plain style."""
    style = load(STYLE)
    part = style.bass if player == "bass" else style.lead
    return part.low, part.high
