"""A chord of MusicXML: its `harmony` element, with kind, degrees, bass and inversion."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scband.chart.xmlkinds import TONES, apply_degree
from scband.errors import ChordError
from scband.theory import pitch
from scband.theory.chord import NO_CHORD, Chord

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

# Tones that a first, second or third inversion stands on, with their steps of fifths.
_INVERSIONS = (((4, 4), (3, -3)), ((7, 1), (6, -6), (8, 8)), ((10, -2), (11, 5), (9, -9)))


def number(text: str | None, default: float = 0.0) -> float:
    """Read a number; anything else, or a huge one, is the default."""
    try:
        value = float(text or "")
    except ValueError:
        return default
    return value if abs(value) < 1e6 else default


def shown_text(element: Element) -> str:
    """Give what a program shows as the chord's quality."""
    kind = element.find("kind")
    return (kind.get("text") or "") if kind is not None else ""


def read_harmony(element: Element) -> Chord | None:
    """Read a chord; None where the element has no root (a chord of figures or functions).

    A kind that MusicXML does not know is read from the text that is shown; where this says nothing
    either the root stands alone. Raises ValueError with the reason.
    """
    kind = element.findtext("kind")
    name = "major" if kind is None else kind.strip()
    root = _pitch(element.find("root"), "root")
    if name == "none":
        return NO_CHORD
    if root is None:
        return None
    bass = _pitch(element.find("bass"), "bass") or ""
    if name not in TONES:
        return _shown(root, shown_text(element), bass)
    tones = set(TONES[name])
    for degree in element.findall("degree"):
        value = int(number(degree.findtext("degree-value")))
        alter = int(number(degree.findtext("degree-alter")))
        if not (1 <= value <= 13 and abs(alter) <= 2):
            raise ValueError("a chord's degree is 1 to 13, altered by two at most")
        apply_degree(tones, value, alter, (degree.findtext("degree-type") or "add").strip())
    inversion = int(number(element.findtext("inversion")))
    if inversion and not bass:
        bass = _inverted(root, tones, inversion)
    return _spelled(Chord.of(root, frozenset(tones) or frozenset({0}), bass), shown_text(element))


def _spelled(chord: Chord, text: str) -> Chord:
    """Prefer the text that is shown where it means the same tones."""
    try:
        shown = Chord.parse(f"{chord.root_name}{text}/{chord.bass_name}", "plain")
    except ChordError:
        return chord
    return shown if shown.intervals == chord.intervals else chord


def _shown(root: str, text: str, bass: str) -> Chord:
    try:
        return Chord.parse(f"{root}{text}" + (f"/{bass}" if bass else ""), "plain")
    except ChordError:
        return Chord.of(root, frozenset({0}), bass)


def _pitch(element: Element | None, name: str) -> str | None:
    if element is None:
        return None
    step = (element.findtext(f"{name}-step") or "").strip()
    alter = int(number(element.findtext(f"{name}-alter")))
    if len(step) != 1 or step not in "ABCDEFG" or abs(alter) > 3:
        raise ValueError(f"the {name} of a chord has no step A-G")
    return step + ("#" * alter if alter > 0 else "b" * -alter)


def _inverted(root: str, tones: set[int], inversion: int) -> str:
    """Name the bass of an inversion by the third, fifth or seventh that it stands on."""
    if not 1 <= inversion <= len(_INVERSIONS):
        return ""
    for tone, steps in _INVERSIONS[inversion - 1]:
        if tone in tones:
            return pitch.name_at(pitch.fifths(root) + steps)
    return ""
