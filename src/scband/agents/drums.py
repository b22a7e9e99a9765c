"""The drummer: grooves by style and section, comping, fills into sections, crashes on arrival."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from scband.agents.chance import choose, dice
from scband.agents.context import Context, Moment
from scband.agents.dynamics import force, loudness
from scband.agents.parts import meant_for
from scband.agents.rhythm import Hit, Swing, hits
from scband.agents.style import Style
from scband.agents.style_parts import PIECES, Fill, Groove
from scband.score import Note

TIMEKEEPERS = ("hat_closed", "hat_open", "ride", "ride_bell", "shaker", "hat_pedal")
"""Pieces that keep time: their off-beats are lighter than their beats."""

_BALANCE = {"hat_closed": 0.78, "hat_open": 0.8, "ride": 0.8, "hat_pedal": 0.62, "shaker": 0.6,
            "crash": 0.9, "side_stick": 0.85}  # fmt: skip
_KICK, _CRASH, _RIDE = PIECES["kick"], PIECES["crash"], PIECES["ride"]


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
        timeline = self._rows(self._groove(context), context, swing)
        fill = self._fill(context)
        if fill:
            _fill_in(timeline, fill, context, swing)
        if self._arrives(context):
            _crash(timeline, context)
        _free_the_hat_hand(timeline)
        return self._notes(timeline, context)

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
        return choose(rng, [(groove, groove.weight) for groove in fit])

    def _rows(self, groove: Groove, context: Context, swing: Swing) -> dict[str, list[Hit]]:
        rows = {}
        come_and_go = dice(self.seed, "drums", context.chorus, context.bar.index)
        for piece, choices in groove.rows.items():
            span = max(len(pattern.bars) for pattern, _ in choices)
            part = context.bar.section_bar % span
            rng = dice(self.seed, piece, context.chorus, context.bar.index - part)
            pattern = choose(rng, meant_for(choices, len(context.pulses)))
            row = hits(pattern.bar(part), context.pulses, swing)
            rows[piece] = [hit for hit in row if hit.symbol != "?" or come_and_go.random() < 0.45]
        return rows

    def _fill(self, context: Context) -> Fill | None:
        """Choose the fill of this bar, if any: always into a section, sometimes into a phrase."""
        fills = [f for f in self.style.drums.fills if f.low <= context.intensity <= f.high]
        place = context.bar.section_bar
        if not fills or not (_turns(context) or place % 4 == 3):
            return None
        rng = dice(self.seed, "fill", context.chorus, context.bar.index)
        if _turns(context):
            weights = [(fill, fill.weight) for fill in fills]
        else:
            chance = self.style.drums.fill_chance.at(context.intensity, context.bar.section)
            twice = 2 if place % 8 == 7 else 1
            if rng.random() >= twice * choose(rng, chance):
                return None
            weights = [(fill, fill.weight / fill.pulses**2) for fill in fills]
        return choose(rng, weights)

    def _arrives(self, context: Context) -> bool:
        """Tell whether the bar opens a section loudly enough for a crash."""
        begins = context.section_begins and _long_enough(context, 0)
        return begins and context.intensity >= self.style.drums.crash_from

    def _notes(self, timeline: Mapping[str, list[Hit]], context: Context) -> tuple[Note, ...]:
        loud = loudness(context.intensity, self.style.drums.level)
        starts = context.pulse_starts
        notes = [
            _strike(piece, hit, loud, context.beats, _swell(piece, hit.beat, starts))
            for piece, row in timeline.items()
            for hit in row
        ]
        return tuple(sorted(notes, key=lambda note: (note.start, note.pitch)))

    def _count_in(self, context: Context) -> tuple[Note, ...]:
        kit = self.style.drums
        row = hits(kit.count_in.bar(0), context.pulses, Swing())
        return self._notes({kit.count_in_piece: list(row)}, context)

    def _ending(self, context: Context) -> tuple[Note, ...]:
        """Strike the last beat together with the others and let it ring."""
        cymbal = "crash" if context.intensity >= self.style.drums.crash_from else "ride"
        symbol = "X" if context.intensity >= 0.5 else "x"
        length = context.beats
        return self._notes(
            {"kick": [Hit(0.0, 0.5, symbol)], cymbal: [Hit(0.0, length, symbol)]}, context
        )


def _turns(context: Context) -> bool:
    """Tell whether the bar leads into another section."""
    return context.section_ends and _long_enough(context, 3)


def _long_enough(context: Context, place: int) -> bool:
    """Tell a section from a chart that names every bar or two: those turn every fourth bar."""
    return context.bar.section_bars >= 3 or context.bar.index % 4 == place


def _fill_in(timeline: dict[str, list[Hit]], fill: Fill, context: Context, swing: Swing) -> None:
    """Put a fill in the place of the groove at the end of the bar."""
    lengths = context.pulses
    count = min(fill.pulses, len(lengths))
    begins = sum(lengths[: len(lengths) - count])
    for piece, row in timeline.items():
        if piece not in fill.keep:
            timeline[piece] = [hit for hit in row if hit.beat < begins - 1e-6]
    for piece, pattern in fill.rows.items():
        struck = hits(pattern.bar(0)[-count:], lengths[len(lengths) - count :], swing)
        moved = [Hit(begins + hit.beat, hit.length, hit.symbol) for hit in struck]
        timeline[piece] = sorted([*timeline.get(piece, []), *moved], key=lambda hit: hit.beat)


def _crash(timeline: dict[str, list[Hit]], context: Context) -> None:
    """Open a section: crash and kick on its first beat, instead of the time-keeping cymbal."""
    for piece in ("hat_closed", "hat_open", "ride", "ride_bell"):
        if piece in timeline:
            timeline[piece] = [hit for hit in timeline[piece] if hit.beat > 1e-6]
    symbol = "X" if context.intensity >= 0.5 else "x"
    crash = [hit for hit in timeline.get("crash", ()) if hit.beat > 1e-6]
    timeline["crash"] = [Hit(0.0, min(2.0, context.beats), symbol), *crash]
    kick = [hit for hit in timeline.get("kick", ()) if hit.beat > 1e-6]
    timeline["kick"] = [Hit(0.0, 0.25, symbol), *kick]


def _free_the_hat_hand(timeline: dict[str, list[Hit]]) -> None:
    """Leave out the closed hat where its hand is on the open hat or on a crash."""
    elsewhere = [hit.beat for piece in ("hat_open", "crash") for hit in timeline.get(piece, ())]
    if elsewhere and "hat_closed" in timeline:
        timeline["hat_closed"] = [
            hit
            for hit in timeline["hat_closed"]
            if all(abs(hit.beat - beat) > 1e-4 for beat in elsewhere)
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
