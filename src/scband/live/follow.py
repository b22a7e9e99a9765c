"""How the band moves its clock to be with the performer: the control law, and nothing else.

Two terms, after the linear models of synchronisation (Repp and Su, "Sensorimotor synchronization:
a review of recent research (2006-2012)", Psychonomic Bulletin & Review 20, 2013): the phase is
corrected by a share of what the band is off, the period by a share of the difference of tempo.
With the performer's tempo known from outside, period and phase correction stand in a row, and
equal shares make the answer critically damped: the tempo never overshoots, the phase comes back
as fast as it can without going past.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from math import copysign, exp, isfinite, log, sqrt

from scband.analysis.follow import Pulse
from scband.errors import SessionError


class FollowMode(StrEnum):
    """How the band takes its tempo: a fixed one, smoothly the performer's, or that at once."""

    CLICK = "click"
    ADAPTIVE = "adaptive"
    FREE = "free"


def mode_named(name: FollowMode | str) -> FollowMode:
    """Return a mode by its name; raises SessionError."""
    if name not in list(FollowMode):
        raise SessionError(f"the band cannot follow by {name!r}; there is: {', '.join(FollowMode)}")
    return FollowMode(name)


def checked_strength(value: float) -> float:
    """Return a follow strength, 0-1; raises SessionError."""
    if not isinstance(value, int | float) or not isfinite(value) or not 0 <= value <= 1:
        raise SessionError(f"the follow strength must be between 0 and 1, not {value!r}")
    return float(value)


@dataclass(frozen=True, slots=True)
class Correction:
    """What the clock is told: its `tempo`, and to be `seconds` earlier after `beats` beats.

    It takes the place of the correction before it. `error` is how many beats the band was behind.
    """

    tempo: float
    seconds: float
    beats: float
    error: float


@dataclass(frozen=True, slots=True)
class Character:
    """How a mode follows.

    `reach` is how far off (in beats) the band may be and still believe what it hears: beyond it
    coasts. `hurry` is how much faster or slower than its tempo it may run to catch up. `trust` is
    the confidence of a pulse that is followed. `usual` is how far off (in seconds) people are from
    one another anyway: what is further off without the tempo saying so too is taken for an accident
    until it has lasted `patience` beats. `stretch` is how far from the tempo of the chart it goes,
    as a factor. `believing`, it goes as far as that where it hears more; else it does not believe
    what it hears: an ear that takes three for four would run away with the band.
    """

    reach: float
    hurry: float
    trust: float
    usual: float
    patience: float
    stretch: float
    believing: bool


CHARACTERS = {
    FollowMode.ADAPTIVE: Character(
        reach=0.4, hurry=0.4, trust=0.25, usual=0.05, patience=1.25, stretch=1.29, believing=False
    ),
    FollowMode.FREE: Character(
        reach=0.5, hurry=0.6, trust=0.1, usual=1.0, patience=0.0, stretch=2.5, believing=True
    ),
}

_SAME_TEMPO, _OTHER_TEMPO = 0.015, 0.09
"""As shares: tempos so near say nothing of why the phase is off, and so far say all of it."""
_FIRMNESS = 1.0
"""How much of what is missing in strength a change of tempo adds that phase and tempo both tell."""
_SLOWEST, _FASTEST = 20.0, 400.0
_LEAST_BEATS, _MOST_BEATS = 0.25, 16.0
_MOST_SECONDS = 0.9


class ControlLaw:
    """Decides how the clock moves, a few times a beat; holds nothing but how long it has been off.

    `strength` is the share of what the band is off that it takes back within one beat. `home` is
    the tempo of the chart, `unit` the felt beat in quarter notes (1.5 in compound meters).
    """

    def __init__(
        self, mode: FollowMode | str, strength: float, home: float, unit: float = 1.0
    ) -> None:
        self.mode = mode_named(mode)
        self.strength = checked_strength(strength)
        self.home = home
        self.unit = unit
        self.ending = False  # the last bars: wherever the performer goes, at once
        self._odd = 0.0  # beats for which the band has been off, on one side, for no known reason
        self._side = 0.0

    @property
    def _character(self) -> Character:
        return CHARACTERS[FollowMode.FREE if self.ending else self.mode]

    @property
    def follows(self) -> bool:
        """Whether the clock is moved at all."""
        return self.mode is not FollowMode.CLICK and self.strength > 0

    def correct(
        self, heard: Pulse, error: float, tempo: float, since: float, *, counted: bool = False
    ) -> Correction | None:
        """Return how the clock should move, None where it is left alone.

        `heard` is the performer at the time at which the change will sound, `error` how many
        quarters the band is behind then, `tempo` the band's, `since` how many beats ago this was
        last decided. `counted` says that an error beyond half a beat is one of the count, to be
        made good.
        """
        if not self.follows:
            return None
        character = self._character
        far = abs(error) > character.reach * self.unit and not counted
        if heard.confidence < character.trust or far:
            self._odd = 0.0
            return None
        target = within_octave(heard.tempo, tempo)
        if not (character.believing or self._kept_in_range(target) == target):
            self._odd = 0.0
            return None
        agreed = agreement(error, target / tempo)
        weight = 1.0 if counted else self._belief(error, agreed, tempo, since)
        share = self._share(weight, agreed, since)
        new = self._kept_in_range(tempo * exp(log(target / tempo) * share))
        hurry = character.hurry
        # over so many beats, of which the next decision lets only `since` come to pass
        beats = max(since / share, error * (1 + hurry) / hurry, -error * (1 - hurry) / hurry)
        seconds = min(max(error * 60 / new, -_MOST_SECONDS), _MOST_SECONDS)
        return Correction(new, seconds, min(max(beats, _LEAST_BEATS), _MOST_BEATS), error)

    def _share(self, weight: float, agreed: float, since: float) -> float:
        """Return the share of the difference that is taken back in `since` beats."""
        agreed = 1.0 if self.ending else agreed
        firm = self.strength + (1 - self.strength) * agreed * _FIRMNESS
        left = 1 - min(firm, 0.98) * weight
        return 1 - float(left**since)

    def _belief(self, error: float, agreed: float, tempo: float, since: float) -> float:
        """Return 0-1: how far an error is believed to be the performer's intention."""
        character = self._character
        seconds = abs(error) * 60 / tempo
        if seconds <= character.usual or agreed > 0:
            self._odd = 0.0
            return 1.0
        self._odd = self._odd + since if copysign(1, error) == self._side else since
        self._side = copysign(1, error)
        if self._odd >= character.patience:
            return 1.0
        return character.usual / seconds

    def _kept_in_range(self, tempo: float) -> float:
        stretch = self._character.stretch
        low, high = self.home / stretch, self.home * stretch
        return min(max(tempo, low, _SLOWEST), high, _FASTEST)


def agreement(error: float, ratio: float) -> float:
    """Return 0-1: how far tempo and phase tell of the same change, the band too slow and behind."""
    faster = log(ratio)
    if copysign(1, faster) != copysign(1, error):
        return 0.0
    return min(max((abs(faster) - _SAME_TEMPO) / (_OTHER_TEMPO - _SAME_TEMPO), 0.0), 1.0)


def off_by(heard: float, band: float, unit: float = 1.0) -> float:
    """Return how many quarters the band is behind (negative: ahead), at most half a felt beat."""
    return ((heard - band) / unit + 0.5) % 1 * unit - 0.5 * unit


def within_octave(tempo: float, near: float) -> float:
    """Return a tempo halved or doubled until it is nearest to another: one pulse, other counts."""
    while tempo > near * sqrt(2):
        tempo /= 2
    while tempo < near / sqrt(2):
        tempo *= 2
    return tempo
