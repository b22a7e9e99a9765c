"""Print what is measured of every sound, of the mixer and of the whole band.

    python benchmarks/sounds.py

One line a SynthDef and variant (rich: with sc3-plugins; plain: without), over pitches and
velocities that the loudness tables do not hold: largest distance from its loudness, range from
velocity 0.05 to 1, largest distance from its pitch, how much brighter 1.0 is than 0.2, click at
its release, and what one voice costs.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import numpy as np
import pyloudnorm
import sound_band
import soundfile
from sound_census import Census, census
from sound_measures import true_peak
from sound_render import DRUM_SPACE, RATE, rendered

from scband.supercollider.offline import TAIL, render
from scband.supercollider.osc_score import OfflineServer
from scband.supercollider.sounds import DRUMS, SOUNDS, loudness

_HEAD = (
    f"{'sound':16} {'variant':7} {'level ±dB':>9} {'range dB':>8} {'±cents':>7} {'brighter':>8} "
    f"{'click dB':>8} {'% core':>7}"
)


def main() -> None:
    """Measure and print."""
    print(_HEAD)
    found = {variant: census(plain=variant == "plain") for variant in ("rich", "plain")}
    for name in [*SOUNDS, *DRUMS]:
        for variant, seen in found.items():
            if variant == "rich" or (name in SOUNDS and SOUNDS[name].plugin):
                cost = _voice_cost(name, plain=variant == "plain")
                print(f"{name:16} {variant:7} {_line(seen, name)} {cost:7.2f}")
    print()
    for style in ("swing", "rock"):
        _band(style)


def _line(seen: Census, name: str) -> str:
    """Return one SynthDef's figures."""
    notes = dict(seen.of(name))
    level = _largest_level_error(notes, name)
    soft, hard = ([s for n, s in notes.items() if n[2] == v] for v in (0.05, 1.0))
    dark = [s for n, s in notes.items() if n[2] == 0.2]
    span = np.mean([s.loudness for s in hard]) - np.mean([s.loudness for s in soft])
    cents = max(abs(s.cents) for s in notes.values())
    bright = np.mean([h.centroid / d.centroid for h, d in zip(hard, dark, strict=True)])
    click = max(s.release_click for s in notes.values())
    return f"{level:9.2f} {span:8.1f} {cents:7.2f} {bright:8.2f} {click:8.1f}"


def _largest_level_error(notes: dict, name: str) -> float:
    """Return how far a note is from its loudness at most; of a drum the mean of its strokes."""
    errors: dict[object, list[float]] = {}
    for note, seen in notes.items():
        key = note[2] if name in DRUMS else note
        errors.setdefault(key, []).append(seen.loudness - loudness(name, note[2]))
    return max(abs(float(np.mean(each))) for each in errors.values())


def _voice_cost(name: str, *, plain: bool) -> float:
    """Return the percentage of one core that a voice takes while it sounds (scsynth)."""
    voices = 60
    seconds = DRUM_SPACE if name in DRUMS else 10.0
    pitch = SOUNDS[name].low + 12 if name in SOUNDS else 0
    times = []
    for count in (1, voices):
        begun = time.perf_counter()
        notes = [(name, pitch, 0.5)] * count
        rendered(notes, lambda *_: None, plain=plain, held=seconds, together=True)
        times.append(time.perf_counter() - begun)
    return 100 * (times[1] - times[0]) / (voices - 1) / seconds


def _band(style: str) -> None:
    """Print the loudness, true peak and cost of eight bars of the whole band."""
    with tempfile.TemporaryDirectory() as place:
        begun = time.perf_counter()
        made = render(
            sound_band.notes(style),
            Path(place) / "band.wav",
            tempo=132,
            server=OfflineServer("supernova"),
        )
        took = time.perf_counter() - begun
        samples, _ = soundfile.read(made.mix, always_2d=True)
    music = samples[: round((made.seconds - TAIL) * RATE)]
    print(
        f"band, {style}: {pyloudnorm.Meter(RATE).integrated_loudness(music):.1f} LUFS, "
        f"{true_peak(samples):.1f} dBTP, {made.seconds:.1f} s rendered in {took:.1f} s"
    )


if __name__ == "__main__":
    main()
