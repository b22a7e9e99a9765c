"""Chords as a guitarist can grip them: four strings, within four frets."""

from __future__ import annotations

from functools import lru_cache
from itertools import product

from scband.theory.chord import Chord
from scband.theory.tones import guide_tones

STANDARD_TUNING: tuple[int, ...] = (40, 45, 50, 55, 59, 64)
"""MIDI pitches of the open strings, from the lowest: E A D G B E."""

FRETS = 13
SPAN = 4
"""A hand reaches four frets."""

_STRING_SETS = ((2, 3, 4, 5), (1, 2, 3, 4), (0, 2, 3, 4), (1, 3, 4, 5))


@lru_cache(maxsize=4096)
def grips(chord: Chord, tuning: tuple[int, ...] = STANDARD_TUNING) -> tuple[tuple[int, ...], ...]:
    """Give every grip of a chord as ascending pitches: root, third and seventh are all in it.

    Each lies on one of four sets of strings, all its stopped strings within four frets; open
    strings are used at the nut. No third or seventh is doubled.
    """
    if chord.root is None:
        return ()
    guides = {(chord.root + tone) % 12 for tone in guide_tones(chord)}
    needed = guides | {chord.root}
    tones = {(chord.root + tone) % 12 for tone in chord.intervals}
    single = guides | (tones - {chord.root, (chord.root + 7) % 12})
    found: set[tuple[int, ...]] = set()
    for strings in _STRING_SETS:
        if strings[-1] >= len(tuning):
            continue
        for low in range(1, FRETS - SPAN + 2):
            choices = [_frets(tuning[string], low, tones) for string in strings]
            if not all(choices):
                continue
            for pitches in product(*choices):
                classes = [pitch % 12 for pitch in pitches]
                whole = needed <= set(classes) and all(classes.count(one) <= 1 for one in single)
                if whole and list(pitches) == sorted(set(pitches)):
                    found.add(pitches)
    return tuple(sorted(found))


def _frets(opened: int, low: int, tones: set[int]) -> list[int]:
    """Give the pitches of a string's chord tones in a position; open ones at the nut."""
    frets = [*range(low, low + SPAN)] + ([0] if low == 1 else [])
    return [opened + fret for fret in frets if (opened + fret) % 12 in tones]


def fingering(
    pitches: tuple[int, ...], tuning: tuple[int, ...] = STANDARD_TUNING
) -> tuple[int | None, ...] | None:
    """Find frets for ascending pitches: a fret a string from the lowest, None for silent ones.

    None where no grip within four frets holds them.
    """
    best: tuple[int, tuple[int | None, ...]] | None = None
    for strings in _STRING_SETS:
        if len(strings) != len(pitches) or strings[-1] >= len(tuning):
            continue
        frets = [pitch - tuning[string] for pitch, string in zip(pitches, strings, strict=True)]
        stopped = [fret for fret in frets if fret > 0]
        if min(frets) < 0 or max(frets) > FRETS:
            continue
        near_nut = 0 not in frets or max(frets) <= SPAN
        if stopped and (max(stopped) - min(stopped) >= SPAN or not near_nut):
            continue
        grip: list[int | None] = [None] * len(tuning)
        for string, fret in zip(strings, frets, strict=True):
            grip[string] = fret
        if best is None or max(frets) < best[0]:
            best = max(frets), tuple(grip)
    return None if best is None else best[1]
