"""Styles as data: what each player plays, by intensity and section, read from a TOML file.

A style file has a few plain keys (`title`, `meters`, `tempo`, `swing` …), a table a player and, if
it says `extends = "other"`, everything of another style that it does not say itself: a player's
table replaces the keys that it names, `[[drums.groove]]` and `[[drums.fill]]` as a whole. The
format is described in `styles/README.md`. Every fault is a `StyleError` that names the file, the
key and the reason.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType
from typing import Any

from scband.agents.ending import ENDINGS
from scband.agents.rhythm import Swing
from scband.agents.shaping import INTRO, SECTION_LIFT
from scband.agents.style_parts import DEFAULT_SOUNDS, Kit, Part, read_kit, read_part
from scband.agents.style_reader import Place
from scband.errors import StyleError

FOLDER = Path(__file__).parent / "styles"
"""The styles that come with the library."""

_ALSO = {
    "jazz": "swing", "waltz": "jazzwaltz", "bossanova": "bossa", "uptempo": "uptemposwing",
    "afrocuban128": "afrocuban", "afrocuban68": "afrocuban", "salsa": "montuno",
    "dnb": "drumandbass", "latinmontuno": "montuno", "shuffle": "bluesshuffle",
    "blues": "bluesshuffle",
    "electronic": "house", "classical": "alberti", "classicalalberti": "alberti",
    "128blues": "slowblues", "slow12/8blues": "slowblues",
}  # fmt: skip
"""Other names of styles, both without blanks."""

PARTS = ("bass", "keys", "guitar", "lead", "pad")
_KEYS = ("title", "description", "extends", "meters", "tempo", "swing", "swing_sixteenths", "feel",
         "sounds", "drums", "ending", "intro", "sections", *PARTS)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Style:
    """All that the players need to know of a way of playing.

    `tempo` is the usual one in quarter notes a minute; `swing` pairs tempos with ratios; `feel` is
    how late (+) or early (-) each player or piece of the kit is, in ms, `spread` their scatter.
    `ending` is one of `scband.agents.ending.ENDINGS`; `intro` the order in which players enter;
    `sections` what is added to the intensity in sections whose names begin so.
    """

    name: str
    title: str
    description: str
    meters: tuple[str, ...]
    tempo: float
    swing: tuple[tuple[float, float], ...]
    swing_sixteenths: bool
    feel: Mapping[str, float]
    sounds: Mapping[str, str]
    drums: Kit
    bass: Part
    keys: Part
    guitar: Part
    lead: Part
    pad: Part
    ending: str = "hold"
    intro: tuple[str, ...] = INTRO
    sections: Mapping[str, float] = field(default_factory=lambda: SECTION_LIFT)

    def swing_at(self, tempo: float, ratio: float | None = None) -> Swing:
        """Return the swing at a tempo, interpolated in the style's table, or at a given ratio."""
        if ratio is None:
            ratio = _interpolate(self.swing, tempo)
        return Swing(round(ratio, 2), self.swing_sixteenths)


def load(style: str | Path, folders: Sequence[Path] = ()) -> Style:
    """Read a style by name (own folders first, then the library's) or by path.

    Raises StyleError where there is no such style, or naming file, key and reason.
    """
    if isinstance(style, Path) or str(style).endswith(".toml"):
        return _build(Path(style), tuple(folders))
    return _build(_find(style, folders), tuple(folders))


def names(folders: Sequence[Path] = ()) -> tuple[str, ...]:
    """List every style by name, sorted: the library's and those in one's own folders."""
    return tuple(
        sorted({path.stem for folder in (*folders, FOLDER) for path in folder.glob("*.toml")})
    )


def _find(name: str, folders: Sequence[Path]) -> Path:
    wanted = name.strip().lower().replace(" ", "_").replace("-", "_")
    for folder in (*folders, FOLDER):
        path = folder / f"{wanted}.toml"
        if path.is_file():
            return path
    bare = wanted.replace("_", "")
    for folder in (*folders, FOLDER):
        for path in sorted(folder.glob("*.toml")):
            if path.stem.replace("_", "") in (bare, _ALSO.get(bare)):
                return path
    raise StyleError(f"there is no style {name!r}; there are: {', '.join(names(folders))}")


def _build(path: Path, folders: tuple[Path, ...]) -> Style:
    try:
        changed = path.stat().st_mtime_ns
    except OSError as error:
        raise StyleError(f"{path}: cannot be read: {error.strerror}") from error
    if folders:
        return _style(path, folders)
    return _cached(path, changed)


@lru_cache(maxsize=64)
def _cached(path: Path, changed: int) -> Style:
    del changed  # only part of the cache's key: an edited file is read again
    return _style(path, ())


def _style(path: Path, folders: tuple[Path, ...]) -> Style:
    raw = _inherited(path, folders, ())
    place = Place(path.name)
    place.only(raw, _KEYS)
    feel = place.within("feel").numbers(raw.get("feel", {}), -80, 80)
    sounds = place.within("sounds").texts(raw.get("sounds", {}))
    return Style(
        name=path.stem,
        title=place.text(raw, "title", path.stem.replace("_", " ").capitalize()),
        description=place.text(raw, "description", ""),
        meters=place.meters(raw, "meters"),
        tempo=place.number(raw, "tempo", 120.0, 20, 400),
        swing=place.within("swing").curve(raw.get("swing", {}), 1.0, 4.0),
        swing_sixteenths=place.flag(raw, "swing_sixteenths"),
        feel=MappingProxyType(feel),
        sounds=MappingProxyType({**DEFAULT_SOUNDS, **sounds}),
        ending=place.word(raw, "ending", "hold", ENDINGS),
        intro=place.words(raw, "intro", INTRO, ("drums", *PARTS)),
        sections=MappingProxyType(_lift(place, raw)),
        drums=read_kit(place.within("drums"), place.table(raw, "drums")),
        **{part: read_part(part, place.within(part), place.table(raw, part)) for part in PARTS},
    )


def _lift(place: Place, raw: Mapping[str, Any]) -> dict[str, float]:
    own = place.within("sections").numbers(raw.get("sections", {}), -0.5, 0.5)
    named = {name.lower(): value for name, value in own.items()}
    return named | {name: value for name, value in SECTION_LIFT.items() if name not in named}


def _inherited(path: Path, folders: Sequence[Path], seen: tuple[Path, ...]) -> dict[str, Any]:
    """Read a file over those that it extends."""
    place = Place(path.name)
    if path in seen:
        place.fail("extends", "goes in a circle: " + " → ".join(p.stem for p in (*seen, path)))
    raw = _toml(path)
    parent = raw.get("extends")
    if parent is None:
        return raw
    if not isinstance(parent, str):
        place.fail("extends", "must be the name of a style")
    try:
        base = _find(parent, [path.parent, *folders])
    except StyleError as error:
        place.fail("extends", str(error))
    merged = _inherited(base, folders, (*seen, path))
    for key, value in raw.items():
        old = merged.get(key)
        merge = key != "swing" and isinstance(value, dict) and isinstance(old, dict)
        merged[key] = {**old, **value} if merge and old else value
    return merged


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise StyleError(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise StyleError(f"{path}: is not UTF-8 text: {error.reason}") from error
    except tomllib.TOMLDecodeError as error:
        raise StyleError(f"{path}: is not TOML: {error}") from error


def _interpolate(curve: Sequence[tuple[float, float]], at: float) -> float:
    if not curve:
        return 1.0
    if at <= curve[0][0]:
        return curve[0][1]
    for (low, first), (high, second) in pairwise(curve):
        if at <= high:
            return first + (second - first) * (at - low) / (high - low)
    return curve[-1][1]
