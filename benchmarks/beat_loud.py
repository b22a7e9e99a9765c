"""Songs whose feel changes from passage to passage, for teaching beats: rock and metal, and dances.

What misleads about fast and loud music is that a drum may say something else than the beat: the
snare comes on the "and" in thrash, punk, ska and polka, on every eighth or sixteenth in a blast,
once in a bar in a breakdown, while kicks run through in sixteenths and riffs are accented across
the bar. The pulse goes on below all of it. So a piece here keeps one pulse while its drums, riffs
and cymbals change every few bars, and is mastered as loudly as such music is.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from random import Random

import numpy as np
from beat_inventions import Inventor, drummer_piece
from beat_material import RATE, Piece, Struck, pulses_of
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter1d, uniform_filter1d

from scband.score import Meter
from scband.theory import Chord

KICK, STICK, SNARE, CLOSED, OPEN, PEDAL = 36, 37, 38, 42, 46, 44
CRASHES, RIDES, TOMS = (49, 57, 55, 52), (51, 53, 59), (50, 48, 47, 45, 43, 41)
QUARTERS, BACKBEAT, OFFBEATS = (0, 1, 2, 3), (1, 3), (0.5, 1.5, 2.5, 3.5)
EIGHTHS = tuple(n / 2 for n in range(8))
SIXTEENTHS = tuple(n / 4 for n in range(16))
BETWEEN = SIXTEENTHS[1::2]
GALLOP = tuple(sorted((*EIGHTHS, *(n + 0.75 for n in range(4)))))
Starts = tuple[float, ...]
Feel = tuple[tuple[int, int], tuple[Starts, ...], tuple[Starts, ...], tuple[Starts, ...]]
FEELS: dict[str, Feel] = {
    # slowest and fastest quarter notes a minute, then what kick, snare and hand may play
    "rock": ((65, 210), ((0, 2), (0, 2, 2.5), (0, 0.5, 2.5), (0, 1.5, 2), (0, 1.5, 2.5),
                         (0, 2, 3.5), QUARTERS), (BACKBEAT,), (EIGHTHS, QUARTERS, EIGHTHS)),
    "skank": ((118, 235), (QUARTERS, QUARTERS, (0, 1, 2, 3, 3.25), (0, 1, 1.25, 2, 3),
                           (0, 0.75, 1, 2, 2.75, 3)), (OFFBEATS,), (QUARTERS, EIGHTHS, OFFBEATS)),
    "d-beat": ((130, 215), ((0, 1.5, 2.5), (0, 1.5, 2, 2.5, 3.5), (0, 0.5, 1.5, 2.5)), (BACKBEAT,),
               (QUARTERS, EIGHTHS)),
    "blast": ((135, 235), (QUARTERS, EIGHTHS), (OFFBEATS, EIGHTHS, QUARTERS), (QUARTERS, EIGHTHS)),
    "slow blast": ((80, 140), (EIGHTHS, SIXTEENTHS), (BETWEEN, EIGHTHS), (EIGHTHS, QUARTERS)),
    "double kick": ((70, 235), (EIGHTHS, EIGHTHS, SIXTEENTHS), (BACKBEAT, (2,)),
                    (QUARTERS, EIGHTHS, (0, 2))),
    "gallop": ((85, 200), (GALLOP, (0, 0.5, 0.75, 2, 2.5, 2.75)), (BACKBEAT, (2,)),
               (QUARTERS, EIGHTHS)),
    "half time": ((110, 230), ((0,), (0, 0.5), (0, 1.5), (0, 2.5, 3.5), (0, 1, 1.5, 3.5)), ((2,),),
                  (QUARTERS, QUARTERS, (0, 2), EIGHTHS)),
    "motown": ((95, 200), ((0, 1.5, 2), (0, 2), EIGHTHS), (QUARTERS,), (EIGHTHS, QUARTERS)),
    "ska": ((110, 190), ((0, 2), (1, 3), QUARTERS), (BACKBEAT,), (OFFBEATS, EIGHTHS)),
    "train": ((85, 170), ((0, 2), QUARTERS), (SIXTEENTHS, EIGHTHS), ((1, 3), OFFBEATS, ())),
    "two-beat": ((90, 150), ((0, 2), QUARTERS), (OFFBEATS, BACKBEAT), (QUARTERS, EIGHTHS)),
    "shout": ((125, 230), (QUARTERS, (0, 2)), (OFFBEATS, BACKBEAT), (EIGHTHS, QUARTERS)),
    "samba": ((85, 140), ((0, 0.75, 1, 1.75, 2, 2.75, 3, 3.75), (1, 3), (0, 1, 3)),
              ((0, 0.75, 1.5, 2.25, 2.75, 3.5), (0.5, 1.25, 2, 2.75, 3.25)), (SIXTEENTHS,)),
    "afrobeat": ((90, 135), ((0, 1.75, 2.5), (0, 0.75, 2, 3.25), (0, 1.5, 2)),
                 ((1, 2.75), (0.75, 1.5, 3), BACKBEAT), (EIGHTHS, (0, 0.75, 1.5, 2, 3))),
    "house": ((112, 155), (QUARTERS,), (BACKBEAT, (), (0.75, 1.5, 2.75)), (OFFBEATS, SIXTEENTHS)),
    "breakbeat": ((125, 182), ((0, 2.5), (0, 0.5, 2.5), (0, 1.5, 2.5)), (BACKBEAT,),
                  (EIGHTHS, SIXTEENTHS)),
}  # fmt: skip
"""Drum patterns in quarter notes of 4/4 that whole kinds of music share."""
KINDS: dict[str, tuple[str, ...]] = {
    "metal": ("rock", "skank", "skank", "skank", "d-beat", "blast", "slow blast", "double kick",
              "double kick", "gallop", "half time", "half time"),
    "punk": ("skank", "skank", "rock", "d-beat", "half time", "motown"),
    "rock": ("rock", "rock", "rock", "motown", "half time", "skank", "double kick"),
    "ska": ("ska", "ska", "skank", "rock", "two-beat"),
    "country": ("train", "two-beat", "rock", "shout"),
    "dance": ("house", "house", "breakbeat"),
    "parade": ("samba", "afrobeat", "shout"),
}  # fmt: skip
"""Feels that go together in a song; what is named more often comes more often."""
WEIGHTS = (8, 4, 3, 1.5, 1.5, 1.5, 1.5)
SCALES = ((0, 0, 3, 5, 7, 8, 10), (0, 0, 1, 3, 5, 7, 8), (0, 0, 2, 3, 6, 7), (0, 5, 7, 9, 2))


class Loud(Inventor):
    """Makes the parts of one piece, passage by passage; a passage is (first bar, bars, feel)."""

    def __init__(
        self, chords: Sequence[Chord], bars: int, tempo: float, kind: str, dice: Random
    ) -> None:
        super().__init__(chords, Meter(4, 4), bars, tempo, dice)
        self.swing, self.steps, self.tempo = 0.5, 2 if tempo > 150 else 4, tempo
        self.kind = kind
        self.low = dice.choice((40, 40, 38, 36, 35, 33))
        self.scale = dice.choice(SCALES)
        self.modal = kind == "metal" or dice.random() < 0.4
        self.passages = list(self._passages())

    def _passages(self) -> list[tuple[int, int, str]]:
        """Divide the bars: four to twelve to a feel that suits the tempo."""
        able = [f for f in KINDS[self.kind] if FEELS[f][0][0] <= self.tempo <= FEELS[f][0][1]]
        able = able or ["rock"]
        known, found, bar = [self.dice.choice(able) for _ in "abc"], [], 0
        while bar < self.bars:
            length = min(self.dice.choice((4, 4, 8, 8, 12)), self.bars - bar)
            found.append((bar, length, self.dice.choice(known)))
            bar += length
        return found

    def root(self, bar: int, beat: float, degree: int) -> int:
        """Give the lowest note of a riff: of its mode, or of the chord."""
        if self.modal:
            return self.low + degree
        chord = self.chord(bar, beat)
        tone = chord.bass if chord.bass is not None else chord.pitch_classes[0]
        return self.low + (tone - self.low) % 12

    def rhythm(self, feel: str) -> list[tuple[float, bool]]:
        """Draw two bars of a riff as (start, accented); what is not accented is muted."""
        dice = self.dice
        finest = 0.25 if self.tempo < 150 else 0.5
        kind = dice.choice(("chug", "chug", "chug", "gallop", "held", "stabs", "run", "straight"))
        if feel == "half time":
            kind = dice.choice(("held", "held", "stabs", "chug"))
        if feel in ("ska", "two-beat", "shout") and dice.random() < 0.6:
            return [(n + 0.5, True) for n in range(8)]
        whole = {
            "chug": [n * finest for n in range(round(8 / finest))],
            "run": [n * finest for n in range(round(8 / finest))],
            "gallop": [
                b + p for b in range(8) for p in dice.choice(((0, 0.5, 0.75), (0, 0.25, 0.5)))
            ],
            "straight": [n / 2 for n in range(16)],
            "held": [0.0, *dice.choice(((), (4,), (2, 4, 6), (3.5,), (3, 6), (1.5, 4, 5.5)))],
            "stabs": [n / 2 for n in range(16) if dice.random() < 0.4] or [0.0],
        }[kind]
        group = dice.choice((2, 3, 4, 4, 8, 16, 99))
        across = dice.random() < 0.5
        return [
            (
                start,
                kind in ("held", "stabs")
                or (kind != "run" and (i % group == 0 if across else dice.random() < 0.25)),
            )
            for i, start in enumerate(whole)
        ]

    def riffs(self) -> list[Struck]:
        """Let guitars and bass play a riff for every passage, the same where its feel returns."""
        dice, notes = self.dice, []
        written = {feel: self._riff(feel) for _, _, feel in self.passages}
        second, together = dice.random() < 0.6, dice.random() < 0.7
        fifths = (0, 7, 12) if dice.random() < 0.5 else (0, 7)
        for first, length, feel in self.passages:
            if dice.random() < 0.15:
                written[feel] = self._riff(feel)
            for bar in range(first, first + length):
                for start, wait, degree, accented in written[feel]:
                    if not 0 <= start - 4 * ((bar - first) % 2) < 4:
                        continue
                    at = start - 4 * ((bar - first) % 2)
                    root = self.root(bar, at, degree)
                    held = wait * (dice.uniform(0.7, 1.0) if accented else dice.uniform(0.3, 0.7))
                    level = dice.uniform(0.75, 0.95) if accented else dice.uniform(0.5, 0.75)
                    for role in ("guitar", "pad")[: 1 + second]:
                        tones = fifths if accented else fifths[: dice.choice((1, 2))]
                        notes += [self.note(bar, at, held, root + t, level, role) for t in tones]
                    if together:
                        notes.append(
                            self.note(
                                bar, at, wait * 0.8, root - 12 + 12 * (root < 40), level, "bass"
                            )
                        )
        return notes if together else notes + self.bass()

    def _riff(self, feel: str) -> list[tuple[float, float, int, bool]]:
        """Write two bars: start, beats to the next, step above the lowest note, accented."""
        rhythm, degree, found = self.rhythm(feel), 0, []
        moves = self.dice.choice((1.0, 2.0, 4.0, 8.0))
        for i, (start, accented) in enumerate(rhythm):
            after = rhythm[i + 1][0] if i + 1 < len(rhythm) else 8.0
            if start % moves == 0 or (accented and self.dice.random() < 0.5):
                degree = self.dice.choice(self.scale)
            found.append((start, after - start, degree, accented))
        return found

    def beaten(self) -> list[Struck]:
        """Beat the drums of every passage, a crash where it begins and a fill where it ends."""
        notes = []
        for first, length, feel in self.passages:
            hits = self._feel(feel)
            silent = self.dice.random() < 0.06  # the riff alone
            for bar in range(first, first + length):
                played = [] if silent else [h for h in hits if self.dice.random() > 0.02]
                last = bar == first + length - 1
                if (last and self.dice.random() < 0.6) or (
                    bar % 4 == 3 and self.dice.random() < 0.2
                ):
                    begin = self.dice.choice((0, 2, 2, 3, 3))
                    played = [h for h in played if h[0] < begin] + self._fill(begin)
                if bar == first and self.dice.random() < 0.8:
                    played.append((0.0, self.dice.choice(CRASHES), 0.95))
                notes += [self.note(bar, s, 0.2, key, level, "drums") for s, key, level in played]
        return notes

    def _feel(self, feel: str) -> list[tuple[float, int, float]]:
        """Give one bar of a feel as (start, key, level)."""
        dice, (_, kicks, snares, hands) = self.dice, FEELS[feel]
        hand = dice.choice((CLOSED, OPEN, dice.choice(RIDES), dice.choice(CRASHES)))
        drum = STICK if feel in ("ska", "samba") and dice.random() < 0.5 else SNARE
        kick, snare = dice.choice(kicks), dice.choice(snares)
        parts = [(kick, KICK, 0.85), (snare, drum, 0.85), (dice.choice(hands), hand, 0.65)]
        if dice.random() < 0.2:
            parts.append((dice.choice((BACKBEAT, QUARTERS)), PEDAL, 0.5))
        flat = dice.random() < 0.5  # machines and loud drummers play every stroke alike
        hits = []
        for starts, key, loud in parts:
            for start in starts:
                whole = start % 1 == 0 or key in (KICK, SNARE)
                hits.append((start, key, loud if flat or whole else loud * 0.75))
        if feel == "train":
            hits = [(s, k, v if k != SNARE or s in BACKBEAT else 0.45) for s, k, v in hits]
        return hits

    def _fill(self, begin: float) -> list[tuple[float, int, float]]:
        """Roll over snare and toms to the end of the bar."""
        dice = self.dice
        step = (
            dice.choice((0.5, 0.25, 0.25, 1 / 3)) if self.tempo < 190 else dice.choice((0.5, 1 / 3))
        )
        keys = [dice.choice((SNARE, *TOMS)) for _ in range(round((4 - begin) / step))]
        keys = sorted(keys, reverse=True) if dice.random() < 0.5 else keys
        return [(begin + n * step, k, 0.85) for n, k in enumerate(keys) if dice.random() < 0.9]


def loud_piece(chords: Sequence[Chord], dice: Random, seconds: float) -> Piece:
    """Invent a song of about so many seconds: changing feels over one pulse."""
    kind = dice.choices(list(KINDS), WEIGHTS)[0]
    slowest, fastest = {"metal": (85, 228), "punk": (130, 228), "rock": (75, 195)}.get(
        kind, (90, 180)
    )
    tempo = dice.uniform(slowest, fastest)
    bars = max(6, round(seconds * tempo / 60 / 4))
    band = Loud(chords, bars, tempo, kind, dice)
    guitars = kind in ("metal", "punk", "rock") or dice.random() < 0.3
    notes = band.beaten() + band.riffs()
    if not guitars or dice.random() < 0.15:
        notes += band.comping("keys")
    if dice.random() < 0.35:
        notes += band.melody()
    programs = {"guitar": dice.choice((29, 30)), "pad": dice.choice((29, 30, 30))}
    pulses = pulses_of(Meter(4, 4), bars)
    return Piece(f"fast {kind} 4/4", tuple(notes), *pulses, tempo, programs if guitars else {})


def loud_drummer_piece(
    paths: Sequence[Path], chords: Sequence[Chord], dice: Random, seconds: float
) -> Piece:
    """Put riffs to a human drummer of rock or punk."""
    made = drummer_piece(dice.choice(paths), chords, dice, seconds)
    own = [note for note in made.notes if note.role == "drums"]
    bars = max(1, len(made.pulses) // 4)
    band = Loud(chords, bars, made.tempo, "rock", dice)
    programs = {"guitar": dice.choice((29, 30)), "pad": dice.choice((29, 30))}
    return Piece(made.name, (*own, *band.riffs()), made.pulses, made.places, made.tempo, programs)


def mastered(samples: NDArray[np.floating], dice: Random) -> NDArray[np.floating]:
    """Make a mix loud: a compressor that may pump, saturation, and a limiter that may clip."""
    level = np.abs(samples) / (np.abs(samples).max() + 1e-9)
    span = round(RATE * dice.choice((0.005, 0.02, 0.1, 0.3)))
    around = np.sqrt(uniform_filter1d(level**2, span)) + 1e-4
    loud = samples * around ** -dice.uniform(0.2, 0.8)
    loud = loud / np.percentile(np.abs(loud), dice.uniform(97, 99.9))
    if dice.random() < 0.5:
        loud = np.clip(loud, -1, 1)
    elif dice.random() < 0.5:
        loud = np.tanh(dice.uniform(1, 4) * loud)
    return loud / np.maximum(maximum_filter1d(np.abs(loud), round(RATE * 0.004)), 1)
