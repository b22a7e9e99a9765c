"""Let the beat networks' eyes look at takes once, so that training need not.

    python benchmarks/beat_views.py TAKES OUT

reads the .flac and .json of `beat_takes.py` and writes for each take an .npz: `view0`, `view1`
(frames, bands) in half precision, `spacings` seconds between frames in each view, `beats` in
seconds, `places` in the bar from 0, `name`. The second view is slower or faster by lot.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from random import Random

import numpy as np
import soundfile

from scband.analysis.beat.features import FRAMES_PER_SECOND, level_gain, look


def write_views(take: Path, out: Path) -> None:
    """Look at one take at its own speed and at another."""
    samples, rate = soundfile.read(take, dtype="float32")
    truth = json.loads(take.with_suffix(".json").read_text())
    dice = Random(take.stem)
    gain = level_gain(samples)
    factors = [1.0, dice.choice((dice.uniform(0.75, 0.95), dice.uniform(1.05, 1.3)))]
    arrays = {}
    for number, factor in enumerate(factors):
        spacing = factor / FRAMES_PER_SECOND
        count = int(len(samples) / rate / spacing)
        view = look(samples, rate, 0, count, gain=gain, spacing=spacing)
        arrays[f"view{number}"] = view.astype(np.float16)
    np.savez(
        out / take.with_suffix(".npz").name,
        name=truth["name"],
        spacings=np.array(factors) / FRAMES_PER_SECOND,
        beats=np.array(truth["beats"]),
        places=np.array(truth["places"]),
        **arrays,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("takes", type=Path)
    parser.add_argument("out", type=Path)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    for truth in sorted(options.takes.glob("*.json")):
        if not (options.out / truth.with_suffix(".npz").name).exists():
            write_views(truth.with_suffix(".flac"), options.out)


if __name__ == "__main__":
    main()
