"""MusicXML's chord kinds (MusicXML 4.0, `kind-value`) and degrees, to and from tones."""

from __future__ import annotations

from scband.theory.quality import parse

KINDS: dict[str, str] = {
    "major": "", "minor": "m", "augmented": "aug", "diminished": "dim", "dominant": "7",
    "major-seventh": "maj7", "minor-seventh": "m7", "diminished-seventh": "dim7",
    "augmented-seventh": "7#5", "half-diminished": "m7b5", "major-minor": "m(maj7)",
    "major-sixth": "6", "minor-sixth": "m6", "dominant-ninth": "9", "major-ninth": "maj9",
    "minor-ninth": "m9", "dominant-11th": "9(add11)", "major-11th": "maj9(add11)",
    "minor-11th": "m11", "dominant-13th": "13(add11)", "major-13th": "maj13(add11)",
    "minor-13th": "m13", "suspended-second": "sus2", "suspended-fourth": "sus4", "power": "5",
    "pedal": "bass", "Neapolitan": "", "Italian": "7(no5)", "French": "7b5", "German": "7",
    "Tristan": "m7b5",
}  # fmt: skip
"""A plain quality for each kind; elevenths and thirteenths hold every third of their stack."""

TONES: dict[str, frozenset[int]] = {kind: parse(text).intervals for kind, text in KINDS.items()}
_WRITTEN = tuple(kind for kind in KINDS if kind[0].islower() and kind != "pedal")
_NATURAL = (0, 2, 4, 5, 7, 9, 10, 0, 2, 4, 5, 7, 9)  # degrees 1-13, the seventh minor
_DEGREE_OF = {
    0: (1, 0), 1: (9, -1), 2: (9, 0), 3: (3, -1), 4: (3, 0), 5: (11, 0), 6: (5, -1), 7: (5, 0),
    8: (5, 1), 9: (13, 0), 10: (7, 0), 11: (7, 1),
}  # fmt: skip


def apply_degree(tones: set[int], value: int, alter: int, kind: str) -> None:
    """Add, alter or subtract a degree (1-13) of a chord."""
    major_seventh = value == 7 and 11 in tones and 10 not in tones
    natural = 11 if major_seventh else _NATURAL[value - 1]
    tone = (natural + alter) % 12
    if kind == "subtract":
        seventh = {10, 11} if tones & {10, 11} else {9}
        tones.discard(tone)
        if not alter and value in (3, 5, 7):
            tones -= {3: {3, 4}, 5: {6, 7, 8}, 7: seventh}[value]
        return
    if kind == "alter":
        tones -= {5: {6, 7, 8}, 3: {3, 4}, 7: {10, 11}}.get(value, {natural})
    tones.add(tone)


def kind_of(tones: frozenset[int]) -> tuple[str, list[tuple[int, int, str]]]:
    """Choose the kind that needs the fewest degrees, and give these as (value, alter, type)."""

    def cost(kind: str) -> tuple[int, int]:
        return len(TONES[kind] ^ tones), _WRITTEN.index(kind)

    kind = min(_WRITTEN, key=cost)
    base = TONES[kind]
    degrees = [(*_degree(tone, base, taken=True), "subtract") for tone in sorted(base - tones)]
    degrees += [(*_degree(tone, tones, taken=False), "add") for tone in sorted(tones - base)]
    return kind, degrees


def _degree(tone: int, among: frozenset[int], *, taken: bool) -> tuple[int, int]:
    """Name a tone as a degree in the chord that it belongs to."""
    if tone == 9 and taken and {3, 6, 9} <= among:
        return 7, -1
    if tone == 3 and 4 in among and not taken:
        return 9, 1
    if tone == 6 and 7 in among and not taken:
        return 11, 1
    if tone == 8 and 7 in among and not taken:
        return 13, -1
    if tone == 11 and 10 not in among and taken:
        return 7, 0
    return _DEGREE_OF[tone]
