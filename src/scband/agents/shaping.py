"""How the form shapes the band: louder and softer sections, an intro that fills up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from scband.agents.context import Context, Moment

SECTION_LIFT: Mapping[str, float] = MappingProxyType({
    "intro": -0.1, "verse": -0.05, "pre": 0.02, "chorus": 0.1, "refrain": 0.08, "bridge": -0.04,
    "solo": 0.05, "interlude": -0.05, "breakdown": -0.2, "drop": 0.12,
})  # fmt: skip
"""What is added to the intensity in sections whose names begin so; a style may say otherwise."""

INTRO = ("drums", "bass", "keys", "guitar", "pad")
"""The order in which players enter in an intro; the lead waits for what comes after it."""

_LEAST_INTRO = 4
"""Bars from which an intro is built up."""


def shaped(context: Context, lift: Mapping[str, float]) -> Context:
    """Return the context with the intensity that its section has, to a hundredth.

    Nobody hears less, and what players have worked out for an intensity serves again.
    """
    name = context.bar.section.lower()
    added = next((value for start, value in lift.items() if name.startswith(start)), 0.0)
    if context.moment is not Moment.PLAYING:
        added = 0.0
    intensity = round(min(1.0, max(0.0, context.intensity + added)), 2)
    return context if intensity == context.intensity else replace(context, intensity=intensity)


def has_entered(player: str, context: Context, order: Sequence[str]) -> bool:
    """Tell whether a player plays yet: in a first intro they enter one after another.

    All of them are in by the middle of it, but for the lead.
    """
    bar = context.bar
    if context.moment is not Moment.PLAYING or context.chorus or bar.section_bars < _LEAST_INTRO:
        return True
    if not bar.section.lower().startswith("intro"):
        return True
    if player not in order:
        return False
    half, steps = bar.section_bars // 2, max(len(order) - 1, 1)
    return bar.section_bar >= order.index(player) * half // steps
