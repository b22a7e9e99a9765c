"""Render many single notes in one pass of a non-real-time server and measure each."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from sound_measures import centroid, cents_off, momentary_loudness

from scband.supercollider.osc_score import OfflineServer, OscScore
from scband.supercollider.sounds import DRUMS
from scband.supercollider.synthdefs import compiled_synthdefs

RATE = 48_000
VELOCITIES = (0.05, 0.15, 0.3, 0.5, 0.75, 1.0)
"""Velocities that the loudness tables have rows for."""

HELD, SPACE, DRUM_SPACE = 1.2, 2.4, 3.8
"""Seconds that a pitched note is held, and between starts."""

FIRST = 0.02

Note = tuple[str, int, float]
"""SynthDef, MIDI pitch (0 for a drum), velocity."""


@dataclass(frozen=True, slots=True)
class Measured:
    """Loudness in LUFS (momentary), centroid in Hz of the first 0.4 s, cents off pitch."""

    loudness: float
    centroid: float
    cents: float


def hertz(pitch: float) -> float:
    """Return the frequency of a MIDI pitch, A4 = 440 Hz."""
    return float(440 * 2 ** ((pitch - 69) / 12))


def rendered(
    notes: Iterable[Note],
    visit: Callable[[Note, np.ndarray], None],
    *,
    plain: bool = False,
    program: str = "scsynth",
    more: dict[str, float] | None = None,
    held: float = HELD,
    together: bool = False,
) -> str:
    """Render notes, each SynthDef on outputs of its own, and hand each note's samples to `visit`.

    Samples are (frames, 2) and begin where the note does; a SynthDef's notes follow one another,
    or all start at once where `together`. Returns what the server printed.
    """
    folder = compiled_synthdefs(plain=plain)
    server = OfflineServer(program)
    score, starts, ends = OscScore(), {}, {}
    notes = list(notes)
    names = list(dict.fromkeys(name for name, _, _ in notes))
    for name in names:
        score.add(0.0, "/d_recv", (folder / f"{name}.scsyndef").read_bytes())
    for number, note in enumerate(notes):
        name, pitch, velocity = note
        start = FIRST if together else ends.get(name, FIRST)
        starts[number] = start
        ends[name] = start + (DRUM_SPACE if name in DRUMS else SPACE + held - HELD)
        # its own seed: else a synth's noise depends on where in memory the server puts it
        touch = {"velocity": velocity, "sustain": held, "seed": 1 + number * 97}
        controls: dict[str, float] = {**touch, **(more or {})}
        if name not in DRUMS:
            controls["freq"] = hertz(pitch)
        flat = [each for pair in controls.items() for each in (pair[0], float(pair[1]))]
        score.add(start, "/s_new", name, 1000 + number, 1, 0, "out", 2 * names.index(name), *flat)
    length = max(ends.values())
    score.add(length, "/g_dumpTree", 0, 0)
    server = OfflineServer(program, channels=2 * len(names))
    with tempfile.TemporaryDirectory(prefix="scband-measure-") as place:
        osc, wav = Path(place) / "s.osc", Path(place) / "s.wav"
        osc.write_bytes(score.encode(length + 0.01))
        printed = server.run(osc, wav, timeout=120)
        samples, _ = soundfile.read(wav, dtype="float32", always_2d=True)
    late = server.delay()
    for number, note in enumerate(notes):
        name = note[0]
        first = round(starts[number] * RATE) + late
        space = DRUM_SPACE if name in DRUMS else SPACE + held - HELD
        channel = 2 * names.index(name)
        visit(note, samples[first : first + round(space * RATE) - 4, channel : channel + 2])
    return printed


def measured(notes: Iterable[Note], *, plain: bool = False) -> dict[Note, Measured]:
    """Render and measure notes."""
    found: dict[Note, Measured] = {}

    def visit(note: Note, samples: np.ndarray) -> None:
        mono = samples.sum(axis=1).astype(float)
        found[note] = Measured(
            momentary_loudness(samples.astype(float)),
            centroid(mono[: round(0.4 * RATE)]),
            cents_off(mono[round(0.1 * RATE) : round(HELD * RATE)], hertz(note[1]))
            if note[0] not in DRUMS
            else 0.0,
        )

    rendered(notes, visit, plain=plain)
    return found
