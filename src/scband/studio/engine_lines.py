"""What a workstation asks of the band: a drum track, a bass line or a melody as a MIDI file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from scband.errors import GenerationFailedError, InvalidRequestError
from scband.studio.generator import MidiGenerator
from scband.studio.progression import stretched
from scband.studio.scale_lines import STYLE, in_scale, progression, reach, read_scale

PLAYERS = {"drums": "drums", "bass": "bass", "melody": "lead"}
"""The band's players by the styles that a workstation knows."""

_FROZEN = 0.01
_BEATS = 4.0


@dataclass(frozen=True, slots=True)
class LineRequest:
    """What to play: `style` drums, bass or melody, in a key and a scale.

    `temperature` 0 is the most likely line, the same for every seed; 2 a wild one.
    """

    style: str = "drums"
    tempo: float = 120.0
    bars: int = 4
    temperature: float = 1.0
    seed: int = 0
    key: str = "C"
    scale: str = "major"


@dataclass(frozen=True, slots=True)
class Line:
    """A played line: the MIDI file, how many notes it has, and the chords under it."""

    midi: bytes
    notes: int
    chords: tuple[str, ...]


def play_line(request: LineRequest) -> Line:
    """Let the band play a line; all its pitches are of the scale, all its notes within its bars.

    Raises InvalidRequestError, TheoryError, BandError, and GenerationFailedError where no note
    was played.
    """
    if request.style not in PLAYERS:
        raise InvalidRequestError(f"style is {', '.join(PLAYERS)}, not {request.style[:40]!r}")
    frozen = request.temperature < _FROZEN
    seed = 0 if frozen else request.seed
    choice = read_scale(request.key, request.scale)
    song = progression(choice, request.bars, seed, request.temperature)
    generator = MidiGenerator(STYLE, seed, 0.5, 0.0 if frozen else request.temperature)
    player = PLAYERS[request.style]
    beats = request.bars * _BEATS
    track = generator.generate_track(stretched(song, beats), player, request.tempo, style=STYLE)
    score = track.score if player == "drums" else in_scale(track.score, choice, *reach(player))
    if not score.parts or not score.parts[0].notes:
        raise GenerationFailedError(
            f"the {request.style} player rests for all {request.bars} bars; ask for more bars"
        )
    from scband.score.midifile import write_midi  # noqa: PLC0415  # mido only when it is needed

    chords = tuple(str(change.chord) for bar in song.bars for change in bar.chords)
    return Line(write_midi(score), len(score.parts[0].notes), chords)


def line_job(tell: Callable[..., None], request: LineRequest) -> Line:
    """Play a line in a worker process."""
    tell(0.0, "playing")
    return play_line(request)
