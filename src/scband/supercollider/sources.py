"""Find the sclang sources that travel with scband (`sc/synthdefs`, `sc/patterns`)."""

from __future__ import annotations

import os
from pathlib import Path

from scband.errors import SuperColliderError


def sources_folder() -> Path:
    """Return the folder `sc/`: an override, the installed package's, or the checkout's.

    `SCBAND_SC` overrides. A wheel carries `sc/` inside the package; an editable install does not
    see that copy, so the checkout above the package is the last place looked at.
    Raises SuperColliderError where none of them holds `synthdefs/`.
    """
    here = Path(__file__).resolve()
    override = os.environ.get("SCBAND_SC")
    candidates = [Path(override)] if override else [here.parents[1] / "sc", here.parents[3] / "sc"]
    for folder in candidates:
        if (folder / "synthdefs").is_dir():
            return folder
    looked = ", ".join(str(c) for c in candidates)
    raise SuperColliderError(
        f"scband's SuperCollider sources are missing (looked in {looked}): "
        "reinstall scband, or point SCBAND_SC at its `sc` folder"
    )
