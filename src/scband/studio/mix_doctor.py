"""All rules together: what to do about a mix, and how good it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from scband.studio import mix_rules, mix_sum
from scband.studio.advice import Kind, Suggestion, quality, ranked
from scband.studio.mix_targets import REGION_EXCESS_DB
from scband.studio.mixing import Mix

Rule = Callable[[Mix], Iterator[Suggestion]]

RULES: tuple[Rule, ...] = (
    mix_rules.clipping,
    mix_rules.phase,
    mix_rules.levels,
    mix_sum.headroom,
    mix_sum.balance,
    mix_rules.masked,
    mix_sum.image,
    mix_rules.dynamics,
    mix_rules.rumble,
    mix_rules.offsets,
    mix_rules.dryness,
    mix_rules.silences,
)


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Suggestions, the most pressing first, and the mix's score from 0 to 100."""

    suggestions: tuple[Suggestion, ...]
    score: float


def diagnose(mix: Mix) -> Diagnosis:
    """Say what to do about a mix.

    What a track's wrong level explains (others covered by it, a region of the spectrum too full of
    it) is not suggested beside it, but adds to its weight.
    """
    found = [suggestion for rule in RULES for suggestion in rule(mix)]
    return Diagnosis(ranked(_explained(mix, found)), quality(found))


def _explained(mix: Mix, found: list[Suggestion]) -> list[Suggestion]:
    levels = {each.track: each for each in found if each.kind is Kind.LEVEL}
    kept: list[Suggestion] = []
    added = dict.fromkeys(levels, 0.0)
    for each in found:
        level = levels.get(_cause(each))
        if level is not None and _explains(mix, level, each):
            added[level.track] += each.severity
        elif not (each.kind is Kind.MASKING and _quiet(levels.get(each.track))):
            kept.append(each)
    return [
        replace(each, severity=each.severity + added[each.track])
        if each.kind is Kind.LEVEL
        else each
        for each in kept
    ]


def _quiet(level: Suggestion | None) -> bool:
    return level is not None and level.measured["deviation_lu"] < 0


def _cause(suggestion: Suggestion) -> str:
    """Return the track whose level may explain a suggestion, "" where none would."""
    if suggestion.kind is Kind.MASKING:
        return str(suggestion.action["on_track"])
    return suggestion.track if "region" in suggestion.action else ""


def _explains(mix: Mix, level: Suggestion, other: Suggestion) -> bool:
    """Tell whether the right level of a track would do away with another suggestion too."""
    too_loud = level.measured["deviation_lu"]
    if too_loud <= 0:
        return False
    if other.kind is Kind.MASKING:
        return True
    region = str(other.action["region"])
    left = mix_sum.region_excess_without(mix, level.track, too_loud)[region]
    return left <= REGION_EXCESS_DB[region]
