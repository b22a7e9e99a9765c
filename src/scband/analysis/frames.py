"""Read what the analysis synth sends: frames 100 times a second, onsets at once.

This is the one description of the two messages; `sc/synthdefs/analysis.scd` sends them. Both
begin with two integers that SendReply puts there (node and reply id), then come floats:

| `/scband/frame` | floats | is |
| --- | --- | --- |
| samples | 2 | samples since the synth began, in units of 2**20, and the rest |
| amplitude | 1 | level, linear: a full-scale sine is 1 |
| onset_strength | 1 | highest value of the spectral onset detector since the last frame |
| centroid_hz | 1 | spectral centroid |
| flatness | 1 | spectral flatness, 0 (a tone) to 1 (noise) |
| trackers | 6 | Hz and clarity of the pitch trackers, the shortest window first |
| chroma | 12 | level by pitch class, from C |
| spectrum | 72 | level by semitone, from E1 (MIDI 28, 41.2 Hz) to D#7 |

| `/scband/onset` | floats | is |
| --- | --- | --- |
| samples | 2 | as above, at the sample in which the detector answered |
| soft | 1 | 0: a sharp attack, heard in the level; 1: a soft one, heard in the spectrum |
| rise | 1 | level over the level of 2.7 ms before, as a factor |
| amplitude | 1 | level at that sample, linear |
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from scband.analysis.pitch import Pitch, PitchFusion
from scband.errors import FrameError

FRAME_ADDRESS = "/scband/frame"
ONSET_ADDRESS = "/scband/onset"
FRAMES_PER_SECOND = 100
LOWEST_BAND = 28
"""MIDI note of the first band of the spectrum."""
BAND_COUNT = 72
TRACKER_COUNT = 3
COUNT_UNIT = 2**20
"""Samples in one unit of a count's first part."""

FRAME_FIELDS: tuple[tuple[str, int], ...] = (
    ("samples", 2),
    ("amplitude", 1),
    ("onset_strength", 1),
    ("centroid_hz", 1),
    ("flatness", 1),
    ("trackers", 2 * TRACKER_COUNT),
    ("chroma", 12),
    ("spectrum", BAND_COUNT),
)
ONSET_FIELDS: tuple[tuple[str, int], ...] = (
    ("samples", 2),
    ("soft", 1),
    ("rise", 1),
    ("amplitude", 1),
)
_HEADER = 2
_SILENCE_DB = -120.0


class OnsetKind(Enum):
    """What gave an onset away: a jump of the level, or a change in the spectrum."""

    SHARP = 0
    SOFT = 1


DETECTOR_LATENCY_SAMPLES = {OnsetKind.SHARP: 0, OnsetKind.SOFT: 117}
"""Samples from the beginning of a sound to the detector's answer, subtracted from the count.

Measured with sounds that begin from one sample to the next: clicks and noise bursts are answered
at their first sample; a change of a steady tone's pitch mostly 54 to 200 samples later, 117 in
the middle (an FFT of 1024 samples, every 128). A slow attack is later by as much as it is slow.
"""


@dataclass(frozen=True, slots=True)
class Frame:
    """What was heard at one moment.

    `samples` is the server's sample count since the analysis began, `pitch_hz` 0 where no pitch
    is heard, `pitch_confidence` 0-1, `amplitude` linear (a full-scale sine is 1), `chroma` 12
    levels from C, `spectrum` 72 levels, one a semitone from E1.
    """

    samples: int
    pitch_hz: float
    pitch_confidence: float
    amplitude: float
    onset_strength: float
    centroid_hz: float
    flatness: float
    chroma: tuple[float, ...]
    spectrum: tuple[float, ...]

    @property
    def db(self) -> float:
        """Give the level in decibels below full scale, -120 at the least."""
        return _decibels(self.amplitude)


@dataclass(frozen=True, slots=True)
class Onset:
    """The beginning of a sound: when (`samples`), how it was heard, and how loud it is.

    `samples` is the count at which the sound began: the detector's known latency is already
    subtracted. `rise` is the factor by which the level jumped within 2.7 ms.
    """

    samples: int
    kind: OnsetKind
    rise: float
    amplitude: float

    @property
    def db(self) -> float:
        """Give the level in decibels below full scale, -120 at the least."""
        return _decibels(self.amplitude)


def decode_frame(args: Sequence[object], fusion: PitchFusion | None = None) -> Frame:
    """Read the arguments of one `/scband/frame`.

    `fusion` joins the pitch trackers with what it has heard in the frames before; without one
    this frame stands alone. Raises FrameError when the layout is not the one documented above.
    """
    fields = _fields(FRAME_ADDRESS, args, FRAME_FIELDS)
    tracked = fields["trackers"]
    heard = [Pitch(tracked[i], tracked[i + 1]) for i in range(0, len(tracked), 2)]
    pitch = (fusion or PitchFusion()).update(heard)
    return Frame(
        samples=_count(FRAME_ADDRESS, fields["samples"]),
        pitch_hz=pitch.hz,
        pitch_confidence=pitch.confidence,
        amplitude=fields["amplitude"][0],
        onset_strength=fields["onset_strength"][0],
        centroid_hz=fields["centroid_hz"][0],
        flatness=fields["flatness"][0],
        chroma=fields["chroma"],
        spectrum=fields["spectrum"],
    )


def decode_onset(args: Sequence[object]) -> Onset:
    """Read the arguments of one `/scband/onset`.

    Raises FrameError when the layout is not the one documented above.
    """
    fields = _fields(ONSET_ADDRESS, args, ONSET_FIELDS)
    kind = OnsetKind.SOFT if fields["soft"][0] > 0 else OnsetKind.SHARP
    heard = _count(ONSET_ADDRESS, fields["samples"])
    return Onset(
        samples=max(0, heard - DETECTOR_LATENCY_SAMPLES[kind]),
        kind=kind,
        rise=fields["rise"][0],
        amplitude=fields["amplitude"][0],
    )


def _fields(
    address: str, args: Sequence[object], layout: tuple[tuple[str, int], ...]
) -> dict[str, tuple[float, ...]]:
    """Split a message's values by the layout; each must be a finite number."""
    wanted = _HEADER + sum(count for _, count in layout)
    if len(args) != wanted:
        raise FrameError(
            f"{address} came with {len(args)} values instead of {wanted}: the compiled analysis "
            "SynthDef is not the one that this version of scband reads"
        )
    values = tuple(_number(address, place, value) for place, value in enumerate(args))
    fields, start = {}, _HEADER
    for name, count in layout:
        fields[name] = values[start : start + count]
        start += count
    return fields


def _number(address: str, place: int, value: object) -> float:
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not math.isfinite(value):
        raise FrameError(f"{address} has {value!r} at place {place}, where a finite number belongs")
    return float(value)


def _count(address: str, parts: tuple[float, ...]) -> int:
    high, low = parts
    if high < 0 or not 0 <= low < COUNT_UNIT or high != int(high) or low != int(low):
        raise FrameError(f"{address} has no sample count in its first two values: {high}, {low}")
    return int(high) * COUNT_UNIT + int(low)


def _decibels(amplitude: float) -> float:
    return max(_SILENCE_DB, 20 * math.log10(max(amplitude, 1e-6)))
