"""Chords out of notes: what an accompaniment plays, beat by beat.

The pitch classes of every beat, weighted by how long they sound, are matched with chord templates;
a Viterbi path over the beats changes chord where the notes do, at bar lines rather than between.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from scband.score import Meter, Note
from scband.theory import pitch
from scband.theory.chord import NO_CHORD, Chord
from scband.theory.quality import parse

Matrix = NDArray[np.float64]

_QUALITIES = (
    "", "m", "7", "maj7", "m7", "m7b5", "dim7", "dim", "aug", "sus4", "7sus", "6", "m6",
    "m(maj7)", "sus2", "9", "m9", "maj9", "7b9", "7#5", "5",
)  # fmt: skip
_PRIOR = (
    0.06, 0.06, 0.04, 0.03, 0.04, 0.0, 0.0, -0.02, -0.02, 0.0, 0.0, -0.1, -0.18,
    -0.03, -0.06, 0.02, -0.01, -0.01, -0.02, -0.02, -0.06,
)  # fmt: skip
_CHANGE = 0.22
_CHANGE_IN_BAR = 0.34
_CHANGE_OFF_PULSE = 0.55
_BASS = 0.6
_BASS_IN_BAR = 0.35
_BASS_OFF_PULSE = 0.15


@lru_cache(maxsize=1)
def _templates() -> tuple[Matrix, Matrix, list[tuple[int, str]]]:
    """Give chord templates (n, 12), their priors, and root and quality of each."""
    rows, priors, names = [], [], []
    for root in range(12):
        for text, prior in zip(_QUALITIES, _PRIOR, strict=True):
            tones = parse(text).intervals
            row = np.full(12, -0.8)
            for tone in tones:
                row[(root + tone) % 12] = 1.0
            row[root] += 0.15
            rows.append(row)
            priors.append(prior - 0.05 * max(0, len(tones) - 4))
            names.append((root, text))
    return np.array(rows), np.array(priors), names


def _chroma(notes: list[Note], beats: int) -> tuple[Matrix, NDArray[np.int64]]:
    """Sum up how long each pitch class sounds in each beat, and find the lowest pitch there."""
    chroma = np.zeros((beats, 12))
    lowest = np.full(beats, 128)
    for note in notes:
        first = max(0, int(note.start + 1e-6))
        for beat in range(first, min(beats, int(np.ceil(note.end - 1e-6)))):
            held = min(note.end, beat + 1.0) - max(note.start, float(beat))
            if held > 0.05:
                chroma[beat, note.pitch % 12] += held * (0.4 + note.velocity)
                if held > 0.2:
                    lowest[beat] = min(lowest[beat], note.pitch)
    return chroma, lowest


def _fit(chroma: Matrix, lowest: NDArray[np.int64], bass: Matrix) -> Matrix:
    """Score every template in every beat, about 0-1; the lowest pitch counts for roots.

    `bass` says how much, beat by beat: a walking bass has its roots on the strong ones.
    """
    templates, priors, names = _templates()
    total = chroma.sum(axis=1, keepdims=True)
    share = np.sqrt(chroma)
    share = share / np.maximum(share.sum(axis=1, keepdims=True), 1e-9)
    present = (chroma > 0.08 * np.maximum(chroma.max(axis=1, keepdims=True), 1e-9)).astype(float)
    covered = present @ (templates.T > 0)
    sizes = (templates > 0).sum(axis=1)
    score: Matrix = share @ templates.T + 0.5 * covered / sizes + priors
    roots = np.array([root for root, _ in names])
    score += bass[:, None] * ((lowest[:, None] % 12) == roots[None, :]) * (lowest[:, None] < 128)
    score[total[:, 0] <= 0] = 0.0
    return score


def _path(score: Matrix, costs: list[float]) -> list[int]:
    """Find the best chord of each beat, given what a change costs there."""
    total = score[0].copy()
    back = np.zeros(score.shape, dtype=np.int64)
    for beat in range(1, len(score)):
        best = int(total.argmax())
        change = total[best] - costs[beat]
        stays = total >= change
        back[beat] = np.where(stays, np.arange(len(total)), best)
        total = np.where(stays, total, change) + score[beat]
    at = int(total.argmax())
    path = [at]
    for beat in range(len(score) - 1, 0, -1):
        at = int(back[beat, at])
        path.append(at)
    return path[::-1]


def _strengths(grid: list[tuple[float, Meter]], beats: int) -> tuple[list[float], Matrix]:
    """Give what a change costs and what the bass counts in every beat."""
    costs = [_CHANGE_OFF_PULSE] * beats
    bass = np.full(beats, _BASS_OFF_PULSE)
    for start, meter in grid:
        for number, pulse in enumerate(meter.pulses):
            at = int(start + pulse)
            if at < beats:
                costs[at] = _CHANGE_IN_BAR if number else _CHANGE
                strong = number * 2 == len(meter.pulses)
                bass[at] = _BASS if not number else (_BASS_IN_BAR if strong else _BASS_OFF_PULSE)
    return costs, bass


def infer_chords(
    notes: Iterable[Note], bars: Iterable[tuple[float, Meter]], *, flats: bool = True
) -> list[tuple[float, Chord]]:
    """Find the chords that notes (beats from the top, no drums) spell, as (beat, chord) changes.

    `bars` are the starts and meters of the bars. Beats where nothing sounds go on with the last
    chord; before the first note stands N.C.
    """
    grid = list(bars)
    played = list(notes)
    if not grid or not played:
        return [(0.0, NO_CHORD)]
    beats = max(1, int(np.ceil(grid[-1][0] + grid[-1][1].beats - 1e-6)))
    chroma, lowest = _chroma(played, beats)
    costs, bass = _strengths(grid, beats)
    path = _path(_fit(chroma, lowest, bass), costs)
    names = _templates()[2]
    changes: list[tuple[float, Chord]] = []
    for beat, index in enumerate(path):
        silent = not chroma[beat].any()
        if silent and changes:
            continue
        chord = NO_CHORD if silent else _named(*names[index], int(lowest[beat]), flats=flats)
        same = changes and _same(changes[-1][1], chord)
        if not same:
            changes.append((float(beat), chord))
    return changes


def _same(before: Chord, after: Chord) -> bool:
    """Tell whether a chord only goes on; a bass that moves inside it is no new chord."""
    return before.root == after.root and before.intervals == after.intervals


def _named(root: int, quality: str, lowest: int, *, flats: bool) -> Chord:
    """Build the chord, over its bass where that is another of its tones."""
    name = pitch.spell(root, flats=flats)
    chord = Chord.of(name, quality)
    inverted = lowest < 60 and lowest % 12 != root and (lowest - root) % 12 in chord.intervals
    return Chord.of(name, quality, pitch.spell(lowest, flats=flats)) if inverted else chord
