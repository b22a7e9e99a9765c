"""Where the chords of a bar fall when a chart only writes them side by side."""

from __future__ import annotations

from scband.score import Meter


def evenly(count: int, meter: Meter) -> tuple[float, ...]:
    """Place `count` chords in a bar as players read them, in quarter notes from its start.

    As many chords as divide the bar into whole beats share it evenly; others fall on the felt
    pulses, the first ones longest: two in 3/4 on 1 and 3, three in 4/4 on 1, 3 and 4.
    """
    if count <= 1:
        return (0.0,) * count
    unit = 4.0 / meter.denominator
    if meter.numerator % count == 0:
        return tuple(unit * (meter.numerator // count) * k for k in range(count))
    pulses = meter.pulses
    if len(pulses) >= count:
        return tuple(pulses[k] for k in _long_first(count, len(pulses)))
    if meter.numerator > count:
        return tuple(unit * k for k in _long_first(count, meter.numerator))
    return tuple(meter.beats * k / count for k in range(count))


def _long_first(count: int, slots: int) -> list[int]:
    """Share slots among chords, the earlier ones getting what is left over."""
    share, extra = divmod(slots, count)
    if extra > 1 and count == 3 and slots == 5:
        return [0, 2, 4]
    places, at = [], 0
    for number in range(count):
        places.append(at)
        at += share + (1 if number < extra else 0)
    return places
