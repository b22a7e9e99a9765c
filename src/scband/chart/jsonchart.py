"""Song maps as JSON, and the schema that such JSON keeps.

Chords are plain symbols, meters `"4/4"`, keys `"Bb"` or `"F#m"`; what is empty is left out.
"""

from __future__ import annotations

import json
import math
from typing import Any

from scband.chart.signs import read_jump
from scband.chart.songmap import Bar, ChordAt, Jump, Mark, Section, SongMap, check
from scband.errors import ChartError, ScbandError
from scband.score import Meter
from scband.theory.chord import Chord
from scband.theory.key import Key

FORMAT = "scband-song-map"
VERSION = 1
MAX_CHARACTERS = 5_000_000
"""No JSON chart is longer than this."""

_CHORD_SCHEMA = {
    "type": "object",
    "required": ["beat", "chord"],
    "additionalProperties": False,
    "properties": {
        "beat": {"type": "number", "minimum": 0},
        "chord": {"type": "string"},
        "alternate": {"type": "string"},
    },
}
_BAR_SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "chords": {"type": "array", "items": _CHORD_SCHEMA},
        "meter": {"type": "string"},
        "beats": {"type": "number", "exclusiveMinimum": 0},
        "simile": {"type": "integer", "minimum": 0, "maximum": 2},
        "repeat_start": {"type": "boolean"},
        "repeat_end": {"type": "integer", "minimum": 0, "maximum": 200},
        "ending": {"type": "array", "items": {"type": "integer", "minimum": 1}},
        "marks": {"type": "array", "items": {"enum": [str(mark) for mark in Mark]}},
        "jump": {"type": "string"},
        "key": {"type": "string"},
        "text": {"type": "string"},
        "time": {"type": "number", "minimum": 0},
    },
}
_SECTION_SCHEMA = {
    "type": "object",
    "required": ["name", "bars"],
    "additionalProperties": False,
    "properties": {
        "name": {"type": "string"},
        "label": {"type": "string"},
        "times": {"type": "integer", "minimum": 1, "maximum": 200},
        "bars": {"type": "array", "items": _BAR_SCHEMA},
    },
}
SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "scband song map",
    "type": "object",
    "required": ["format", "version", "sections"],
    "additionalProperties": False,
    "properties": {
        "format": {"const": FORMAT},
        "version": {"const": VERSION},
        "title": {"type": "string"},
        "composer": {"type": "string"},
        "key": {"type": "string"},
        "tempo": {"type": "number", "minimum": 1, "maximum": 1000},
        "style": {"type": "string"},
        "meter": {"type": "string"},
        "order": {"type": "array", "items": {"type": "integer", "minimum": 0}},
        "info": {"type": "object", "additionalProperties": {"type": "string"}},
        "sections": {"type": "array", "minItems": 1, "items": _SECTION_SCHEMA},
    },
}
"""JSON Schema (draft 2020-12) of a song map."""


def write_json(song: SongMap) -> str:
    """Write a song map as JSON."""
    return json.dumps(to_data(song), ensure_ascii=False, indent=1)


def to_data(song: SongMap) -> dict[str, Any]:
    """Turn a song map into what JSON can hold, as `SCHEMA` describes it."""
    data: dict[str, Any] = {
        "format": FORMAT,
        "version": VERSION,
        "title": song.title,
        "composer": song.composer,
        "key": "" if song.key is None else str(song.key),
        "tempo": song.tempo,
        "style": song.style,
        "meter": str(song.meter),
        "info": dict(song.info),
    }
    data = {name: value for name, value in data.items() if value not in ("", {})}
    if song.order is not None:
        data["order"] = list(song.order)
    return {**data, "sections": [_section(section) for section in song.sections]}


def _section(section: Section) -> dict[str, Any]:
    data: dict[str, Any] = {"name": section.name, "bars": [_bar(bar) for bar in section.bars]}
    if section.label:
        data["label"] = section.label
    if section.times != 1:
        data["times"] = section.times
    return data


def _bar(bar: Bar) -> dict[str, Any]:
    data: dict[str, Any] = {
        "chords": [_chord(item) for item in bar.chords],
        "meter": "" if bar.meter is None else str(bar.meter),
        "beats": bar.beats,
        "simile": bar.simile,
        "repeat_start": bar.repeat_start,
        "repeat_end": bar.repeat_end,
        "ending": list(bar.ending),
        "marks": sorted(str(mark) for mark in bar.marks),
        "jump": "" if bar.jump is None else str(bar.jump),
        "key": "" if bar.key is None else str(bar.key),
        "text": bar.text,
    }
    kept = {name: value for name, value in data.items() if value}
    return kept if bar.time is None else {**kept, "time": bar.time}


def _chord(item: ChordAt) -> dict[str, Any]:
    data: dict[str, Any] = {"beat": item.beat, "chord": str(item.chord)}
    return data if item.alternate is None else {**data, "alternate": str(item.alternate)}


def read_json(text: str, source: str = "chart") -> SongMap:
    """Read a song map from JSON; raises ChartError that names the place."""
    if len(text) > MAX_CHARACTERS:
        raise ChartError(f"longer than {MAX_CHARACTERS} characters", source=source)
    try:
        data = json.loads(text)
    except json.JSONDecodeError as error:
        raise ChartError(
            f"not JSON: {error.msg}", source=source, line=error.lineno, column=error.colno
        ) from None
    except (RecursionError, ValueError) as error:
        raise ChartError(f"not JSON that can be read: {error}"[:200], source=source) from None
    return from_data(data, source)


def from_data(data: object, source: str = "chart") -> SongMap:
    """Build a song map from what `to_data` gives; raises ChartError that names the place."""
    problem = _mismatch(data, SCHEMA, "$")
    if problem:
        raise ChartError(problem, source=source)
    assert isinstance(data, dict)
    try:
        song = _song(data)
    except ScbandError as error:
        raise ChartError(str(error), source=source) from None
    return check(song, source)


_TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,), "array": (list,), "string": (str,), "boolean": (bool,),
    "integer": (int,), "number": (int, float),
}  # fmt: skip


def _mismatch(value: object, schema: dict[str, Any], path: str) -> str:
    """Say where a value breaks the schema; "" where it keeps it. Knows what `SCHEMA` uses."""
    if "const" in schema and value != schema["const"]:
        return f"{path} must be {schema['const']!r}"
    if "enum" in schema and value not in schema["enum"]:
        return f"{path} must be one of {', '.join(schema['enum'])}"
    kind = schema.get("type", "")
    wrong = kind and not isinstance(value, _TYPES[kind])
    if wrong or (isinstance(value, bool) and kind not in ("", "boolean")):
        return f"{path} must be {'an' if kind[0] in 'aoi' else 'a'} {kind}"
    return _mismatch_inside(value, schema, path)


def _mismatch_inside(value: object, schema: dict[str, Any], path: str) -> str:
    if isinstance(value, dict):
        return _mismatch_object(value, schema, path)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return _out_of_range(value, schema, path)
    if isinstance(value, list):
        if len(value) < schema.get("minItems", 0):
            return f"{path} is empty"
        found = (_mismatch(item, schema["items"], f"{path}[{n}]") for n, item in enumerate(value))
        return next((text for text in found if text), "")
    return ""


def _out_of_range(value: float, schema: dict[str, Any], path: str) -> str:
    low, high = schema.get("minimum", -math.inf), schema.get("maximum", math.inf)
    if (
        not math.isfinite(value)
        or not low <= value <= high
        or value <= schema.get("exclusiveMinimum", -math.inf)
    ):
        return f"{path} is {value}, which is out of range"
    return ""


def _mismatch_object(value: dict[str, Any], schema: dict[str, Any], path: str) -> str:
    missing = [name for name in schema.get("required", ()) if name not in value]
    if missing:
        return f"{path} has no {missing[0]!r}"
    properties, others = schema.get("properties", {}), schema.get("additionalProperties", True)
    for name, item in value.items():
        inner = properties.get(name, others)
        if inner is False:
            return f"{path} has an unknown {name[:40]!r}"
        problem = _mismatch(item, inner, f"{path}.{name[:40]}") if isinstance(inner, dict) else ""
        if problem:
            return problem
    return ""


def _song(data: dict[str, Any]) -> SongMap:
    return SongMap(
        tuple(_read_section(item) for item in data["sections"]),
        data.get("title", ""),
        data.get("composer", ""),
        Key(data["key"]) if data.get("key") else None,
        float(data.get("tempo", 120.0)),
        data.get("style", ""),
        Meter.parse(data.get("meter", "4/4")),
        tuple(data["order"]) if "order" in data else None,
        tuple(data.get("info", {}).items()),
    )


def _read_section(data: dict[str, Any]) -> Section:
    bars = tuple(_read_bar(item) for item in data["bars"])
    return Section(data["name"], bars, data.get("times", 1), data.get("label", ""))


def _read_bar(data: dict[str, Any]) -> Bar:
    beats = data.get("beats")
    if beats is not None:
        Meter.of_beats(beats)
    return Bar(
        chords=tuple(_read_chord(item) for item in data.get("chords", ())),
        meter=Meter.parse(data["meter"]) if data.get("meter") else None,
        beats=None if beats is None else float(beats),
        simile=data.get("simile", 0),
        repeat_start=data.get("repeat_start", False),
        repeat_end=data.get("repeat_end", 0),
        ending=tuple(data.get("ending", ())),
        marks=frozenset(Mark(name) for name in data.get("marks", ())),
        jump=_read_jump(data.get("jump", "")),
        key=Key(data["key"]) if data.get("key") else None,
        text=data.get("text", ""),
        time=float(data["time"]) if "time" in data else None,
    )


def _read_jump(text: str) -> Jump | None:
    if not text:
        return None
    jump = read_jump(text)
    if jump is None:
        raise ChartError(f"{text[:40]!r} is no jump: write for example D.C. al Fine")
    return jump


def _read_chord(data: dict[str, Any]) -> ChordAt:
    alternate = Chord(data["alternate"]) if "alternate" in data else None
    return ChordAt(float(data["beat"]), Chord(data["chord"]), alternate)
