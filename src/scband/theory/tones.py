"""Which tones of a chord a voicing of four parts holds."""

from __future__ import annotations

from scband.theory.chord import Chord
from scband.theory.key import Key
from scband.theory.scales import tensions

_COLOURS = (1, 3, 6, 8, 2, 9, 5, 11, 10, 4)
_OPTIONS = 4


def third_of(chord: Chord) -> int | None:
    """Semitones of the chord's third, or of the suspended tone in its place."""
    return next((tone for tone in (4, 3, 5, 2) if tone in chord.intervals), None)


def seventh_of(chord: Chord) -> int | None:
    """Semitones of the chord's seventh, or of the sixth in its place."""
    return next((tone for tone in (10, 11, 9) if tone in chord.intervals), None)


def guide_tones(chord: Chord) -> tuple[int, ...]:
    """Semitones of third and seventh: what names the chord's sound."""
    third, seventh = third_of(chord), seventh_of(chord)
    return tuple(tone for tone in (third, seventh) if tone is not None)


def _fifths(chord: Chord) -> list[int]:
    """Semitones of what stands at the fifth's place: the natural one, or the altered ones."""
    if 7 in chord.intervals:
        return [7]
    return [tone for tone in (6, 8) if tone in chord.intervals]


def colours(chord: Chord) -> tuple[int, ...]:
    """Semitones of what a symbol adds to a plain seventh chord, of which a voicing holds one.

    Altered tones come first; else it is the highest natural one, the 13 of a thirteenth.
    """
    guides = guide_tones(chord)
    if len(guides) < 2:
        return ()
    own = chord.intervals - {0, *guides}
    altered = [tone for tone in (1, 3, 6, 8) if tone in own]
    natural = [tone for tone in (9, 5, 2) if tone in own]
    others = [tone for tone in (11, 10, 4) if tone in own]
    return tuple((altered or natural[:1] or others)[:_OPTIONS])


def rooted_sets(chord: Chord) -> list[tuple[int, ...]]:
    """Choose root, guide tones and one more: the tone sets of a rooted voicing, best first.

    The fourth tone is what the symbol adds to a plain seventh chord, or the fifth. A triad gives
    its three tones.
    """
    guides = guide_tones(chord)
    needed = tuple(dict.fromkeys((0, *guides))) if 0 in chord.intervals else guides
    fifths = [tone for tone in _fifths(chord) if tone not in needed]
    if len(needed) >= 3:
        fourth = [tone for tone in dict.fromkeys((*colours(chord), *fifths)) if tone not in needed]
        return [tuple(sorted((*needed, tone))) for tone in fourth] or [needed]
    others = [tone for tone in _COLOURS if tone in chord.intervals and tone not in needed]
    rest = list(dict.fromkeys((*fifths, *others)))[: 4 - len(needed)]
    return [tuple(sorted((*needed, *rest)))]


def rootless_sets(chord: Chord, key: Key | None = None) -> list[tuple[int, ...]]:
    """Choose guide tones, fifth or thirteenth, and ninth (or root): sets without the root.

    Only tensions that fit the chord's scale are used, those that the symbol names first.
    """
    third = third_of(chord)
    if third is None:
        return []
    seventh = seventh_of(chord)
    fitting = tensions(chord, key)
    ninths = _named([tone for tone in (1, 3, 2) if tone != third], chord, fitting) or [0]
    if seventh is None:
        middles = [tone for tone in _fifths(chord) or [7] if tone != third]
        return [_set(third, middle, ninth, 0) for middle in middles for ninth in ninths[:1]]
    dominant = seventh == 10 and third in (4, 5)
    altered = [tone for tone in (8, 6) if tone in chord.intervals and 7 not in chord.intervals]
    thirteenths = _named([9, 8], chord, fitting) if dominant and not altered else []
    middles = [tone for tone in altered or (thirteenths + _fifths(chord)) if tone != third]
    sets = [_set(third, middle, seventh, ninth) for middle in middles[:2] for ninth in ninths[:2]]
    return [tones for tones in sets if len(tones) == 4] or [_set(third, seventh, 0, 7)]


def _set(*tones: int) -> tuple[int, ...]:
    return tuple(sorted(set(tones)))


def _named(tones: list[int], chord: Chord, fitting: frozenset[int]) -> list[int]:
    """Keep the tones that the symbol names, or where it names none those that fit."""
    named = [tone for tone in tones if tone in chord.intervals]
    return named or [tone for tone in tones if tone in fitting][:1]
