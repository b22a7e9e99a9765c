"""Compile the SynthDefs with sclang, once for each change of their sources."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

import platformdirs

from scband.errors import SynthDefError
from scband.supercollider import programs
from scband.supercollider.processes import ChildProcess
from scband.supercollider.sources import sources_folder

MANIFEST = "manifest.json"
"""Name of the file that says, inside a compiled folder, which SynthDefs it holds."""

_ABANDONED_AFTER = 3600.0
_CONFIGURATION = "includePaths: []\nexcludePaths: []\npostInlineWarnings: false\n"


def compiled_synthdefs(
    source: Path | None = None,
    *,
    cache: Path | None = None,
    plain: bool | None = None,
    timeout: float = 30.0,
) -> Path:
    """Return the folder of compiled `.scsyndef` files, compiling them first where needed.

    `source` is a folder like `sc/` (with `compile.scd` and `synthdefs/`), `cache` a folder to keep
    the results in (the environment variable SCBAND_CACHE, else the user's cache). `plain` leaves
    sc3-plugins out even where they are installed (else SCBAND_PLAIN=1 says so). Any number of
    processes may call this at once. Raises SynthDefError with sclang's own line when a source is
    wrong or `timeout` seconds pass, NotInstalledError when there is no sclang.
    """
    source = source or sources_folder()
    cache = cache or cache_folder()
    plain = os.environ.get("SCBAND_PLAIN") == "1" if plain is None else plain
    while not _is_complete(folder := cache / "synthdefs" / _key(source, plain)):
        fresh = _fresh_folder(folder.parent)
        try:
            written = _compile(source, fresh, plain=plain, timeout=timeout)
            (fresh / MANIFEST).write_text(json.dumps(sorted(written)))
            # A source that was edited meanwhile has another key: then this result is nobody's.
            if folder.name == _key(source, plain):
                _publish(fresh, folder)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
    return folder


def cache_folder() -> Path:
    """Return the folder that scband caches in: SCBAND_CACHE, else the user's cache folder."""
    override = os.environ.get("SCBAND_CACHE")
    return Path(override) if override else Path(platformdirs.user_cache_dir("scband"))


def names(folder: Path) -> tuple[str, ...]:
    """Return the names of the SynthDefs in a folder made by `compiled_synthdefs`."""
    try:
        return tuple(json.loads((folder / MANIFEST).read_text()))
    except (OSError, ValueError) as error:
        raise SynthDefError(f"{folder} holds no compiled SynthDefs: {error}") from error


def _key(source: Path, plain: bool) -> str:
    """Hash everything that the compiled bytes depend on."""
    digest = hashlib.sha256(b"plain" if plain else b"plugins")
    for path in sorted([*source.glob("*.scd"), *(source / "synthdefs").glob("*.scd")]):
        digest.update(f"\0{path.name}\0".encode())
        digest.update(path.read_bytes())
    sclang = Path(programs.find("sclang")).resolve()
    for path in [sclang, *_extension_folders()]:
        status = path.stat()
        digest.update(f"\0{path}\0{status.st_mtime_ns}\0{status.st_size}".encode())
    digest.update(os.environ.get("SCBAND_UNCALIBRATED", "").encode())
    return digest.hexdigest()[:24]


def _extension_folders() -> list[Path]:
    """Return sclang's extension folders and what lies in them: sc3-plugins come and go there."""
    home = Path.home()
    data = Path(os.environ.get("XDG_DATA_HOME", home / ".local/share"))
    places = [
        Path("/usr/share/SuperCollider/Extensions"),
        Path("/usr/local/share/SuperCollider/Extensions"),
        data / "SuperCollider/Extensions",
        home / "Library/Application Support/SuperCollider/Extensions",
        Path("/Library/Application Support/SuperCollider/Extensions"),
    ]
    return [
        found for place in places if place.is_dir() for found in [place, *sorted(place.iterdir())]
    ]


def _fresh_folder(parent: Path) -> Path:
    """Make an empty folder beside the results, and clear away what a killed process left."""
    try:
        parent.mkdir(parents=True, exist_ok=True)
        for left in parent.glob(".compiling-*"):
            if time.time() - left.stat().st_mtime > _ABANDONED_AFTER:
                shutil.rmtree(left, ignore_errors=True)
        return Path(tempfile.mkdtemp(prefix=".compiling-", dir=parent))
    except OSError as error:
        raise SynthDefError(
            f"cannot write compiled SynthDefs to {parent}: {error}; set SCBAND_CACHE to a folder"
            " that can be written"
        ) from error


def _is_complete(folder: Path) -> bool:
    """Say whether a compiled folder holds every file that its manifest names."""
    try:
        listed = json.loads((folder / MANIFEST).read_text())
        return all((folder / f"{name}.scsyndef").stat().st_size for name in listed)
    except (OSError, ValueError):
        return False


def _publish(fresh: Path, folder: Path) -> None:
    """Move a compiled folder to its place in one step; another process's result is as good."""
    for _ in range(3):
        try:
            fresh.rename(folder)
        except OSError:
            if _is_complete(folder):
                return
            # Something half there from outside (a cleaner, a full disk): move it out of the way.
            shutil.rmtree(folder, ignore_errors=True)
        else:
            return
    raise SynthDefError(f"cannot put the compiled SynthDefs at {folder}; remove that folder")


def _compile(source: Path, output: Path, *, plain: bool, timeout: float) -> list[str]:
    """Run sclang over the sources; return the names of the SynthDefs it wrote."""
    with tempfile.TemporaryDirectory(prefix="scband-sclang-") as home:
        configuration = Path(home) / "sclang_conf.yaml"
        configuration.write_text(_CONFIGURATION)
        command = [
            str(programs.find("sclang")), "-D", "-i", "python", "-l", str(configuration),
            str(source / "compile.scd"), str(source / "synthdefs"), str(output),
        ]  # fmt: skip
        environment = {
            # A startup.scd of the user's own must not run in the compiler.
            "XDG_CONFIG_HOME": home,
            "QT_QPA_PLATFORM": "offscreen",
            "QTWEBENGINE_DISABLE_SANDBOX": "1",
            "SCBAND_PLAIN": "1" if plain else "0",
        }
        printed: list[str] = []
        sclang = ChildProcess("sclang", command, env=environment, on_line=printed.append).start()
        try:
            if not sclang.exited.wait(timeout):
                raise SynthDefError(f"sclang did not compile the SynthDefs in {timeout:g} s")
        finally:
            sclang.stop()
    return _written(printed, sclang.returncode or 0)


def _written(lines: list[str], status: int) -> list[str]:
    """Read compile.scd's lines: names of SynthDefs, or SynthDefError with what sclang said."""
    errors = [
        _explain(lines, index)
        for index, line in enumerate(lines)
        if line.startswith("SCBAND_ERROR\t")
    ]
    if errors:
        raise SynthDefError("SynthDefs do not compile: " + "; ".join(errors))
    if status or not any(line.startswith("SCBAND_END\t") for line in lines):
        said = " | ".join(line.strip() for line in lines[-6:] if line.strip())
        raise SynthDefError(
            f"sclang ended with status {status} before the SynthDefs were compiled: {said}"
        )
    return [line.split("\t")[1] for line in lines if line.startswith("SCBAND_DEF\t")]


def _explain(lines: list[str], index: int) -> str:
    """Say which file is wrong and what sclang printed above the error line."""
    _, path, message = lines[index].split("\t", 2)
    since = next(i for i in range(index, -1, -1) if lines[i].startswith("SCBAND_FILE\t"))
    printed = [line.strip() for line in lines[since + 1 : index]]
    wanted = [
        line
        for line in printed
        if line.startswith("ERROR:") or (line.startswith("line ") and "char" in line)
    ]
    place = next((line for line in wanted if line.startswith("line ")), "")
    reason = next((line for line in wanted if line.startswith("ERROR:")), message)
    return f"{path}{', ' + place.rstrip(':') if place else ''}: {reason}"


if __name__ == "__main__":
    sys.stdout.write(f"{compiled_synthdefs()}\n")
