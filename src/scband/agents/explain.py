"""Why a player plays what it plays, in words, for the page and for teaching."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from scband.agents.context import Context, Moment
from scband.agents.rhythm import Pattern
from scband.score import Note
from scband.theory.chord import Chord
from scband.theory.pitch import spell

_DEGREES = {
    0: "root", 1: "flat ninth", 2: "ninth", 3: "minor third", 4: "third", 5: "fourth",
    6: "flat fifth", 7: "fifth", 8: "sharp fifth", 9: "sixth", 10: "seventh", 11: "major seventh",
}  # fmt: skip
_STEPS = {-2: "a whole step below", -1: "a half step below", 1: "a half step above",
          2: "a whole step above"}  # fmt: skip


def name(pitch: int, context: Context) -> str:
    """Name a MIDI pitch as the key spells it, without its octave."""
    return context.key.spell(pitch % 12) if context.key else spell(pitch % 12)


def degree_of(pitch: int, chord: Chord) -> str:
    """Say what a pitch is to a chord: root, third … or the bass of a slash chord."""
    if chord.root is None:
        return "no chord"
    if chord.bass != chord.root and pitch % 12 == chord.bass:
        return f"bass of {chord}"
    interval = (pitch - chord.root) % 12
    sharp_ninth = interval == 3 and 4 in chord.intervals
    return f"{'sharp ninth' if sharp_ninth else _DEGREES[interval]} of {chord}"


def moment_of(context: Context) -> str:
    """Say what this bar is, where it is not just played."""
    if context.moment is Moment.COUNT_IN:
        return "the count-in belongs to the drummer"
    if context.moment is Moment.ENDING:
        return "the last bar: one stroke of all together"
    return ""


def line_of(notes: Sequence[Note], context: Context) -> str:
    """Tell a line note by note: what each is to its chord, and what leads into the next bar."""
    if not notes:
        return "rests"
    told = [
        f"{name(note.pitch, context)} ({degree_of(note.pitch, context.chord_at(note.start))})"
        for note in notes
        if note.articulation not in ("ghost", "mute")
    ]
    return ", ".join(told)


def lead_in(last: Note, context: Context) -> str:
    """Say how a bar's last note leads into the next chord."""
    following = context.next_bar
    if following is None or following.chords[0].chord.bass is None:
        return ""
    chord = following.chords[0].chord
    assert chord.bass is not None
    step = (last.pitch - chord.bass + 6) % 12 - 6
    if step in _STEPS:
        return f"; the last leads into {chord} from {_STEPS[step]}"
    if step in (5, -5):
        return f"; the last falls into {chord} by a fifth"
    return ""


def pattern_of(play: Pattern | str, number: int) -> str:
    """Write down the rhythm of a bar."""
    return f"the rhythm {'|'.join(play.bar(number))}" if isinstance(play, Pattern) else play


def chords_of(notes: Sequence[Note], context: Context) -> str:
    """Tell the voicings of a bar, each once, from the lowest tone."""
    strokes: dict[float, list[int]] = {}
    for note in notes:
        strokes.setdefault(note.start, []).append(note.pitch)
    told: list[str] = []
    for start, pitches in strokes.items():
        tones = " ".join(name(pitch, context) for pitch in sorted(pitches))
        text = f"{tones} for {context.chord_at(start + 0.55 if start % 1 else start)}"
        if text not in told:
            told.append(text)
    return "; ".join(told) if told else "rests"


def movement(notes: Sequence[Note]) -> str:
    """Say how a melody moves."""
    sizes = [abs(two.pitch - one.pitch) for one, two in pairwise(notes)]
    if not sizes:
        return "one long note"
    steps = sum(size <= 2 for size in sizes)
    return f"{steps} of its {len(sizes)} moves are steps"
