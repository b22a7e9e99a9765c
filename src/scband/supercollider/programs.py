"""Find SuperCollider's and JACK's programs, and say how to install what is missing."""

from __future__ import annotations

import os
import platform
import shutil
from pathlib import Path

from scband.errors import NotInstalledError

_MAC_APP = Path("/Applications/SuperCollider.app/Contents")
_MAC_FOLDERS = (
    _MAC_APP / "MacOS",
    _MAC_APP / "Resources",
    Path("/Applications/SuperCollider/SuperCollider.app/Contents/MacOS"),
    Path("/Applications/SuperCollider/SuperCollider.app/Contents/Resources"),
    Path("/opt/homebrew/bin"),
    Path("/usr/local/bin"),
)

_DEBIAN_PACKAGE = {
    "sclang": "supercollider-language",
    "supernova": "supercollider-supernova",
    "scsynth": "supercollider-server",
    "jackd": "jackd2",
    "jack_lsp": "jackd2",
}


def install_hint(program: str) -> str:
    """Return one sentence that says how to install `program` on this system."""
    system = platform.system()
    if system == "Linux":
        package = _DEBIAN_PACKAGE.get(program, program)
        return f"install it with `sudo apt-get install {package}` (or run `make setup`)"
    if system == "Darwin":
        if program.startswith("jack"):
            return "install it with `brew install jack`"
        return "install SuperCollider with `brew install --cask supercollider`"
    return "install SuperCollider from https://supercollider.github.io and put it on PATH"


def _search_folders() -> list[Path]:
    system = platform.system()
    if system == "Darwin":
        return list(_MAC_FOLDERS)
    if system == "Windows":
        roots = [os.environ.get("PROGRAMFILES", r"C:\Program Files")]
        return [p for root in roots for p in sorted(Path(root).glob("SuperCollider*"))]
    return [Path("/usr/bin"), Path("/usr/local/bin")]


def look_for(program: str) -> Path | None:
    """Return the path of `program`, or None where it is not installed.

    The environment variable `SCBAND_<PROGRAM>` (upper case) overrides the search; then come PATH
    and the usual folders of the system.
    """
    override = os.environ.get(f"SCBAND_{program.upper()}")
    if override:
        return Path(override) if shutil.which(override) else None
    if on_path := shutil.which(program):
        return Path(on_path)
    for folder in _search_folders():
        if found := shutil.which(program, path=str(folder)):
            return Path(found)
    return None


def find(program: str) -> Path:
    """Return the path of `program` (`sclang`, `supernova`, `scsynth`, `jackd` …).

    Raises NotInstalledError, which says how to install it. Looking first matters: supriya waits
    for ever on a program that is not there.
    """
    path = look_for(program)
    if path is None:
        override = os.environ.get(f"SCBAND_{program.upper()}")
        where = f" at {override!r} (SCBAND_{program.upper()})" if override else ""
        raise NotInstalledError(f"{program} was not found{where}: {install_hint(program)}")
    return path


def plugin_folder() -> Path | None:
    """Return the folder of sc3-plugins' class files, or None where they are not installed."""
    candidates = [
        Path("/usr/share/SuperCollider/Extensions/SC3plugins"),
        Path("/usr/local/share/SuperCollider/Extensions/SC3plugins"),
        Path.home() / ".local/share/SuperCollider/Extensions/SC3plugins",
        Path.home() / "Library/Application Support/SuperCollider/Extensions/SC3plugins",
    ]
    return next((c for c in candidates if c.is_dir()), None)
