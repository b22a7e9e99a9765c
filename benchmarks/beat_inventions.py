"""Pieces invented by lot for teaching beats: any meter, any pattern, no style's habits.

A piece repeats patterns of one or two bars, as music does, and changes them a little from time to
time. What marks the bar is drawn by lot too: the chord, the bass, the kick, or the melody.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from random import Random

import mido
from beat_material import Piece, Struck, pulses_of

from scband.score import Meter
from scband.theory import Chord

METERS = ("4/4",) * 10 + ("3/4",) * 5 + ("6/8",) * 2 + ("12/8",) * 2
Pattern = list[tuple[float, float]]
"""(start in quarter notes from the bar, weight 0-1)."""


def divisions(tempo: float) -> tuple[int, ...]:
    """Return into how many a beat may fall: no sixteenths where nobody could play them."""
    if tempo > 145:
        return (2, 2, 2, 3)
    return (2, 2, 4, 4, 3) if tempo > 95 else (2, 4, 4, 4, 3)


class Inventor:
    """Makes the parts of one piece."""

    def __init__(
        self, chords: Sequence[Chord], meter: Meter, bars: int, tempo: float, dice: Random
    ) -> None:
        self.chords, self.meter, self.bars, self.dice = chords, meter, bars, dice
        self.pulse = 1.5 if meter.compound else 1.0
        # a beat falls into three, four or two, by tempo; a swung pair stands in for two
        self.steps = 3 if meter.compound else dice.choice(divisions(tempo))
        self.slow = tempo < 110
        self.one_drop = self.slow and meter.beats == 4 and dice.random() < 0.2
        if self.one_drop:
            self.steps = 2
        self.swing = dice.uniform(0.5, 0.7) if dice.random() < 0.25 and self.steps == 2 else 0.5
        self.offset = dice.randrange(len(chords))
        self.rate = dice.choice((1, 1, 1, 2, 0.5))
        self.push = dice.random() * 0.4 if dice.random() < 0.3 else 0.0

    def grid(self) -> list[tuple[float, float]]:
        """Give each step of a bar as (start, metrical weight)."""
        places = []
        pulses = round(self.meter.beats / self.pulse)
        for pulse in range(pulses):
            for step in range(self.steps):
                part = step / self.steps
                if self.steps == 2 and step == 1:
                    part = self.swing
                weight = 0.05 if self.steps > 2 and step % 2 else 0.25
                if step == 0:
                    weight = 1.0 if pulse == 0 else 0.7 if pulses == 4 and pulse == 2 else 0.5
                places.append(((pulse + part) * self.pulse, weight))
        return places

    def pattern(self, density: float, contrast: float) -> Pattern:
        """Draw a pattern: dense or sparse, along the meter (contrast 1) or across it (0)."""
        drawn = [
            (start, weight)
            for start, weight in self.grid()
            if self.dice.random() < density * (contrast * weight + (1 - contrast) * 0.4) * 1.4
        ]
        return drawn or [(0.0, 1.0)]

    def varied(self, density: float, contrast: float) -> list[Pattern]:
        """Give each bar its pattern: one or two in turn, changed now and then."""
        cycle = [self.pattern(density, contrast) for _ in range(self.dice.choice((1, 1, 2)))]
        found = []
        for bar in range(self.bars):
            if bar % 8 == 0 and bar and self.dice.random() < 0.4:
                cycle[0] = self.pattern(density, contrast)
            once = self.dice.random() < 0.08
            found.append(self.pattern(density, contrast) if once else cycle[bar % len(cycle)])
        return found

    def chord(self, bar: int, beat: float) -> Chord:
        """Name the chord at a beat of a bar."""
        part = int(beat >= self.meter.beats / 2 and self.rate == 2)
        return self.chords[(self.offset + int(bar * self.rate) + part) % len(self.chords)]

    def voicing(self, chord: Chord, low: int) -> list[int]:
        """Place a chord's tones above a pitch."""
        tones = sorted(low + (pc - low) % 12 for pc in chord.pitch_classes)
        return tones[:5]

    def bass(self) -> list[Struck]:
        """Play roots, fifths and passing tones."""
        dice, notes = self.dice, []
        if dice.random() < 0.3:  # walking: every pulse
            bars = [[(p * self.pulse, 1.0) for p in range(round(self.meter.beats / self.pulse))]]
            bars *= self.bars
        else:
            bars = self.varied(dice.uniform(0.4, 1.1), dice.uniform(0.4, 1))
        for bar, pattern in enumerate(bars):
            for i, (start, weight) in enumerate(pattern):
                chord = self.chord(bar, start)
                tones = self.voicing(chord, 33)
                root = 33 + ((chord.bass if chord.bass is not None else 0) - 33) % 12
                pitch = root if weight == 1 or dice.random() < 0.6 else dice.choice(tones)
                after = pattern[i + 1][0] if i + 1 < len(pattern) else self.meter.beats
                length = (after - start) * dice.uniform(0.5, 1)
                notes.append(self.note(bar, start, length, pitch, 0.6 + 0.2 * weight, "bass"))
        return notes

    def comping(self, role: str) -> list[Struck]:
        """Play chords: held, on the beats, off them, broken, or in a pattern of their own."""
        dice, notes, low = self.dice, [], self.dice.randint(45, 62)
        kind = dice.choice(("hold", "beats", "off", "broken", "pattern", "pattern", "strum"))
        if self.one_drop and role != "pad":
            kind = "off"
        if kind == "strum":
            return self.strumming(role)
        patterns = self.varied(dice.uniform(0.4, 1), dice.uniform(0, 1))
        off = [p for p in self.grid() if p[1] <= 0.25][:: max(1, self.steps // 2)]
        pulses = [p for p in self.grid() if p[1] > 0.25]
        if dice.random() < 0.4:
            pulses = pulses[1:] or pulses
        for bar in range(self.bars):
            pattern = {
                "hold": [(0.0, 1.0)] + [(self.meter.beats / 2, 0.7)] * (self.rate == 2),
                "beats": pulses,
                "off": off or pulses,
                "broken": self.grid(),
                "pattern": patterns[bar],
            }[kind]
            for i, (start, weight) in enumerate(pattern):
                tones = self.voicing(self.chord(bar, start), low)
                after = pattern[i + 1][0] if i + 1 < len(pattern) else self.meter.beats
                length = (after - start) * dice.uniform(0.4, 1)
                chosen = [tones[i % len(tones)]] if kind == "broken" else tones
                early = (
                    start - self.pulse / 2 if start == 0 and dice.random() < self.push else start
                )
                level = dice.uniform(0.45, 0.6) + 0.15 * weight
                notes += [self.note(bar, early, length, p, level, role) for p in chosen]
        return notes

    def strumming(self, role: str) -> list[Struck]:
        """Strum down on the pulses and up between, string after string, some strokes left out."""
        dice, notes, low = self.dice, [], self.dice.randint(45, 52)
        spread = dice.uniform(0.01, 0.05)
        cycle = [[p for p in self.grid() if p[1] > 0.25 or dice.random() < 0.6] for _ in "ab"]
        for bar in range(self.bars):
            for start, weight in cycle[bar % dice.choice((1, 2))]:
                tones = self.voicing(self.chord(bar, start), low)
                tones = tones if weight > 0.25 else tones[::-1][:3]
                level = 0.45 + 0.25 * weight
                notes += [
                    self.note(bar, start + i * spread, 0.45 * self.pulse, p, level, role)
                    for i, p in enumerate(tones)
                ]
        return notes

    def picking(self, role: str) -> list[Struck]:
        """Pick with thumb and fingers: basses on some pulses, broken chords on the grid."""
        dice, notes, low = self.dice, [], self.dice.randint(48, 55)
        pulses = [p for p in self.grid() if p[1] > 0.25]
        thumbs = pulses[:: dice.choice((1, 1, 2))]
        grid = self.grid()
        if self.steps == 4 and dice.random() < 0.6:
            grid = grid[::2]
        order = [dice.randrange(1, 5) for _ in grid]
        skipped = {i for i in range(len(grid)) if dice.random() < 0.2}
        for bar in range(self.bars):
            for number, (start, weight) in enumerate(thumbs):
                chord = self.chord(bar, start)
                root = 40 + ((chord.bass if chord.bass is not None else 0) - 40) % 12
                other = root + dice.choice((7, 7, 12, -5)) if number % 2 else root
                notes.append(self.note(bar, start, self.pulse, other, 0.55 + 0.15 * weight, role))
            for i, (start, weight) in enumerate(grid):
                if i in skipped:
                    continue
                tones = self.voicing(self.chord(bar, start), low)
                pitch = tones[order[i] % len(tones)]
                length = dice.choice((0.5, 1.0, 1.5)) * self.pulse
                notes.append(self.note(bar, start, length, pitch, 0.4 + 0.2 * weight, role))
        return notes

    def melody(self) -> list[Struck]:
        """Wander through scale and chord in phrases that begin where they like."""
        dice, notes, now, pitch = self.dice, [], 0.0, self.dice.randint(64, 76)
        lengths = (0.5, 0.5, 1, 1, 1, 1.5, 2, 3, 1 / self.steps)
        while now < self.bars * self.meter.beats - self.pulse:
            length = dice.choice(lengths) * self.pulse
            if dice.random() < 0.12:
                now += length
                continue
            bar, beat = divmod(now, self.meter.beats)
            tones = self.chord(int(bar), beat).pitch_classes
            near = [p for p in range(pitch - 6, pitch + 7) if 58 <= p <= 88]
            inside = [p for p in near if p % 12 in tones]
            pitch = dice.choice(inside if inside and dice.random() < 0.7 else near or [70])
            level = dice.uniform(0.5, 0.85)
            notes.append(self.note(0, now, length * dice.uniform(0.6, 1), pitch, level, "lead"))
            now += length
        return notes

    def drums(self) -> list[Struck]:
        """Beat kick and backbeat or their opposites under a steady hand."""
        dice, notes = self.dice, []
        pulses = round(self.meter.beats / self.pulse)
        kicks = self.varied(dice.uniform(0.3, 0.9), dice.uniform(0.3, 1))
        if dice.random() < 0.25:
            kicks = [[(p * self.pulse, 1.0) for p in range(pulses)]] * self.bars
        back = {
            # a backbeat on three alone is felt in half time where it is fast
            4: dice.choice(((1, 3), (1, 3), (1, 3), (2,) if self.slow else (1, 3), ())),
            2: ((1,), ())[dice.random() < 0.2],
        }
        if self.one_drop:
            kicks, back[4] = [[(2 * self.pulse, 1.0)]] * self.bars, (2,)
        snares = back.get(pulses, dice.choice(((1, 2), (2,), (1,), ())))
        hand, hats = dice.choice((42, 42, 51, 70, 82, 44)), self.hats()
        ghosts = self.varied(0.15, 0) if dice.random() < 0.3 else None
        without = {n for n in ("kick", "snare", "hat") if dice.random() < 0.1}
        every = dice.choice((4, 8, 8))
        for bar in range(self.bars):
            hits = [(s, 36, 0.8) for s, _ in kicks[bar]] if "kick" not in without else []
            if "snare" not in without:
                hits += [(p * self.pulse, dice.choice((38, 38, 38, 40)), 0.8) for p in snares]
            if ghosts:
                hits += [(s, 38, 0.3) for s, _ in ghosts[bar]]
            if "hat" not in without:
                hits += [(s, hand, 0.35 + 0.2 * w) for s, w in hats]
            if bar % every == 0 and dice.random() < 0.5:
                hits.append((0.0, 49, 0.8))
            if bar % every == every - 1 and dice.random() < 0.6:
                begin = dice.randrange(pulses) * self.pulse
                hits = [h for h in hits if h[0] < begin]
                fill = [s for s, _ in self.grid() if s >= begin and dice.random() < 0.8]
                hits += [(s, dice.choice((38, 45, 47, 50, 43)), 0.7) for s in fill]
            notes += [self.note(bar, s, 0.2, p, v, "drums") for s, p, v in hits]
        return notes

    def hats(self) -> Pattern:
        """Draw what the steady hand plays in each bar."""
        kind = self.dice.random()
        if kind < 0.35:
            return [p for p in self.grid() if p[1] > 0.25]
        if kind < 0.45:
            return [p for p in self.grid() if p[1] <= 0.25]
        if kind < 0.85:
            return [p for i, p in enumerate(self.grid()) if self.steps < 4 or i % 2 == 0]
        return self.grid()

    def note(
        self, bar: int, start: float, length: float, pitch: int, level: float, role: str
    ) -> Struck:
        """Write a note at a place of a bar, its level a little by chance."""
        level = min(max(level + self.dice.gauss(0, 0.06), 0.1), 1)
        at = max(bar * self.meter.beats + start, 0.0)
        return Struck(at, max(length, 0.1), pitch, level, role)


HABITS: dict[str, dict[int, tuple[tuple[float, ...], ...]]] = {
    "offbeat hats": {36: ((0, 1, 2, 3),), 46: ((0.5, 1.5, 2.5, 3.5),), 38: ((1, 3), ())},
    "one drop": {36: ((2,), (0, 2)), 37: ((2,), (1, 3)), 42: ((0.5, 1.5, 2.5, 3.5), (0, 1, 2, 3))},
    "clave": {37: ((0, 1.5, 3), (1, 2), (0, 1.5, 3, 5, 6), (1, 2, 4, 5.5, 7)),
              36: ((0, 1.5, 2, 3.5), (0, 2)), 42: ((0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5),)},
    "ride": {51: ((0, 1, 1.5, 2, 3, 3.5), (0, 1, 2, 3)), 44: ((1, 3),), 36: ((), (0, 1, 2, 3))},
    "brushes": {40: ((0, 1, 2, 3),), 44: ((1, 3), ()), 36: ((0,), ())},
    "half time": {36: ((0,), (0, 0.75), (0, 2.5)), 38: ((2,),), 42: ((0, 1, 2, 3),)},
    "train": {38: ((0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5),), 36: ((0, 2), (0, 1, 2, 3)), 44: ((1, 3),)},
    "tresillo": {36: ((0, 1.5, 3), (0, 1, 2, 3)), 38: ((1, 3), (1.5, 3)), 42: ((0, 1, 2, 3),)},
    "sixteenths": {42: (tuple(n / 4 for n in range(16)),), 38: ((1, 3),),
                   36: ((0, 2.5), (0, 1.75, 2.5), (0, 0.75, 2.25), (0, 1.5, 2.75))},
}  # fmt: skip
FAST_HABITS: dict[str, dict[int, tuple[tuple[float, ...], ...]]] = {
    "two-beat": {36: ((0, 1, 2, 3),), 38: ((0.5, 1.5, 2.5, 3.5),), 42: ((0, 1, 2, 3), (0, 0.5, 1,
                 1.5, 2, 2.5, 3, 3.5))},
    "straight": {36: ((0, 2), (0, 0.5, 2), (0, 1.5, 2, 2.5)), 38: ((1, 3),), 49: ((0, 1, 2, 3), ()),
                 42: ((0, 1, 2, 3), (0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5))},
    "double kick": {36: (tuple(n / 2 for n in range(8)), tuple(n / 4 for n in range(16))),
                    38: ((1, 3), (2,)), 51: ((0, 1, 2, 3),)},
    "blast": {36: ((0, 1, 2, 3), tuple(n / 2 for n in range(8))), 51: ((0, 1, 2, 3),),
              38: ((0.5, 1.5, 2.5, 3.5), (0, 1, 2, 3), tuple(n / 2 for n in range(8)))},
    "gallop": {36: ((0, 0.5, 0.75, 1, 1.5, 1.75, 2, 2.5, 2.75, 3, 3.5, 3.75),), 38: ((1, 3),),
               42: ((0, 1, 2, 3),)},
}  # fmt: skip
"""Drum patterns in quarter notes of 4/4 that whole kinds of music share, by General MIDI key:
the usual ones, and those of fast rock, punk, metal and polka."""


def habitual_drums(inventor: Inventor, habits: dict) -> list[Struck]:
    """Beat one of the patterns that whole kinds of music share, with fills and a swing by lot."""
    dice, notes = inventor.dice, []
    chosen = {key: dice.choice(kinds) for key, kinds in habits[dice.choice(list(habits))].items()}
    every = dice.choice((4, 8, 8))
    for bar in range(inventor.bars):
        hits = []
        for key, starts in chosen.items():
            long = any(start >= 4 for start in starts)
            part = 4 * (bar % 2) if long else 0
            for start in starts:
                if 0 <= start - part < 4 and dice.random() > 0.04:
                    hits.append((start - part, key))
        if dice.random() < 0.15:
            hits.append((dice.choice((0.5, 1.5, 1.75, 2.5, 3.5)), dice.choice((36, 38))))
        if bar % every == every - 1 and dice.random() < 0.5:
            begin = dice.choice((2, 3))
            hits = [hit for hit in hits if hit[0] < begin]
            steps = dice.choice((0.25, 0.5, 1 / 3))
            hits += [
                (begin + n * steps, dice.choice((38, 45, 47, 50)))
                for n in range(round((4 - begin) / steps))
                if dice.random() < 0.85
            ]
        if bar % every == 0 and dice.random() < 0.4:
            hits.append((0.0, 49))
        for start, key in hits:
            whole, part = divmod(start, 1)
            swung = whole + (inventor.swing if abs(part - 0.5) < 0.01 else part)
            loud = 0.75 if key in (36, 38, 37, 49) else 0.5
            level = loud * (1.0 if part == 0 else 0.8)
            notes.append(inventor.note(bar, swung, 0.2, key, level, "drums"))
    return notes


def invented_piece(chords: Sequence[Chord], dice: Random, seconds: float) -> Piece:
    """Invent a piece of about so many seconds over a progression."""
    meter = Meter.parse(dice.choice(METERS))
    usual = 6.3 if meter.compound else 6.78
    pulse = min(max(2 ** dice.gauss(usual, 0.45), 50), 150 if meter.compound else 210)
    tempo = pulse * (1.5 if meter.compound else 1)
    common = meter.beats == 4 and not meter.compound and dice.random() < 0.5
    fast = common and dice.random() < 0.35
    if fast:
        tempo = dice.uniform(120, 215)
    bars = max(4, round(seconds * tempo / 60 / meter.beats))
    inventor = Inventor(chords, meter, bars, tempo, dice)
    notes: list[Struck] = []
    picked = not fast and dice.random() < 0.12
    if fast:
        inventor.swing = 0.5
        notes += habitual_drums(inventor, FAST_HABITS)
    elif dice.random() < (0.15 if picked else 0.6):
        notes += habitual_drums(inventor, HABITS) if common else inventor.drums()
    if dice.random() < (0.5 if picked else 0.75):
        notes += inventor.bass()
    if picked:
        notes += inventor.picking("guitar")
    for role, chance in (("keys", 0.6), ("guitar", 0.45), ("pad", 0.2)):
        if not picked and dice.random() < chance:
            notes += inventor.comping(role)
    if dice.random() < 0.55:
        notes += inventor.melody()
    if len(notes) < bars:
        notes += inventor.comping("keys")
    kind = "fast" if fast else "invented"
    return Piece(f"{kind} {meter}", tuple(notes), *pulses_of(meter, bars), tempo)


def drummer_piece(path: Path, chords: Sequence[Chord], dice: Random, seconds: float) -> Piece:
    """Take a stretch of a human drummer's recording, alone or with invented company."""
    name = path.stem.split("_")
    meter, tempo = Meter.parse(name[4].replace("-", "/")), float(name[2])
    struck, now = [], 0
    file = mido.MidiFile(path)
    for message in mido.merge_tracks(file.tracks):
        now += message.time
        if message.type == "note_on" and message.velocity:
            struck.append((now / file.ticks_per_beat, message.note, message.velocity / 127))
    whole = int(struck[-1][0] / meter.beats) + 1
    bars = min(whole, max(4, round(seconds * tempo / 60 / meter.beats)))
    first = dice.randint(0, whole - bars) * meter.beats
    notes = [
        Struck(max(start - first, 0.0), 0.2, pitch, level, "drums")
        for start, pitch, level in struck
        if first - 0.1 <= start < first + bars * meter.beats - 0.1
    ]
    inventor = Inventor(chords, meter, bars, tempo, dice)
    if dice.random() < 0.6:
        notes += inventor.bass()
        if dice.random() < 0.7:
            notes += inventor.comping(dice.choice(("keys", "guitar")))
        if dice.random() < 0.4:
            notes += inventor.melody()
    return Piece(f"drummer {name[1]} {meter}", tuple(notes), *pulses_of(meter, bars), tempo)
