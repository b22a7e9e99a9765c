"""The drummer: grooves by style and section, comping, fills into sections, crashes on arrival."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from scband.agents import learned
from scband.agents.chance import Dice, choose, dice
from scband.agents.context import Context, Moment
from scband.agents.drum_kit import PIECES
from scband.agents.drumming import LearnedFill
from scband.agents.dynamics import force, loudness
from scband.agents.explain import moment_of
from scband.agents.parts import meant_for
from scband.agents.rhythm import Hit, Swing, hits
from scband.agents.style import Style
from scband.agents.style_parts import Fill, Groove, Kit
from scband.score import Note

TIMEKEEPERS = ("hat_closed", "hat_open", "ride", "ride_bell", "shaker", "hat_pedal")
"""Pieces that keep time: their off-beats are lighter than their beats."""

_BUSY = 1.5
"""Notes a beat of the performer from which the drummer fills within phrases less."""

_AS_LEARNED = 1.18
"""What lifts written strokes to the loudness of those that were learned."""

_BALANCE = {"hat_closed": 0.78, "hat_open": 0.8, "ride": 0.8, "hat_pedal": 0.62, "shaker": 0.6,
            "crash": 0.9, "side_stick": 0.85}  # fmt: skip
_ONE = frozenset(
    PIECES[p] for p in ("kick", "snare", "side_stick", "crash", *TIMEKEEPERS) if p != "hat_pedal"
)
_CLOSED_HAT, _OPEN_HAT, _CRASH, _PEDAL = (
    PIECES[p] for p in ("hat_closed", "hat_open", "crash", "hat_pedal")
)


@dataclass(frozen=True, slots=True)
class Drums:
    """Decides the kit's part; pitches are General MIDI drum numbers."""

    style: Style
    seed: int
    name = "drums"
    hears = ()

    def decide(self, context: Context) -> tuple[Note, ...]:
        """Decide the coming bar."""
        if context.moment is Moment.COUNT_IN:
            return self._count_in(context)
        if context.moment is Moment.ENDING:
            return self._ending(context)
        swing = self.style.swing_at(context.tempo, context.swing)
        if self._learned(context):
            groove = learned.groove_of(self.style.drums, context, self.seed)
            notes = learned.bar_of(groove, self.style.drums, context, swing, self.seed)
        else:
            rows = self._rows(self._groove(context), context, swing)
            notes = self._notes(rows, context)
        fill = self._fill(context)
        if isinstance(fill, Fill):
            notes = self._written_fill(notes, fill, context, swing)
        elif fill:
            notes = self._learned_fill(notes, fill, context, swing)
        if self._arrives(context):
            notes = self._crash(notes, context)
        elif not any(note.start < 1e-6 and note.pitch in _ONE for note in notes):
            notes += self._notes({"kick": [Hit(0.0, 0.25, "x")]}, context)
        return tuple(sorted(_free_the_hat_hand(notes), key=_in_order))

    def explain(self, context: Context) -> str:
        """Say which groove it plays and why it fills or crashes."""
        if context.moment is not Moment.PLAYING:
            return "counts the band in" if context.moment is Moment.COUNT_IN else moment_of(context)
        kit = self.style.drums
        if self._learned(context):
            groove = learned.groove_of(kit, context, self.seed)
            told = (
                f"a groove learned from {kit.school} drummers, {groove.energy:.0%} of the way from "
                f"their softest to their hardest, for an intensity of {context.intensity:.0%}"
            )
        else:
            written = self._groove(context)
            told = f"a groove for intensities from {written.low:.0%} to {written.high:.0%}"
        fill = self._fill(context)
        if fill:
            beats = fill.pulses if isinstance(fill, Fill) else fill.beats
            into = "the end" if context.left == 1 else "what comes next"
            told += f"; a fill of {beats} beats leads into {into}"
        if self._arrives(context):
            told += f"; crash and kick: {context.bar.section or 'the form'} begins"
        return told

    def _learned(self, context: Context) -> bool:
        """Tell whether this drummer plays grooves learned from people, or written ones."""
        kit = self.style.drums
        if not kit.learned or not learned.suits(kit, context):
            return False
        return _from_people(kit, dice(self.seed, "learned"), context)

    def _groove(self, context: Context) -> Groove:
        grooves = self.style.drums.grooves
        section = context.bar.section
        fit = [groove for groove in grooves if groove.fits(context.intensity, section)]
        if any(groove.sections for groove in fit):
            fit = [groove for groove in fit if groove.sections]
        if not fit:
            middle = context.intensity
            return min(grooves, key=lambda groove: abs((groove.low + groove.high) / 2 - middle))
        rng = dice(self.seed, "groove", context.chorus, context.bar.index - context.bar.section_bar)
        return choose(rng, [(groove, groove.weight) for groove in fit], context.temperature)

    def _rows(self, groove: Groove, context: Context, swing: Swing) -> dict[str, list[Hit]]:
        rows = {}
        come_and_go = dice(self.seed, "drums", context.chorus, context.bar.index)
        for piece, choices in groove.rows.items():
            span = max(len(pattern.bars) for pattern, _ in choices)
            part = context.bar.section_bar % span
            rng = dice(self.seed, piece, context.chorus, context.bar.index - part)
            pattern = choose(rng, meant_for(choices, len(context.pulses)), context.temperature)
            row = hits(pattern.bar(part), context.pulses, swing)
            likely = 0.45 * min(context.temperature, 1.5)
            rows[piece] = [hit for hit in row if hit.symbol != "?" or come_and_go.random() < likely]
        return rows

    def _fill(self, context: Context) -> Fill | LearnedFill | None:
        """Choose the fill of this bar, if any: always into a section, sometimes into a phrase."""
        kit = self.style.drums
        place = context.bar.section_bar
        if not (_turns(context) or place % 4 == 3):
            return None
        rng = dice(self.seed, "fill", context.chorus, context.bar.index)
        if not _turns(context):
            chance = kit.fill_chance.at(context.intensity, context.bar.section)
            likely = choose(rng, chance) * (2 if place % 8 == 7 else 1)
            if context.performer.density > _BUSY:
                likely *= 0.4
            if rng.random() >= likely * context.temperature:
                return None
        if learned.suits(kit, context) and _from_people(kit, rng, context):
            played = learned.fill_of(kit, context, self.seed, short=not _turns(context))
            if played:
                return played
        fills = [f for f in kit.fills if f.low <= context.intensity <= f.high]
        power = 0 if _turns(context) else 2
        weights = [(fill, fill.weight / fill.pulses**power) for fill in fills]
        return choose(rng, weights, context.temperature) if fills else None

    def _learned_fill(
        self, notes: Sequence[Note], fill: LearnedFill, context: Context, swing: Swing
    ) -> list[Note]:
        """Put a learned fill at the end of the bar; a hat that the style needs is kept going."""
        kit = self.style.drums
        begins = context.pulse_starts[len(context.pulses) - fill.beats]
        until = max(begins - 1e-6, 1e-6)
        kept = {_PEDAL} if any(piece == "hat_pedal" for piece, _ in kit.needs) else set()
        played = [
            note for note in learned.fill_notes(fill, kit, context, swing) if note.pitch not in kept
        ]
        twice = {(note.start, note.pitch) for note in played}
        going = [
            note
            for note in notes
            if (note.start < until or note.pitch in kept) and (note.start, note.pitch) not in twice
        ]
        return going + played

    def _written_fill(
        self, notes: Sequence[Note], fill: Fill, context: Context, swing: Swing
    ) -> list[Note]:
        """Put a written fill in the place of the groove at the end of the bar."""
        lengths = context.pulses
        count = min(fill.pulses, len(lengths))
        begins = sum(lengths[: len(lengths) - count])
        kept = {PIECES[piece] for piece in fill.keep}
        until = max(begins - 1e-6, 1e-6)
        going = [note for note in notes if note.start < until or note.pitch in kept]
        rows = {}
        for piece, pattern in fill.rows.items():
            struck = hits(pattern.bar(0)[-count:], lengths[len(lengths) - count :], swing)
            rows[piece] = [Hit(begins + hit.beat, hit.length, hit.symbol) for hit in struck]
        return going + self._notes(rows, context)

    def _crash(self, notes: Sequence[Note], context: Context) -> list[Note]:
        """Open a section: crash and kick on its first beat, not the time-keeping cymbal."""
        gone = {PIECES[piece] for piece in (*TIMEKEEPERS[:4], "crash", "kick")}
        symbol = "X" if context.intensity >= 0.5 else "x"
        opening = {
            "crash": [Hit(0.0, min(2.0, context.beats), symbol)],
            "kick": [Hit(0.0, 0.25, symbol)],
        }
        going = [note for note in notes if note.start > 1e-6 or note.pitch not in gone]
        return going + self._notes(opening, context)

    def _arrives(self, context: Context) -> bool:
        """Tell whether the bar opens a section loudly enough for a crash."""
        begins = context.section_begins and _long_enough(context, 0)
        return begins and context.intensity >= self.style.drums.crash_from

    def _notes(self, timeline: Mapping[str, list[Hit]], context: Context) -> list[Note]:
        loud = _AS_LEARNED * loudness(context.intensity, self.style.drums.level)
        starts = context.pulse_starts
        return [
            _strike(piece, hit, loud, context.beats, _swell(piece, hit.beat, starts))
            for piece, row in timeline.items()
            for hit in row
        ]

    def _count_in(self, context: Context) -> tuple[Note, ...]:
        kit = self.style.drums
        row = hits(kit.count_in.bar(0), context.pulses, Swing())
        return tuple(self._notes({kit.count_in_piece: list(row)}, context))

    def _ending(self, context: Context) -> tuple[Note, ...]:
        """Strike the last beat together with the others and let it ring."""
        cymbal = "crash" if context.intensity >= self.style.drums.crash_from else "ride"
        symbol = "X" if context.intensity >= 0.5 else "x"
        length = context.beats
        last = {"kick": [Hit(0.0, 0.5, symbol)], cymbal: [Hit(0.0, length, symbol)]}
        return tuple(sorted(self._notes(last, context), key=_in_order))


def _from_people(kit: Kit, rng: Dice, context: Context) -> bool:
    """Draw between what is learned and what is written, as the style shares them out."""
    if kit.learned in (0, 1) or context.temperature == 0:
        return kit.learned >= 0.5
    return rng.random() < kit.learned


def _turns(context: Context) -> bool:
    """Tell whether the bar leads into another section, or into the last bar of all."""
    if context.left == 1:
        return True
    return context.section_ends and _long_enough(context, 3)


def _long_enough(context: Context, place: int) -> bool:
    """Tell a section from a chart that names every bar or two: those turn every fourth bar."""
    return context.bar.section_bars >= 3 or context.bar.index % 4 == place


def _in_order(note: Note) -> tuple[float, int]:
    return note.start, note.pitch


def _free_the_hat_hand(notes: Sequence[Note]) -> list[Note]:
    """Leave out the closed hat where its hand is on the open hat or on a crash."""
    elsewhere = [note.start for note in notes if note.pitch in (_OPEN_HAT, _CRASH)]
    if not elsewhere:
        return list(notes)
    return [
        note
        for note in notes
        if note.pitch != _CLOSED_HAT or all(abs(note.start - beat) > 1e-4 for beat in elsewhere)
    ]


def _swell(piece: str, beat: float, starts: tuple[float, ...]) -> float:
    """Return the weight of a place for the hand that keeps time.

    Back-beats weigh most, then other beats, off-beats, and what lies between, in about the
    proportions of the Groove MIDI Dataset (Gillick et al. 2019, CC BY 4.0; counted by us).
    """
    if piece not in TIMEKEEPERS:
        return 1.0
    for number, start in enumerate(starts):
        if abs(beat - start) < 1e-4:
            return 1.0 if number % 2 else 0.92
    fraction = beat % 1.0
    if 0.45 < fraction < 0.8:
        return 0.76
    return 0.58


def _strike(piece: str, hit: Hit, loud: float, beats: float, swell: float) -> Note:
    weight = _BALANCE.get(piece, 1.0) * swell
    length = min(max(hit.length, 0.1), beats - hit.beat)
    articulation = {"X": "accent", "o": "ghost", "?": "ghost"}.get(hit.symbol, "")
    return Note(hit.beat, length, PIECES[piece], force(hit.symbol, loud, weight), articulation)
