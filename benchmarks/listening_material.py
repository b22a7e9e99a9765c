"""Takes with exact truth for the listening benchmark: what sounds, from when to when.

Notes and lines of General MIDI instruments and drums are rendered by FluidSynth, which only this
benchmark needs (Debian: `apt install fluidsynth fluid-soundfont-gm timgm6mb-soundfont`), tones by
numpy. Every choice comes from the seed, so two runs with one seed make the same files.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

import mido
import numpy as np
import soundfile
from numpy.typing import NDArray

SAMPLE_RATE = 48_000
TICKS_PER_SECOND = 1920
LEAD_IN = 0.5
"""Seconds of silence before the first note, in which detectors settle."""
SOUND_FONTS = tuple(
    Path("/usr/share/sounds/sf2", name) for name in ("FluidR3_GM.sf2", "TimGM6mb.sf2")
)
Audio = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Sounding:
    """One note that sounds: `start` and `end` in seconds of the take, `hz` 0 for a drum."""

    start: float
    end: float
    hz: float


@dataclass(frozen=True, slots=True)
class Take:
    """One audio file and what is in it; `kind` is "pitch" (one voice), "chords" or "drums"."""

    source: str
    kind: str
    path: Path
    notes: tuple[Sounding, ...]

    @property
    def onsets(self) -> tuple[float, ...]:
        """Give the starts, those less than 30 ms after another counted as the same onset."""
        starts: list[float] = []
        for note in sorted(self.notes, key=lambda one: one.start):
            if not starts or note.start - starts[-1] >= 0.03:
                starts.append(note.start)
        return tuple(starts)


@dataclass(frozen=True, slots=True)
class _Struck:
    start: float
    end: float
    pitch: int
    velocity: int


VOICES = {  # General MIDI program, lowest and highest pitch as a player would use it
    "bass finger": (33, 28, 55),
    "bass upright": (32, 28, 52),
    "bass synth": (38, 28, 50),
    "guitar nylon": (24, 40, 76),
    "guitar steel": (25, 40, 76),
    "guitar clean": (27, 40, 79),
    "piano": (0, 36, 88),
    "electric piano": (4, 36, 84),
    "violin": (40, 55, 90),
    "trumpet": (56, 54, 82),
    "alto sax": (65, 49, 80),
    "flute": (73, 60, 92),
    "voice": (53, 43, 76),
}
CHORDAL = {"piano chords": 0, "electric piano chords": 4, "guitar chords": 25, "organ chords": 16}
TONES = ("sine", "saw", "square", "plucked", "vibrato")


def missing_programs() -> tuple[str, ...]:
    """Name what FluidSynth needs and is not on this machine."""
    fonts = () if any(font.exists() for font in SOUND_FONTS) else ("a General MIDI sound font",)
    return fonts if shutil.which("fluidsynth") else ("fluidsynth", *fonts)


def make_takes(folder: Path, seed: int) -> tuple[Take, ...]:
    """Write every take of a seed as a mono 48 kHz WAV into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    dice = Random(seed)
    takes: list[Take] = []
    for source, (program, low, high) in VOICES.items():
        for style in (_separate_notes, _line):
            struck = style(dice, low, high)
            takes.append(
                _rendered(folder, f"{source}/{style.__name__}", "pitch", program, struck, dice)
            )
    for source, program in CHORDAL.items():
        takes.append(_rendered(folder, source, "chords", program, _chords(dice), dice))
    for number in range(3):
        takes.append(_rendered(folder, f"drums/{number}", "drums", None, _drums(dice), dice))
    takes.extend(_tone_take(folder, tone, dice) for tone in TONES)
    return tuple(takes)


def _separate_notes(dice: Random, low: int, high: int) -> list[_Struck]:
    struck, now = [], LEAD_IN
    for _ in range(18):
        length = dice.uniform(0.35, 1.1)
        struck.append(_Struck(now, now + length, dice.randint(low, high), dice.randint(50, 120)))
        now += length + dice.uniform(0.08, 0.3)
    return struck


def _line(dice: Random, low: int, high: int) -> list[_Struck]:
    """Walk in steps and small leaps, legato to staccato, at one tempo."""
    eighth = 30 / dice.uniform(70, 150)
    pitch, struck, now = dice.randint(low, high), [], LEAD_IN
    while now < 16:
        length = eighth * dice.choice((1, 1, 1, 2, 2, 3, 4))
        struck.append(
            _Struck(now, now + length * dice.uniform(0.7, 1.0), pitch, dice.randint(60, 115))
        )
        now += length
        step = dice.choice((-7, -5, -4, -3, -2, -2, -1, 1, 2, 2, 3, 4, 5, 7))
        pitch = pitch + step if low <= pitch + step <= high else pitch - step
    return struck


def _chords(dice: Random) -> list[_Struck]:
    shapes = ((0, 4, 7), (0, 3, 7), (0, 4, 7, 10), (0, 4, 7, 11), (0, 3, 7, 10), (0, 3, 6, 10))
    struck, now = [], LEAD_IN
    while now < 20:
        length = dice.choice((0.5, 0.75, 1.0, 1.5))
        root, shape = dice.randint(45, 57), dice.choice(shapes)
        velocity = dice.randint(60, 110)
        struck += [_Struck(now, now + length * 0.95, root + step, velocity) for step in shape]
        now += length
    return struck


def _drums(dice: Random) -> list[_Struck]:
    eighth = 30 / dice.uniform(80, 170)
    hat = dice.choice((42, 51))
    struck = []
    for step in range(int(16 / eighth)):
        now = LEAD_IN + step * eighth
        drums = [hat] if dice.random() < 0.85 else []
        if step % 8 in (0, 5) or dice.random() < 0.1:
            drums.append(36)
        if step % 4 == 2 or dice.random() < 0.08:
            drums.append(38)
        if step % 32 > 28:
            drums.append(dice.choice((45, 47, 50)))
        struck += [_Struck(now, now + 0.1, drum, dice.randint(45, 120)) for drum in drums]
    return struck


def _rendered(
    folder: Path,
    source: str,
    kind: str,
    program: int | None,
    struck: Sequence[_Struck],
    dice: Random,
) -> Take:
    stem = folder / source.replace("/", "-").replace(" ", "-")
    font = dice.choice([font for font in SOUND_FONTS if font.exists()])
    _write_midi(stem.with_suffix(".mid"), program, struck)
    command = ["fluidsynth", "-ni", "-q", "-R", "0", "-C", "0", "-g", "0.4", "-r", str(SAMPLE_RATE)]
    rendered = stem.with_suffix(".raw.wav")
    subprocess.run(
        [*command, "-F", str(rendered), str(font), str(stem.with_suffix(".mid"))],
        check=True, capture_output=True, timeout=60,
    )  # fmt: skip
    audio, _ = soundfile.read(rendered, always_2d=True)
    rendered.unlink()
    _write_audio(stem.with_suffix(".wav"), audio.mean(axis=1), dice)
    notes = tuple(
        Sounding(_on_tick(one.start), _on_tick(one.end), 0.0 if program is None else _hz(one.pitch))
        for one in struck
    )
    return Take(source, kind, stem.with_suffix(".wav"), notes)


def _write_midi(path: Path, program: int | None, struck: Sequence[_Struck]) -> None:
    channel = 9 if program is None else 0
    events: list[tuple[int, int, str, int, int]] = []
    for one in struck:
        events.append((_tick(one.start), 1, "note_on", one.pitch, one.velocity))
        events.append((_tick(one.end), 0, "note_off", one.pitch, 0))
    track, last = mido.MidiTrack(), 0
    track.append(mido.MetaMessage("set_tempo", tempo=500_000))
    track.append(mido.Message("program_change", channel=channel, program=program or 0))
    for tick, _, kind, pitch, velocity in sorted(events):
        track.append(
            mido.Message(kind, channel=channel, note=pitch, velocity=velocity, time=tick - last)
        )
        last = tick
    midi = mido.MidiFile(ticks_per_beat=TICKS_PER_SECOND // 2)
    midi.tracks.append(track)
    midi.save(path)


def _tone_take(folder: Path, tone: str, dice: Random) -> Take:
    """Play 40-2000 Hz notes of exact, often detuned frequency."""
    notes, now = [], LEAD_IN
    for _ in range(20):
        length = dice.uniform(0.3, 0.9)
        notes.append(Sounding(now, now + length, 40 * 50 ** dice.random()))
        now += length + dice.choice((0.0, 0.05, 0.2))
    audio = np.zeros(int((now + 0.5) * SAMPLE_RATE))
    for note in notes:
        first, last = int(note.start * SAMPLE_RATE), int(note.end * SAMPLE_RATE)
        audio[first:last] += _WAVES[tone](note.hz, last - first) * 10 ** (dice.uniform(-12, 0) / 20)
    path = folder / f"tone-{tone}.wav"
    _write_audio(path, audio, dice)
    return Take(f"tone/{tone}", "pitch", path, tuple(notes))


def _sum_of_partials(hz: float, length: int, amplitudes: Callable[[int], float]) -> Audio:
    seconds = np.arange(length) / SAMPLE_RATE
    top = max(1, min(40, int(10_000 / hz)))
    wave = sum(amplitudes(k) * np.sin(2 * np.pi * k * hz * seconds) for k in range(1, top + 1))
    return np.asarray(wave) * _edges(length)


def _plucked(hz: float, length: int) -> Audio:
    seconds = np.arange(length) / SAMPLE_RATE
    wave = sum(
        np.sin(2 * np.pi * k * hz * seconds) * np.exp(-seconds * (1.5 + k)) / k
        for k in range(1, 16)
        if k * hz < 15_000
    )
    return np.asarray(wave) * _edges(length)


def _vibrato(hz: float, length: int) -> Audio:
    """Swing 20 cents about the pitch, as a singer does."""
    seconds = np.arange(length) / SAMPLE_RATE
    phase = (
        2
        * np.pi
        * np.cumsum(hz * 2 ** (20 / 1200 * np.sin(2 * np.pi * 5.5 * seconds)))
        / SAMPLE_RATE
    )
    return np.asarray(sum(np.sin(k * phase) / k**1.5 for k in range(1, 10))) * _edges(length)


def _edges(length: int) -> Audio:
    seconds = np.arange(length) / SAMPLE_RATE
    return np.minimum(1, np.minimum(seconds / 0.004, (length / SAMPLE_RATE - seconds) / 0.01))


_WAVES: dict[str, Callable[[float, int], Audio]] = {
    "sine": lambda hz, length: _sum_of_partials(hz, length, lambda k: float(k == 1)),
    "saw": lambda hz, length: _sum_of_partials(hz, length, lambda k: 1 / k),
    "square": lambda hz, length: _sum_of_partials(hz, length, lambda k: (k % 2) / k),
    "plucked": _plucked,
    "vibrato": _vibrato,
}


def _write_audio(path: Path, audio: Audio, dice: Random) -> None:
    """Set a peak between -24 and -4 dB over a noise floor of a quiet room."""
    level = 10 ** (dice.uniform(-24, -4) / 20)
    noise = np.random.default_rng(dice.getrandbits(32)).standard_normal(len(audio))
    sounding = audio / max(1e-9, np.abs(audio).max()) * level + noise * 10 ** (-75 / 20)
    soundfile.write(path, sounding, SAMPLE_RATE, subtype="FLOAT")


def _tick(seconds: float) -> int:
    return round(seconds * TICKS_PER_SECOND)


def _on_tick(seconds: float) -> float:
    return _tick(seconds) / TICKS_PER_SECOND


def _hz(pitch: int) -> float:
    return float(440 * 2 ** ((pitch - 69) / 12))
