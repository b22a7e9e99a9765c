"""Semitones above the root back to text: plain, Unicode, iReal and Harte spellings.

Every one of the 2**12 sets of semitones has exactly one plain spelling, and reading it gives the
set again.
"""

from __future__ import annotations

from functools import lru_cache

_ALTERATIONS = ((1, "b9"), (3, "#9"), (6, "#11"), (8, "b13"))


def _split_third(tones: set[int]) -> str:
    """Take the third (or what stands for it) out of `tones` and name it."""
    if 4 in tones:
        tones.discard(4)
        return "major"
    if 3 in tones:
        tones.discard(3)
        return "minor"
    if 5 in tones:
        tones.discard(5)
        return "sus4"
    if 2 in tones:
        tones.discard(2)
        return "sus2"
    return "none"


def _split_fifth(tones: set[int]) -> list[str]:
    """Take the fifths out of `tones` and give the alterations that they need."""
    if 7 in tones:
        tones.discard(7)
        return []
    found = [text for tone, text in ((6, "b5"), (8, "#5")) if tone in tones]
    tones -= {6, 8}
    return found or ["(no5)"]


def _split_seventh(tones: set[int], third: str) -> tuple[str, str]:
    """Take seventh, ninth and thirteenth out of `tones`; give `maj` or nothing, and a number."""
    major = 11 in tones and 10 not in tones
    if not major and 10 not in tones:
        if 9 in tones:
            tones.discard(9)
            if 2 in tones:
                tones.discard(2)
                return "", "69"
            return "", "6"
        return "", ""
    tones.discard(11 if major else 10)
    number = "7"
    altered = 1 in tones or 3 in tones
    if 2 in tones and not altered:
        tones.discard(2)
        number = "9"
        if 9 in tones and 8 not in tones:
            tones.discard(9)
            number = "13"
        elif 5 in tones and 6 not in tones and third in ("major", "minor"):
            tones.discard(5)
            number = "11"
    elif 9 in tones and 8 not in tones and altered:
        tones.discard(9)
        number = "13"
    return ("maj" if major else ""), number


def _tail(tones: set[int], after_seventh: bool) -> str:
    """Spell what is left: alterations bare after a number, everything else as an added tone."""
    texts = []
    for tone, alteration in _ALTERATIONS:
        if tone in tones:
            texts.append(alteration if after_seventh else f"(add{alteration})")
    naturals = ((2, "9"), (5, "11"), (9, "13"), (10, "b7"), (11, "#7"))
    texts += [f"(add{name})" for tone, name in naturals if tone in tones]
    return "".join(texts)


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


@lru_cache(maxsize=4096)
def plain(intervals: frozenset[int]) -> str:
    """Spell a set of semitones above a root as a plain quality such as `m7b5` or `13b9`."""
    special = _SPECIAL.get(intervals)
    if special is not None:
        return special
    tones = set(intervals)
    rootless = "" if 0 in tones else "(no1)"
    tones.discard(0)
    third = _split_third(tones)
    fifths = _split_fifth(tones)
    major, number = _split_seventh(tones, third)
    text = {"minor": "m"}.get(third, "") + (f"(maj{number})" if major and third == "minor" else "")
    if not (major and third == "minor"):
        text += major + number
    if third in ("sus4", "sus2"):
        text += "sus" if third == "sus4" and number else third
    text += "".join(f"({f})" if not number and not f.startswith("(") else f for f in fifths)
    text += _tail(tones, number not in ("", "6", "69"))
    if third == "none":
        text += "(no3)"
    return text + rootless


_UNICODE = (("maj", "Δ"), ("m7b5", "ø7"), ("dim", "°"), ("b", "♭"), ("#", "♯"))


@lru_cache(maxsize=4096)
def pretty(intervals: frozenset[int]) -> str:
    """Spell a quality with musical signs: `Δ7`, `ø7`, `°7`, `7♭9`."""
    text = plain(intervals)
    if text == "m7b5":
        return "ø7"
    return text.replace("maj", "Δ").replace("dim", "°").replace("b", "♭").replace("#", "♯")


IREAL_QUALITIES = frozenset(
    "|5|2|add9|+|o|h|sus|^|-|^7|-7|7|7sus|h7|o7|^9|^13|6|69|^7#11|^9#11|^7#5|-6|-69|-^7|-^9|-9|-11"
    "|-7b5|h9|-b6|-#5|9|7b9|7#9|7#11|7b5|7#5|9#11|9b5|9#5|7b13|7#9#5|7#9b5|7#9#11|7b9#11|7b9b5"
    "|7b9#5|7b9#9|7b9b13|7alt|13|13#11|13b9|13#9|7b9sus|7susadd3|9sus|13sus|7b13sus|11".split("|")
)
"""The qualities of iReal Pro's own keyboard; others need its custom-chord stars."""


@lru_cache(maxsize=4096)
def ireal(intervals: frozenset[int]) -> str:
    """Spell a quality as iReal Pro does (`-7`, `^7`, `h7`), in stars where its table has none."""
    from scband.theory.quality import parse  # noqa: PLC0415  # the table is the reader's own

    if not _IREAL_OF:
        for quality in sorted(IREAL_QUALITIES, key=len, reverse=True):
            _IREAL_OF[parse(quality)] = quality
        _IREAL_OF[parse("^7")], _IREAL_OF[parse("h7")] = "^7", "h7"
    found = _IREAL_OF.get(intervals)
    return found if found is not None else f"*{plain(intervals)}*"


_IREAL_OF: dict[frozenset[int], str] = {}

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
def harte(intervals: frozenset[int]) -> str:
    """Spell a quality in Harte's notation with the shorthand that needs the fewest changes."""

    def cost(item: tuple[str, frozenset[int]]) -> tuple[float, int]:
        missing = len(item[1] - intervals)
        return (len(intervals - item[1]) + 1.5 * missing, len(item[0]))

    name, tones = min(HARTE_SHORTHANDS.items(), key=cost)
    changes = [f"*{_omitted(name, tone)}" for tone in sorted(tones - intervals)]
    changes += [_HARTE_DEGREES[tone] for tone in sorted(intervals - tones)]
    return name + (f"({','.join(changes)})" if changes else "")


def _omitted(name: str, tone: int) -> str:
    if tone == 9 and "dim" in name:
        return "bb7"
    return _HARTE_OMITTED[tone]
