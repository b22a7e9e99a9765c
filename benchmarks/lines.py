"""Onsets, the notes of single lines, and drums told from pitches, beside aubio and librosa.

`python benchmarks/lines.py [--seed 7] [--keep FOLDER]`: the takes of `listening_material.py`
(General MIDI instruments and drums by FluidSynth, tones by numpy). Scores are mir_eval's: onsets
within 50 ms; notes with onset within 50 ms and pitch within 50 cents, ends left out. aubio's notes
are yinfast's median pitch from one of its onsets to the next (2048/256), as its own `notes` finds
fewer; peers that are not installed are left out and named.
"""

from __future__ import annotations

import argparse
import importlib.util
import tempfile
import warnings
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import listening_material
import mir_eval
import numpy as np
import soundfile
import soxr

from scband.analysis.melody import find_notes, track_pitch
from scband.analysis.spectral import survey

RATE = 22_050
Notes = tuple[np.ndarray, np.ndarray]  # starts and ends (n, 2) in seconds, Hz (n,)
NONE: Notes = (np.zeros((0, 2)), np.zeros(0))


def our_onsets(sound: np.ndarray) -> np.ndarray:
    return survey(sound, RATE).onsets


def our_notes(sound: np.ndarray) -> Notes:
    notes = find_notes(track_pitch(sound, RATE), survey(sound, RATE).onsets)
    if not notes:
        return NONE
    return (
        np.array([[note.start, note.start + note.length] for note in notes]),
        np.array([440 * 2 ** ((note.pitch - 69) / 12) for note in notes]),
    )


def aubio_onsets(sound: np.ndarray) -> np.ndarray:
    import aubio

    detect = aubio.onset("default", 1024, 256, RATE)
    padded = np.pad(sound, (0, 256 - len(sound) % 256)).astype(np.float32)
    return np.array([detect.get_last_s() for block in padded.reshape(-1, 256) if detect(block)[0]])


def aubio_notes(sound: np.ndarray) -> Notes:
    import aubio

    follow = aubio.pitch("yinfast", 2048, 256, RATE)
    follow.set_silence(-60)
    padded = np.pad(sound, (0, 256 - len(sound) % 256)).astype(np.float32)
    hz = np.array([follow(block)[0] for block in padded.reshape(-1, 256)])
    onsets = aubio_onsets(sound)
    spans, pitches = [], []
    for start, end in zip(onsets, [*onsets[1:], len(sound) / RATE], strict=True):
        inside = hz[int(start * RATE / 256) + 4 : int(end * RATE / 256) + 4]
        voiced = inside[inside > 0]
        if len(voiced) > 4:
            spans.append((start, start + len(voiced) * 256 / RATE))
            pitches.append(float(np.median(voiced)))
    return (np.array(spans), np.array(pitches)) if spans else NONE


def librosa_onsets(sound: np.ndarray) -> np.ndarray:
    import librosa

    return np.asarray(librosa.onset.onset_detect(y=sound, sr=RATE, units="time"))


ONSETS: dict[str, tuple[str, Callable[[np.ndarray], np.ndarray]]] = {
    "scband": ("scband", our_onsets),
    "aubio": ("aubio", aubio_onsets),
    "librosa": ("librosa", librosa_onsets),
}
NOTES: dict[str, tuple[str, Callable[[np.ndarray], Notes]]] = {
    "scband": ("scband", our_notes),
    "aubio yinfast": ("aubio", aubio_notes),
}


def note_score(take: listening_material.Take, found: Notes) -> float:
    wanted = np.array([[note.start, note.end] for note in take.notes])
    hz = np.array([note.hz for note in take.notes])
    heard, pitches = found
    if not len(heard):
        return 0.0
    heard = np.stack([heard[:, 0], np.maximum(heard[:, 1], heard[:, 0] + 0.01)], axis=1)
    return mir_eval.transcription.precision_recall_f1_overlap(
        wanted, hz, heard, pitches, offset_ratio=None
    )[2]


def measure(folder: Path, seed: int) -> None:
    onset_rows: dict[tuple[str, str], list[float]] = defaultdict(list)
    note_rows: dict[str, dict[str, float]] = defaultdict(dict)
    late: dict[str, list[float]] = defaultdict(list)
    kinds: list[bool] = []
    installed = {name for name, (package, _) in {**ONSETS, **NOTES}.items()
                 if importlib.util.find_spec(package)}  # fmt: skip
    for take in listening_material.make_takes(folder, seed):
        sound, rate = soundfile.read(take.path, dtype="float32")
        sound = soxr.resample(sound, rate, RATE)
        wanted = np.array(take.onsets)
        for name, (_, detect) in ONSETS.items():
            if name not in installed:
                continue
            found = detect(sound)
            onset_rows[name, take.kind].append(mir_eval.onset.f_measure(wanted, found)[0])
            near = [found[np.abs(found - time).argmin()] - time for time in wanted if len(found)]
            late[name] += [gap for gap in near if abs(gap) < 0.05]
        if take.kind == "pitch":
            for name, (_, transcribe) in NOTES.items():
                if name in installed:
                    note_rows[name][take.source] = note_score(take, transcribe(sound))
        kinds.append((survey(sound, RATE).spectral.material == "drums") == (take.kind == "drums"))
    for name in ONSETS:
        told = [
            f"{kind} {np.mean(scores):.3f} (n={len(scores)})"
            for (who, kind), scores in onset_rows.items()
            if who == name
        ]
        median = f", late by {1000 * np.median(late[name]):+.0f} ms" if late[name] else ""
        print(f"  onsets, {name:<14}", "  ".join(told) + median if told else "not installed")
    for name in NOTES:
        scores = note_rows[name]
        print(f"  notes,  {name:<14}", f"{np.mean(list(scores.values())):.3f} (n={len(scores)})"
              if scores else "not installed")  # fmt: skip
    poor = sorted(note_rows["scband"], key=lambda source: note_rows["scband"][source])[:6]
    peer = note_rows.get("aubio yinfast", {})
    for source in poor:
        beside = f", aubio {peer[source]:.2f}" if source in peer else ""
        print(f"    worst {source}: {note_rows['scband'][source]:.2f}{beside}")
    print(f"  drums or pitched: {np.mean(kinds):.3f} (n={len(kinds)})")


def main() -> None:
    warnings.filterwarnings("ignore")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--keep", type=Path, help="a folder for the takes")
    options = parser.parse_args()
    missing = listening_material.missing_programs()
    if missing:
        print(f"  needs {' and '.join(missing)}")
        return
    with tempfile.TemporaryDirectory() as scratch:
        measure(options.keep or Path(scratch), options.seed)


if __name__ == "__main__":
    main()
