"""A bar while it is being read: chords in slots, on exact beats, and what else stands there."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from scband.chart.placement import evenly
from scband.chart.songmap import Bar, ChordAt
from scband.score import Meter
from scband.theory.chord import Chord

_GRID = 1e-9


@dataclass(slots=True)
class Draft:
    """Collects a bar; `slots` holds chords side by side, None where the last one goes on."""

    slots: list[Chord | None] = field(default_factory=list)
    exact: list[ChordAt] = field(default_factory=list)
    alternates: dict[int, Chord] = field(default_factory=dict)
    bar: Bar = field(default_factory=Bar)
    touched: bool = False
    column: int = 1

    def length(self, meter: Meter) -> float:
        """Give the bar's length in quarter notes."""
        return meter.beats if self.bar.beats is None else self.bar.beats

    def alternate(self, chord: Chord) -> bool:
        """Offer a chord in place of the last one; False where there is none."""
        if self.slots and self.slots[-1] is not None:
            self.alternates[len(self.slots) - 1] = chord
        elif self.exact:
            self.exact[-1] = replace(self.exact[-1], alternate=chord)
        else:
            return False
        return True

    def finish(self, meter: Meter) -> Bar | None:
        """Turn slots into beats; None where the chords do not fit."""
        length = self.length(meter)
        if None in self.slots:
            places = [length * number / len(self.slots) for number in range(len(self.slots))]
        else:
            metre = meter if self.bar.beats is None else Meter.of_beats(self.bar.beats)
            places = list(evenly(len(self.slots), metre))
        chords = [
            ChordAt(beat, chord, self.alternates.get(number))
            for number, (beat, chord) in enumerate(zip(places, self.slots, strict=True))
            if chord is not None
        ]
        chords = sorted([*chords, *self.exact], key=lambda item: item.beat)
        beats = [item.beat for item in chords]
        if len(set(beats)) < len(beats) or (beats and beats[-1] >= length - _GRID):
            return None
        return replace(self.bar, chords=tuple(chords))
