"""How well the band took the performer's chords by ear, against what was really played."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from scband.errors import ScbandError, SessionError
from scband.live.truth import ExpectedBeat
from scband.theory import Chord

_EDGE_SECONDS = 0.03
_MOST_BEATS = 8


@dataclass(frozen=True, slots=True)
class PlayedChord:
    """A chord that the performer plays, in seconds."""

    start: float
    end: float
    chord: Chord


@dataclass(frozen=True, slots=True)
class ChordFigures:
    """Shares of right roots and triads on the beat after the one in which a chord was played.

    `beats` were judged; `delay_beats` is the mean, over `changes`, from the beginning of a chord
    to the band's first beat on its root (8 where that never came).
    """

    beats: int
    roots: float
    triads: float
    changes: int
    delay_beats: float

    def as_dict(self) -> dict[str, object]:
        """Return plain values, for JSON."""
        return asdict(self)


def read_played(path: str | Path) -> tuple[PlayedChord, ...]:
    """Read chords with times, `start end label` a line (a .lab file); raises SessionError."""
    try:
        rows = Path(path).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SessionError(f"cannot read the chords {path}: {error}") from error
    found = []
    for number, row in enumerate(rows, 1):
        fields = row.split(maxsplit=2)
        if not fields:
            continue
        try:
            start, end, label = float(fields[0]), float(fields[1]), fields[2].strip()
            found.append(PlayedChord(start, end, Chord(label)))
        except (ValueError, IndexError, ScbandError) as error:
            raise SessionError(
                f"{path}, line {number}: write `start end chord` ({error})"
            ) from None
    if not found:
        raise SessionError(f"{path}: no chords in it")
    return tuple(found)


def triad(chord: Chord) -> str:
    """Return what kind of triad a chord is built on."""
    tones = chord.intervals
    if 4 in tones:
        return "augmented" if 8 in tones and 7 not in tones else "major"
    if 3 in tones:
        return "diminished" if 6 in tones and 7 not in tones else "minor"
    return "open"


def chord_figures(
    played: Sequence[PlayedChord],
    taken: Sequence[tuple[float, Chord]],
    beats: Sequence[ExpectedBeat],
) -> ChordFigures:
    """Judge the chords that the band took, each from a beat on, at each beat of the performer.

    At a beat the band is right on the chord of the half beat before, or on the one that begins
    there: a performer may push a chord.
    """
    starts = [beat for beat, _ in taken]
    band = [_sounding(taken, starts, beat.beat) for beat in beats]
    roots = triads = judged = 0
    for number in range(1, len(beats)):
        now, before = beats[number].time, beats[number - 1].time
        truths = _truths(played, now - (now - before) / 2, now)
        chord = band[number]
        if not truths:
            continue
        judged += 1
        same = [t for t in truths if chord is not None and t.root == chord.root]
        roots += bool(same)
        triads += any(triad(t) == triad(chord) for t in same if chord is not None)
    delays = [_delay(span, beats, band) for span in played if span.chord.root is not None]
    known = [delay for delay in delays if delay is not None]
    return ChordFigures(
        judged,
        roots / judged if judged else 0.0,
        triads / judged if judged else 0.0,
        len(known),
        sum(known) / len(known) if known else float(_MOST_BEATS),
    )


def _sounding(
    taken: Sequence[tuple[float, Chord]], starts: Sequence[float], beat: float
) -> Chord | None:
    place = bisect_right(starts, beat + 1e-6)
    return taken[place - 1][1] if place else None


def _truths(played: Sequence[PlayedChord], since: float, until: float) -> list[Chord]:
    """Return the chord that sounded all of a stretch, and the one that begins at its end."""
    held = [p.chord for p in played if p.start <= since + 0.01 and p.end >= until - _EDGE_SECONDS]
    if not held or held[0].root is None:
        return []
    begins = [p.chord for p in played if p.start <= until + _EDGE_SECONDS < p.end]
    return [*held, *(chord for chord in begins if chord.root is not None)]


def _delay(
    span: PlayedChord, beats: Sequence[ExpectedBeat], band: Sequence[Chord | None]
) -> float | None:
    """Return the beats from a chord's beginning to the band's first on its root.

    None where the chord is too short to tell, or the performance has ended.
    """
    inside = [n for n, b in enumerate(beats) if span.start - _EDGE_SECONDS <= b.time < span.end]
    if len(inside) < 2:
        return None
    first = inside[0]
    for number in range(first, min(first + _MOST_BEATS, len(beats))):
        chord = band[number]
        if chord is not None and chord.root == span.chord.root:
            return float(number - first)
    return float(_MOST_BEATS)
