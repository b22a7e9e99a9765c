"""Gains and places that bring tracks to the usual balance, proved on the sum that they make."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from scband.studio.mix_targets import TARGETS, TRUE_PEAK_DBTP
from scband.studio.mixing import Mix, Track, through
from scband.studio.roles import CENTRED, Role
from scband.studio.stems import Fader

TARGET_LUFS = -18.0
"""Loudness of the levelled mix where its peaks allow it: what mastering likes to be given."""

MOST_DB = 18.0
"""A track is moved no further than this against the others."""

_PLACED_DB = 1.5  # a stem whose sides differ by more has its place already
_PLACES = (0.35, 0.35, 0.2, 0.2, 0.5, 0.5)
_ALLOWANCE_DB = 0.05


@dataclass(frozen=True, slots=True, eq=False)
class Levelled:
    """A fader for each track, in their order, and the mix measured through them.

    `deviations_lu` say how far each track's loudness still is from what its role has beside the
    others; `limited` names the tracks that would have had to move further than MOST_DB.
    """

    faders: tuple[Fader, ...]
    mix: Mix
    deviations_lu: tuple[float, ...]
    limited: tuple[str, ...]

    @property
    def spread_lu(self) -> float:
        """The largest deviation."""
        return max((abs(each) for each in self.deviations_lu), default=0.0)


def auto_level(mix: Mix, target_lufs: float = TARGET_LUFS) -> Levelled:
    """Find gains and pans for all tracks, so that the sum is near `target_lufs` and never clips.

    Each track comes to its role's usual loudness beside the others (those of one role share it);
    the whole is then moved to the target, or as near to it as a true peak of -1 dBTP lets it come.
    Faders that were given are replaced; silent tracks stay as they are.
    """
    wanted = _wanted(mix.tracks)
    middle = median(wanted.values()) if wanted else 0.0
    relative = {place: max(-MOST_DB, min(MOST_DB, gain - middle)) for place, gain in wanted.items()}
    pans = _pans(mix.tracks)
    first = through(mix, _faders(relative, pans, 0.0))
    if first.level.silent:
        return Levelled(tuple(_faders({}, pans, 0.0)), first, (), ())
    room = TRUE_PEAK_DBTP - _ALLOWANCE_DB - first.level.true_peak_dbtp
    faders = _faders(relative, pans, min(target_lufs - first.level.loudness_lufs, room))
    final = through(mix, faders)
    limited = [mix.tracks[n].name for n in relative if abs(wanted[n] - middle) > MOST_DB]
    return Levelled(tuple(faders), final, _deviations(final), tuple(limited))


def _shares(tracks: Sequence[Track]) -> dict[Role, float]:
    """Return by how much each role's tracks are turned down for being several, in dB."""
    count = Counter(track.role for track in tracks if not track.silent)
    return {role: 10 * math.log10(number) for role, number in count.items()}


def _wanted(tracks: Sequence[Track]) -> dict[int, float]:
    """Return the gain that brings each audible track to its role's loudness."""
    shares = _shares(tracks)
    return {
        place: TARGETS[track.role].offset_lu - shares[track.role] - track.level.loudness_lufs
        for place, track in enumerate(tracks)
        if not track.silent
    }


def _deviations(mix: Mix) -> tuple[float, ...]:
    left = [gain - mix.tracks[place].fader.gain_db for place, gain in _wanted(mix.tracks).items()]
    middle = median(left) if left else 0.0
    return tuple(middle - each for each in left)


def _faders(relative: dict[int, float], pans: Sequence[float], offset: float) -> list[Fader]:
    return [
        Fader(relative[place] + offset if place in relative else 0.0, pan)
        for place, pan in enumerate(pans)
    ]


def _pans(tracks: Sequence[Track]) -> list[float]:
    """Spread what need not stand in the middle, each to the side that has less."""
    lean, moved = 0.0, 0
    pans = []
    for track in tracks:
        place = 0.0
        balance = track.spectrum.image.balance_db
        weight = 10 ** (TARGETS[track.role].offset_lu / 20)
        if track.stem.stereo and abs(balance) > _PLACED_DB:
            lean += weight * math.copysign(0.35, balance)
        elif track.role not in CENTRED and not track.silent:
            place = math.copysign(_PLACES[moved % len(_PLACES)], -lean if lean else 1.0)
            lean += weight * place
            moved += 1
        pans.append(place)
    return pans
