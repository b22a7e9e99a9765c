"""The networks that hear beats and count bars, run by onnxruntime from the package's own files.

`beats.onnx` looks at the cues of `features.summarise` some 12 seconds to either side: dilated
convolutions over time after Davies and Böck ("Temporal convolutional networks for musical audio
beat tracking", EUSIPCO 2019). `bars.onnx` looks at the `cells` of a grid of beats. They were
trained by `benchmarks/train_beats.py` and `benchmarks/train_bars.py`; `beats.json` and `bars.json`
beside them say on what.
"""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scband.errors import AnalysisError

Array = NDArray[np.float32]

SIGHT = 800
"""Frames to either side on which an answer can depend; a multiple of `STRIDE`."""
STRIDE = 4
"""The beat network halves the frame rate twice, so blocks begin at multiples of this."""


@lru_cache(maxsize=2)
def network(name: str) -> Any:
    """Load "beats" or "bars"; raises AnalysisError where the file is not there or broken."""
    import onnxruntime  # noqa: PLC0415  # heavy

    source = files("scband.analysis.beat") / f"{name}.onnx"
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    options.enable_cpu_mem_arena = False  # blocks of many lengths would make it grow
    try:
        return onnxruntime.InferenceSession(
            source.read_bytes(), options, providers=["CPUExecutionProvider"]
        )
    except Exception as error:  # onnxruntime raises many kinds, all of its own
        raise AnalysisError(
            f"the beat model {source} cannot be loaded: {error}; "
            f"reinstall scband, or train it anew with benchmarks/train_{name}.py"
        ) from error


def listen(cues: Array) -> Array:
    """Return P(beat) and P(downbeat) of every frame (frames, CUES), as an array (frames, 2)."""
    count = len(cues)
    padded = np.pad(cues, ((0, -count % STRIDE), (0, 0)), mode="edge")
    heard: Array = network("beats").run(None, {"cues": padded[None].astype(np.float32)})[0][0]
    return heard[:count]


def judge(cells: Array) -> Array:
    """Return the log probability of each class of `counting` for every beat (beats, CELL)."""
    logits: Array = network("bars").run(None, {"cells": cells[None].astype(np.float32)})[0][0]
    shifted = logits - logits.max(1, keepdims=True)
    logs: Array = shifted - np.log(np.exp(shifted).sum(1, keepdims=True))
    return logs
