"""Measure the band's ears: pitch, onsets and chroma of the analysis SynthDef, in the real server.

Files with exact truth go through the SynthDef in the server's non-real-time mode, by default in
scsynth, which starts sooner than supernova and hears the same. `--live` plays some of them through
supernova and JACK in real time too, and says how far both agree. The way from the server to Python
and back is measured elsewhere.

Needs FluidSynth and a sound font, which scband itself does not:
`apt install fluidsynth fluid-soundfont-gm timgm6mb-soundfont`.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from listening_material import Take, make_takes, missing_programs
from listening_scores import OnsetScore, PitchScore, chroma_score, decoded
from live_listening import PERIOD, live_listener
from offline_listening import Heard, listen

from scband.supercollider.synthdefs import compiled_synthdefs

TARGETS = {
    "pitch, all": 0.82,
    "pitch under 87 Hz after 150 ms": 0.97,
    "onsets F": 0.82,
    "onset latency, median ms": 12.0,
}


def main() -> int:
    """Print the figures by source and altogether; with --json also write them to a file."""
    options = _options()
    if missing := missing_programs():
        sys.exit(f"this benchmark needs {' and '.join(missing)} (see the top of this file)")
    definitions = compiled_synthdefs(plain=options.plain or None)
    with TemporaryDirectory(prefix="scband-listening-") as folder:
        takes = [
            take for seed in options.seeds for take in make_takes(Path(folder, str(seed)), seed)
        ]
        figures = measure(takes, lambda path: listen(path, definitions, server=options.server))
        if options.live:
            compare_live(takes, definitions)
    report(
        figures, f"seeds {options.seeds}, {options.server}, {'plain' if options.plain else 'full'}"
    )
    if options.json:
        Path(options.json).write_text(json.dumps(figures, indent=1))
    return 0


def measure(takes: Sequence[Take], hear: Callable[[Path], Heard]) -> dict[str, dict[str, float]]:
    """Listen to every take; return the figures by source, and under "all" those altogether."""
    pitches: dict[str, PitchScore] = {}
    onsets: dict[str, OnsetScore] = {}
    chromas: dict[str, list[float]] = {}
    for take in takes:
        source = take.source.split("/")[0]
        heard = hear(take.path)
        frames = decoded(heard)
        for name in (source, "all"):
            onsets.setdefault(name, OnsetScore()).add(take, heard)
            if take.kind == "pitch":
                pitches.setdefault(name, PitchScore()).add(take.notes, frames)
            elif take.kind == "chords":
                chromas.setdefault(name, []).append(chroma_score(take, frames))
    return {
        name: {
            **(_pitch_figures(pitches[name]) if name in pitches else {}),
            **_onset_figures(onset),
            **({"chroma": float(np.mean(chromas[name]))} if name in chromas else {}),
        }
        for name, onset in onsets.items()
    }


def compare_live(takes: Sequence[Take], definitions: Path) -> None:
    """Print the figures of some takes heard live beside those heard offline."""
    some = [take for take in takes if take.source in LIVE_SOURCES]
    offline = measure(some, lambda path: listen(path, definitions, server="supernova"))["all"]
    with live_listener(definitions) as ears:
        live = measure(some, ears.listen)["all"]
        print(f"live (period {PERIOD}, {ears.xruns} xruns) and offline, {len(some)} takes:")
    for name in live:
        print(f"  {name:36s}{live[name]:10.3f}{offline[name]:10.3f}")


def _pitch_figures(score: PitchScore) -> dict[str, float]:
    latencies = 1000 * np.array(score.latencies or [np.nan])
    return {
        "pitch, all": float(np.mean(score.right)),
        "pitch after 150 ms": float(np.mean(score.settled)),
        **(
            {"pitch under 87 Hz after 150 ms": float(np.mean(score.low_settled))}
            if score.low_settled
            else {}
        ),
        "pitch latency, median ms": float(np.median(latencies)),
        "pitch latency, 90 % ms": float(np.percentile(latencies, 90)),
        "notes never heard": score.never,
    }


def _onset_figures(score: OnsetScore) -> dict[str, float]:
    latencies = 1000 * np.array(score.latencies or [np.nan])
    errors = 1000 * np.array(score.stamp_errors or [np.nan])
    return {
        "onsets F": score.f,
        "onset latency, median ms": float(np.median(latencies)),
        "onset latency, 90 % ms": float(np.percentile(latencies, 90)),
        "onset stamp error, median ms": float(np.median(errors)),
    }


LIVE_SOURCES = ("bass finger/_line", "guitar steel/_line", "voice/_line", "drums/0")
COLUMNS = {
    "pitch, all": "pitch",
    "pitch after 150 ms": ">150ms",
    "pitch under 87 Hz after 150 ms": "<87Hz",
    "pitch latency, median ms": "lat",
    "pitch latency, 90 % ms": "p90",
    "notes never heard": "never",
    "onsets F": "onsetF",
    "onset latency, median ms": "lat",
    "onset latency, 90 % ms": "p90",
    "onset stamp error, median ms": "stamp",
    "chroma": "chroma",
}


def report(figures: dict[str, dict[str, float]], conditions: str) -> None:
    """Print one line a source, then the targets with what was reached."""
    print(conditions)
    print(f"{'':24s}" + "".join(f"{column:>8s}" for column in COLUMNS.values()))
    for name in sorted(figures, key=lambda name: (name == "all", name)):
        cells = (_cell(name_, figures[name].get(name_)) for name_ in COLUMNS)
        print(f"{name:24s}" + "".join(cells))
    for name, target in TARGETS.items():
        reached = figures["all"][name]
        good = reached <= target if "latency" in name else reached >= target
        print(f"{'ok  ' if good else 'MISS'} {name}: {reached:.3f} (to reach {target})")


def _cell(name: str, value: float | None) -> str:
    if value is None:
        return f"{'-':>8s}"
    return f"{value:8.1f}" if name.endswith(" ms") and "after" not in name else f"{value:8.3f}"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1])
    parser.add_argument("--server", choices=("supernova", "scsynth"), default="scsynth")
    parser.add_argument("--plain", action="store_true", help="without sc3-plugins")
    parser.add_argument("--live", action="store_true", help="also some takes in real time")
    parser.add_argument("--json", help="file to write the figures to")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
