"""Song maps to MusicXML 4.0, plain or compressed: a lead sheet of chords over rests."""

from __future__ import annotations

import io
import zipfile
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from scband.chart.songmap import Bar, ChordAt, Mark, Section, SongMap
from scband.chart.unroll import unrolled
from scband.chart.xmlkinds import kind_of
from scband.score import Meter
from scband.theory.chord import Chord
from scband.theory.key import Key

DIVISIONS = 5040
"""Divisions of a quarter note: halves, thirds, fifths, sevenths and their products are exact."""

_DOCTYPE = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<!DOCTYPE score-partwise PUBLIC "-//Recordare//DTD MusicXML 4.0 Partwise//EN" '
    '"http://www.musicxml.org/dtds/partwise.dtd">\n'
)
_CONTAINER = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<container><rootfiles>'
    '<rootfile full-path="score.musicxml" '
    'media-type="application/vnd.recordare.musicxml+xml"/></rootfiles></container>\n'
)
_CONTROL = {code: None for code in range(32) if code not in (9, 10, 13)}


def write_musicxml(song: SongMap) -> bytes:
    """Write a song map as a MusicXML document.

    A play order and sections that are played several times are played out.
    """
    root = Element("score-partwise", version="4.0")
    _header(root, song)
    part = SubElement(root, "part", id="P1")
    meter: Meter | None = None
    number = 0
    simile = 0
    held: tuple[int, ...] = ()
    for section in unrolled(song):
        for index, bar in enumerate(section.bars):
            number += 1
            measure = SubElement(part, "measure", number=str(number))
            wanted = bar.meter or meter or song.meter
            key = bar.key or (song.key if number == 1 else None)
            changed = None if wanted == meter else wanted
            _open_measure(measure, bar, changed, key, simile)
            simile = bar.simile
            meter = wanted
            if number == 1:
                _tempo(measure, song.tempo)
            if index == 0 and section.name:
                _direction(measure, "rehearsal", section.name)
            held = bar.ending or held
            stops = bool(held) and _ending_stops(section, index)
            _body(measure, bar, meter, held if stops else ())
            held = () if stops else held
    indent(root, space=" ")
    text: str = tostring(root, encoding="unicode")
    return (_DOCTYPE + text + "\n").encode()


def write_mxl(song: SongMap) -> bytes:
    """Write a song map as a compressed MusicXML file."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in (
            ("META-INF/container.xml", _CONTAINER.encode()),
            ("score.musicxml", write_musicxml(song)),
        ):  # fmt: skip
            archive.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)
    return stream.getvalue()


def _clean(text: str) -> str:
    return text.translate(_CONTROL)


def _header(root: Element, song: SongMap) -> None:
    SubElement(SubElement(root, "work"), "work-title").text = _clean(song.title)
    identification = SubElement(root, "identification")
    if song.composer:
        creator = SubElement(identification, "creator", type="composer")
        creator.text = _clean(song.composer)
    fields = [("style", song.style)] if song.style else []
    fields += [pair for pair in song.info if pair[0] != "style"]
    if fields:
        box = SubElement(identification, "miscellaneous")
        for name, text in fields:
            SubElement(box, "miscellaneous-field", name=_clean(name)).text = _clean(text)
    score_part = SubElement(SubElement(root, "part-list"), "score-part", id="P1")
    SubElement(score_part, "part-name").text = "Chords"


def _ending_stops(section: Section, index: int) -> bool:
    """Tell whether an ending's bracket closes with a bar."""
    bar = section.bars[index]
    if bar.repeat_end or index == len(section.bars) - 1:
        return True
    following = section.bars[index + 1]
    return bool(following.ending or following.repeat_start)


def _open_measure(
    measure: Element, bar: Bar, changed: Meter | None, key: Key | None, simile: int
) -> None:
    """Write the left bar line and what changes here: key, meter, a measure repeat.

    `simile` is that of the bar before.
    """
    if bar.repeat_start or bar.ending:
        line = SubElement(measure, "barline", location="left")
        if bar.ending:
            numbers = ",".join(str(number) for number in bar.ending)
            SubElement(line, "ending", number=numbers, type="start")
        if bar.repeat_start:
            SubElement(line, "repeat", direction="forward")
    if bar.beats is not None:
        measure.set("implicit", "yes")
    attributes = Element("attributes")
    if measure.get("number") == "1":
        SubElement(attributes, "divisions").text = str(DIVISIONS)
    if key is not None:
        element = SubElement(attributes, "key")
        SubElement(element, "fifths").text = str(key.shifted(0).signature)
        SubElement(element, "mode").text = key.mode
    if changed is not None:
        time = SubElement(attributes, "time")
        SubElement(time, "beats").text = str(changed.numerator)
        SubElement(time, "beat-type").text = str(changed.denominator)
    if bar.simile != simile:
        _measure_repeat(attributes, bar.simile, simile)
    if len(attributes):
        measure.append(attributes)


def _measure_repeat(attributes: Element, simile: int, before: int) -> None:
    if before:
        style = SubElement(attributes, "measure-style")
        SubElement(style, "measure-repeat", type="stop")
    if simile:
        style = SubElement(attributes, "measure-style")
        SubElement(style, "measure-repeat", type="start").text = str(simile)


def _tempo(measure: Element, bpm: float) -> None:
    direction = SubElement(measure, "direction")
    box = SubElement(SubElement(direction, "direction-type"), "metronome")
    SubElement(box, "beat-unit").text = "quarter"
    SubElement(box, "per-minute").text = f"{bpm:g}"
    SubElement(direction, "sound", tempo=repr(bpm))


def _direction(measure: Element, tag: str, text: str, **sound: str) -> None:
    direction = SubElement(measure, "direction", placement="above")
    element = SubElement(SubElement(direction, "direction-type"), tag)
    if text:
        element.text = _clean(text)
    if sound:
        SubElement(direction, "sound", sound)


def _body(measure: Element, bar: Bar, meter: Meter, closing: tuple[int, ...]) -> None:
    """Write signs, chords over rests, jumps and the right bar line."""
    if Mark.SEGNO in bar.marks:
        _direction(measure, "segno", "", segno="segno")
    if Mark.CODA in bar.marks:
        _direction(measure, "coda", "", coda="coda")
    if bar.text:
        _direction(measure, "words", bar.text)
    length = meter.beats if bar.beats is None else bar.beats
    starts = [item.beat for item in bar.chords]
    if not starts or starts[0] > 0:
        _rest(measure, (starts[0] if starts else length))
    ends = [*starts[1:], length][: len(starts)]
    for item, end in zip(bar.chords, ends, strict=True):
        _harmony(measure, item)
        _rest(measure, end - item.beat)
    _endings(measure, bar, closing)


def _endings(measure: Element, bar: Bar, closing: tuple[int, ...]) -> None:
    if Mark.TO_CODA in bar.marks:
        _direction(measure, "words", "To Coda", tocoda="coda")
    if Mark.FINE in bar.marks:
        _direction(measure, "words", "Fine", fine="yes")
    if Mark.END in bar.marks:
        _direction(measure, "words", "End")
    if bar.jump is not None:
        sound = {"dacapo": "yes"} if bar.jump.start == "D.C." else {"dalsegno": "segno"}
        _direction(measure, "words", str(bar.jump), **sound)
    if not (bar.repeat_end or closing or Mark.FERMATA in bar.marks):
        return
    line = SubElement(measure, "barline", location="right")
    if Mark.FERMATA in bar.marks:
        SubElement(line, "fermata")
    if closing:
        numbers = ",".join(str(number) for number in closing)
        SubElement(line, "ending", number=numbers, type="stop" if bar.repeat_end else "discontinue")
    if bar.repeat_end:
        repeat = SubElement(line, "repeat", direction="backward")
        if bar.repeat_end > 2:
            repeat.set("times", str(bar.repeat_end))


def _rest(measure: Element, beats: float) -> None:
    note = SubElement(measure, "note")
    SubElement(note, "rest")
    SubElement(note, "duration").text = str(max(1, round(beats * DIVISIONS)))
    SubElement(note, "voice").text = "1"


def _harmony(measure: Element, item: ChordAt) -> None:
    _write_chord(SubElement(measure, "harmony"), item.chord)
    if item.alternate is not None:
        _write_chord(SubElement(measure, "harmony", type="alternate"), item.alternate)


def _pitch(parent: Element, name: str, text: str) -> None:
    element = SubElement(parent, name)
    SubElement(element, f"{name}-step").text = text[0]
    alter = text.count("#") - text.count("b")
    if alter:
        SubElement(element, f"{name}-alter").text = str(alter)


def _write_chord(harmony: Element, chord: Chord) -> None:
    if chord.root is None:
        _pitch(harmony, "root", "C")
        SubElement(harmony, "kind", text="N.C.").text = "none"
        return
    _pitch(harmony, "root", chord.root_name)
    kind, degrees = kind_of(chord.intervals)
    SubElement(harmony, "kind", text=chord.quality).text = kind
    if chord.bass_name != chord.root_name:
        _pitch(harmony, "bass", chord.bass_name)
    for value, alter, change in degrees:
        degree = SubElement(harmony, "degree")
        SubElement(degree, "degree-value").text = str(value)
        SubElement(degree, "degree-alter").text = str(alter)
        SubElement(degree, "degree-type").text = change
