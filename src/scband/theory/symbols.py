"""Semitones above the root back to text: plain, Unicode, iReal and Harte spellings.

Every one of the 2**12 sets of semitones has exactly one plain spelling, and reading it gives the
set again. `spelling` keeps two of a player's choices that the tones alone do not tell: `b13` for
a tone that would else be written `#5`, and `11` for what would else be `9sus`.
"""

from __future__ import annotations

from functools import lru_cache

from scband.theory.quality import parse

_ALTERATIONS = ((1, "b9"), (3, "#9"), (6, "#11"))
_SPECIAL = {
    frozenset({0, 7}): "5",
    frozenset({0, 3, 6}): "dim",
    frozenset({0, 3, 6, 9}): "dim7",
    frozenset({0, 4, 8}): "aug",
    frozenset({0, 2, 4, 7}): "add9",
    frozenset({0, 2, 3, 7}): "madd9",
    frozenset({0, 3, 7, 8}): "mb6",
    frozenset({0, 1, 3, 4, 6, 8, 10}): "7alt",
    frozenset({0, 2, 5, 7}): "sus24",
}


def _take_third(tones: set[int], eleventh: bool) -> str:
    """Take the third, or what stands for it, out of `tones` and name it."""
    for tone, name in ((4, ""), (3, "m")):
        if tone in tones:
            tones.discard(tone)
            return name
    if eleventh:
        tones -= {2, 5}
        return ""
    for tone, name in ((5, "sus4"), (2, "sus2")):
        if tone in tones:
            tones.discard(tone)
            return name
    return "no3"


def _take_fifths(tones: set[int], flat13: bool) -> list[str]:
    """Take the fifths out of `tones` and give the alterations that they need."""
    if 7 in tones:
        tones.discard(7)
        return []
    wanted = ((6, "b5"),) if flat13 else ((6, "b5"), (8, "#5"))
    found = [text for tone, text in wanted if tone in tones]
    tones -= {6} if flat13 else {6, 8}
    return found or ([] if flat13 else ["(no5)"])


def _take_seventh(tones: set[int], third: str, eleventh: bool) -> tuple[str, str]:
    """Take seventh, ninth and thirteenth out of `tones`; give `maj` or nothing, and a number."""
    major = 11 in tones and 10 not in tones
    if not major and 10 not in tones:
        if 9 not in tones:
            return "", ""
        number = "69" if 2 in tones else "6"
        tones -= {9, 2}
        return "", number
    tones.discard(11 if major else 10)
    number = "11" if eleventh else _extension(tones, third)
    return ("maj" if major else ""), number


def _extension(tones: set[int], third: str) -> str:
    """Choose 7, 9, 11 or 13 and take the tones that it implies."""
    altered = 1 in tones or 3 in tones
    low = third == "m"  # a minor thirteenth holds its eleventh
    thirteenth = 9 in tones and 8 not in tones and (not low or (5 in tones and 6 not in tones))
    if thirteenth and (altered or 2 in tones):
        tones -= ({9, 5} if low else {9}) | (set() if altered else {2})
        return "13"
    if altered or 2 not in tones:
        return "7"
    tones.discard(2)
    if low and 5 in tones and 6 not in tones:
        tones.discard(5)
        return "11"
    return "9"


def _tail(tones: set[int], after_seventh: bool, flat13: bool) -> str:
    """Spell what is left: alterations bare after a number, everything else as an added tone."""
    altered = [(tone, text) for tone, text in _ALTERATIONS if tone in tones]
    if flat13:
        altered.append((8, "b13"))
    texts = [text if after_seventh else f"(add{text})" for _, text in altered]
    naturals = ((2, "9"), (5, "11"), (8, "b6"), (9, "13"), (10, "b7"), (11, "#7"))
    known = {tone for tone, _ in altered}
    texts += [f"(add{name})" for tone, name in naturals if tone in tones and tone not in known]
    return "".join(texts)


@lru_cache(maxsize=4096)
def plain(intervals: frozenset[int], spelling: str = "") -> str:
    """Spell a set of semitones above a root as a plain quality such as `m7b5` or `13b9`."""
    special = _SPECIAL.get(intervals)
    if special is not None and not spelling:
        return special
    tones = set(intervals) - {0}
    marks = spelling.split()
    eleventh, flat13 = "11" in marks, "b13" in marks
    third = _take_third(tones, eleventh)
    fifths = _take_fifths(tones, flat13)
    major, number = _take_seventh(tones, third, eleventh)
    text = f"m(maj{number})" if major and third == "m" else major + number
    if third == "m" and not major:
        text = "m" + number
    if third.startswith("sus"):
        text += "sus" if third == "sus4" and number else third
    text += "".join(f"({f})" if not number and f[0] != "(" else f for f in fifths)
    text += _tail(tones, number not in ("", "6", "69"), flat13)
    text += "(no3)" if third == "no3" else ""
    return text if 0 in intervals else text + "(no1)"


@lru_cache(maxsize=4096)
def pretty(intervals: frozenset[int], spelling: str = "") -> str:
    """Spell a quality with musical signs: `Δ7`, `ø7`, `°7`, `7♭9`."""
    text = plain(intervals, spelling)
    if text == "m7b5":
        return "ø7"
    return text.replace("maj", "Δ").replace("dim", "°").replace("b", "♭").replace("#", "♯")


IREAL_QUALITIES: tuple[str, ...] = (
    "", "5", "2", "add9", "+", "o", "h", "sus", "^", "-", "^7", "-7", "7", "7sus", "h7", "o7",
    "^9", "^13", "6", "69", "^7#11", "^9#11", "^7#5", "-6", "-69", "-^7", "-^9", "-9", "-11",
    "-7b5", "h9", "-b6", "-#5", "9", "7b9", "7#9", "7#11", "7b5", "7#5", "9#11", "9b5", "9#5",
    "7b13", "7#9#5", "7#9b5", "7#9#11", "7b9#11", "7b9b5", "7b9#5", "7b9#9", "7b9b13", "7alt",
    "13", "13#11", "13b9", "13#9", "7b9sus", "7susadd3", "9sus", "13sus", "7b13sus", "11",
)  # fmt: skip
"""The qualities of iReal Pro's own keyboard; others need its custom-chord stars."""


@lru_cache(maxsize=1)
def _ireal_table() -> dict[tuple[frozenset[int], str], str]:
    """Map tones to iReal's spelling; of two spellings of one chord the last listed wins."""
    preferred = ("add9", "^7", "h7")
    return {parse(quality): quality for quality in (*IREAL_QUALITIES, *preferred)}


@lru_cache(maxsize=4096)
def ireal(intervals: frozenset[int], spelling: str = "") -> str:
    """Spell a quality as iReal Pro does (`-7`, `^7`, `h7`), in stars where its table has none."""
    found = _ireal_table().get((intervals, spelling))
    return found if found is not None else f"*{plain(intervals, spelling)}*"


_HARTE = {
    "maj": "0 4 7", "min": "0 3 7", "dim": "0 3 6", "aug": "0 4 8",
    "maj7": "0 4 7 11", "min7": "0 3 7 10", "7": "0 4 7 10", "dim7": "0 3 6 9",
    "hdim7": "0 3 6 10", "minmaj7": "0 3 7 11", "maj6": "0 4 7 9", "min6": "0 3 7 9",
    "9": "0 4 7 10 2", "maj9": "0 4 7 11 2", "min9": "0 3 7 10 2", "sus4": "0 5 7",
    "sus2": "0 2 7", "5": "0 7", "1": "0",
    "11": "0 4 7 10 2 5", "min11": "0 3 7 10 2 5", "maj11": "0 4 7 11 2 5",
    "13": "0 4 7 10 2 5 9", "min13": "0 3 7 10 2 5 9", "maj13": "0 4 7 11 2 5 9",
}  # fmt: skip
HARTE_SHORTHANDS: dict[str, frozenset[int]] = {
    name: frozenset(int(tone) for tone in tones.split()) for name, tones in _HARTE.items()
}
"""Shorthands of Harte's notation (Harte et al., ISMIR 2005) and the Billboard corpus' additions."""

_HARTE_DEGREES = ("1", "b9", "9", "b3", "3", "11", "b5", "5", "b13", "13", "b7", "7")
_HARTE_OMITTED = ("1", "b2", "2", "b3", "3", "4", "b5", "5", "#5", "6", "b7", "7")


@lru_cache(maxsize=4096)
def harte(intervals: frozenset[int], spelling: str = "") -> str:
    """Spell a quality in Harte's notation with the shorthand that needs the fewest changes."""

    def cost(item: tuple[str, frozenset[int]]) -> tuple[float, int]:
        missing = len(item[1] - intervals)
        return (len(intervals - item[1]) + 1.5 * missing, len(item[0]))

    name, tones = min(HARTE_SHORTHANDS.items(), key=cost)
    changes = [f"*{_omitted(name, tone)}" for tone in sorted(tones - intervals)]
    changes += [_added(tone, intervals, spelling) for tone in sorted(intervals - tones)]
    return name + (f"({','.join(changes)})" if changes else "")


def _added(tone: int, intervals: frozenset[int], spelling: str) -> str:
    """Name a tone by its degree in the chord that it colours."""
    if tone == 3 and 4 in intervals:
        return "#9"
    if tone == 6 and 7 in intervals:
        return "#11"
    if tone == 8 and 7 not in intervals and "b13" not in spelling:
        return "#5"
    return _HARTE_DEGREES[tone]


def _omitted(name: str, tone: int) -> str:
    return "bb7" if tone == 9 and "dim" in name else _HARTE_OMITTED[tone]
