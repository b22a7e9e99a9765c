"""Lead sheets in MusicXML 4.0, plain or compressed: chords, forms and sections.

The first part with chords is read: harmonies with their offsets, meters, keys, tempo, repeats,
endings, segno, coda, fine, measure repeats, rehearsal marks. Documents with entity declarations
are refused, and sizes are checked before anything is parsed.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from dataclasses import replace
from typing import TYPE_CHECKING
from xml.etree.ElementTree import ParseError

from scband.chart.signs import read_jump, read_mark
from scband.chart.songmap import Bar, ChordAt, Jump, Mark, Section, SongMap, check
from scband.chart.xmlharmony import number, read_harmony, shown_text
from scband.errors import ChartError, ScoreError, TheoryError
from scband.score import Meter
from scband.theory import pitch
from scband.theory.key import Key

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

MAX_BYTES = 20_000_000
"""No MusicXML document is larger, compressed or not."""
MAX_MEASURES = 20_000
"""No part has more measures."""

_MODES = ("major", "minor", "dorian", "phrygian", "lydian", "mixolydian", "locrian")
_MODE_SHIFT = {"minor": 3, "dorian": 2, "phrygian": 4, "lydian": -1, "mixolydian": 1, "locrian": 5}


def looks_like_musicxml(data: bytes) -> bool:
    """Tell whether bytes are MusicXML, plain or compressed."""
    start = data[:4000]
    return data[:4] == b"PK\x03\x04" or b"score-partwise" in start or b"score-timewise" in start


def _unpacked(data: bytes, source: str) -> bytes:
    """Take the score out of a compressed file."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()[:200]
            names = [member.filename for member in members]
            wanted = _rootfile(archive, names, source)
            member = archive.getinfo(wanted)
            if member.file_size > MAX_BYTES:
                raise ChartError(f"the score is larger than {MAX_BYTES} bytes", source=source)
            with archive.open(member) as stream:
                score = stream.read(MAX_BYTES + 1)
    except (zipfile.BadZipFile, KeyError, OSError, EOFError, ValueError, NotImplementedError,
            RuntimeError, zlib.error) as error:  # fmt: skip
        raise ChartError(f"not a compressed MusicXML file: {error}", source=source) from None
    if len(score) > MAX_BYTES:
        raise ChartError(f"the score is larger than {MAX_BYTES} bytes", source=source)
    return score


def _rootfile(archive: zipfile.ZipFile, names: list[str], source: str) -> str:
    """Find the score's name: in the container, else the first XML file."""
    if "META-INF/container.xml" in names:
        member = archive.getinfo("META-INF/container.xml")
        if member.file_size < 100_000:
            root = _parsed(archive.read(member), source)
            for element in root.iter():
                path = element.get("full-path")
                if path in names:
                    return str(path)
    for name in names:
        if name.lower().endswith((".musicxml", ".xml")) and not name.startswith("META-INF"):
            return name
    raise ChartError("there is no score in the compressed file", source=source)


def _parsed(data: bytes, source: str) -> Element:
    from defusedxml import DefusedXmlException  # noqa: PLC0415  # only MusicXML needs it
    from defusedxml.ElementTree import fromstring  # noqa: PLC0415

    try:
        root: Element = fromstring(data)
    except ParseError as error:
        line, column = error.position
        raise ChartError(
            f"not well-formed XML: {error}", source=source, line=line, column=column + 1
        ) from None
    except (DefusedXmlException, ValueError, LookupError) as error:
        raise ChartError(f"this XML is not read: {error}"[:200], source=source) from None
    for element in root.iter():
        if isinstance(element.tag, str) and "}" in element.tag:
            element.tag = element.tag.rpartition("}")[2]
    return root


class _Part:
    """Walks the measures of a part."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.divisions = 1.0
        self.meter: Meter | None = None
        self.first_meter = Meter(4, 4)
        self.key: Key | None = None
        self.tempo: float | None = None
        self.sections: list[tuple[str, list[Bar]]] = []
        self.number = 0
        self.bar = Bar()
        self.chords: list[ChordAt] = []
        self.position = 0.0
        self.furthest = 0.0
        self.ending: tuple[int, ...] = ()
        self.simile = 0
        self.section: str | None = None

    def fail(self, reason: str) -> ChartError:
        return ChartError(f"measure {self.number}: {reason}", source=self.source)

    def measure(self, element: Element) -> None:
        """Read one measure."""
        self.number += 1
        if self.number > MAX_MEASURES:
            raise self.fail(f"more than {MAX_MEASURES} measures")
        self.bar, self.chords, self.section = Bar(), [], None
        self.position = self.furthest = 0.0
        for child in element:
            self._child(child)
        self._finish(element.get("implicit") == "yes")

    def _child(self, child: Element) -> None:
        tag = child.tag
        if tag == "attributes":
            self._attributes(child)
        elif tag == "harmony":
            self._harmony(child)
        elif tag == "note":
            if child.find("chord") is None and child.find("grace") is None:
                self._advance(number(child.findtext("duration")))
        elif tag == "backup":
            self._advance(-number(child.findtext("duration")))
        elif tag == "forward":
            self._advance(number(child.findtext("duration")))
        elif tag == "direction":
            self._direction(child)
        elif tag == "barline":
            self._barline(child)
        elif tag == "sound":
            self._sound(child)

    def _advance(self, duration: float) -> None:
        self.position = max(0.0, self.position + duration / self.divisions)
        self.furthest = max(self.furthest, self.position)

    def _attributes(self, element: Element) -> None:
        divisions = number(element.findtext("divisions"), self.divisions)
        self.divisions = divisions if divisions > 0 else self.divisions
        time = element.find("time")
        if time is not None and time.find("senza-misura") is None:
            self._time(time)
        key = element.find("key")
        if key is not None and key.find("fifths") is not None:
            self._key(key)
        for repeat in element.findall("measure-style/measure-repeat"):
            count = int(number(repeat.text, 1.0))
            self.simile = min(2, max(1, count)) if repeat.get("type") == "start" else 0

    def _time(self, element: Element) -> None:
        beats = sum(int(number(part)) for part in (element.findtext("beats") or "").split("+")[:8])
        unit = int(number(element.findtext("beat-type"), 4.0))
        try:
            meter = Meter(beats, unit)
        except ScoreError as error:
            raise self.fail(str(error)) from None
        if self.number == 1:
            self.first_meter = meter
        elif meter != (self.meter or self.first_meter):
            self.bar = replace(self.bar, meter=meter)
        self.meter = meter

    def _key(self, element: Element) -> None:
        fifths = int(number(element.findtext("fifths")))
        mode = (element.findtext("mode") or "major").strip().lower()
        mode = {"ionian": "major", "aeolian": "minor"}.get(mode, mode)
        mode = mode if mode in _MODES else "major"
        if not -7 <= fifths <= 7:
            raise self.fail(f"a key has up to seven accidentals, not {fifths}")
        key = Key(f"{pitch.name_at(fifths + _MODE_SHIFT.get(mode, 0))} {mode}")
        if self.key is None and self.number == 1:
            self.key = key
        elif key != self.key:
            self.bar = replace(self.bar, key=key)

    def _harmony(self, element: Element) -> None:
        offset = number(element.findtext("offset")) / self.divisions
        beat = round(max(0.0, self.position + offset) * 5040) / 5040
        try:
            chord = read_harmony(element)
        except ValueError as error:
            raise self.fail(str(error)) from None
        if chord is None:
            return
        if not chord.intervals - {0} and chord.root is not None:
            self._words("words", shown_text(element))
        if self.chords and abs(self.chords[-1].beat - beat) < 1e-6:
            if element.get("type") == "alternate":
                self.chords[-1] = replace(self.chords[-1], alternate=chord)
            else:
                self.chords[-1] = replace(self.chords[-1], chord=chord)
            return
        self.chords.append(ChordAt(beat, chord))

    def _direction(self, element: Element) -> None:
        for kind in element.findall("direction-type"):
            for child in kind:
                self._words(child.tag, " ".join((child.text or "").split()))
        sound = element.find("sound")
        if sound is not None:
            self._sound(sound)
        minute = element.findtext("direction-type/metronome/per-minute")
        if minute and self.tempo is None:
            self._metronome(element, minute)

    def _metronome(self, element: Element, minute: str) -> None:
        unit = (element.findtext("direction-type/metronome/beat-unit") or "quarter").strip()
        beats = {"whole": 4.0, "half": 2.0, "quarter": 1.0, "eighth": 0.5}.get(unit, 1.0)
        if element.find("direction-type/metronome/beat-unit-dot") is not None:
            beats *= 1.5
        self._pace(number(minute) * beats)

    def _pace(self, bpm: float) -> None:
        if self.tempo is None and 1 <= bpm <= 1000:
            self.tempo = bpm

    def _words(self, tag: str, text: str) -> None:
        bar = self.bar
        if tag == "rehearsal" and text:
            self.section = text
            return
        mark = {"segno": Mark.SEGNO, "coda": Mark.CODA}.get(tag) or read_mark(text)
        jump = read_jump(text) if text else None
        if mark is not None:
            self.bar = replace(bar, marks=bar.marks | {mark})
        elif jump is not None:
            self.bar = replace(bar, jump=jump)
        elif tag == "words" and text:
            self.bar = replace(bar, text=", ".join(part for part in (bar.text, text) if part))

    def _sound(self, element: Element) -> None:
        bar = self.bar
        self._pace(number(element.get("tempo")))
        marks = set(bar.marks)
        for name, mark in (
            ("segno", Mark.SEGNO), ("coda", Mark.CODA),
            ("tocoda", Mark.TO_CODA), ("fine", Mark.FINE),
        ):  # fmt: skip
            if element.get(name):
                marks.add(mark)
        if Mark.TO_CODA in marks and element.get("tocoda"):
            marks.discard(Mark.CODA)
        jump = bar.jump
        if jump is None and element.get("dacapo") == "yes":
            jump = Jump("D.C.")
        elif jump is None and element.get("dalsegno"):
            jump = Jump("D.S.")
        self.bar = replace(bar, marks=frozenset(marks), jump=jump)

    def _barline(self, element: Element) -> None:
        repeat = element.find("repeat")
        if repeat is not None and repeat.get("direction") == "forward":
            self.bar = replace(self.bar, repeat_start=True)
        elif repeat is not None:
            times = int(number(repeat.get("times"), 2.0))
            self.bar = replace(self.bar, repeat_end=min(200, max(2, times)))
        ending = element.find("ending")
        if ending is not None and ending.get("type") == "start":
            digits = (ending.get("number") or "1").replace(" ", ",").split(",")[:30]
            passes = tuple(sorted({int(d) for d in digits if d.isdigit() and 0 < int(d[:4]) < 100}))
            self.bar = replace(self.bar, ending=passes or (1,))
        for name, mark in (("segno", Mark.SEGNO), ("coda", Mark.CODA), ("fermata", Mark.FERMATA)):
            if element.find(name) is not None:
                self.bar = replace(self.bar, marks=self.bar.marks | {mark})

    def _finish(self, implicit: bool) -> None:
        meter = self.meter or self.first_meter
        length = round(self.furthest * 5040) / 5040
        short = 0 < length < meter.beats - 1e-6 and (implicit or self.number == 1)
        beats = None
        if short:
            try:
                Meter.of_beats(length)
                beats = length
            except ScoreError:
                beats = None
        limit = (beats or meter.beats) - 1e-9
        inside = {item.beat: item for item in self.chords if item.beat < limit}
        chords = tuple(inside[beat] for beat in sorted(inside))
        bar = replace(self.bar, chords=chords, beats=beats)
        if self.simile and not chords:
            bar = replace(bar, simile=self.simile)
        if self.section is not None or not self.sections:
            self.sections.append((self.section or "", []))
        self.sections[-1][1].append(bar)


def _parts(root: Element) -> list[list[Element]]:
    """Give each part's measures, whichever way the score is laid out."""
    if root.tag == "score-timewise":
        found: dict[str, list[Element]] = {}
        for measure in root.findall("measure"):
            for part in measure.findall("part"):
                found.setdefault(part.get("id") or "", []).append(part)
        return list(found.values())
    return [part.findall("measure") for part in root.findall("part")]


def read_musicxml(data: bytes, source: str = "chart") -> SongMap:
    """Read a lead sheet; raises ChartError that names line or measure."""
    if len(data) > MAX_BYTES:
        raise ChartError(f"larger than {MAX_BYTES} bytes", source=source)
    score = _unpacked(data, source) if data[:4] == b"PK\x03\x04" else data
    root = _parsed(score, source)
    if root.tag not in ("score-partwise", "score-timewise"):
        raise ChartError(f"<{str(root.tag)[:40]}> is no MusicXML score", source=source)
    parts = _parts(root)
    if not parts:
        raise ChartError("the score has no part", source=source)
    measures = next(
        (part for part in parts if any(m.find("harmony") is not None for m in part)), parts[0]
    )
    part = _Part(source)
    for measure in measures:
        part.measure(measure)
    sections = tuple(Section(name, tuple(bars)) for name, bars in part.sections)
    try:
        return check(_song(root, part, sections), source)
    except TheoryError as error:
        raise ChartError(str(error), source=source) from None


def _song(root: Element, part: _Part, sections: tuple[Section, ...]) -> SongMap:
    title = root.findtext("work/work-title") or root.findtext("movement-title") or ""
    composer = ""
    for creator in root.findall("identification/creator"):
        if creator.get("type") in ("composer", None) or not composer:
            composer = " ".join((creator.text or "").split())
    fields = root.findall("identification/miscellaneous/miscellaneous-field")
    info = {field.get("name") or "": " ".join((field.text or "").split()) for field in fields[:50]}
    style = info.pop("style", "")
    known = tuple((name, text) for name, text in info.items() if name and text)
    return SongMap(
        sections, " ".join(title.split()), composer, part.key, part.tempo or 120.0, style,
        part.first_meter, None, known,
    )  # fmt: skip
