"""What is wrong with single tracks and their balance: each rule reads measures, none guesses."""

from __future__ import annotations

import math
from collections.abc import Iterator
from statistics import median

from scband.studio.advice import Kind, Suggestion
from scband.studio.levels import decibels
from scband.studio.mix_targets import TARGETS, attack_release_ms
from scband.studio.mixing import Mix, Track
from scband.studio.roles import LOW, RHYTHM, Role
from scband.studio.spectra import share_of

_CLIPPED_SHARE = 1e-4
_OFFSET = 0.003
_RUMBLE_HZ, _RUMBLE_SHARE = 50.0, 0.05
_DRY_SECONDS = 0.35


def level_deviations(mix: Mix) -> dict[str, float]:
    """Return how far each audible track is above (+) what is usual beside the others, in LU.

    The others are judged by the median of all, so that one loud track does not make all the rest
    look quiet.
    """
    over = {
        track.name: track.loudness - TARGETS[track.role].offset_lu
        for track in mix.audible
        if track.role is not Role.EFFECTS
    }
    middle = median(over.values()) if over else 0.0
    return {name: value - middle for name, value in over.items()}


def levels(mix: Mix) -> Iterator[Suggestion]:
    """Find tracks that are too loud or too quiet for their role."""
    deviations = level_deviations(mix)
    for track in mix.audible:
        deviation = deviations.get(track.name, 0.0)
        beyond = abs(deviation) - TARGETS[track.role].spread_lu
        if beyond <= 0 or len(deviations) < 2:
            continue
        verb, side = ("Lower", "louder") if deviation > 0 else ("Raise", "quieter")
        yield Suggestion(
            kind=Kind.LEVEL,
            track=track.name,
            message=f"{verb} {track.name} by {abs(deviation):.1f} dB.",
            reason=f"{_titled(track)} has {track.loudness:.1f} LUFS, "
            f"{abs(deviation):.1f} LU {side} than is usual beside the other tracks.",
            severity=4.0 * beyond,
            measured={"loudness_lufs": track.loudness, "deviation_lu": deviation},
            action={"gain_db": -deviation},
        )


def _titled(track: Track) -> str:
    """Name a track with its role, once."""
    known = str(track.role) in track.name.lower()
    return track.name if known else f"{track.name} ({track.role})"


def clipping(mix: Mix) -> Iterator[Suggestion]:
    """Find recordings with flat tops."""
    for track in mix.tracks:
        share = track.stem.clipped
        if share <= _CLIPPED_SHARE:
            continue
        peak = decibels(track.stem.peak)
        yield Suggestion(
            kind=Kind.CLIPPING,
            track=track.name,
            message=f"Record or export {track.name} again with the gain "
            f"{max(3.0, peak + 6.0):.0f} dB lower, or repair it with a declipper.",
            reason=f"{100 * share:.2f} % of its samples are clipped (peak {peak:.1f} dBFS).",
            severity=25 + 12 * math.log10(share / _CLIPPED_SHARE),
            measured={"clipped_share": share, "peak_dbfs": peak},
            action={"process": "declip", "input_gain_db": -max(3.0, peak + 6.0)},
        )


def phase(mix: Mix) -> Iterator[Suggestion]:
    """Find tracks whose sides cancel each other in mono, over all or in the bass."""
    for track in mix.audible:
        image = track.spectrum.image
        if not track.stem.stereo or track.role is Role.EFFECTS:
            continue
        if image.correlation < 0:
            yield Suggestion(
                kind=Kind.PHASE,
                track=track.name,
                message=f"Invert the polarity of one channel of {track.name}.",
                reason=f"Its sides correlate by {image.correlation:.2f}: "
                f"in mono {_mono_loss(image.width):.0f} dB of it are gone.",
                severity=25 + 35 * -image.correlation,
                measured={"correlation": image.correlation, "width": image.width},
                action={"process": "invert_polarity", "channel": "right"},
            )
        elif image.low_correlation < 0.3 and share_of(track.spectrum.mean, 0, 150) > 0.1:
            yield Suggestion(
                kind=Kind.PHASE,
                track=track.name,
                message=f"Make {track.name} mono below 150 Hz.",
                reason=f"Below 150 Hz its sides correlate by {image.low_correlation:.2f}, "
                "so that its bass is lost in mono.",
                severity=10 + 20 * (0.3 - image.low_correlation),
                measured={"low_correlation": image.low_correlation},
                action={"process": "mono", "below_hz": 150.0},
            )


def _mono_loss(width: float) -> float:
    """Return how much level is lost when both sides are added, in dB."""
    return min(60.0, -10 * math.log10(max(1 - width, 1e-6)))


def masked(mix: Mix) -> Iterator[Suggestion]:
    """Find tracks that others cover, and what to cut from whom; one suggestion a covered track."""
    tracks = mix.audible
    for number, track in enumerate(tracks):
        share = mix.masking.shares[number]
        beyond = share - TARGETS[track.role].masked
        pair = next((pair for pair in mix.masking.pairs if pair.masked == number), None)
        if beyond <= 0 or pair is None:
            continue
        masker = tracks[pair.masker]
        cut = -min(9.0, max(2.0, 0.5 * (pair.excess_db + 6.0)))
        place = f"{pair.low_hz:.0f}-{pair.high_hz:.0f} Hz"
        yield Suggestion(
            kind=Kind.MASKING,
            track=track.name,
            message=f"Cut {masker.name} by {-cut:.1f} dB around {pair.centre_hz:.0f} Hz "
            f"(Q {pair.q:.1f}) to make room for {track.name}.",
            reason=f"Others cover {100 * share:.0f} % of what {track.name} has, {masker.name} "
            f"most of it ({100 * pair.share:.0f} %): it is {pair.excess_db:.1f} dB above "
            f"{track.name} in {place}.",
            severity=100 * beyond,
            measured={"masked_share": share, "by_masker": pair.share, "excess_db": pair.excess_db},
            action={
                "process": "eq", "on_track": masker.name, "type": "bell",
                "frequency_hz": pair.centre_hz, "gain_db": cut, "q": pair.q,
            },
        )  # fmt: skip


def dynamics(mix: Mix) -> Iterator[Suggestion]:
    """Find tracks whose loudness swings too far to stay in place."""
    for track in mix.audible:
        allowed = TARGETS[track.role].range_lu
        beyond = track.level.range_lu - allowed
        if beyond <= 0:
            continue
        ratio = min(6.0, max(1.5, track.level.range_lu / allowed * 1.5))
        threshold = track.level.peak_dbfs - track.level.crest_db
        attack, release = attack_release_ms(track.role)
        yield Suggestion(
            kind=Kind.COMPRESSION,
            track=track.name,
            message=f"Compress {track.name} {ratio:.1f}:1 above {threshold:.0f} dBFS "
            f"(attack {attack:.0f} ms, release {release:.0f} ms).",
            reason=f"Its loudness swings by {track.level.range_lu:.1f} LU; "
            f"{allowed:.0f} LU are usual for {track.role}.",
            severity=1.5 * beyond,
            measured={"range_lu": track.level.range_lu, "crest_db": track.level.crest_db},
            action={
                "process": "compressor", "ratio": ratio, "threshold_db": threshold,
                "attack_ms": attack, "release_ms": release,
            },
        )  # fmt: skip


def rumble(mix: Mix) -> Iterator[Suggestion]:
    """Find energy below the notes of tracks that have no bass to give."""
    for track in mix.audible:
        share = share_of(track.spectrum.mean, 0.0, _RUMBLE_HZ)
        if track.role in (*LOW, Role.EFFECTS) or share <= _RUMBLE_SHARE:
            continue
        yield Suggestion(
            kind=Kind.EQ,
            track=track.name,
            message=f"Put a high-pass filter at 70 Hz, 12 dB an octave, on {track.name}.",
            reason=f"{100 * share:.0f} % of its energy lies below {_RUMBLE_HZ:.0f} Hz.",
            severity=6 + 20 * (share - _RUMBLE_SHARE),
            measured={"share_below_50_hz": share},
            action={"process": "eq", "type": "high_pass", "frequency_hz": 70.0, "slope_db": 12.0},
        )


def offsets(mix: Mix) -> Iterator[Suggestion]:
    """Find recordings that are not centred on zero."""
    for track in mix.tracks:
        if track.level.offset <= _OFFSET:
            continue
        yield Suggestion(
            kind=Kind.OFFSET,
            track=track.name,
            message=f"Remove the DC offset of {track.name} with a high-pass filter at 10 Hz.",
            reason=f"Its mean is {track.level.offset:.3f} of full scale.",
            severity=6 + 8 * math.log10(track.level.offset / _OFFSET),
            measured={"offset": track.level.offset},
            action={"process": "eq", "type": "high_pass", "frequency_hz": 10.0, "slope_db": 12.0},
        )


def silences(mix: Mix) -> Iterator[Suggestion]:
    """Find tracks in which nothing is heard."""
    for track in mix.tracks:
        if not track.silent:
            continue
        yield Suggestion(
            kind=Kind.SILENCE,
            track=track.name,
            message=f"Remove {track.name}, or look for its missing sound.",
            reason="Nothing in it is louder than -60 LUFS.",
            severity=2.0,
            measured={"sounding_share": track.level.sounding, "peak_dbfs": _finite(track)},
            action={"process": "remove"},
        )


def _finite(track: Track) -> float:
    return max(-200.0, track.level.peak_dbfs)


def dryness(mix: Mix) -> Iterator[Suggestion]:
    """Find a foreground without any room around it, where no effects return plays."""
    if any(track.role is Role.EFFECTS for track in mix.audible) or len(mix.audible) < 2:
        return
    for track in mix.audible:
        seconds = track.decay_seconds
        dry = 0 < seconds < _DRY_SECONDS and track.spectrum.image.width < 0.02
        if not dry or track.role in (Role.BASS, *RHYTHM):
            continue
        beyond = (_DRY_SECONDS - seconds) / _DRY_SECONDS
        if track.role in (Role.LEAD, Role.VOCALS) and mix.tempo > 0:
            time = 45_000 / mix.tempo  # a dotted eighth
            yield _dry(track, beyond, Kind.DELAY, f"to a delay of {time:.0f} ms (a dotted eighth)",
                       {"process": "delay", "time_ms": time, "feedback": 0.25})  # fmt: skip
        else:
            yield _dry(track, beyond, Kind.REVERB, "to a reverb of 1.2 s",
                       {"process": "reverb", "decay_s": 1.2, "pre_delay_ms": 20.0})  # fmt: skip


def _dry(
    track: Track, beyond: float, kind: Kind, where: str, action: dict[str, float | str]
) -> Suggestion:
    send = -18.0 + 6.0 * beyond
    return Suggestion(
        kind=kind,
        track=track.name,
        message=f"Send {track.name} at {send:.0f} dB {where}.",
        reason=f"It falls by 60 dB in {track.decay_seconds:.2f} s and is "
        f"{100 * track.spectrum.image.width:.0f} % wide: there is no room around it.",
        severity=3.0 + 4.0 * beyond,
        measured={"decay_s": track.decay_seconds, "width": track.spectrum.image.width},
        action={**action, "send_db": send},
    )
