"""Walking bass: a line from this bar's first note to the next bar's, planned before it is played.

The first note of every bar is fixed by the bar alone (its chord, its place, the seed), so that a
bar knows where the next one begins. Between the two, `line` draws a way that leads there.

The weights are set so that the statistics of many choruses come near those of human bass lines:
intervals, chord tones by beat, roots and approaches at chord changes, as counted by us in the
Weimar Jazz Database (Pfleiderer et al., Inside the Jazzomat, 2017); `benchmarks/players.py` counts
them in what is played here.
"""

from __future__ import annotations

import math
from functools import lru_cache
from itertools import pairwise

from scband.agents.chance import choose, dice
from scband.agents.context import Context
from scband.agents.harmony import core, degree, nearest, scale_of
from scband.agents.line import Candidates, draw_line, moves
from scband.agents.style_parts import Part
from scband.chart import PlayedBar
from scband.theory.chord import Chord
from scband.theory.key import Key

_FIRST_OF_CHORD = (("1", 0.74), ("3", 0.11), ("5", 0.13), ("7", 0.02))
_CHORD_GOES_ON = (("1", 0.42), ("3", 0.2), ("5", 0.28), ("7", 0.1))
_PERIOD = 3
"""Bars from one turning point of the contour to the next."""

# Weight of a move by its size in semitones, 0 to 14.
_FREE = moves(0.6, 1.5, 0.95, 0.8, 0.7, 0.68, 0.72, 0.68, 0.62, 0.62, 0.55, 0.2, 0.8, 0.1, 0.1)
_INTO_CHANGE = moves(
    0.34,
    3.3,
    0.85,
    0.4,
    0.4,
    0.65,
    0.3,
    0.65,
    0.25,
    0.25,
    0.2,
    0.1,
    0.3,
    0.05,
    0.05,
)

# Weight of a pitch by what it is to the chord: root, other chord tone, scale tone, other.
_ROLES = {
    "change": (1.0, 0.17, 0.03, 0.006),
    "strong": (1.15, 0.75, 0.38, 0.16),
    "weak": (1.25, 0.82, 0.34, 0.14),
    "half": (1.0, 1.0, 0.08, 0.02),
    "last": (1.3, 0.78, 0.34, 0.22),
}
_SPREAD = 5.5
"""Standard deviation of the register, in semitones."""


def first_pitch(
    bar: PlayedBar,
    before: Chord | None,
    chorus: int,
    part: Part,
    seed: int,
    *,
    temperature: float = 1.0,
) -> int | None:
    """Return the pitch on a bar's first beat, a function of the bar alone; None over N.C.

    `before` is the chord that sounded before it.
    """
    chord = bar.chords[0].chord
    if chord.root is None:
        return None
    rng = dice(seed, "bass", "first", chorus, bar.index)
    if chord.bass != chord.root or bar.section_bar == 0 or before is None:
        symbol = "1"
    else:
        degrees = _CHORD_GOES_ON if before == chord else _FIRST_OF_CHORD
        symbol = choose(rng, degrees, temperature)
    aim = contour(bar, chorus, part, seed) + 3 * (rng.random() - 0.5)
    return nearest(degree(chord, symbol), aim, part.low, part.high)


def contour(bar: PlayedBar, chorus: int, part: Part, seed: int) -> float:
    """Return the register that the line tends to at a bar: a slow wave around the part's home."""
    knot, between = divmod(bar.index, _PERIOD)
    first, second = (
        part.home + 13 * (dice(seed, "contour", chorus, knot + step).random() - 0.5)
        for step in (0, 1)
    )
    return first + (second - first) * between / _PERIOD


def walk(
    context: Context, beats: tuple[float, ...], part: Part, seed: int
) -> list[tuple[float, int]]:
    """Return (beat, pitch) of a line on the given beats of a bar, the first at 0."""
    before = context.past[-1] if context.past else None
    previous = before.chords[-1].chord if before else None
    heat = context.temperature
    start = first_pitch(context.bar, previous, context.chorus, part, seed, temperature=heat)
    chords = [context.chord_at(beat) for beat in beats]
    if start is None or any(chord.root is None for chord in chords):
        return _around_silence(context, beats, part)
    following = context.next_bar
    aim = None
    if following:
        aim = first_pitch(following, chords[-1], context.next_chorus, part, seed, temperature=heat)
    changes = [new != old for old, new in pairwise(chords)]
    ends = following is not None and following.chords[0].chord != chords[-1]
    tables = tuple(_INTO_CHANGE if change else _FREE for change in [*changes, ends])
    # whole tones are near enough, and found again more often
    middle = 2 * round(((start + (aim if aim is not None else start)) / 2 + part.home) / 4)
    halves = len(beats) < len(context.pulses)
    steps = tuple(
        _candidates(
            chord, context.key, _role(beat, context, changed, halves), middle, (part.low, part.high)
        )
        for beat, chord, changed in zip(beats[1:], chords[1:], changes, strict=True)
    )
    rng = dice(seed, "bass", "line", context.chorus, context.bar.index)
    line = draw_line(
        rng, start, steps, aim, tables, onward=1.6, repeat=0.5, temperature=context.temperature
    )
    pitches = [start, *line]
    return list(zip(beats, pitches, strict=True))


def _around_silence(
    context: Context, beats: tuple[float, ...], part: Part
) -> list[tuple[float, int]]:
    """Play roots where a bar has N.C. in it, and nothing in the silence."""
    return [
        (beat, nearest(chord.bass, part.home, part.low, part.high))
        for beat in beats
        if (chord := context.chord_at(beat)).bass is not None
    ]


def _role(beat: float, context: Context, changed: bool, halves: bool) -> str:
    """Name what a note has to be: `halves` says that the line is a two-feel."""
    if changed:
        return "change"
    pulse = round(beat / context.pulses[0])
    if pulse == len(context.pulses) - 1:
        return "last"
    if halves:
        return "half"
    return "strong" if pulse % 2 == 0 else "weak"


@lru_cache(maxsize=1024)
def _candidates(
    chord: Chord, key: Key | None, role: str, middle: int, span: tuple[int, int]
) -> Candidates:
    root_weight, tone_weight, scale_weight, other_weight = _ROLES[role]
    tones, scale = core(chord), scale_of(chord, key)
    found = []
    for pitch in range(span[0], span[1] + 1):
        name = pitch % 12
        if name == chord.bass:
            weight = root_weight
        elif role == "change" and chord.bass != chord.root:
            continue
        elif name in tones:
            weight = tone_weight
        else:
            weight = scale_weight if name in scale else other_weight
        weight *= math.exp(-0.5 * ((pitch - middle) / _SPREAD) ** 2)
        if weight > 0.03:
            found.append((pitch, weight))
    return Candidates(found)
