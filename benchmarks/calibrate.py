"""Measure every sound and write `sc/levels.scd`, the tables that bring them to one loudness.

    python benchmarks/calibrate.py            # writes the tables of both variants

Each SynthDef is rendered without its table at pitches across its range and at six velocities; the
table holds what is missing to `scband.supercollider.sounds.loudness`. Run it after a change to an
instrument; tests/sound says when it is due.
"""

from __future__ import annotations

import os
from pathlib import Path

from sound_render import VELOCITIES, Measured, Note, measured

from scband.supercollider.sounds import DRUMS, SOUNDS, loudness

STEPS = {"piano": 1}
STEP = 2
"""Semitones between measured pitches; a recorded piano changes from key to key."""
STROKES = 6
ROOT = Path(__file__).resolve().parents[1]


def tables(plain: bool) -> dict[str, tuple[list[int], list[float], list[list[float]]]]:
    """Return, for each SynthDef, its pitches, velocities and rows of dB, one row a velocity."""
    found: dict[Note, Measured] = {}
    for name in [*SOUNDS, *DRUMS]:
        plan = [(name, pitch, v) for pitch in pitches(name) for v in VELOCITIES]
        found |= measured(plan, plain=plain)
    return {
        name: (
            [0] if name in DRUMS else pitches(name),
            list(VELOCITIES),
            [_row(name, velocity, found) for velocity in VELOCITIES],
        )
        for name in [*SOUNDS, *DRUMS]
    }


def _row(name: str, velocity: float, found: dict[Note, Measured]) -> list[float]:
    """Return the missing dB at each pitch; of a drum's strokes the mean, for no two are alike."""
    missing = [
        loudness(name, velocity) - found[name, pitch, velocity].loudness for pitch in pitches(name)
    ]
    if name in DRUMS:
        missing = [sum(missing) / len(missing)]
    return [round(each, 2) for each in missing]


def pitches(name: str) -> list[int]:
    """Return the pitches to measure a SynthDef at; a drum's are the numbers of its strokes."""
    if name in DRUMS:
        return list(range(STROKES))
    sound = SOUNDS[name]
    return sorted({*range(sound.low, sound.high, STEPS.get(name, STEP)), sound.high})


def main() -> None:
    """Measure both variants and write the file."""
    os.environ["SCBAND_UNCALIBRATED"] = "1"
    rich, plain = tables(plain=False), tables(plain=True)
    lines = [
        "// Written by benchmarks/calibrate.py: do not edit. Decibels that bring each SynthDef to",
        "// its loudness: [MIDI pitches, velocities, a row of dB a velocity]; NAME_plain is the",
        "// variant without sc3-plugins where it differs.",
        "(",
    ]
    for name, table in rich.items():
        lines.append(f"\t{name}: {list(table)},")
        if name in SOUNDS and SOUNDS[name].plugin:
            lines.append(f"\t{name}_plain: {list(plain[name])},")
    (ROOT / "sc" / "levels.scd").write_text("\n".join([*lines, ")", ""]))


if __name__ == "__main__":
    main()
