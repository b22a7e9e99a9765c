"""Voicings of one bar, led through the whole four-bar phrase in which it stands.

Every bar of a phrase sees the same phrase, so each can be voiced on its own and they still agree.
"""

from __future__ import annotations

from functools import lru_cache

from scband.agents.context import Context
from scband.chart import PlayedBar
from scband.theory.chord import Chord
from scband.theory.voicing import voice

PHRASE = 4
"""Bars in a phrase."""

Voicing = tuple[int, ...]
"""MIDI pitches, rising."""


def voicings(context: Context, shape: str, low: int, high: int) -> dict[Chord, Voicing]:
    """Voice the chords of a bar, and the one that follows it; N.C. is an empty voicing."""
    chords, first = _phrase(context)
    voiced = _voiced(tuple(chords), shape, low, high)
    here = context.bar.chords
    found = {
        change.chord: pitches
        for change, pitches in zip(here, voiced[first : first + len(here)], strict=True)
    }
    following = context.next_bar
    if following:
        chord = following.chords[0].chord
        place = first + len(here)
        if chord not in found:
            ahead = voiced[place] if place < len(voiced) else None
            found[chord] = ahead or _after(chord, voiced[place - 1], shape, low, high)
    return found


def _phrase(context: Context) -> tuple[list[Chord], int]:
    """Return the chords of the phrase around a bar, and where those of the bar begin."""
    begins = context.bar.section_bar % PHRASE
    before = [bar for bar in context.past[-begins:] if _together(bar, context.bar)] if begins else []
    after = []
    for bar in context.coming[: PHRASE - 1 - begins]:
        if not _together(bar, context.bar) or bar.section_bar <= context.bar.section_bar:
            break
        after.append(bar)
    chords = [change.chord for bar in (*before, context.bar, *after) for change in bar.chords]
    return chords, sum(len(bar.chords) for bar in before)


def _together(one: PlayedBar, other: PlayedBar) -> bool:
    same_section = one.section == other.section
    return same_section and one.section_bar // PHRASE == other.section_bar // PHRASE


@lru_cache(maxsize=2048)
def _voiced(chords: tuple[Chord, ...], shape: str, low: int, high: int) -> tuple[Voicing, ...]:
    return voice(chords, shape, low=low, high=high)


@lru_cache(maxsize=2048)
def _after(chord: Chord, before: Voicing, shape: str, low: int, high: int) -> Voicing:
    return voice((chord,), shape, low=low, high=high, previous=before)[0]
