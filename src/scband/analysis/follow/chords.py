"""The chord that a performer plays, heard causally from frames or from the notes of a keyboard.

A forward filter (Rabiner, Proc. IEEE 1989) over roots and kinds of chords: a chord goes on, or
another begins, likelier one of the key, likelier still the chart's. What is heard in each twelfth
of a second is weighed by `chord_network`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from scband.analysis.follow.chord_network import KINDS, kind_of, load
from scband.analysis.frames import BAND_COUNT, LOWEST_BAND, Frame, Onset
from scband.theory import Chord, Key
from scband.theory.harmony import fit
from scband.theory.pitch import FLAT_NAMES

STEP_FRAMES = 8
_STEP = STEP_FRAMES / 100
_CHANGE = 0.3  # chance that a step of 80 ms begins a new chord
_TRUST = 1.3  # what a step's evidence counts; both fitted on takes of guitars and pianos
_KEY = 1.0  # how much the chords of the key are expected
_CHART = 4.0  # how much the chart's chord is, in natural logarithms
_SILENT_DB = -62.0
_FADED_DB = 24.0  # so far under the loudest of late, a sound only rings
_FORGET_DB = 0.05  # of the loudest level, a frame
_RING = 0.15  # seconds in which a key that was let go is still taken as heard
_MOST_STEPS = 25
_KEYS_TRUST = 2.6  # keys leave less doubt than sound
_PARTIALS = (0, 12, 19, 24, 28, 31)
Beliefs = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class HeardChord:
    """A chord that is played: since when (seconds), and how sure that is, 0-1."""

    chord: Chord
    since: float
    confidence: float


@lru_cache(maxsize=64)
def _fits(key: Key | None) -> Beliefs:
    """Score every chord in a key (12, KINDS); the rarer kinds are less likely anywhere."""
    rare = np.array([0.0, 0.0, -0.7, -0.9, -0.7, -2.2, -2.6, -1.6, -3.0])
    if key is None:
        return np.tile(rare, (12, 1))
    found = [[fit(Chord(name + kind), key) for kind in KINDS] for name in FLAT_NAMES]
    return np.asarray(_KEY * np.array(found) + rare)


class LiveChords:
    """Hears which chord the performer plays; `key` is where it is likeliest to come from.

    Times are seconds of whoever feeds it. It takes frames (100 a second), or the notes of a
    keyboard, or both. `on_evidence(evidence, time)` is told what each twelfth of a second, which
    ended at `time`, says by itself of every chord: (12, KINDS), in natural logarithms.
    """

    def __init__(
        self,
        key: Key | None = None,
        on_evidence: Callable[[Beliefs, float], None] | None = None,
    ) -> None:
        self._on_evidence = on_evidence
        self._network = load()
        self._key = key
        self._sum = np.zeros(BAND_COUNT, dtype=np.float32)
        self._frames = 0
        self._loudest = _SILENT_DB
        self._held: dict[int, tuple[float, float | None]] = {}  # pitch: velocity, let go when
        self._stepped = 0.0
        self._best: tuple[int, int] | None = None
        self._since = 0.0
        self._prior = self._likely(None)
        self._beliefs = self._prior

    def expect(self, chord: Chord | None, key: Key | None = None) -> None:
        """Take the chart's chord, and a key, for likely from now on; None expects nothing."""
        self._key = key or self._key
        self._prior = self._likely(chord)

    def _likely(self, chord: Chord | None) -> Beliefs:
        """Return how likely each chord is before anything is heard, in natural logarithms."""
        scores = _fits(self._key).copy()
        kind = None if chord is None else kind_of(chord)
        if chord is not None and chord.root is not None and kind is not None:
            scores[chord.root, kind] += _CHART
        return np.asarray(scores - np.log(np.exp(scores).sum()))

    def heard(self, time: float) -> HeardChord | None:
        """Return the chord that is played as of a time; None before anything was heard."""
        self._listen_to_keys(time)
        if self._best is None:
            return None
        root, kind = self._best
        name = FLAT_NAMES[root] if self._key is None else self._key.spell(root)
        sure = float(np.exp(self._beliefs[root]).sum())
        return HeardChord(Chord(name + KINDS[kind]), self._since, sure)

    # --- what is heard -------------------------------------------------------------------------

    def hear_frame(self, frame: Frame, time: float) -> None:
        """Take in a frame of the input analysis."""
        self._loudest = max(self._loudest - _FORGET_DB, frame.db)
        if frame.db > max(_SILENT_DB, self._loudest - _FADED_DB):
            self._sum += np.asarray(frame.spectrum, dtype=np.float32)
            self._frames += 1
        if self._frames == STEP_FRAMES:
            self._step(self._sum / np.float32(STEP_FRAMES), time)
            self._sum = np.zeros(BAND_COUNT, dtype=np.float32)
            self._frames = 0

    def hear_onset(self, onset: Onset, time: float) -> None:
        """Take in the beginning of a sound: frames tell its chord."""

    def hear_note(self, time: float, velocity: float, pitch: float | None = None) -> None:
        """Take in a note of a keyboard's; velocity 0 lets it go."""
        if pitch is None:
            return
        self._listen_to_keys(time)
        number = round(pitch)
        if velocity > 0:
            self._held[number] = (velocity, None)
        elif number in self._held:
            self._held[number] = (self._held[number][0], time)

    def _listen_to_keys(self, time: float) -> None:
        """Take the steps up to a time by what is held down on the keyboard."""
        if not self._held:
            self._stepped = time
            return
        steps = min(int((time - self._stepped) / _STEP), _MOST_STEPS)
        for _ in range(steps):
            self._stepped += _STEP
            self._held = {
                pitch: (velocity, gone)
                for pitch, (velocity, gone) in self._held.items()
                if gone is None or self._stepped - gone < _RING
            }
            if self._held:
                self._step(self._imagined(), self._stepped, _KEYS_TRUST)
        if steps == _MOST_STEPS:
            self._stepped = time  # a chord held so long tells nothing new

    def _imagined(self) -> NDArray[np.float32]:
        """Return about the spectrum that the held keys would have."""
        spectrum = np.zeros(BAND_COUNT, dtype=np.float32)
        for pitch, (velocity, gone) in self._held.items():
            for number, above in enumerate(_PARTIALS, 1):
                band = pitch + above - LOWEST_BAND
                if 0 <= band < BAND_COUNT:
                    spectrum[band] += velocity / number**1.5 * (1.0 if gone is None else 0.4)
        return spectrum

    # --- the filter ----------------------------------------------------------------------------

    def _step(self, spectrum: NDArray[np.float32], time: float, trust: float = _TRUST) -> None:
        evidence = self._network.beliefs(spectrum)
        if self._on_evidence is not None:
            self._on_evidence(evidence, time)
        goes_on = self._beliefs + np.log(1 - _CHANGE)
        begins = self._prior + np.log(_CHANGE)
        beliefs = np.logaddexp(goes_on, begins) + trust * evidence
        self._beliefs = beliefs - _log_sum(beliefs)
        root = int(np.exp(self._beliefs).sum(axis=1).argmax())
        best = root, int(self._beliefs[root].argmax())
        if self._best is None or best != self._best:
            self._best, self._since = best, time


def _log_sum(values: Beliefs) -> float:
    top = float(values.max())
    return top + float(np.log(np.exp(values - top).sum()))
