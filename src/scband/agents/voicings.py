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
    """Voice the chords of a bar; N.C. is an empty voicing."""
    begins = context.bar.section_bar % PHRASE
    before = context.past[-begins:] if begins else ()
    before = tuple(bar for bar in before if _together(bar, context.bar))
    after = _same_phrase(context.bar, context.coming)
    voiced = _voiced(_chords((*before, context.bar, *after)), shape, low, high)
    first = sum(len(bar.chords) for bar in before)
    return {
        change.chord: voiced[place] for place, change in enumerate(context.bar.chords, start=first)
    }


def next_voicing(context: Context, shape: str, low: int, high: int) -> Voicing:
    """Voice the first chord of the next bar as that bar will; empty at the end."""
    following = context.next_bar
    if following is None:
        return ()
    begins = following.section_bar % PHRASE
    before = (*context.past, context.bar)[-begins:] if begins else ()
    before = tuple(bar for bar in before if _together(bar, following))
    after = _same_phrase(following, context.coming[1:])
    voiced = _voiced(_chords((*before, following, *after)), shape, low, high)
    return voiced[sum(len(bar.chords) for bar in before)]


def _same_phrase(here: PlayedBar, coming: tuple[PlayedBar, ...]) -> tuple[PlayedBar, ...]:
    """Keep the bars after `here` that complete its phrase."""
    left = PHRASE - 1 - here.section_bar % PHRASE
    kept = []
    for bar in coming[:left]:
        if bar.section_bar <= here.section_bar or not _together(bar, here):
            break
        kept.append(bar)
    return tuple(kept)


def _chords(bars: tuple[PlayedBar, ...]) -> tuple[Chord, ...]:
    return tuple(change.chord for bar in bars for change in bar.chords)


def _together(one: PlayedBar, other: PlayedBar) -> bool:
    same_section = one.section == other.section
    return same_section and one.section_bar // PHRASE == other.section_bar // PHRASE


@lru_cache(maxsize=2048)
def _voiced(chords: tuple[Chord, ...], shape: str, low: int, high: int) -> tuple[Voicing, ...]:
    return voice(chords, shape, low=low, high=high)
