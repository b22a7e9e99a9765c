"""What a player may know when it decides a bar."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum

from scband.agents.rhythm import pulses, starts
from scband.chart import PlayedBar
from scband.errors import BandError
from scband.score import Note
from scband.theory.chord import Chord
from scband.theory.key import Key

LOOKAHEAD = 4
"""Bars that players may look ahead."""

MEMORY = 3
"""Bars that players may look back: voicings are led from the start of a four-bar phrase."""


class Moment(Enum):
    """What kind of bar this is."""

    COUNT_IN = "count-in"
    PLAYING = "playing"
    ENDING = "ending"
    """The last bar of all."""


@dataclass(frozen=True, slots=True)
class Performer:
    """What the performer does: notes a beat, and MIDI pitches (None where nothing was heard)."""

    density: float = 0.0
    register: float | None = None
    last_pitch: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """The coming bar and all that bears on it; a decision is a function of this, style and seed.

    `coming` holds the next bars (up to four are used), `past` the bars before (nearest last, up to
    three). `tempo` is in quarter notes a minute, `intensity` 0-1, `swing` a ratio that overrides
    the style's. `decided` is what other players have settled for this same bar, on the grid.
    `chorus` counts how often the form has been played, from 0. `temperature` says how freely
    players choose: 0 the most likely always, 1 as the style has it, 2 wild. `left` counts the bars
    that follow until the end, None where nobody knows. Raises BandError if out of range.
    """

    bar: PlayedBar
    coming: tuple[PlayedBar, ...] = ()
    past: tuple[PlayedBar, ...] = ()
    tempo: float = 120.0
    key: Key | None = None
    intensity: float = 0.5
    swing: float | None = None
    performer: Performer = Performer()
    decided: Mapping[str, tuple[Note, ...]] = field(default_factory=dict)
    chorus: int = 0
    moment: Moment = Moment.PLAYING
    temperature: float = 1.0
    left: int | None = None

    def __post_init__(self) -> None:
        if not 10 <= self.tempo <= 600:
            raise BandError(f"the tempo must lie between 10 and 600 a minute, not {self.tempo:g}")
        if not 0 <= self.intensity <= 1:
            raise BandError(f"the intensity must lie between 0 and 1, not {self.intensity:g}")
        if self.swing is not None and not 1 <= self.swing <= 4:
            raise BandError(f"the swing ratio must lie between 1 and 4, not {self.swing:g}")
        if not 0 <= self.temperature <= 2:
            raise BandError(f"the temperature must lie between 0 and 2, not {self.temperature:g}")

    @property
    def beats(self) -> float:
        """Length of the bar in quarter notes."""
        return self.bar.meter.beats

    @property
    def pulses(self) -> tuple[float, ...]:
        """Lengths of the bar's pulses in quarter notes."""
        return pulses(self.bar.meter.numerator, self.bar.meter.denominator)

    @property
    def pulse_starts(self) -> tuple[float, ...]:
        """The beats on which the bar's pulses begin."""
        return starts(self.pulses)

    @property
    def next_bar(self) -> PlayedBar | None:
        """The bar after this one, None at the end."""
        return self.coming[0] if self.coming else None

    @property
    def section_ends(self) -> bool:
        """Whether a new section, or the end, follows this bar."""
        return self.bar.section_bar == self.bar.section_bars - 1

    @property
    def section_begins(self) -> bool:
        """Whether this is the first bar of a section."""
        return self.bar.section_bar == 0

    @property
    def next_chorus(self) -> int:
        """The chorus in which the next bar lies: another one where the form begins again."""
        return self.chorus + (self.coming[0].index <= self.bar.index if self.coming else 0)

    def chord_at(self, beat: float) -> Chord:
        """Return the chord that sounds at a beat of this bar; the next bar's from its end on."""
        if beat >= self.beats - 1e-6 and self.coming:
            return self.coming[0].chords[0].chord
        return self.bar.chord_at(beat)

    def hearing(self, decided: Mapping[str, tuple[Note, ...]]) -> Context:
        """Return the same context with what other players have settled."""
        return replace(self, decided=dict(decided))


def contexts(
    bars: Sequence[PlayedBar],
    *,
    tempo: float = 120.0,
    key: Key | None = None,
    intensity: float = 0.5,
    choruses: int = 1,
    swing: float | None = None,
    temperature: float = 1.0,
) -> tuple[Context, ...]:
    """Lay out every bar of a form, played `choruses` times, as contexts; the last is the ending."""
    form = list(bars) * choruses
    return tuple(
        Context(
            bar=bar,
            coming=tuple(form[place + 1 : place + 1 + LOOKAHEAD]),
            past=tuple(form[max(0, place - MEMORY) : place]),
            tempo=tempo,
            key=key,
            intensity=intensity,
            swing=swing,
            chorus=place // len(bars),
            moment=Moment.ENDING if place == len(form) - 1 else Moment.PLAYING,
            temperature=temperature,
            left=len(form) - 1 - place,
        )
        for place, bar in enumerate(form)
    )
