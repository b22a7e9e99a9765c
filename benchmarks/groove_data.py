"""Read the Groove MIDI Dataset: takes, and bars of hits on a grid with their weight and lateness.

Magenta's Groove MIDI Dataset (Gillick, Roberts, Engel, Eck, Bamman: "Learning to Groove with
Inverse Sequence Transformations", ICML 2019), CC BY 4.0. A file's name says
`index_style_bpm_beat-or-fill_meter`, its folder the drummer.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import mido

PIECES = (
    "kick", "snare", "ghost", "side_stick", "hat_closed", "hat_open", "hat_pedal", "ride",
    "ride_bell", "crash", "tom_high", "tom_mid", "tom_low",
)  # fmt: skip
"""The pieces that are told apart; `ghost` is a soft stroke of the snare."""

GHOST = 45
"""MIDI velocity below which a stroke of the snare is a ghost note."""

_NUMBERS = {
    22: "hat_closed", 26: "hat_open", 35: "kick", 36: "kick", 37: "side_stick", 38: "snare",
    40: "snare", 42: "hat_closed", 43: "tom_low", 44: "hat_pedal", 45: "tom_mid", 46: "hat_open",
    47: "tom_mid", 48: "tom_high", 49: "crash", 50: "tom_high", 51: "ride", 52: "crash",
    53: "ride_bell", 55: "crash", 57: "crash", 58: "tom_low", 59: "ride",
}  # fmt: skip

SCHOOLS: dict[str, tuple[str, ...]] = {
    "rock": ("rock", "rock-indie", "rock-prog", "rock-groove"),
    "halftime": ("rock-halftime",),
    "shuffle": ("blues-shuffle", "rock-shuffle", "neworleans-shuffle", "rock-rockabilly"),
    "funk": ("funk", "funk-groove", "funk-fast", "funk-rock", "afrobeat"),
    "hiphop": ("hiphop", "hiphop-groove"),
    "soul": ("soul", "soul-groove", "soul-motown"),
    "pop": ("pop", "pop-soft", "pop-groove"),
    "punk": ("punk",),
    "reggae": ("reggae", "reggae-slow"),
    "country": ("country", "rock-folk"),
    "disco": ("dance-disco",),
    "breakbeat": ("dance-breakbeat",),
    "swing": ("jazz", "jazz-swing", "jazz-fast", "jazz-mediumfast"),
    "bossa": ("latin-brazilian-bossa",),
    "samba": ("latin-brazilian-samba", "latin-samba"),
    "latin": ("latin-brazilian-songo", "afrocuban-rhumba", "afrocuban", "latin-merengue",
              "latin-dominican-merengue", "latin-bomba"),
    "bembe": ("afrocuban-bembe",),
    "neworleans": ("neworleans-funk", "neworleans-secondline"),
    "gospel": ("gospel",),
}  # fmt: skip
"""What the styles of the data set are put together to."""

TRIPLETS = ("shuffle", "swing", "bembe")
"""Schools that divide the beat by three; the others divide it by four."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A stroke: `step` of the grid, MIDI velocity, how late in ms."""

    piece: str
    step: int
    velocity: int
    late: float


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar of four beats on a grid of `grid` steps a beat (4, or 3 for triplets)."""

    grid: int
    hits: tuple[Hit, ...]

    def beats_of(self, *pieces: str) -> set[int]:
        """The beats on which any of these pieces is struck."""
        return {hit.step // self.grid for hit in self.hits if hit.piece in pieces}


@dataclass(frozen=True, slots=True)
class Take:
    """One recording in 4/4, as bars."""

    drummer: str
    school: str
    kind: str
    tempo: float
    bars: tuple[Bar, ...]


def takes(folder: Path) -> Iterator[Take]:
    """Read every take in 4/4 that belongs to a school, in the order of their names.

    Takes that do not divide the beat as their school does are left out.
    """
    for path in sorted(folder.rglob("*.mid")):
        words = path.stem.split("_")
        if len(words) != 5 or words[4] != "4-4":
            continue
        school = school_of(words[1])
        if school:
            drummer = path.relative_to(folder).parts[0]
            tempo = float(words[2])
            strokes = _strokes(path)
            fits = _fits(strokes)
            if school in TRIPLETS or fits == 4:
                grid = 3 if school in TRIPLETS else 4
                yield Take(drummer, school, words[3], tempo, bars_of(strokes, tempo, grid))


def school_of(style: str) -> str | None:
    """Name the school of a style of the data set, numbers of grooves apart."""
    plain = style.rstrip("0123456789")
    return next((school for school, styles in SCHOOLS.items() if plain in styles), None)


def _strokes(path: Path) -> list[tuple[float, str, int]]:
    file = mido.MidiFile(path)
    now, found = 0, []
    for message in mido.merge_tracks(file.tracks):
        now += message.time
        if message.type == "note_on" and message.velocity and message.note in _NUMBERS:
            found.append((now / file.ticks_per_beat, _NUMBERS[message.note], message.velocity))
    return found


def named(pitch: int, velocity: int) -> str | None:
    """Name the piece of a General MIDI or e-drum number, None for others."""
    piece = _NUMBERS.get(pitch)
    return "ghost" if piece == "snare" and velocity < GHOST else piece


def _fits(strokes: Sequence[tuple[float, str, int]]) -> int:
    return 3 if _error(strokes, 3) < _error(strokes, 4) else 4


def bars_of(strokes: Sequence[tuple[float, str, int]], tempo: float, grid: int) -> tuple[Bar, ...]:
    """Lay strokes (beat, piece, velocity) on a grid of so many steps a beat."""
    if not strokes:
        return ()
    rows: dict[int, list[Hit]] = {}
    for beat, piece, velocity in strokes:
        place = round(beat * grid)
        late = (beat - place / grid) * 60000 / tempo
        name = "ghost" if piece == "snare" and velocity < GHOST else piece
        number, step = divmod(place, 4 * grid)
        rows.setdefault(number, []).append(Hit(name, step, velocity, late))
    return tuple(Bar(grid, tuple(_loudest(rows.get(n, [])))) for n in range(max(rows) + 1))


def _error(strokes: Sequence[tuple[float, str, int]], grid: int) -> float:
    """How far the strokes between beats lie from a grid, in squares of its step."""
    between = [beat * grid for beat, _, _ in strokes if 0.15 < beat % 1 < 0.85]
    return sum((place - round(place)) ** 2 for place in between)


def _loudest(hits: list[Hit]) -> Iterator[Hit]:
    """Keep one stroke a piece and step: the second of a flam is not another stroke."""
    best: dict[tuple[str, int], Hit] = {}
    for hit in hits:
        key = ("snare" if hit.piece == "ghost" else hit.piece, hit.step)
        if key not in best or best[key].velocity < hit.velocity:
            best[key] = hit
    yield from sorted(best.values(), key=lambda hit: (hit.step, hit.piece))
