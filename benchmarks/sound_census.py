"""One render of every sound at pitches and velocities that its tables do not hold, measured."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.signal import butter, sosfilt
from sound_measures import centroid, cents_off, momentary_loudness
from sound_render import HELD, RATE, Note, hertz, rendered

from scband.supercollider.sounds import DRUMS, SOUNDS

VELOCITIES = (0.05, 0.2, 0.62, 1.0)
STROKES = 3
_SHARP = butter(4, 6000, "highpass", fs=RATE, output="sos")


@dataclass(frozen=True, slots=True)
class Seen:
    """What was measured of one note.

    `loudness` LUFS (momentary), `centroid` Hz of the first 0.4 s, `cents` off its pitch; `finite`
    no NaN or infinity, `denormal` samples that are; `offset` mean over RMS; `first` the first
    sample and `last_step` the largest step of the last half
    millisecond, over the peak; `release_click` how much sharper
    (dB above 6 kHz) the release is than the 50 ms before it, 0 where it is not; `silent` seconds of
    exact silence at the end of the place that it had.
    """

    loudness: float
    centroid: float
    cents: float
    finite: bool
    denormal: int
    offset: float
    first: float
    last_step: float
    release_click: float
    silent: float


@dataclass(frozen=True, slots=True)
class Census:
    """Everything that was seen of one variant, and the node tree after the last note."""

    notes: dict[Note, Seen]
    tree: str

    def of(self, name: str) -> Iterator[tuple[Note, Seen]]:
        """Yield the notes of one SynthDef."""
        return ((note, seen) for note, seen in self.notes.items() if note[0] == name)


def pitches(name: str) -> list[int]:
    """Return the pitches that are heard of a SynthDef; of a drum the numbers of its strokes."""
    if name in DRUMS:
        return list(range(STROKES))
    low, high = SOUNDS[name].low, SOUNDS[name].high
    return sorted({low, *range(low + 4, high, 8 if name != "piano" else 9), high})


def census(*, plain: bool) -> Census:
    """Render and measure every sound; of the plain variant those that are another than the rich."""
    names = [name for name, each in SOUNDS.items() if each.plugin] if plain else [*SOUNDS, *DRUMS]
    notes: dict[Note, Seen] = {}
    plan = [
        (name, pitch, velocity)
        for name in names
        for pitch in pitches(name)
        for velocity in VELOCITIES
    ]
    tree = rendered(
        plan, lambda note, samples: notes.__setitem__(note, see(note, samples)), plain=plain
    )
    return Census(notes, tree)


def see(note: Note, samples: np.ndarray) -> Seen:
    """Measure one note's samples (frames, 2)."""
    wide = samples.astype(float)
    mono = wide.sum(axis=1)
    peak = float(np.abs(mono).max()) + 1e-30
    sounding = np.nonzero(mono)[0]
    last = int(sounding[-1]) if len(sounding) else 0
    tiny = np.abs(samples)
    pitched = note[0] in SOUNDS
    return Seen(
        loudness=momentary_loudness(wide),
        centroid=centroid(mono[: round(0.4 * RATE)]),
        cents=cents_off(mono[round(0.1 * RATE) : round(HELD * RATE)], hertz(note[1]))
        if pitched
        else 0.0,
        finite=bool(np.isfinite(samples).all()),
        denormal=int(((tiny > 0) & (tiny < np.finfo(np.float32).tiny)).sum()),
        offset=abs(float(mono.mean())) / (float(np.sqrt((mono**2).mean())) + 1e-30),
        first=abs(float(mono[0])) / peak,
        last_step=float(np.abs(np.diff(mono[max(0, last - 24) : last + 2])).max()) / peak,
        release_click=_release_click(mono, peak) if pitched else 0.0,
        silent=(len(mono) - last - 1) / RATE,
    )


def _release_click(mono: np.ndarray, peak: float) -> float:
    """Return by how many dB the release is sharper than what was held; below -80 dB is unheard."""
    sharp = np.abs(sosfilt(_SHARP, mono))
    at = round(HELD * RATE)
    before = max(float(sharp[at - 2400 : at - 128].max()), peak * 1e-4)
    return max(0.0, 20 * float(np.log10(max(sharp[at - 128 :].max(), 1e-12) / before)))
