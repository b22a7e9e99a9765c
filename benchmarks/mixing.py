"""How mixes of the band measure: where each player stands, the score, and what damage does to it.

    python benchmarks/mixing.py [style …]

The offsets and spreads in `scband.studio.mix_targets` come from this table; the second table says
whether each damage is found first, the third how long measuring takes.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import numpy as np
from scipy.signal import lfilter

import scband
from scband.studio.advice import Kind
from scband.studio.autolevel import auto_level
from scband.studio.mix_doctor import diagnose
from scband.studio.mixing import Mix, Track, combine, measure, measure_track, through
from scband.studio.stems import RATE, Fader, read_stem

STYLES = ("pop", "funk", "rock", "swing", "bossa", "soul", "house")
CHART = "| Dm7 | G7 | Cmaj7 | A7 |"
PLAYERS = ("drums", "bass", "keys", "guitar")


def rendered(style: str, folder: Path) -> list[Path]:
    song = scband.chart(CHART, style=style, seed=5, players=(*PLAYERS, "lead", "pad"))
    stems = song.render(folder / f"{style}.wav", stems=True).stems
    return [path for name, path in sorted(stems.items())]


def bell(samples: np.ndarray, hz: float, decibels: float, q: float) -> np.ndarray:
    size, turn = 10 ** (decibels / 40), 2 * np.pi * hz / RATE
    alpha = np.sin(turn) / 2 / q
    b = np.array([1 + alpha * size, -2 * np.cos(turn), 1 - alpha * size])
    a = np.array([1 + alpha / size, -2 * np.cos(turn), 1 - alpha / size])
    return lfilter(b / a[0], a / a[0], samples, axis=0)


def faded(mix: Mix, name: str, gain: float) -> Mix:
    return through(mix, [Fader(gain * (track.name == name)) for track in mix.tracks])


def changed(mix: Mix, names: tuple[str, ...], change) -> Mix:
    def again(track: Track) -> Track:
        samples = change(np.asarray(track.stem.samples, dtype=float)).astype(np.float32)
        return measure_track(replace(track.stem, samples=samples), track.fader)

    return combine(tuple(again(t) if t.name in names else t for t in mix.tracks))


DAMAGES = {
    "bass +12 dB": (Kind.LEVEL, "bass", lambda mix: faded(mix, "bass", 12.0)),
    "guitar -18 dB": (Kind.LEVEL, "guitar", lambda mix: faded(mix, "guitar", -18.0)),
    "mud: +12 dB at 300 Hz on all": (
        Kind.EQ, "", lambda mix: changed(mix, PLAYERS, lambda x: bell(x, 300, 12, 0.9)),
    ),
    "one side of the keys inverted": (
        Kind.PHASE, "keys", lambda mix: changed(mix, ("keys",), lambda x: x * np.array([1, -1])),
    ),
    "an offset of 2 % on the bass": (
        Kind.OFFSET, "bass", lambda mix: changed(mix, ("bass",), lambda x: x + 0.02),
    ),
    "everything 14 dB louder": (
        Kind.HEADROOM, "mix", lambda mix: through(mix, [Fader(14.0)] * len(mix.tracks)),
    ),
}  # fmt: skip


def main() -> None:
    styles = sys.argv[1:] or list(STYLES)
    offsets = defaultdict(list)
    masked = defaultdict(list)
    scores, spent, audio = [], 0.0, 0.0
    found_first, falls = defaultdict(int), defaultdict(list)
    spreads, levelled_scores = [], []
    with tempfile.TemporaryDirectory() as place:
        for style in styles:
            paths = rendered(style, Path(place))
            begun = time.process_time()
            mix = measure([read_stem(path) for path in paths])
            score = diagnose(mix).score
            spent += time.process_time() - begun
            audio += sum(track.stem.seconds for track in mix.tracks)
            scores.append(score)
            for track, share in zip(mix.audible, mix.masking.shares, strict=True):
                offsets[track.role].append(track.loudness - mix.level.loudness_lufs)
                masked[track.role].append(share)
            for name, (kind, where, damage) in DAMAGES.items():
                diagnosis = diagnose(damage(mix))
                top = diagnosis.suggestions[0]
                found_first[name] += top.kind is kind and where in ("", top.track)
                falls[name].append(score - diagnosis.score)
            levelled = auto_level(faded(faded(mix, "bass", 12.0), "guitar", -12.0))
            spreads.append(levelled.spread_lu)
            levelled_scores.append(diagnose(levelled.mix).score)
            assert levelled.mix.level.true_peak_dbtp <= -1.0
    print(f"load {os.getloadavg()[0]:.1f}, {len(styles)} styles: {', '.join(styles)}\n")
    print("| player | LU against the mix: median, least, most | masked share: median, most |")
    print("| --- | --- | --- |")
    for role, values in offsets.items():
        shares = masked[role]
        print(
            f"| {role} | {statistics.median(values):.1f}, {min(values):.1f}, {max(values):.1f} "
            f"| {statistics.median(shares):.2f}, {max(shares):.2f} |"
        )
    print(f"\nscore of the band's own mixes: {min(scores):.0f}-{max(scores):.0f}")
    print("\n| damage | found first | score falls by, least and most |\n| --- | --- | --- |")
    for name in DAMAGES:
        least, most = min(falls[name]), max(falls[name])
        print(f"| {name} | {found_first[name]} of {len(styles)} | {least:.0f}, {most:.0f} |")
    print(
        f"\nautomatic levels of a spoilt mix: off by {max(spreads):.2f} LU at most, "
        f"scores {min(levelled_scores):.0f}-{max(levelled_scores):.0f}, true peak under -1 dBTP"
    )
    print(f"measuring takes {spent / audio * 1000:.0f} ms of one core a second of track")


if __name__ == "__main__":
    main()
