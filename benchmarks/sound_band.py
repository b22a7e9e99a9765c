"""Eight bars for the whole band, written by hand: what the mixer and the limiter are measured with.

python benchmarks/sound_band.py out.wav [rock]
"""

from __future__ import annotations

import sys
from pathlib import Path

from scband.supercollider.offline import TimedNote, render
from scband.supercollider.sounds import strike

# Root of the bass, voicing of the keys, line of the lead (start in beats, length, pitch): II-V-I-VI.
_BARS = (
    (38, (53, 57, 60, 64), ((0, 1, 69), (1, 0.66, 72), (1.66, 0.34, 74), (2, 2, 77))),
    (43, (53, 57, 59, 64), ((0.66, 0.34, 76), (1, 1, 74), (2, 0.66, 71), (2.66, 1.3, 67))),
    (36, (52, 55, 59, 62), ((0, 1.5, 76), (2, 0.66, 74), (2.66, 0.34, 72), (3, 1, 71))),
    (33, (52, 55, 61, 66), ((0.66, 1.3, 73), (2, 1, 76), (3, 1, 79))),
)


def notes(style: str = "swing", tempo: float = 132.0, bars: int = 8) -> list[TimedNote]:
    """Return the notes of `bars` bars in "swing" or "rock", in seconds."""
    played: list[TimedNote] = []
    beat = 60 / tempo
    off = 2 / 3 if style == "swing" else 0.5

    def add(
        bar: int, at: float, sound: str, player: str, pitch: int, velocity: float, length: float
    ) -> None:
        arguments = {
            "freq": 440 * 2 ** ((pitch - 69) / 12),
            "velocity": velocity,
            "sustain": length * beat,
        }
        played.append(TimedNote((4 * bar + at) * beat, sound, player, arguments))

    def hit(bar: int, at: float, pitch: int, velocity: float) -> None:
        blow = strike(pitch)
        assert blow is not None
        arguments = {"velocity": velocity, "sustain": blow.sustain, "pan": blow.pan}
        played.append(TimedNote((4 * bar + at) * beat, blow.name, "drums", arguments, blow.choke))

    for bar in range(bars):
        root, voicing, line = _BARS[bar % len(_BARS)]
        if style == "swing":
            for quarter, step in enumerate((0, 4, 7, 9)):
                add(bar, quarter, "bass_upright", "bass", root + step, 0.7, 0.95)
            for at, velocity in (
                (0, 0.6),
                (1, 0.75),
                (1 + off, 0.5),
                (2, 0.6),
                (3, 0.75),
                (3 + off, 0.5),
            ):
                hit(bar, at, 51, velocity)
            for at in (1, 3):
                hit(bar, at, 44, 0.6)
            hit(bar, 2 + off, 38, 0.35)
            hit(bar, 0, 36, 0.4)
            comp, guitar, places = "piano", "guitar_steel", ((0, 1.2), (1 + off, 0.4))
        else:
            for eighth in range(8):
                add(
                    bar,
                    eighth / 2,
                    "bass_electric",
                    "bass",
                    root,
                    0.8 if eighth % 2 == 0 else 0.65,
                    0.45,
                )
                hit(bar, eighth / 2, 46 if eighth == 7 else 42, 0.75 if eighth % 2 == 0 else 0.5)
            for at in (0, 2, 2.5):
                hit(bar, at, 36, 0.9)
            for at in (1, 3):
                hit(bar, at, 38, 0.9)
            comp, guitar, places = "electric_piano", "guitar_electric", ((0, 1.8), (2, 1.8))
        for at, length in places:
            for pitch in voicing:
                add(bar, at, comp, "keys", pitch, 0.6, length)
        for quarter in range(4):
            for pitch in voicing[:3]:
                add(bar, quarter, guitar, "guitar", pitch, 0.5, 0.5)
        for pitch in voicing:
            add(bar, 0, "pad", "pad", pitch, 0.5, 3.9)
        for at, length, pitch in line:
            add(bar, at, "lead", "lead", pitch, 0.8, length)
    hit(0, 0, 49, 0.8)
    for step, pitch in enumerate((48, 48, 45, 41)):
        hit(bars - 1, 3 + step / 4, pitch, 0.85)
    return played


if __name__ == "__main__":
    style = sys.argv[2] if len(sys.argv) > 2 else "swing"
    made = render(notes(style), Path(sys.argv[1]), stems=Path(sys.argv[1]).with_suffix(""))
    print(f"{made.mix}: {made.seconds:.1f} s, stems {', '.join(made.stems)}")
