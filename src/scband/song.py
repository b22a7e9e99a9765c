"""A song under your hands in a notebook or a script: play it, render it, write it down."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scband.agents import Band, load
from scband.agents.choice import style_for
from scband.agents.form import Form
from scband.chart import SongMap, read
from scband.errors import SessionError

if TYPE_CHECKING:
    from scband.live.session import Session
    from scband.score import Score
    from scband.supercollider.offline import Rendered

DEFAULT_PLAYERS = ("drums", "bass", "keys", "guitar")
"""Who plays where nobody is named."""


@dataclass(frozen=True, slots=True)
class Song:
    """A chart with what it takes to play it.

    `style` and `tempo` (quarter notes a minute) are the chart's own where none were given. A song
    is a value: `song.with_(tempo=180)` is another one, and the same seed plays the same notes.
    """

    map: SongMap
    style: str = "swing"
    tempo: float = 120.0
    players: tuple[str, ...] = DEFAULT_PLAYERS
    seed: int = 0
    intensity: float = 0.5
    temperature: float = 1.0

    def with_(self, **changes: Any) -> Song:
        """Return the same song with other `style`, `tempo`, `players`, `intensity` and so on."""
        return replace(self, **changes)

    def session(self, **options: Any) -> Session:
        """Return a live session of this song; options as in `scband.Session`."""
        from scband.live.session import Session  # noqa: PLC0415  # sound is imported when wanted

        return Session(self, **options)

    def play(self, *, choruses: int = 1, seconds: float | None = None, **options: Any) -> None:
        """Play through supernova until the song is over, `seconds` pass or Ctrl-C comes.

        Boots what is missing, shows bar, chord and tempo while it plays, and ends everything.
        Options as in `scband.Session`; raises what it raises.
        """
        from scband.live.display import play_through  # noqa: PLC0415

        play_through(self.session(choruses=choruses, **options), seconds)

    def _performance(self, choruses: int, *, count_in: bool) -> Any:
        from scband.studio.performance import Performance  # noqa: PLC0415

        if choruses < 1:
            raise SessionError(f"a song is played at least once, not {choruses} times")
        form = Form(self.map, choruses=choruses, count_in=count_in)
        band = Band(load(self.style), self.players, self.seed)
        return Performance(form, band, self.tempo, self.intensity, self.temperature)

    def score(self, *, choruses: int = 1, count_in: bool = False) -> Score:
        """Let the band decide the whole song and return it as a score, a part a player.

        Where nobody was named, the lead plays too.
        """
        from scband.studio.scores import score_of  # noqa: PLC0415

        song = self
        if self.players == DEFAULT_PLAYERS:
            song = replace(self, players=(*DEFAULT_PLAYERS, "lead"))
        return score_of(song._performance(choruses, count_in=count_in))

    def to_midi(self, path: str | Path, *, choruses: int = 1, count_in: bool = False) -> Path:
        """Write the song as a MIDI file with a track a player, and return its path.

        The tracks are named after the players. Raises MidiFileError where it cannot be written.
        """
        from scband.score.midifile import save_midi  # noqa: PLC0415

        save_midi(self.score(choruses=choruses, count_in=count_in), path)
        return Path(path)

    def render(
        self,
        path: str | Path,
        *,
        stems: bool | str | Path = False,
        choruses: int = 1,
        count_in: bool = False,
    ) -> Rendered:
        """Render the mix to `path` (.wav or .flac) faster than real time, without a sound card.

        `stems` True writes a file a player into the folder `NAME-stems` beside it (or names a
        folder). Repeatable to the bit. Raises OfflineRenderError and its kin.
        """
        from scband.supercollider.offline import render  # noqa: PLC0415

        mix = Path(path)
        folder = mix.with_name(f"{mix.stem}-stems") if stems is True else stems or None
        performance = self._performance(choruses, count_in=count_in)
        return render(
            performance.timed_notes(),
            mix,
            stems=None if folder is None else Path(folder),
            tempo=self.tempo,
        )


_PHRASES = {
    "seventh chords": "[A]\n| Cmaj7 | Am7 | Dm7 | G7 |\n[B]\n| Em7 | A7 | Dm7 G7 | C6 |",
    "triads": "[A]\n| C | Am | F | G |\n[B]\n| C | Em | F G | C |",
}


def audition(style: str) -> Song:
    """Return eight bars that let a style be heard, in its own meter and tempo, by all who play it.

    Raises StyleError for an unknown style.
    """
    chosen = load(style)
    shapes = set(chosen.keys.voicing.values())
    phrase = _PHRASES["seventh chords" if shapes & {"rootless", "shell"} else "triads"]
    head = f"title: {chosen.title}\nkey: C\ntempo: {chosen.tempo:g}\nmeter: {chosen.meters[0]}\n"
    return chart(head + phrase, style=style, players=(*DEFAULT_PLAYERS, "lead"), intensity=0.6)


def chart(
    text: str | Path | SongMap,
    *,
    style: str | None = None,
    tempo: float | None = None,
    players: tuple[str, ...] = DEFAULT_PLAYERS,
    seed: int = 0,
    intensity: float = 0.5,
    temperature: float = 1.0,
) -> Song:
    """Make a song of a chart: its text, a path, or a SongMap.

    Raises ChartError with line and column, StyleError for an unknown style.
    """
    song = text if isinstance(text, SongMap) else read(text)
    chosen = style_for(song, style)
    load(chosen)
    pace = tempo if tempo is not None else song.tempo
    return Song(song, chosen, pace, players, seed, intensity, temperature)
