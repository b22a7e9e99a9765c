"""The pitch of a line that one voice or instrument plays, and its notes.

YIN (A. de Cheveigné, H. Kawahara, "YIN, a fundamental frequency estimator for speech and music",
JASA 2002) with candidates joined by a Viterbi path over time, as in pYIN (M. Mauch, S. Dixon,
ICASSP 2014), cut into notes where the pitch, or an onset, changes.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_RATE = 22_050
_WINDOW = 2048
_HOP = 256
_LOWEST_HZ, _HIGHEST_HZ = 32.0, 2000.0
_CANDIDATES = 5
_UNVOICED = 0.35  # a period worse than this is no pitch
_VOICING_PRICE = 0.25
_JUMP_PRICE = 0.06  # a semitone a frame
_BLOCK = 1024
_SILENT_DB = -45.0  # below the loudest frame
_SHORTEST = 0.05
_SAME_NOTE = 0.6  # semitones
_SETTLING = 0.18  # seconds until the pitch of a note is known
_RECENT = 40  # frames that a pitch is compared with


@dataclass(frozen=True, slots=True)
class LineNote:
    """A note of a line: start and length in seconds, MIDI pitch as played (60.2 is 20 cents high).

    `velocity` is its level against the loudest note, 0 to 1.
    """

    start: float
    length: float
    pitch: float
    velocity: float

    @property
    def midi(self) -> int:
        """The nearest key."""
        return round(self.pitch)


@dataclass(frozen=True, slots=True, eq=False)
class PitchTrack:
    """Pitch in time: `times` in seconds, `hz` (0 where there is none), `rms` of each frame."""

    times: NDArray[np.float64]
    hz: NDArray[np.float64]
    rms: NDArray[np.float64]


def _differences(frames: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give YIN's cumulative mean normalised difference (frames, lags)."""
    half = frames.shape[1] // 2
    size = 2 * frames.shape[1]
    head = np.fft.rfft(frames[:, :half][:, ::-1], size)
    whole = np.fft.rfft(frames, size)
    correlation = np.fft.irfft(head * whole, size)[:, half - 1 : 2 * half - 1]
    power = np.cumsum(np.pad(frames**2, ((0, 0), (1, 0))), axis=1)
    energy = power[:, half : 2 * half] - power[:, :half]
    difference = np.maximum(energy[:, :1] + energy - 2 * correlation, 0)
    difference[:, 0] = 0.0
    running = np.cumsum(difference, axis=1)
    lags = np.arange(half)
    result = difference * lags / (running + 1e-12)
    result[:, 0] = 1.0
    return np.asarray(result)


def _candidates(
    normal: NDArray[np.float64], rate: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Give the best dips of each frame: pitch as MIDI number, and cost."""
    low, high = int(rate / _HIGHEST_HZ), min(int(rate / _LOWEST_HZ), normal.shape[1] - 2)
    part = normal[:, low - 1 : high + 2]
    a, b, c = part[:, :-2], part[:, 1:-1], part[:, 2:]
    dip = np.where((b <= a) & (b < c), b, np.inf)
    lags = np.arange(low, high + 1)
    # an octave too low has a dip as deep: the longer period must be clearly better
    cost = dip + 0.03 * np.log2(lags / low)
    order = np.argpartition(cost, _CANDIDATES, axis=1)[:, :_CANDIDATES]
    rows = np.arange(len(normal))[:, None]
    left, middle, right = a[rows, order], b[rows, order], c[rows, order]
    bend = left - 2 * middle + right
    shift = np.where(bend > 1e-9, 0.5 * (left - right) / np.maximum(bend, 1e-9), 0.0)
    midi = 69 + 12 * np.log2(rate / (order + low + np.clip(shift, -0.5, 0.5)) / 440)
    return midi, cost[rows, order]


def track_pitch(samples: NDArray[np.float32], rate: int = _RATE) -> PitchTrack:
    """Follow the pitch of mono samples at 16 to 48 kHz."""
    count = 1 + max(0, len(samples) - _WINDOW) // _HOP
    pitches, costs, levels = [], [], []
    for begin in range(0, count, _BLOCK):
        size = min(_BLOCK, count - begin)
        piece = np.zeros((size - 1) * _HOP + _WINDOW)
        source = samples[begin * _HOP : begin * _HOP + len(piece)]
        piece[: len(source)] = source
        frames = np.lib.stride_tricks.sliding_window_view(piece, _WINDOW)[::_HOP]
        midi, cost = _candidates(_differences(frames), rate)
        pitches.append(midi)
        costs.append(cost)
        levels.append(np.sqrt((frames**2).mean(axis=1)))
    rms = np.concatenate(levels)
    path = _path(np.concatenate(pitches), np.concatenate(costs))
    quiet = rms < rms.max() * 10 ** (_SILENT_DB / 20) + 1e-6
    hz = np.where((path == 0) | quiet, 0.0, 440 * 2 ** ((path - 69) / 12))
    times = (np.arange(count) * _HOP + _WINDOW / 2) / rate
    return PitchTrack(times, hz, rms)


def _path(midi: NDArray[np.float64], cost: NDArray[np.float64]) -> NDArray[np.float64]:
    """Choose a candidate a frame, or none: cheap ones that do not jump. None is 0."""
    frames, width = midi.shape
    local = np.concatenate(
        [np.where(np.isfinite(cost), cost, 9.0), np.full((frames, 1), _UNVOICED)], 1
    )
    total = local[0].copy()
    back = np.zeros((frames, width + 1), dtype=np.int8)
    step = np.zeros((width + 1, width + 1))
    step[width, :width] = step[:width, width] = _VOICING_PRICE
    for frame in range(1, frames):
        step[:width, :width] = np.minimum(
            0.6, _JUMP_PRICE * np.abs(midi[frame - 1][:, None] - midi[frame][None])
        )
        arrivals = total[:, None] + step
        back[frame] = arrivals.argmin(axis=0)
        total = arrivals.min(axis=0) + local[frame]
    found = np.zeros(frames)
    at = int(total.argmin())
    for frame in range(frames - 1, -1, -1):
        found[frame] = midi[frame, at] if at < width else 0.0
        at = int(back[frame, at])
    return found


def find_notes(track: PitchTrack, onsets: NDArray[np.float64] | None = None) -> list[LineNote]:
    """Cut a pitch track into notes where the pitch moves on, stops, or an onset strikes anew.

    A pitch is only known some time after its onset: that is where its note begins.
    """
    struck = np.zeros(0) if onsets is None else np.asarray(onsets)
    voiced = track.hz > 0
    midi = np.where(voiced, 69 + 12 * np.log2(np.maximum(track.hz, 1e-3) / 440), 0.0)
    loudest = float(track.rms.max()) or 1.0
    notes: list[LineNote] = []
    for start, settled, end in _stretches(track.times, midi, voiced, struck):
        until = float(track.times[min(end, len(midi) - 1)])
        if until - start >= _SHORTEST:
            level = math.sqrt(float(track.rms[settled:end].max()) / loudest)
            pitch = float(np.median(midi[settled:end]))
            notes.append(LineNote(start, until - start, pitch, level))
    return notes


def _stretches(
    times: NDArray[np.float64],
    midi: NDArray[np.float64],
    voiced: NDArray[np.bool_],
    onsets: NDArray[np.float64],
) -> Iterator[tuple[float, int, int]]:
    """Give each note: its start in seconds, the frame from which its pitch is known, its end."""
    strikes = set(np.searchsorted(times, onsets).tolist())
    start, settled, last = 0.0, -1, -1.0
    for frame in range(len(midi) + 1):
        sounds = frame < len(midi) and bool(voiced[frame])
        if settled >= 0:
            now = times[min(frame, len(midi) - 1)]
            recent = midi[max(settled, frame - _RECENT) : frame]
            moved = sounds and abs(midi[frame] - float(np.median(recent))) > _SAME_NOTE
            anew = frame in strikes and now - start > _SHORTEST
            if moved and not anew and now - start < _SETTLING:
                settled = frame  # still the end of the note before, or the noise of the attack
            elif moved or anew or not sounds:
                yield start, settled, frame
                settled, last = -1, start
        if settled < 0 and sounds:
            settled, start = frame, _struck_at(float(times[frame]), onsets, last)


def _struck_at(seconds: float, onsets: NDArray[np.float64], last: float) -> float:
    """Find the onset of a pitch that became known, after the note before; its own time if none."""
    near = onsets[(onsets > max(seconds - _SETTLING, last + _SHORTEST)) & (onsets < seconds + 0.03)]
    return float(near[-1]) if len(near) else seconds


def transcribe(path: str | Path) -> list[LineNote]:
    """Write down the notes of a recording of one voice or instrument.

    Raises AudioFileError for what is no audio.
    """
    from scband.analysis.decoding import RATE, decode  # noqa: PLC0415
    from scband.analysis.onsets import find_onsets  # noqa: PLC0415
    from scband.analysis.spool import spooled  # noqa: PLC0415

    samples = spooled(decode(path).samples)
    return find_notes(track_pitch(samples, RATE), find_onsets(samples, RATE))
