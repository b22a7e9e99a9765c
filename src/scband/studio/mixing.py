"""A mix measured from its stems: every track, their sum, and who covers whom."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from scband.studio.levels import Level, level_of
from scband.studio.masking import Masking, masking
from scband.studio.roles import Role, role_by_sound
from scband.studio.spectra import FRAMES_PER_SECOND, Spectrum, share_of, spectrum_of
from scband.studio.stems import BLOCK, Fader, Stem, check_total, mixed

if TYPE_CHECKING:
    from numpy.typing import NDArray

_FALLING_FRAMES = 4


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """A stem with what was measured of it, before its fader."""

    stem: Stem
    role: Role
    level: Level
    spectrum: Spectrum
    fader: Fader = field(default_factory=Fader)

    @property
    def name(self) -> str:
        """The track's name."""
        return self.stem.name

    @property
    def loudness(self) -> float:
        """Integrated loudness behind the fader, LUFS."""
        return self.level.loudness_lufs + self.fader.gain_db

    @property
    def silent(self) -> bool:
        """Whether nothing is heard of it."""
        return self.level.silent

    @property
    def decay_seconds(self) -> float:
        """How long its sound takes to fall by 60 dB where it falls, 0 where it never does.

        The median over all falls of a sixth of a second and more (after Ratnam et al., "Blind
        estimation of reverberation time", J. Acoust. Soc. Am. 114, 2003): a room, or the
        instrument's own ringing, whichever is longer.
        """
        power = self.spectrum.energy.sum(axis=1, dtype=np.float64)
        level = 10 * np.log10(np.maximum(power, power.max(initial=1e-12) * 1e-6))
        fall = -np.diff(level)
        runs = _runs((fall > 0.1) & (level[:-1] > level.max(initial=-120.0) - 50))
        speeds = [float(fall[a:b].mean()) for a, b in runs if b - a >= _FALLING_FRAMES]
        return 60 / (float(np.median(speeds)) * FRAMES_PER_SECOND) if speeds else 0.0


def _runs(flags: NDArray[np.bool_]) -> list[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]]).astype(np.int8)))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


@dataclass(frozen=True, slots=True, eq=False)
class Mix:
    """Tracks behind their faders, and their sum. `tempo` is in quarter notes a minute, 0 unknown.

    `masking` counts `audible` tracks only, in their order.
    """

    tracks: tuple[Track, ...]
    level: Level
    spectrum: Spectrum
    masking: Masking
    tempo: float = 0.0

    @property
    def audible(self) -> tuple[Track, ...]:
        """The tracks of which something is heard."""
        return tuple(track for track in self.tracks if not track.silent)


def measure_track(stem: Stem, fader: Fader) -> Track:
    """Measure one stem; where neither its name nor its file says so, its role is guessed."""
    channels = stem.samples.shape[1]
    level = level_of(_blocks(stem), channels)
    spectrum = spectrum_of(_blocks(stem))
    low = share_of(spectrum.mean, 0.0, 200.0)
    role = stem.role or role_by_sound(low, spectrum.tonal, level.crest_db)
    return Track(stem, role, level, spectrum, fader)


def measure(
    stems: Sequence[Stem], faders: Sequence[Fader] | None = None, tempo: float = 0.0
) -> Mix:
    """Measure stems and their sum through faders (all open by default).

    Raises AudioFileError for more audio than is measured at once.
    """
    check_total(stems)
    placed = list(faders or [Fader()] * len(stems))
    tracks = tuple(measure_track(stem, fader) for stem, fader in zip(stems, placed, strict=True))
    return combine(tracks, tempo)


def through(mix: Mix, faders: Sequence[Fader]) -> Mix:
    """Give the same tracks through other faders; only their sum is measured anew."""
    tracks = tuple(
        Track(track.stem, track.role, track.level, track.spectrum, fader)
        for track, fader in zip(mix.tracks, faders, strict=True)
    )
    return combine(tracks, mix.tempo)


def combine(tracks: tuple[Track, ...], tempo: float = 0.0) -> Mix:
    """Measure the sum of tracks that are measured already, and who covers whom in it."""
    stems, faders = [track.stem for track in tracks], [track.fader for track in tracks]
    audible = [track for track in tracks if not track.silent]
    return Mix(
        tracks=tracks,
        level=level_of(mixed(stems, faders), 2),
        spectrum=spectrum_of(mixed(stems, faders)),
        masking=masking(
            [track.spectrum for track in audible], [track.fader.gain_db for track in audible]
        ),
        tempo=tempo,
    )


def _blocks(stem: Stem) -> Iterator[NDArray[np.float32]]:
    for begin in range(0, len(stem.samples), BLOCK):
        yield np.asarray(stem.samples[begin : begin + BLOCK])
