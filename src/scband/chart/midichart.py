"""Charts in MIDI files: chords and sections as markers, or heard in a plain accompaniment."""

from __future__ import annotations

import re

from scband.chart.infer import infer_chords
from scband.chart.songmap import Bar, ChordAt, PlayedBar, Section, SongMap, check
from scband.errors import ChartError, ChordError, MidiFileError
from scband.score import Marker, Meter, MeterChange, Note, Part, Score, TempoMap
from scband.score.midifile import read_midi, write_midi
from scband.theory.chord import Chord
from scband.theory.voicing import voice

_PIANO, _BASS = 0, 32
_VELOCITY = 0.6
MAX_BARS = 20_000
"""No chart is read from more bars."""


def _chord(text: str) -> Chord | None:
    """Read a marker as a chord, None where it is words."""
    cleaned = re.sub(r"^(?:chord\s*[:=]?\s*)", "", text.strip(), flags=re.IGNORECASE)
    try:
        return Chord(cleaned) if len(cleaned) <= 40 else None
    except ChordError:
        return None


def _rehearsal(texts: list[str], bars: int) -> bool:
    """Tell whether markers such as A, B, A are letters of the form and not chords."""
    letters = all(re.fullmatch(r"[A-G]", text.strip()) for text in texts)
    return bool(texts) and letters and bars >= 4 * len(texts)


def _section(text: str) -> str:
    return text.strip().strip("[]<>").removeprefix("section:").strip()


def read_midi_chart(data: bytes, source: str = "chart") -> SongMap:
    """Read a chart out of a MIDI file; raises ChartError.

    Markers, lyrics or texts that are chord symbols give the chords, other markers the sections;
    without such markers the chords are inferred from all notes but drums.
    """
    try:
        score = read_midi(data, source)
    except MidiFileError as error:
        raise ChartError(str(error).removeprefix(f"{source}: "), source=source) from None
    return from_score(score, source)


def from_score(score: Score, source: str = "chart") -> SongMap:
    """Make a chart of a score; raises ChartError where it holds neither chords nor notes."""
    bars = list(score.bars())
    read = [(marker, _chord(marker.text)) for marker in score.markers]
    if _rehearsal([marker.text for marker, chord in read if chord is not None], len(bars)):
        read = [(marker, None) for marker, _ in read]
    chords = [(marker.beat, chord) for marker, chord in read if chord is not None]
    words = [marker for marker, chord in read if chord is None]
    notes = [note for part in score.parts if not part.drums for note in part.notes]
    if not chords and not notes:
        raise ChartError("it holds neither chord markers nor notes", source=source)
    if len(bars) > MAX_BARS:
        raise ChartError(f"more than {MAX_BARS} bars", source=source)
    if not chords:
        flats = score.key is None or score.key.signature <= 0
        chords = infer_chords(notes, bars, flats=flats)
    sections = _sections(bars, chords, words)
    tempo = score.tempo.changes[0].bpm
    song = SongMap(sections, score.title, "", score.key, round(tempo, 3), "", bars[0][1], None)
    return check(song, source)


def _sections(
    bars: list[tuple[float, Meter]], chords: list[tuple[float, Chord]], words: list[Marker]
) -> tuple[Section, ...]:
    """Put chords into bars, and bars into sections that start at the words."""
    found: list[tuple[str, list[Bar]]] = []
    ordered = sorted(dict(chords).items())
    names = sorted((marker.beat, _section(marker.text)) for marker in words)
    last: Chord | None = None
    meter = bars[0][1]
    for start, here in bars:
        end = start + here.beats
        inside: list[ChordAt] = []
        while ordered and ordered[0][0] < end - 1e-3:
            beat, chord = ordered.pop(0)
            place = max(0.0, round((beat - start) * 48) / 48)
            if chord != last or not inside:
                inside.append(ChordAt(min(place, end - start - 1 / 48), chord))
            last = chord
        name = None
        while names and names[0][0] < end - 1e-3:
            name = names.pop(0)[1]
        if name is not None or not found:
            found.append((name or "", []))
        changed = here if here != meter else None
        meter = here
        found[-1][1].append(Bar(_unique(inside), changed))
    return tuple(Section(name, tuple(members)) for name, members in found)


def _unique(chords: list[ChordAt]) -> tuple[ChordAt, ...]:
    return tuple({item.beat: item for item in chords}.values())


def to_score(song: SongMap) -> Score:
    """Play a chart out as a score: markers for chords and sections, voiced chords and a bass."""
    played = song.expand()
    markers: list[Marker] = []
    meters: list[MeterChange] = []
    changes: list[tuple[float, Chord]] = []
    for bar in played:
        if not meters or meters[-1].meter != bar.meter:
            meters.append(MeterChange(bar.start, bar.meter))
        if bar.section_bar == 0 and bar.section:
            markers.append(Marker(bar.start, f"[{bar.section}]"))
        for item in bar.chords:
            place = bar.start + item.beat
            if not changes or changes[-1][1] != item.chord:
                changes.append((place, item.chord))
                markers.append(Marker(place, str(item.chord)))
    end = played[-1].end
    parts = _parts(changes, end, played)
    tempo = TempoMap.constant(song.tempo)
    return Score(parts, tempo, tuple(meters), song.key, song.title, tuple(markers))


def _parts(
    changes: list[tuple[float, Chord]], end: float, played: tuple[PlayedBar, ...]
) -> tuple[Part, ...]:
    """Voice the changes for a piano and a bass, struck again at every bar line."""
    lines = [bar.start for bar in played]
    voicings = voice([chord for _, chord in changes])
    stops = [beat for beat, _ in changes[1:]] + [end]
    piano: list[Note] = []
    bass: list[Note] = []
    at = 0
    for (start, chord), stop, pitches in zip(changes, stops, voicings, strict=True):
        while at < len(lines) and lines[at] <= start:
            at += 1
        begins = [start]
        while at < len(lines) and lines[at] < stop:
            begins.append(lines[at])
            at += 1
        for begin, until in zip(begins, [*begins[1:], stop], strict=True):
            piano += [Note(begin, until - begin, p, _VELOCITY) for p in pitches]
            if chord.bass is not None:
                low = 28 + (chord.bass - 28) % 12
                bass.append(Note(begin, until - begin, low, _VELOCITY))
    return (
        Part("piano", tuple(piano), _PIANO, 0),
        Part("bass", tuple(bass), _BASS, 1),
    )


def write_midi_chart(song: SongMap) -> bytes:
    """Write a chart as a MIDI file that plays it, with chords and sections as markers."""
    return write_midi(to_score(song))
