"""How the performer divides the beat, evenly or swung: heard, and not taken from the chart alone.

Whoever takes swung eighths for granted puts even ones in the wrong place, and with them the beat:
it drifts until what is played fits. So nothing is taken for granted until it has been heard.
"""

from __future__ import annotations

from math import exp, log

from scband.analysis.follow import Pulse

_LEAST_SWING, _USUAL_SWING = 1.3, 2.0
_EVEN = ((0.0, 1.0), (0.25, 0.5), (0.5, 1.0), (0.75, 0.5))
"""Places in the beat, and how usual notes are there."""
_SCATTER = 0.035
"""Of a beat: how widely players scatter."""
_ANYWHERE = 0.05
_MOST = 1.5
"""What one note can say, as a natural logarithm."""
_FORGET = 0.96
_TOLD, _UNTOLD, _LEFT = 2.5, 6.0, -2.0
"""Log odds from which on a swing is believed that the style has, or has not, or is not any more."""
_SURE = 0.5
"""A note says something only while the beat is this likely."""


class Feel:
    """Weighs even against swung divisions with every note; `told` is the style's swing ratio."""

    def __init__(self, told: float = 1.0) -> None:
        swings = told > _LEAST_SWING
        ratio = told if swings else _USUAL_SWING
        long = ratio / (1 + ratio)
        self._ratio = ratio
        self._swung = ((0.0, 1.0), (long, 1.0), (1 / 3, 0.3))
        self._enough = _TOLD if swings else _UNTOLD
        self._odds = 0.0
        self.swing = 1.0
        """How the eighths divide, as far as is known: 2 is a triplet feel, 1 straight."""

    def hear(self, pulse: Pulse | None) -> bool:
        """Take in a note by the performer's pulse at its beginning; say whether `swing` changed."""
        if pulse is None or pulse.confidence < _SURE:
            return False
        place = pulse.beat % 1
        says = log(_likely(place, self._swung) / _likely(place, _EVEN))
        self._odds = _FORGET * self._odds + min(max(says, -_MOST), _MOST)
        before = self.swing
        if self._odds > self._enough:
            self.swing = self._ratio
        elif self._odds < _LEFT:
            self.swing = 1.0
        return self.swing != before


def _likely(place: float, places: tuple[tuple[float, float], ...]) -> float:
    """Return how likely a note is at a place in the beat, 0-1."""
    near = [share * exp(-0.5 * (_off(place - at) / _SCATTER) ** 2) for at, share in places]
    return _ANYWHERE + max(near)


def _off(places: float) -> float:
    return (places + 0.5) % 1 - 0.5
