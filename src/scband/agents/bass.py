"""The bassist: walking lines, two-feel, roots on the kick, and patterns of degrees."""

from __future__ import annotations

from dataclasses import dataclass, replace

from scband.agents.chance import Dice, choose, dice
from scband.agents.context import Context, Moment
from scband.agents.drum_kit import PIECES
from scband.agents.dynamics import force, loudness, metric
from scband.agents.explain import lead_in, line_of, moment_of, pattern_of
from scband.agents.harmony import degree, nearest
from scband.agents.parts import Stroke, play_at, strokes
from scband.agents.style import Style
from scband.agents.walking import walk
from scband.score import Note
from scband.theory.chord import Chord

_APPROACHES = ((-1, 0.42), (1, 0.2), (-2, 0.16), (-5, 0.14), (2, 0.08))
"""Where a note stands that leads into a root, in semitones from it."""


_FILLS = (("5a", 2.0), ("8a", 1.0), ("135a", 2.0), ("875a", 1.0), ("156a", 1.0))
"""Figures in eighths, by degree, that lead into a section."""

_FILL_CHANCE = 0.5
_CEILING = 47
"""Where figures turn back: above it the keys begin."""


@dataclass(frozen=True, slots=True)
class Bass:
    """Decides the bass line. It hears the drums, to lock to the kick."""

    style: Style
    seed: int
    name = "bass"
    hears = ("drums",)

    def decide(self, context: Context) -> tuple[Note, ...]:
        """Decide the coming bar."""
        if context.moment is Moment.COUNT_IN:
            return ()
        if context.moment is Moment.ENDING:
            return self._ending(context)
        play, number = play_at(self.style.bass, "bass", context, self.seed)
        if isinstance(play, str):
            ways = {
                "walk": self._walking, "two": self._two_feel, "kick": self._on_the_kick,
                "pedal": self._pedal,
            }  # fmt: skip
            return ways[play](context)
        row = _on_changes(strokes(play, number, context, self.style), context)
        return self._degrees(self._filling(self._leading_on(row, context), context), context)

    def explain(self, context: Context) -> str:
        """Say how it plays, and what each note is to its chord."""
        told = moment_of(context)
        notes = self.decide(context)
        if context.moment is Moment.COUNT_IN or not notes:
            return told or "rests: no chord sounds"
        if not told:
            play, number = play_at(self.style.bass, "bass", context, self.seed)
            ways = {
                "walk": "walks toward the next bar", "two": "plays in two",
                "kick": "plays with the bass drum",
                "pedal": "stays on one note under all that moves",
            }  # fmt: skip
            told = ways[play] if isinstance(play, str) else pattern_of(play, number)
        return f"{told}: {line_of(notes, context)}{lead_in(notes[-1], context)}"

    def _walking(self, context: Context) -> tuple[Note, ...]:
        starts = context.pulse_starts
        line = walk(context, starts, self.style.bass, self.seed)
        rng = dice(self.seed, "bass", "skip", context.chorus, context.bar.index)
        often = (0.02 + 0.07 * context.intensity) * context.temperature
        skips = tuple(place for place in range(len(line)) if rng.random() < often)
        return self._sung(line, context, skips)

    def _two_feel(self, context: Context) -> tuple[Note, ...]:
        """Play half notes, and now and then a note that leads into the next bar."""
        starts = context.pulse_starts
        rng = dice(self.seed, "bass", "two", context.chorus, context.bar.index)
        halves = starts[::2] if len(starts) != 3 else starts[:1]
        changes = [change.beat for change in context.bar.chords if change.beat > 0]
        beats = {*halves, *changes}
        following = context.next_bar
        moves_on = following is not None and following.chords[0].chord != context.chord_at(
            starts[-1]
        )
        if rng.random() < (0.45 if moves_on else 0.15) + 0.3 * context.intensity:
            beats.add(starts[-1])
        line = walk(context, tuple(sorted(beats)), self.style.bass, self.seed)
        skips = (len(line) - 1,) if rng.random() < 0.12 and len(line) > 1 else ()
        return self._sung(line, context, skips)

    def _sung(
        self, line: list[tuple[float, int]], context: Context, skips: tuple[int, ...]
    ) -> tuple[Note, ...]:
        """Give a line lengths and weight, and a light skipped eighth after the notes in `skips`."""
        part = self.style.bass
        loud = loudness(context.intensity, part.level)
        swing = self.style.swing_at(context.tempo, context.swing)
        silences = [change.beat for change in context.bar.chords if change.chord.root is None]
        ends = [beat for beat, _ in line[1:]] + [context.beats]
        notes = []
        for place, ((beat, pitch), after) in enumerate(zip(line, ends, strict=False)):
            end = min([after, *(silence for silence in silences if silence > beat)])
            length = end - beat
            weight = 1.0 if round(beat) % 2 else 0.94
            if place in skips:
                off = beat + length - (1 - swing.warp(0.5)) * min(1.0, length)
                notes.append(Note(off, (end - off) * 0.7, pitch, 0.62 * loud, "ghost"))
                length = off - beat
            notes.append(Note(beat, length * part.length, pitch, weight * loud))
        return tuple(sorted(notes))

    def _leading_on(self, row: tuple[Stroke, ...], context: Context) -> tuple[Stroke, ...]:
        """Let the last off-beat of every fourth bar, and of a section, lead into a new chord."""
        turns = context.section_ends or context.bar.section_bar % 4 == 3
        if not (turns and row and row[-1].symbol == "1" and context.coming):
            return row
        last = row[-1]
        off_beat = last.beat > context.pulse_starts[-1] + 1e-4
        if off_beat and context.coming[0].chords[0].chord != last.chord:
            return (*row[:-1], replace(last, symbol="a"))
        return row

    def _filling(self, row: tuple[Stroke, ...], context: Context) -> tuple[Stroke, ...]:
        """Lead into a new section with a figure on the last pulses, about every other time."""
        long_enough = context.bar.section_bars >= 4
        if not (context.section_ends and long_enough and context.coming and row):
            return row
        rng = dice(self.seed, "bass", "fill", context.chorus, context.bar.index)
        if rng.random() >= _FILL_CHANCE * min(context.temperature, 1.5):
            return row
        last = context.chord_at(context.pulse_starts[-1])
        if last.root is None:
            return row
        room = _CEILING - self._root(last)
        figures = [choice for choice in _FILLS if room >= (12 if set(choice[0]) & set("78") else 9)]
        if not figures:
            return row
        figure = choose(rng, figures, context.temperature)
        starts, lengths = context.pulse_starts, context.pulses
        count = min(len(figure) // 2, len(starts) - 1)
        chord = context.chord_at(starts[-1])
        if not count or chord != context.chord_at(starts[-count]):
            return row
        swing = self.style.swing_at(context.tempo, context.swing)
        played = []
        for place in range(-count, 0):
            off = swing.warp(0.5) if not swing.sixteenths else 0.5
            middle = starts[place] + off * lengths[place]
            end = starts[place] + lengths[place]
            one, two = figure[2 * place], figure[2 * place + 1]
            played += [
                Stroke(starts[place], middle - starts[place], one, chord),
                Stroke(middle, end - middle, two, chord),
            ]
        begins = starts[-count]
        before = [
            replace(stroke, length=min(stroke.length, begins - stroke.beat))
            for stroke in row
            if stroke.beat < begins - 1e-4
        ]
        return (*before, *played)

    def _pedal(self, context: Context) -> tuple[Note, ...]:
        """Stay on one note under all that moves above, but for a slash chord's own bass.

        It is the key's fifth, and its root in a section's second half.
        """
        sounding = [c.chord.root for c in context.bar.chords if c.chord.root is not None]
        if not sounding:
            return ()
        tonic = context.key.tonic if context.key else sounding[0]
        late = context.bar.section_bar >= context.bar.section_bars / 2
        held = (tonic + (0 if late else 7)) % 12
        part = self.style.bass
        pitch = nearest(held, part.home, part.low, part.high)
        loud = loudness(context.intensity, part.level)
        slashes = {c.beat: c.chord for c in context.bar.chords if c.chord.bass != c.chord.root}
        silent = [c.beat for c in context.bar.chords if c.chord.root is None]
        beats = sorted({*context.pulse_starts[::2], *slashes})
        notes = []
        for beat, end in zip(beats, [*beats[1:], context.beats], strict=True):
            chord = context.chord_at(beat)
            if chord.root is None or chord.bass is None:
                continue
            over = chord.bass != chord.root
            stop = min([end, *(rest for rest in silent if rest > beat)])
            own = nearest(chord.bass, part.home, part.low, part.high)
            notes.append(Note(beat, (stop - beat) * part.length, own if over else pitch, loud))
        return tuple(notes)

    def _on_the_kick(self, context: Context) -> tuple[Note, ...]:
        """Play the root with every stroke of the kick, held to the next."""
        kicks = _kicks(context) or context.pulse_starts[::2]
        changes = [change.beat for change in context.bar.chords]
        beats = sorted({*kicks, *changes})
        clear = [beats[0]]
        for beat in beats[1:]:
            if beat in changes and beat - clear[-1] < 0.3:
                clear[-1] = beat
            elif beat - clear[-1] >= 0.3:
                clear.append(beat)
        ends = [*clear[1:], context.beats]
        row = [
            Stroke(beat, min(end - beat, 2.0), "1", context.chord_at(beat))
            for beat, end in zip(clear, ends, strict=True)
        ]
        return self._degrees(tuple(row), context)

    def _degrees(self, row: tuple[Stroke, ...], context: Context) -> tuple[Note, ...]:
        part = self.style.bass
        rng = dice(self.seed, "bass", "degrees", context.chorus, context.bar.index)
        loud = loudness(context.intensity, part.level)
        kicks = _kicks(context)
        notes: list[Note] = []
        heard: Chord | None = None
        for stroke in row:
            if stroke.chord.root is None:
                continue
            symbol = stroke.symbol
            if stroke.chord != heard and symbol not in "am":
                symbol, heard = "1", stroke.chord
            pitch = self._pitch(symbol, stroke, context, rng)
            if symbol == "m" and notes and stroke.chord == heard:
                pitch = notes[-1].pitch
            locked = any(abs(kick - stroke.beat) < 0.03 for kick in kicks)
            weight = 1.1 if locked else metric(stroke.beat, context.pulse_starts)
            velocity = force(stroke.symbol, loud, weight)
            kind = {"m": "mute", "o": "ghost"}.get(symbol, "")
            length = stroke.length * part.length
            notes.append(Note(stroke.beat, length, pitch, velocity, kind))
        return tuple(notes)

    def _pitch(self, symbol: str, stroke: Stroke, context: Context, rng: Dice) -> int:
        part = self.style.bass
        root = self._root(stroke.chord)
        if symbol == "a":
            return self._approach(stroke, context, rng)
        if symbol in "1om":
            return root
        step = 12 if symbol == "8" else (degree(stroke.chord, symbol) - root) % 12
        return root + step if root + step <= part.high else root + step - 12

    def _root(self, chord: Chord) -> int:
        assert chord.bass is not None
        return nearest(chord.bass, self.style.bass.home, self.style.bass.low, self.style.bass.high)

    def _approach(self, stroke: Stroke, context: Context, rng: Dice) -> int:
        """Lead into the chord that comes after a stroke; stay on it if nothing changes."""
        part = self.style.bass
        target = context.chord_at(stroke.beat + stroke.length)
        step = choose(rng, _APPROACHES, context.temperature)
        if target.root is None:
            return self._root(stroke.chord)
        if target == stroke.chord:
            fifth = degree(target, "5")
            return nearest(fifth, part.home, part.low, part.high)
        pitch = self._root(target) + step
        return pitch if part.low <= pitch <= part.high else self._root(target) - step

    def _ending(self, context: Context) -> tuple[Note, ...]:
        chord = context.chord_at(0.0)
        if chord.root is None:
            return ()
        loud = loudness(context.intensity, self.style.bass.level)
        return (Note(0.0, context.beats, self._root(chord), loud),)


def _on_changes(row: tuple[Stroke, ...], context: Context) -> tuple[Stroke, ...]:
    """Add a root on every chord change that a pattern would pass over in silence."""
    missed = []
    for change in context.bar.chords[1:]:
        heard = any(
            stroke.chord == change.chord and stroke.symbol not in "am"
            for stroke in row
            if change.beat - 0.55 < stroke.beat < change.beat + 0.55
        )
        if not heard and change.chord.root is not None:
            after = [stroke.beat for stroke in row if stroke.beat > change.beat + 0.1]
            length = min([*after, context.beats]) - change.beat
            missed.append(Stroke(change.beat, min(length, 1.0), "1", change.chord))
    taken = {stroke.beat for stroke in missed}
    kept = [stroke for stroke in row if all(abs(stroke.beat - beat) > 0.1 for beat in taken)]
    return tuple(sorted([*kept, *missed], key=lambda stroke: stroke.beat))


def _kicks(context: Context) -> list[float]:
    kick = PIECES["kick"]
    return [note.start for note in context.decided.get("drums", ()) if note.pitch == kick]
