"""Analyses kept in scband's cache folder, found again by the content of the recording."""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path

from scband.analysis.networks import MODEL_VERSION
from scband.analysis.result import FORMAT, Analysis
from scband.errors import AnalysisError
from scband.supercollider.synthdefs import cache_folder

ALGORITHM = 7
"""Counts up whenever the same recording would be heard otherwise."""
_MOST_FILES = 2000
_LARGEST = 2 << 30  # hashing more takes longer than it is worth
_HEADS = (b"RIFF", b"RIFX", b"RF64", b"riff", b"FORM", b"fLaC", b"OggS", b"ID3", b"caff", b".snd")


def digest(path: Path) -> str:
    """Hash a file's content together with what would hear it."""
    state = hashlib.sha256(f"{FORMAT} {ALGORITHM} {MODEL_VERSION}".encode())
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            state.update(block)
    return state.hexdigest()


def may_be_audio(path: Path) -> bool:
    """Tell by size and first bytes whether a file is worth hashing."""
    with path.open("rb") as file:
        head = file.read(4)
    mpeg = len(head) > 1 and head[0] == 0xFF and head[1] >= 0xE0
    return path.stat().st_size <= _LARGEST and (mpeg or head.startswith(_HEADS))


def _folder() -> Path:
    return cache_folder() / "analysis"


def load(key: str) -> Analysis | None:
    """Give the analysis of a digest, None where there is none that can be read."""
    path = _folder() / f"{key}.json"
    try:
        text = path.read_text(encoding="utf-8")
    except OSError:
        return None
    try:
        return Analysis.from_json(text)
    except AnalysisError:
        path.unlink(missing_ok=True)  # damaged: it is heard anew
        return None


def store(key: str, analysis: Analysis) -> bool:
    """Keep an analysis, whole or not at all; tell whether that was possible."""
    folder = _folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(
            "w", dir=folder, suffix=".part", delete=False, encoding="utf-8"
        ) as file:
            file.write(analysis.to_json())
        os.replace(file.name, folder / f"{key}.json")
        _forget_oldest(folder)
    except OSError:
        return False  # a full or read-only disk costs the cache, not the answer
    return True


def _forget_oldest(folder: Path) -> None:
    kept = sorted(folder.glob("*.json"), key=lambda path: path.stat().st_mtime)
    for path in kept[:-_MOST_FILES]:
        path.unlink(missing_ok=True)
