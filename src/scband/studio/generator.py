"""One track of accompaniment to a chord progression, for scripts: `MidiGenerator`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from scband.agents import PLAYERS, Band, Style, load
from scband.agents.choice import style_for
from scband.agents.form import Form
from scband.chart import SongMap
from scband.errors import BandError
from scband.score import Note, Score
from scband.studio.performance import Performance
from scband.studio.progression import Chords, read_progression, stretched
from scband.studio.scores import score_of


@dataclass(frozen=True, slots=True)
class Track:
    """One player's track: `notes` in beats from the top, and the whole as a `score`.

    `duration` is in beats, whole bars.
    """

    track_type: str
    score: Score
    duration: float
    style: str

    @property
    def notes(self) -> tuple[Note, ...]:
        """The notes of the track."""
        return self.score.parts[0].notes

    def to_bytes(self) -> bytes:
        """Return the track as a Standard MIDI File."""
        from scband.score.midifile import write_midi  # noqa: PLC0415  # mido only when it is needed

        return write_midi(self.score)

    def save(self, path: str | Path) -> Path:
        """Write the MIDI file and return its path; raises MidiFileError."""
        from scband.score.midifile import save_midi  # noqa: PLC0415

        save_midi(self.score, path)
        return Path(path)


@dataclass(frozen=True, slots=True)
class MidiGenerator:
    """Lets one player of the band play to chords, as it would live.

    `style`, `seed`, `intensity` and `temperature` are what tracks have unless a call says
    otherwise. Tracks of the same seed fit together: the bass locks to the kick that the drums'
    track has.
    """

    style: str | Style = "pop"
    seed: int = 0
    intensity: float = 0.5
    temperature: float = 1.0

    def generate_track(
        self,
        chords: Chords,
        track_type: str,
        tempo: float | None = None,
        *,
        duration: float | None = None,
        key: str | None = None,
        style: str | Style | None = None,
        seed: int | None = None,
        intensity: float | None = None,
        temperature: float | None = None,
        time_signature: str | None = None,
        ending: bool = False,
        path: str | Path | None = None,
    ) -> Track:
        """Generate one player's track, and write it to `path` where one is given.

        `chords` is a progression such as `"C-Am-F-G"` (a bar each), any chart text, a sequence of
        symbols (a bar each), timed chords (in seconds, with `start`, `end` and `chord`), or a
        SongMap. `track_type` is bass, drums, keys, guitar, lead or pad; `tempo` in quarter notes a
        minute (the chart's own if absent); `duration` in beats, filled by going round and rounded
        up to whole bars; `ending` closes it with a last chord. Raises BandError, ChartError,
        StyleError or MidiFileError.
        """
        if track_type not in PLAYERS:
            raise BandError(f"there is no player {track_type!r}; there are {', '.join(PLAYERS)}")
        song = read_progression(chords, tempo=tempo, key=key, meter=time_signature)
        chosen = style or (style_for(song) if song.style else self.style)
        performance = Performance(
            form=Form(_filled(song, duration), choruses=1, count_in=False, ends=ending),
            band=Band(
                load(chosen) if isinstance(chosen, str) else chosen,
                (track_type,),
                self.seed if seed is None else seed,
            ),
            tempo=song.tempo,
            intensity=self.intensity if intensity is None else intensity,
            temperature=self.temperature if temperature is None else temperature,
        )
        last = performance.slots()[-1]
        score = score_of(performance)
        track = Track(track_type, score, last.start + last.beats, performance.style.name)
        if path is not None:
            track.save(path)
        return track

    def generate_tracks(
        self,
        chords: Chords,
        track_types: Sequence[str],
        tempo: float | None = None,
        **options: object,
    ) -> dict[str, Track]:
        """Generate several players' tracks that fit together; options as for one."""
        return {
            kind: self.generate_track(chords, kind, tempo, **options)  # type: ignore[arg-type]
            for kind in track_types
        }


def _filled(song: SongMap, duration: float | None) -> SongMap:
    """Go round until `duration` beats are filled, or once where none is wanted."""
    if duration is None:
        return song
    if not (math.isfinite(duration) and 0 < duration <= 40_000):
        raise BandError(f"a duration must lie between 0 and 40000 beats, not {duration:g}")
    return stretched(song, duration)
