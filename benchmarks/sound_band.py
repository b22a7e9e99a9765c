"""Eight bars for the whole band, written by hand: what mixer and limiter are measured with.

python benchmarks/sound_band.py out.wav [rock]
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from pathlib import Path

from scband.supercollider.offline import TimedNote, render
from scband.supercollider.sounds import strike

# A bar's bass root, voicing, and melody (start in beats, length, pitch): II-V-I-VI in C.
_BARS = (
    (38, (53, 57, 60, 64), ((0, 1, 69), (1, 0.66, 72), (1.66, 0.34, 74), (2, 2, 77))),
    (43, (53, 57, 59, 64), ((0.66, 0.34, 76), (1, 1, 74), (2, 0.66, 71), (2.66, 1.3, 67))),
    (36, (52, 55, 59, 62), ((0, 1.5, 76), (2, 0.66, 74), (2.66, 0.34, 72), (3, 1, 71))),
    (33, (52, 55, 61, 66), ((0.66, 1.3, 73), (2, 1, 76), (3, 1, 79))),
)
_LATE = 5 / 3
# A bar of the kit: beat, General MIDI drum number, velocity.
_KIT = {
    "swing": (
        (0, 36, 0.4), (0, 51, 0.6), (1, 51, 0.75), (_LATE, 51, 0.5), (2, 51, 0.6), (3, 51, 0.75),
        (2 + _LATE, 51, 0.5), (1, 44, 0.6), (3, 44, 0.6), (1 + _LATE, 38, 0.35),
    ),
    "rock": (
        (0, 36, 0.9), (2, 36, 0.9), (2.5, 36, 0.9), (1, 38, 0.9), (3, 38, 0.9),
        *((eighth / 2, 42, 0.5 if eighth % 2 else 0.75) for eighth in range(7)), (3.5, 46, 0.7),
    ),
}  # fmt: skip
# A bar of the bass: beat, semitones above the root, velocity, length.
_BASS = {
    "swing": tuple((beat, step, 0.7, 0.95) for beat, step in enumerate((0, 4, 7, 9))),
    "rock": tuple((eighth / 2, 0, 0.65 if eighth % 2 else 0.8, 0.45) for eighth in range(8)),
}
_COMP = {"swing": ((0, 1.2), (_LATE, 0.4)), "rock": ((0, 1.8), (2, 1.8))}
_SOUNDS = {
    "swing": ("bass_upright", "piano", "guitar_steel"),
    "rock": ("bass_electric", "electric_piano", "guitar_electric"),
}


@dataclass(slots=True)
class _Page:
    """Notes at beats, written down in seconds."""

    beat: float
    notes: list[TimedNote] = field(default_factory=list)

    def note(
        self, at: float, player: str, sound: str, pitch: int, *, velocity: float, length: float
    ) -> None:
        controls = {"freq": 440 * 2 ** ((pitch - 69) / 12), "velocity": velocity}
        controls["sustain"] = length * self.beat
        self.notes.append(TimedNote(at * self.beat, sound, player, controls))

    def hit(self, at: float, pitch: int, velocity: float) -> None:
        blow = strike(pitch)
        assert blow is not None
        controls = {"velocity": velocity, "sustain": blow.sustain, "pan": blow.pan}
        self.notes.append(TimedNote(at * self.beat, blow.name, "drums", controls, blow.choke))


def notes(style: str = "swing", tempo: float = 132.0, bars: int = 8) -> list[TimedNote]:
    """Return the notes of `bars` bars in "swing" or "rock", in seconds."""
    page = _Page(60 / tempo)
    for number in range(bars):
        _bar(page, style, number)
    page.hit(0, 49, 0.8)
    for step, pitch in enumerate((48, 48, 45, 41)):
        page.hit(4 * bars - 1 + step / 4, pitch, 0.85)
    return page.notes


def _bar(page: _Page, style: str, number: int) -> None:
    """Write one bar for all six players."""
    root, voicing, melody = _BARS[number % len(_BARS)]
    bass, keys, guitar = _SOUNDS[style]
    first = 4 * number
    for at, pitch, velocity in _KIT[style]:
        page.hit(first + at, pitch, velocity)
    for at, step, velocity, length in _BASS[style]:
        page.note(first + at, "bass", bass, root + step, velocity=velocity, length=length)
    for pitch in voicing:
        page.note(first, "pad", "pad", pitch, velocity=0.5, length=3.9)
        for at, length in _COMP[style]:
            page.note(first + at, "keys", keys, pitch, velocity=0.6, length=length)
    for quarter in range(4):
        for pitch in voicing[:3]:
            page.note(first + quarter, "guitar", guitar, pitch, velocity=0.5, length=0.5)
    for at, length, pitch in melody:
        page.note(first + at, "lead", "lead", pitch, velocity=0.8, length=length)


if __name__ == "__main__":
    target = Path(sys.argv[1])
    made = render(notes(*sys.argv[2:3]), target, stems=target.with_suffix(""), tempo=132)
    print(f"{made.mix}: {made.seconds:.1f} s, stems {', '.join(made.stems)}")
