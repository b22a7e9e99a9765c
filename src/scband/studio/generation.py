"""Accompaniments generated in the background: from chords or from a recording, a file a track."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from scband.agents import Band, load, names
from scband.agents.choice import style_for
from scband.agents.form import Form
from scband.chart import SongMap
from scband.errors import (
    AnalysisError,
    AudioFileError,
    GenerationFailedError,
    InvalidRequestError,
    ScoreError,
)
from scband.score import Meter, Note
from scband.score.midifile import write_midi
from scband.studio.accompaniments import TRACKS, AccompanimentFolder
from scband.studio.performance import Performance
from scband.studio.progression import read_progression, stretched
from scband.studio.scores import score_of
from scband.studio.streaming import bar_line
from scband.studio.transport import TEMPOS
from scband.theory.key import Key

Tell = Callable[..., None]
"""Takes progress (0-1), a stage and a piece of the result, as `scband.studio.worker.Report`."""

MOST_BEATS = 10_000.0
"""No accompaniment is longer, in quarter notes."""
MOST_TEXT = 200_000
"""No chart that is sent is longer, in characters."""
_CHECKED_NOW = 1_000  # characters of a progression that is read at once, to refuse it early
_DEFAULT_STYLE = "pop"
_MOST_SYMBOLS = 1000  # chords that a result names
_HEARD = 0.9  # the share of the work that is listening, where there is audio


@dataclass(frozen=True, slots=True)
class GenerationRequest:
    """What is asked of the band.

    `chord_progression` is `C-Am-F-G` (a bar each) or any chart text; without one, chords, beats and
    key come from the recording `audio_id`. `tempo` is in quarter notes a minute, `duration` in
    quarter notes (rounded up to whole bars; absent: once through), `key` as in `C major`; the music
    begins with the bar of the song that holds the beat `start`. What is None is as the chart or the
    recording says.
    """

    track_types: tuple[str, ...] = TRACKS
    chord_progression: str = ""
    audio_id: str = ""
    tempo: float | None = None
    duration: float | None = None
    key: str | None = None
    style: str | None = None
    seed: int = 0
    intensity: float = 0.5
    temperature: float = 1.0
    time_signature: str | None = None
    start: float = 0.0

    def check(self) -> None:
        """Refuse what cannot be played before any work is done.

        Raises InvalidRequestError, TheoryError, ScoreError, ChartError or ChordError.
        """
        unknown = [each for each in self.track_types if each not in TRACKS]
        if unknown or not self.track_types:
            named = f"not {unknown[0][:40]!r}" if unknown else "at least one of them"
            raise InvalidRequestError(f"track_types are {', '.join(TRACKS)}, {named}")
        _within("tempo", self.tempo, *TEMPOS)
        _within("duration", self.duration, 1.0, MOST_BEATS)
        _within("intensity", self.intensity, 0.0, 1.0)
        _within("temperature", self.temperature, 0.0, 2.0)
        _within("start", self.start, 0.0, MOST_BEATS - (self.duration or 0.0))
        if self.key is not None:
            Key(self.key)
        if self.style is not None and self.style not in names():
            raise InvalidRequestError(
                f"there is no style {self.style[:40]!r}; there are {', '.join(names())}"
            )
        self._check_chords(
            None if self.time_signature is None else Meter.parse(self.time_signature)
        )

    def _check_chords(self, meter: Meter | None) -> None:
        if not self.chord_progression.strip() and not self.audio_id:
            raise InvalidRequestError(
                "say what to play to: chord_progression (such as C-Am-F-G) or audio_id of an upload"
            )
        if len(self.chord_progression) > MOST_TEXT:
            raise InvalidRequestError(f"a chart has at most {MOST_TEXT} characters")
        if 0 < len(self.chord_progression) <= _CHECKED_NOW:
            read_progression(self.chord_progression, meter=self.time_signature)


def _within(name: str, value: float | None, low: float, high: float) -> None:
    if value is not None and not (math.isfinite(value) and low <= value <= high):
        raise InvalidRequestError(f"{name} lies between {low:g} and {high:g}, not at {value:g}")


@dataclass(frozen=True, slots=True)
class GeneratedTrack:
    """A track that is written; `files` maps the folder it is for to the temporary file in it."""

    track_type: str
    files: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Generated:
    """What the band played: `duration` in beats from beat `start` of the song, tempo in bpm.

    `audio_offset` is where beat 0 lies in the recording, in seconds.
    """

    tracks: tuple[GeneratedTrack, ...]
    key: str
    tempo: float
    duration: float
    start: float
    style: str
    time_signature: str
    chords: tuple[str, ...]
    audio_offset: float = 0.0


def generate(
    tell: Tell,
    request: GenerationRequest,
    folders: Sequence[str],
    batch: str,
    audio: str = "",
) -> Generated:
    """Let the band play, bar by bar, and write each track into every folder's `temp`.

    Each bar is told as it is decided: see `streaming.bar_line`. `batch` begins the names of the
    temporary files. Raises what reading charts and recordings raises, FolderNotWritableError, and
    GenerationFailedError where nothing can be played.
    """
    song, offset = _song(tell, request, audio)
    performance = _performance(song, request)
    done_before = _HEARD if audio else 0.0
    parts: dict[str, list[Note]] = {player: [] for player in performance.band.players}
    count = len(performance.slots())
    for number, (slot, decided) in enumerate(performance.bars()):
        for player, notes in decided.items():
            parts[player] += [replace(note, start=note.start + slot.start) for note in notes]
        done = done_before + (1 - done_before) * (number + 1) / count
        chords = [(item.beat, str(item.chord)) for item in slot.bar.chords]
        meter = slot.bar.meter
        tell(done, "playing", bar_line(number, slot.start, meter, chords, decided))
    last = performance.slots()[-1]
    duration = last.start + last.beats
    fitted = {player: _fitted(notes, duration) for player, notes in parts.items()}
    key = performance.form.song.tonality
    return Generated(
        tracks=tuple(
            GeneratedTrack(
                track, _written(_midi(performance, track, fitted[track], duration), folders, batch)
            )
            for track in dict.fromkeys(request.track_types)
        ),
        key=f"{key.tonic_name} {key.mode}",
        tempo=performance.tempo,
        duration=duration,
        start=_begin(performance),
        style=performance.style.name,
        time_signature=str(performance.slots()[0].bar.meter),
        chords=tuple(_symbols(performance)),
        audio_offset=offset,
    )


def _song(tell: Tell, request: GenerationRequest, audio: str) -> tuple[SongMap, float]:
    """Read the chart, or hear the recording; with the seconds at which its music begins."""
    if request.chord_progression.strip():
        text, offset = request.chord_progression, 0.0
        song = read_progression(
            text, tempo=request.tempo, key=request.key, meter=request.time_signature
        )
        return song, offset
    if not audio:
        raise GenerationFailedError("there is neither a chord progression nor a recording")
    from scband.analysis.analyze import analyze  # noqa: PLC0415  # heavy, and only for recordings

    shares = {"decoding": 0.0, "beats": 0.15, "chords": 0.5}
    try:
        heard = analyze(
            audio,
            progress=lambda stage, done: tell(
                _HEARD * (shares.get(stage, 0.5) + 0.5 * done * (stage == "chords")), stage
            ),
        )
    except AudioFileError as error:  # its path is nobody's business
        raise type(error)(str(error).replace(audio, "the recording")) from None
    if not heard.tempo or not heard.chords:
        raise GenerationFailedError(
            "no beat or no chord was heard in the recording; send a chord progression instead"
        )
    try:
        song = read_progression(heard.to_songmap(), tempo=request.tempo, key=request.key)
        first = song.bars[0].time or 0.0
    except (AnalysisError, ScoreError) as error:  # bars that do not add up: beats alone then
        tell(_HEARD, f"playing to beats, not bars: {error}")
        key = request.key or (f"{heard.key.tonic_name} {heard.key.mode}" if heard.key else None)
        song = read_progression(heard.chords, tempo=heard.tempo, key=key)
        song = replace(song, tempo=request.tempo or song.tempo)
        first = heard.chords[0].start
    return replace(song, title=""), first


def _performance(song: SongMap, request: GenerationRequest) -> Performance:
    """Lay the song out over what is asked for: once through, or so many beats from `start`."""
    style = load(request.style or (style_for(song) if song.style else _DEFAULT_STYLE))
    first = 0
    if request.duration is not None or request.start:
        length = request.duration or song.expand()[-1].end
        song = stretched(song, request.start + length)
    form = Form(song, choruses=1, count_in=False, ends=False)
    if form.beats > MOST_BEATS:
        raise GenerationFailedError(
            f"the song lasts {form.beats:g} beats; at most {MOST_BEATS:g} can be generated at once"
        )
    while (slot := form.slot(first + 1)) is not None and slot.start <= request.start + 1e-6:
        first += 1
    return Performance(
        form=form,
        band=Band(style, request.track_types, request.seed),
        tempo=song.tempo,
        intensity=request.intensity,
        temperature=request.temperature,
        first=first,
    )


def _fitted(notes: Sequence[Note], duration: float) -> tuple[Note, ...]:
    """Keep notes inside of the bars: none before the first, none that rings past the last."""
    found = []
    for note in notes:
        start = max(0.0, note.start)
        end = min(duration, note.end)
        if end - start > 1e-3:
            found.append(replace(note, start=start, length=end - start))
    return tuple(sorted(found))


def _midi(performance: Performance, track: str, notes: tuple[Note, ...], duration: float) -> bytes:
    return write_midi(replace(score_of(performance, parts={track: notes}), length=duration))


def _written(data: bytes, folders: Sequence[str], batch: str) -> dict[str, str]:
    return {
        folder: str(AccompanimentFolder(Path(folder)).write_temporary(data, batch))
        for folder in folders
    }


def _begin(performance: Performance) -> float:
    slot = performance.form.slot(performance.first)
    return slot.start if slot is not None else 0.0


def _symbols(performance: Performance) -> Sequence[str]:
    symbols = [str(item.chord) for slot in performance.slots() for item in slot.bar.chords]
    return symbols[:_MOST_SYMBOLS]
